"""The model in the language's words: what is spelled can be read again and says the same."""

import pytest

from syncline.model.spelling import (
    spelled,
    spelled_line,
    spelled_match,
    spelled_pipeline,
    spelled_trigger,
    spelled_truth,
)
from tests.evolution.specs import BASE, changed, model


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("upper(name)", "upper(name)"),
        ('if stage is lost then "gone" else name', 'if (stage = lost) then "gone" else name'),
        ('if phone is present and not (phone is empty) then "a" else "b"',
         'if ((phone is present) and (not (phone is empty))) then "a" else "b"'),
        ('if price is present and price > 3 or stage in [won, lost] then "a" else "b"', None),
        ('if price is present and price * 2 + 1 > 3 then "a" else "b"',
         'if ((price is present) and (((price * 2) + 1) > 3)) then "a" else "b"'),
    ],
)  # fmt: skip
def test_an_expression_is_spelled_so_that_it_says_the_same(written: str, words: str | None) -> None:
    if words is None:
        written, words = written.replace("won", "customer"), None
    spec = model(changed(("upper(name)", written)))
    (line,) = [one for one in spec.maps[0].lines if one.expression is not None]
    assert line.expression is not None
    text = spelled(line.expression)
    assert words is None or text == words
    again = model(changed(("upper(name)", text)))
    (other,) = [one for one in again.maps[0].lines if one.expression is not None]
    assert other.expression is not None
    assert spelled(other.expression) == text


def test_every_line_of_a_map_can_be_written_as_it_is_spelled() -> None:
    spec = model(BASE)
    for mapping in spec.maps:
        start = BASE.index(f"map Contact to {mapping.system.name}")
        head = BASE[start : BASE.index("\n", start) + 1]
        body = BASE[start + len(head) : BASE.index("\n}\n", start)]
        lines = "\n".join(f"  {spelled_line(line)}" for line in mapping.lines)
        again = model(changed((head + body, head + lines)))
        (other,) = [one for one in again.maps if one.system.name == mapping.system.name]
        assert list(map(spelled_line, other.lines)) == list(map(spelled_line, mapping.lines))


def test_policy_is_spelled_in_the_words_of_the_language() -> None:
    spec = model(changed(("owned by erp", "owned by erp keep"), ("every 5 minutes", "every 90 seconds")))
    (sync,) = spec.syncs
    assert [spelled_truth(rule) for rule in sync.truth] == [
        "owned by erp keep", "newest else crm", "prefers crm then erp", "ask", "union",
    ]  # fmt: skip
    assert spelled_match(spec.entities["Contact"].match) == 'code then ask name except ["n/a"]'
    assert [spelled_trigger(trigger) for trigger in sync.triggers] == ["every 90 seconds"]
    stage = next(line for line in spec.maps[0].lines if line.slot == "stage")
    assert spelled_pipeline(stage.pipeline) == '{ prospect: "lead", customer: ["won", "key"], lost: "lost" }'
