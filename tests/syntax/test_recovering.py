"""One run reports every independent mistake on its own line, and no text whatever raises."""

import random
import re
import time
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Source
from syncline.syntax import Entity, Map
from syncline.syntax.parsing import parse
from syncline.syntax.scanning import NEWLINE, scanned
from syncline.syntax.tables import tables

SAMPLE = Path(__file__).with_name("samples").joinpath("language.sync").read_text(encoding="utf-8")
LEXEMES = (
    *sorted(tables().words),
    *[
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        ":",
        "<-",
        "->",
        "<->",
        "=",
        "?",
        "-",
        ".",
        "<",
        ">",
        "name",
        "1",
        "10%",
        '"',
        "`",
        "@",
        "`a",
    ],
    *('"text"', "5 minutes", "# c\n", "## d\n", "`a b`", "\n", "\r", "\t"),
)


def found(text: str) -> tuple[Diagnostic, ...]:
    return parse(Source("spec.sync", text))[1]


def reports(text: str) -> list[tuple[int, str]]:
    return [(diagnostic.span.line, diagnostic.code) for diagnostic in found(text)]


@pytest.mark.parametrize(
    ("text", "code", "place"),
    [
        ("spec a version", "syntax.unexpected", ""),
        ("entity E { a b }", "syntax.unexpected", "b"),
        ("entity E {\n  a : text\n", "syntax.unclosed-brace", "{"),
        ("entity E {\n  a : text\n}\n}", "syntax.unopened-brace", "}"),
        ("map E to s.r {\n  a <- f(b]\n}", "syntax.mismatched-bracket", "]"),
        ("map E to s.r {\n  a <- f(b\n  c <- d\n}", "syntax.unclosed-brace", "("),
        ('import "x', "syntax.unterminated-string", '"x'),
        ("use `x", "syntax.unterminated-name", "`x"),
        ("use a\u200b", "syntax.bad-character", "\u200b"),
        ("use \u0430bc", "syntax.bad-character", "\u0430"),
        ('import "\\q"', "syntax.bad-escape", "\\q"),
        ('import "\\u{d800}"', "syntax.bad-escape", "\\u{d800}"),
        ("codec c = { otherwise: a, otherwise: b }", "syntax.repeated-otherwise", "otherwise: b"),
        ("derive A from B while a <-1 { }", "syntax.arrow-spacing", "<-"),
        ("entity E { match : text }", "syntax.reserved-word", "match"),
        ("use a\0", "syntax.nul", "\0"),
        ("use \ud800", "syntax.not-utf8", "\ud800"),
        ("", "syntax.empty", ""),
        ("\n # nothing\n", "syntax.empty", ""),
        ("frob", "syntax.unexpected", "frob"),
        ("type A = list<text", "syntax.unexpected", ""),
    ],
)
def test_a_mistake_is_named_where_it_stands(text: str, code: str, place: str) -> None:
    diagnostics = found(text)
    assert [(diagnostic.code, diagnostic.span.text) for diagnostic in diagnostics] == [(code, place)]


def test_facts_speak_of_what_people_see() -> None:
    (diagnostic,) = found("sync E across a, b { run evry 5 minutes }")
    assert diagnostic.facts == {
        "found": "the name `evry`",
        "expected": ("`after`", "`daily`", "`every`", "`full`", "`on`"),
        "suggestion": "every",
    }
    (diagnostic,) = found("map E to s.r { a <- }")
    assert diagnostic.facts["expected"] == ("a value",)
    names = {name for name in tables().symbols if len(name) > 2 and name.isupper()}
    for text in ("entity", "map E to s.r { a", "connector c over d { a", "example", "allow", "type T = "):
        (diagnostic,) = found(text)
        assert not names & set(re.findall(r"\w+", str(diagnostic.facts)))


def test_what_is_right_is_kept() -> None:
    spec, diagnostics = parse(
        Source("s", "entity E {\n  a : text\n  b text\n  c : text\n}\nmap E to s.r {\n  a <->\n  c <-> d\n}")
    )
    entity, map_ = spec.declarations
    assert isinstance(entity, Entity)
    assert isinstance(map_, Map)
    assert [field.name.text for field in entity.fields] == ["a", "c"]
    assert len(map_.lines) == 1
    assert [diagnostic.span.line for diagnostic in diagnostics] == [3, 7]


def test_an_unclosed_brace_hides_nothing_below_it() -> None:
    text = "entity E {\n  a : text\n\nentity F {\n  b text\n}\n\nmap F to s.r {\n  x <-> y {\n  c <-> d\n}\nuse a b\n"
    assert reports(text) == [
        (1, "syntax.unclosed-brace"),
        (5, "syntax.unexpected"),
        (9, "syntax.unclosed-brace"),
        (12, "syntax.unexpected"),
    ]


def test_a_header_that_does_not_parse_does_not_hide_its_block() -> None:
    body = " {{\n  {}\n  run evry day\n}}\n"
    for header in ("sync E across a b", "sync across a"):
        assert reports(header + body.format("create in a nevr")) == [(at, "syntax.unexpected") for at in (1, 2, 3)]
    assert reports("map E s.r {\n  a b\n  c <-> d\n  e <=> f\n}\nuse a b") == [
        (at, "syntax.unexpected") for at in (1, 2, 4, 6)
    ]


def test_a_brace_on_the_line_below_is_one_mistake() -> None:
    assert reports("entity E\n{\n  a : text\n  b text\n}\nuse a") == [
        (1, "syntax.unexpected"),
        (4, "syntax.unexpected"),
    ]


def test_fifty_bad_lines_in_ten_thousand_give_fifty_reports() -> None:
    module = "entity E{n} {{\n  a : text\n  b : integer?\n  match a\n}}\nmap E{n} to s.r{n} {{\n  a <-> a as lower\n  b -> b\n}}\n"
    lines = "".join(module.format(n=n) for n in range(1112)).splitlines()
    assert len(lines) > 10_000
    inside = [at for at, line in enumerate(lines) if line.startswith("  ")]
    bad = sorted(random.Random(7).sample(inside, 50))
    spoilt = ["  a b c", "  -> x", "  a : : b", "  a <-> b as", "  match"]
    for turn, at in enumerate(bad):
        lines[at] = spoilt[turn % len(spoilt)]
    assert reports("\n".join(lines)) == [(at + 1, "syntax.unexpected") for at in bad]


def test_deleting_any_token_is_reported_once_and_near() -> None:
    """Missing and doubled nested braces are what remains; everywhere else one mistake is one report, on its line."""
    source = Source("s", SAMPLE)
    tokens = [token for token in scanned(source, tables()).tokens if token[0] != NEWLINE]
    counts = {0: 0, 1: 0}
    near = 0
    for _, start, end in tokens[::2]:
        diagnostics = found(SAMPLE[:start] + SAMPLE[end:])
        counts[len(diagnostics)] = counts.get(len(diagnostics), 0) + 1
        places = {source.position(label.span.start)[0] for each in diagnostics for label in each.labels}
        places |= {each.span.line for each in diagnostics}
        line = source.position(start)[0]
        near += any(abs(place - line) <= 3 for place in places)
    reported = len(tokens[::2]) - counts[0]
    assert counts[1] >= 0.98 * reported
    assert near >= 0.99 * reported
    assert max(counts) == 2


@given(st.lists(st.sampled_from(LEXEMES), max_size=60), st.sampled_from(["", " "]))
@settings(max_examples=150, deadline=None)
def test_any_words_end_in_a_place(words: list[str], blank: str) -> None:
    check_any(blank.join(words))


@given(st.text(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_text_ends_in_a_place(text: str) -> None:
    check_any(text)


@given(st.binary(max_size=200))
@settings(max_examples=100, deadline=None)
def test_any_bytes_end_in_a_place(data: bytes) -> None:
    source = Source.from_bytes("s", data)
    if isinstance(source, Source):
        check_any(source.text)
    else:
        assert 0 <= source.start <= source.end <= max(len(source.source.text), 1)


@given(st.integers(0, len(SAMPLE)), st.integers(0, 200), st.text(max_size=5))
@settings(max_examples=150, deadline=None)
def test_any_edit_of_a_spec_ends_in_a_place(at: int, removed: int, inserted: str) -> None:
    check_any(SAMPLE[:at] + inserted + SAMPLE[at + removed :])


def check_any(text: str) -> None:
    spec, diagnostics = parse(Source("s", text))
    assert spec.declarations or diagnostics
    for diagnostic in diagnostics:
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(text)
        assert diagnostic.code.startswith("syntax.")


@pytest.mark.parametrize(
    "text",
    [
        "{" * 1_000_000,
        "(" * 20_000,
        "}" * 100_000,
        "map E to s.r { a <- " + "(" * 50_000 + "b" + ")" * 50_000 + " }",
        "map E to s.r { a <- " + "-" * 20_000 + "b }",
        "map E to s.r { a <- " + "not " * 20_000 + "b }",
        "map E to s.r { a <- " + "b + " * 20_000 + "b }",
        "map E to s.r { a <- " + "if a then b else " * 20_000 + "b }",
        "map E to s.r { a <- b" + ".c" * 100_000 + " }",
        "connector c over d {\n" + "a {\n" * 50_000,
        '"' * 20_000,
        "`" * 50_001,
        "#" * 1_000_000,
        "\\" * 20_000,
        "entity E {\n" + "x\n" * 20_000,
        "@\n" * 20_000,
        "a b\n" * 5_000,
        "type T = " + "list<" * 20_000 + "text",
        "type T = " + "list<" * 20_000 + "text" + ">" * 20_000,
        "a b\n" * 30_000,
    ],
    ids=lambda text: text[:30],
)
def test_a_hostile_text_ends_in_a_diagnostic_soon(text: str) -> None:
    started = time.process_time()
    assert found(text) or "b.c.c" in text
    assert time.process_time() - started < 15


def test_a_file_that_is_no_spec_is_one_report() -> None:
    assert reports("use a\n" + "name;email\n" * 1_500) == [(2, "syntax.too-many")]
    assert reports("entity E {\n" + "a b\n" * 1_500 + "}") == [(2, "syntax.too-many")]


def test_a_mistake_on_a_deep_expression_is_no_crash() -> None:
    assert reports("map E to s.r { a <- " + "b + " * 5_000 + "b }") == [(1, "syntax.too-deep")]
    assert reports("map E to s.r { a <- " + "b + " * 90 + "b }") == []
    assert reports("{" * 1_000) == [(1, "syntax.too-deep")]
