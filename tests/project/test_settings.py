"""Settings of a project: what they may change, what they may not, and how a mistake in them is told."""

import pytest

from syncline.diagnostics.categories import Category, rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.diagnostics.lexicon import LEXICON
from syncline.project.reading import read_settings
from syncline.project.settings import Settings, judged
from syncline.source import Source, Span


def read(text: str) -> Settings:
    settings, found = read_settings("syncline.toml", text.encode())
    assert not found
    return settings


def problems(text: str) -> list[tuple[str, str]]:
    return [(found.code, found.span.text) for found in read_settings("syncline.toml", text.encode())[1]]


def finding(code: str, severity: Severity = Severity.ERROR) -> Diagnostic:
    return Diagnostic(code, Span(Source("a.sync", "x"), 0, 1), severity=severity)


def severities(settings: Settings, *codes: str) -> list[str]:
    return [f"{found.code} {found.severity.value}" for found in judged(map(finding, codes), settings)]


def test_severities_are_set_by_code_or_prefix_and_the_longest_decides() -> None:
    settings = read('version = 1\n[severity]\n"truth" = "hint"\n"truth.unneeded" = "warning"\nfield = "off"\n')
    assert severities(settings, "truth.unneeded", "truth.not-a-source", "truth.missing", "field.no-source") == [
        "truth.unneeded warning",
        "truth.not-a-source hint",
        "truth.missing error",
    ]


@pytest.mark.parametrize(
    "text",
    [
        '[severity]\n"truth.unneeded" = "off"',
        "[severity]\ntruth.unneeded = 'off'",
        '[severity.truth]\nunneeded = "off"',
        'severity = { "truth.unneeded" = "off" }',
    ],
)
def test_a_code_may_be_written_as_toml_likes(text: str) -> None:
    assert severities(read(f"version = 1\n{text}\n"), "truth.unneeded") == []


def test_categories_hold_the_ones_below_and_safety_is_always_on() -> None:
    assert read('version = 1\ncategories = ["basic"]').categories == {Category.SAFETY, Category.BASIC}
    only_docs = read('version = 1\ncategories = ["docs"]')
    assert only_docs.categories == {Category.SAFETY, Category.DOCS}
    assert severities(only_docs, "truth.unneeded", "field.no-source", "type.narrowing-length") == [
        "type.narrowing-length error"
    ]


def test_documentation_is_not_asked_for_by_default() -> None:
    assert severities(Settings(), "docs.missing") == []


def test_safety_is_lowered_for_a_reason_only_and_what_does_not_bend_never() -> None:
    reasoned = '{ level = "warning", reason = "the shop adds stages" }'
    settings = read(f'version = 1\n[severity]\n"enum.gap" = {reasoned}\n')
    assert severities(settings, "enum.gap") == ["enum.gap warning"]
    assert problems('version = 1\n[severity]\n"enum.gap" = "warning"\n') == [("config.refused", '"enum.gap"')]
    assert problems(f'version = 1\n[severity]\n"delete.no-rule" = {reasoned}\n') == [
        ("config.refused", '"delete.no-rule"')
    ]
    refused = read_settings("syncline.toml", b'version = 1\n[severity]\n"enum.gap" = "hint"\n')[0]
    assert severities(refused, "enum.gap") == ["enum.gap error"]


@pytest.mark.parametrize("code", sorted(LEXICON))
def test_no_setting_lowers_what_does_not_bend(code: str) -> None:
    area = code.partition(".")[0]
    text = f'version = 1\n[severity]\n"{area}" = {{ level = "hint", reason = "all of it" }}\n'
    settings, _ = read_settings("syncline.toml", text.encode())
    if not rule_of(code).bends:
        assert severities(settings, code) == [f"{code} error"]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", [("config.version", "")]),
        ('version = "1"', [("config.version", "version")]),
        ("version = true", [("config.version", "version")]),
        ("version = 1\nchecks = 1", [("config.value", "checks")]),
        ("version = 1\nseverity = []", [("config.value", "severity")]),
        ("version = 1\n[severity]\ntruth = 3", [("config.value", "truth")]),
        ('version = 1\n[severity]\ntruth = { level = "hint", because = "x" }', [("config.unknown-key", "truth")]),
        ('version = 1\n[severty]\ntruth = "hint"', [("config.unknown-key", "severty")]),
        ("version = 1\nversion = 1", [("config.syntax", "")]),
    ],
)
def test_mistakes_are_told_at_their_place(text: str, found: list[tuple[str, str]]) -> None:
    assert problems(text) == found


def test_a_misspelled_key_code_or_category_is_suggested() -> None:
    text = 'version = 1\ncategorys = []\n[severity]\n"truth.uneeded" = "hint"\n'
    suggestions = [found.facts["suggestion"] for found in read_settings("syncline.toml", text.encode())[1]]
    assert suggestions == ["categories", "truth.unneeded"]


@pytest.mark.parametrize(
    "data", [b"\xff\xfe", b"a = [" * 5000, b"\x00", b"[", b"version = 1\r\nx = ?\r\n", b"\xef\xbb\xbf"]
)
def test_whatever_the_bytes_are_is_a_finding_and_no_traceback(data: bytes) -> None:
    _, found = read_settings("syncline.toml", data)
    assert found
    assert all(each.span.start <= len(each.span.source.text) for each in found)


def test_a_broken_line_is_pointed_at() -> None:
    _, (found,) = read_settings("syncline.toml", b"version = 1\ncategories = standard\n")
    assert (found.span.line, found.span.column) == (2, 14)
