"""Fixes: what is certain is mended, comments and layout survive, nothing gets worse."""

import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import syncline
from syncline.cli.files import loader
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.fixing import fix_of
from syncline.diagnostics.pages import pages, sample
from syncline.pipeline import check_spec
from syncline.project.mending import mended
from syncline.source import Source, Span
from syncline.syntax.formatting import formatted
from syncline.syntax.parsing import parse
from tests.diagnostics.test_pages import NO_EXAMPLE, checked, examples

HEAD = 'spec example version 1\nimport "sample.sync"\n'


def findings(text: str) -> tuple[Diagnostic, ...]:
    return check_spec("a.sync", text.encode(), {"sample.sync": sample().encode()}.get).diagnostics


def fixed(spec: str, *, unsafe: bool = False) -> str:
    text = HEAD + spec
    return mended(Source("a.sync", text), findings(text), unsafe=unsafe).text.removeprefix(HEAD)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("entity A { a : string, b : INT, match a }\n", "entity A { a : text, b : integer, match a }\n"),
        ("entity A { email : emial, match email }\n", "entity A { email : emial, match email }\n"),
        (
            'system s = sample { url: env("U"), token: env("T") }\n',
            'system s = sample { url: env("U"), token: secret("T") }\n',
        ),
        ('system s = smaple { url: env("U") }\n', 'system s = sample { url: env("U") }\n'),
        (
            "entity A { a : text, match a }\nsync A across crm, ERP { }\n",
            "entity A { a : text, match a }\nsync A across crm, erp { }\n",
        ),
    ],
)
def test_what_is_certain_is_mended(before: str, after: str) -> None:
    assert fixed(before) == after


def test_a_guess_is_only_taken_when_asked_for() -> None:
    spec = "entity A { since : timestamp, match since }\n"
    assert fixed(spec) == spec
    assert fixed(spec, unsafe=True) == spec.replace("timestamp", "instant")


def test_comments_and_layout_survive() -> None:
    spec = "# first\nentity A {   # of old\n  a : string   # `string` is what they call it\n\n\n  match a }\n"
    assert fixed(spec) == spec.replace(": string ", ": text ")


def test_what_was_laid_out_still_is() -> None:
    spec = "entity A {\n  a        : string\n  longer   : text\n  match a\n}\n"
    text = formatted(Source("a.sync", HEAD + spec))
    assert isinstance(text, str)
    after = mended(Source("a.sync", text), findings(text), unsafe=False).text
    assert ": text" in after
    assert formatted(Source("a.sync", after)) == after


def test_an_unused_allowance_goes_with_its_line_and_leaves_comments() -> None:
    assert fixed('# kept\nallow field.no-source "gone"\nentity A { a : text, match a }\n') == (
        "# kept\nentity A { a : text, match a }\n"
    )
    assert fixed('allow field.no-source "gone"  # kept\nentity A { a : text, match a }\n') == (
        "# kept\nentity A { a : text, match a }\n"
    )


def test_a_fix_that_breaks_the_file_is_left_out_and_the_others_are_done() -> None:
    text = HEAD + "entity A { a : string, b : other }\n"
    source = Source("a.sync", text)
    at = text.index("other")
    breaking = Diagnostic(
        "type.unknown", Span(source, at, at + 5), {"name": "other", "suggestion": "ref-", "known": ("ref-",)}
    )
    result = mended(source, (*findings(text), breaking), unsafe=True)
    assert "a : text" in result.text
    assert "b : other" in result.text
    assert result.done == 1


@pytest.mark.parametrize("code", [code for code in pages() if code not in NO_EXAMPLE])
def test_no_fix_of_any_failing_example_makes_it_worse(code: str) -> None:
    for data in examples(code, fails=True):
        found = checked(code, data)
        source = Source.from_bytes("example.sync", data)
        if not isinstance(source, Source) or not any(map(fix_of, found)):
            continue
        result = mended(source, found, unsafe=True)
        assert len(parse(Source("example.sync", result.text))[1]) <= len(parse(source)[1])
        left = [each.code for each in checked(code, result.text.encode())]
        assert left.count(code) < len(found)  # another mistake may come to light behind it


def test_who_is_right_and_what_is_deleted_is_never_guessed() -> None:
    for code in ("delete.no-rule", "truth.missing", "empty.no-rule", "match.missing"):
        for data in examples(code, fails=True):
            assert not any(map(fix_of, checked(code, data)))


NORTHWIND = (Path(syncline.__file__).parents[2] / "specs" / "examples" / "northwind.sync").read_text(encoding="utf-8")
WORDS = [found.span() for found in re.finditer(r"\b[a-z_]{4,}\b", NORTHWIND)]


@settings(max_examples=40, deadline=None)
@given(st.sampled_from(WORDS), st.data())
def test_fixes_of_a_misspelled_spec_leave_no_more_findings_and_every_comment(
    word: tuple[int, int], data: st.DataObject
) -> None:
    start, end = word
    at = data.draw(st.integers(start, end - 2))
    text = NORTHWIND[:at] + NORTHWIND[at + 1] + NORTHWIND[at] + NORTHWIND[at + 2 :]
    source = Source("specs/examples/northwind.sync", text)

    def check(text: str) -> tuple[Diagnostic, ...]:
        return check_spec(source.name, text.encode(), loader(source.name)).diagnostics

    found = check(text)
    result = mended(source, found, unsafe=data.draw(st.booleans()))
    assert len(check(result.text)) <= len(found)
    comments = [comment.text for comment in parse(source)[0].comments]
    assert [comment.text for comment in parse(Source(source.name, result.text))[0].comments] == comments


ALPHABET = "abcd_1"
NAMES = st.text(ALPHABET, min_size=1, max_size=6)


def one_slip(name: str) -> set[str]:
    """Every name that one missing, added, other or swapped character makes of a name."""
    splits = [(name[:at], name[at:]) for at in range(len(name) + 1)]
    return {
        *(left + right[1:] for left, right in splits if right),
        *(left + letter + right for left, right in splits for letter in ALPHABET),
        *(left + letter + right[1:] for left, right in splits if right for letter in ALPHABET),
        *(left + right[1] + right[0] + right[2:] for left, right in splits if len(right) > 1),
    } - {name}


@given(st.text("abcd_1", min_size=4, max_size=6), st.lists(NAMES, max_size=4), st.data())
def test_a_safe_fix_has_no_rival_and_never_touches_a_number(name: str, others: list[str], data: st.DataObject) -> None:
    meant = data.draw(st.sampled_from(sorted(one_slip(name))))
    source = Source("a.sync", name)
    facts = {"name": name, "suggestion": meant, "known": (meant, *others)}
    fix = fix_of(Diagnostic("name.unknown-system", Span(source, 0, len(name)), facts))
    if fix is None or not fix.safe or name.replace("_", "") == meant.replace("_", ""):
        return
    digits = [character for character in name if character.isdigit()]
    assert digits == [character for character in meant if character.isdigit()]
    rivals = {other for other in others if len(other) >= 4} & one_slip(name)
    assert {rival for rival in rivals if [c for c in rival if c.isdigit()] == digits} <= {meant}
