"""Codecs of two-way lines: which are refused, and the value that is named."""

import pytest

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.pages import PRELUDE, sample
from syncline.diagnostics.words import worded
from syncline.pipeline import check_spec


def found_for(type_: str, native: str, codecs: str, arrow: str = "<->") -> tuple[Diagnostic, ...]:
    spec = f"""{PRELUDE}enum Stage {{ lead, won }}
extend crm {{ resource contacts {{ it : {native}, other : {native} }} }}
entity Customer {{ it : {type_} }}
map Customer to crm.contacts {{ it {arrow} {codecs} }}
"""
    return check_spec("example.sync", spec.encode(), {"sample.sync": sample().encode()}.get).diagnostics


@pytest.mark.parametrize(
    ("type_", "native", "codecs"),
    [
        ("text", "text", "it as trim"),
        ("text", "text", "it as lower then trim"),
        ("text", "text", 'it as strip("-. ") then upper'),
        ("text", "text", 'it as prefix("A-") then suffix("/x")'),
        ("text", "text", 'it as trim then prefix("A-")'),
        ("text?", "text?", 'it as none("n/a") then trim'),
        ("text?", "text?", 'it as trim then none("")'),
        ("text", "text", '[it, other] as join(" ")'),
        ("list<text>", "text", 'it as trim then split(";")'),
        ("set<text>", "text", 'it as split(",")'),
        ("boolean", "text", 'it as bool("Y", "N")'),
        ("boolean", "integer", "it as bool(1, 0)"),
        ("boolean?", "text?", 'it as none("?") then bool("Y", "N")'),
        ("Stage", "text", 'it as { lead: "1", won: "2" }'),
        ("Stage", "integer", "it as { lead: [1, 3], won: 2 }"),
        ("Stage", "text", 'it as trim then lower then { lead: "a", won: "b", otherwise: lead }'),
        ("text", "text", 'it as { low: "1", high: "2" }'),
        ("money", "decimal(12, 2)", 'it as money("EUR")'),
        ("money", "integer", 'it as money("JPY", minor)'),
        ("instant", "integer", "it as epoch(ms)"),
        ("date", "text", 'it as date("%d.%m.%Y")'),
        ("percent", "decimal(5, 2)", "it as percent"),
        ("decimal(12, 2)", "decimal(12, 2)", "it as round(2)"),
        ("phone", "text", 'it as e164("NO")'),
        ("text", "text", 'it as python("shop.codecs:Own")'),
    ],
)
def test_codecs_that_read_back_what_they_write_pass(type_: str, native: str, codecs: str) -> None:
    assert found_for(type_, native, codecs) == ()


@pytest.mark.parametrize(
    ("type_", "native", "codecs", "said"),
    [
        ("Stage", "integer", "it as { lead: 0, won: 0 }", "`won` is written as `0` and read back as `lead`"),
        ("Stage", "text", 'it as lower then { lead: "a", won: "Won" }', '`won` is written as `"won"`, which cannot be'),
        ("text", "text", 'it as strip("-") then prefix("-")', 'is written as `"Ana Ek"`, which cannot be read'),
        ("boolean", "text", 'it as upper then bool("Yes", "No")', '`true` is written as `"YES"`, which cannot be read'),
        ("text?", "text?", 'it as trim then none(" ")', '`null` is written as `""` and read back as `""`'),
    ],
)
def test_the_value_that_does_not_come_back_is_named(type_: str, native: str, codecs: str, said: str) -> None:
    (found,) = found_for(type_, native, codecs)
    assert found.code == "codec.not-invertible"
    assert said in worded(found).message


def test_a_line_of_one_way_needs_no_inverse_but_a_value_that_passes() -> None:
    assert found_for("Stage", "integer", "it as { lead: 0, won: 0 }", "->") == ()
    (found,) = found_for("boolean?", "boolean?", "it as none(true) then none(false)", "->")
    assert found.code == "codec.empty-domain"
