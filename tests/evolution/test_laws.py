"""What holds of every comparison: nothing changes by itself, by layout or by order, and every change is one both ways."""

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.cli.files import loader
from syncline.evolution.comparing import compare
from syncline.evolution.rendering import Compared, as_json, text
from syncline.pipeline import check_spec, resolve_spec
from syncline.source import Source
from syncline.syntax.formatting import formatted
from tests.evolution.specs import BASE, changed, declarations, joined, model

EXAMPLES = sorted((Path(__file__).parents[2] / "specs" / "examples").glob("*.sync"))
EDITS = (
    ("version 1\n", "version 2\n"),
    ("mail : text(80)", "mail : email"),
    (" = prospect", " = lost"),
    ("match code then ask name", "match code then name"),
    ("size > 3", "size > 4"),
    ("when stage is customer {", "when stage is lost {"),
    ("  code -> number\n", "  code -> nick\n"),
    ("lost: 9 }", "lost: 8 }"),
    ("upper(name)", "lower(name)"),
    ("across crm, erp", "across erp, crm"),
    ("owned by erp", "owned by crm"),
    ("  create in crm never\n", ""),
    ("archive unless edited", "archive"),
    ("empty propagates", "empty ignored"),
    ("over 10 and 10%", "over 20 and 10%"),
    ("every 5 minutes", "every 1 hour"),
    ('env("CRM_URL")', 'env("CRM2_URL")'),
    ("rate 50 per second", "rate 60 per second"),
    ('table "parties"', 'table "customers"'),
    ("archive active false", "archive active true"),
    ('at "phones.first"', 'at "phones.second"'),
)
edits = st.sets(st.sampled_from(EDITS))
texts = edits.map(lambda chosen: changed(*sorted(chosen)))
few = settings(max_examples=12, deadline=None)


@few
@given(texts)
def test_nothing_changes_from_a_spec_to_itself(text: str) -> None:
    assert compare(model(text), model(text, "elsewhere/moved.sync")) == ()


@few
@given(texts, st.randoms(use_true_random=False))
def test_order_says_nothing(text: str, random: object) -> None:
    shuffle: Callable[[list[str]], None] = random.shuffle  # type: ignore[attr-defined]
    header, *blocks = declarations(text)
    shuffled = []
    for block in blocks:
        first, *lines = block.splitlines(keepends=True)
        if block.startswith(("map", "entity", "record")):
            last = lines.pop()
            shuffle(lines)
            lines.append(last)
        shuffled.append(first + "".join(lines))
    shuffle(shuffled)
    again = joined((header, *shuffled))
    assert again != text
    assert compare(model(text), model(again)) == ()


@few
@given(texts, st.integers(0, 3), st.booleans())
def test_layout_says_nothing(text: str, blanks: int, comments: bool) -> None:
    remark = "  # a remark" if comments else ""
    loose = "".join(line.rstrip() + remark + "\n" * (1 + blanks) for line in text.splitlines() if "##" not in line)
    laid_out = formatted(Source("base.sync", loose))
    assert isinstance(laid_out, str)
    for other in (loose, laid_out):
        assert compare(model(text), model(other)) == ()


@few
@given(edits, edits)
def test_a_change_is_one_both_ways(before: set[tuple[str, str]], after: set[tuple[str, str]]) -> None:
    old, new = model(changed(*sorted(before))), model(changed(*sorted(after)))
    there, back = compare(old, new), compare(new, old)
    assert bool(there) == bool(back) == (before != after)
    assert {change.subject for change in there} == {change.subject for change in back}


@few
@given(edits)
def test_each_edit_is_told_whatever_else_changed(chosen: set[tuple[str, str]]) -> None:
    alone = {(one.subject, one.code) for edit in chosen for one in compare(model(BASE), model(changed(edit)))}
    together = {(one.subject, one.code) for one in compare(model(BASE), model(changed(*sorted(chosen))))}
    assert together == alone


def test_the_deepest_expression_is_compared_in_no_time() -> None:
    deep = "upper(" * 58 + "name" + ")" * 58
    old, new = model(changed(("upper(name)", deep))), model(changed(("upper(name)", f"lower({deep})")))
    (change,) = compare(old, new)
    assert change.code == "line.expression"
    assert str(change.facts["new"]).count("upper(") == 58


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_no_example_differs_from_itself(path: Path) -> None:
    first, second = (check_spec(name, path.read_bytes(), loader(str(path))).model for name in (str(path), "copy.sync"))
    assert first is not None
    assert compare(first, second) == ()


@settings(max_examples=30, deadline=None)
@given(
    st.sets(st.integers(0, BASE.count("\n") - 1), max_size=4), st.sets(st.integers(0, BASE.count("\n") - 1), max_size=4)
)
def test_whatever_is_missing_every_change_has_its_words(before: set[int], after: set[int]) -> None:
    lines = BASE.splitlines(keepends=True)
    sides = []
    for gone in (before, after):
        text_left = "".join(line for at, line in enumerate(lines) if at not in gone)
        sides.append(resolve_spec("base.sync", text_left.encode(), lambda _: None).model)
    compared = (Compared("base", compare(*sides)),)
    assert text(compared)
    assert as_json(compared)
