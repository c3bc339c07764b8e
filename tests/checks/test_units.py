"""Units: what a number, an amount, a percentage or a time has to say before it may flow."""

import pytest

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.pages import PRELUDE, sample
from syncline.diagnostics.words import worded
from syncline.pipeline import check_spec


def found_for(type_: str, native: str, line: str) -> tuple[Diagnostic, ...]:
    spec = f"""{PRELUDE}extend crm {{ resource contacts {{ it : {native}, code : currency }} }}
entity Customer {{ it : {type_} }}
map Customer to crm.contacts {{ {line} }}
"""
    return check_spec("example.sync", spec.encode(), {"sample.sync": sample().encode()}.get).diagnostics


def codes(type_: str, native: str, line: str) -> list[str]:
    return sorted({one.code for one in found_for(type_, native, line)})


@pytest.mark.parametrize(
    ("type_", "native", "line"),
    [
        ("money", "integer", 'it <-> it as money("JPY", minor)'),
        ("money", "integer", 'it <-> it as money("KWD", minor)'),
        ("money", "integer", 'it <-> it as money("JPY")'),
        ("money", "decimal(12, 3)", 'it <-> it as money("KWD")'),
        ("money", "decimal(12, 2)", "it <-> [it, code] as money"),
        ("money", "integer", 'it <- money(it / 100, "EUR")'),
        ("money", "integer", 'it <- money(it / 1000, "KWD")'),
        ("money", "decimal(12, 2)", "amount(it) -> it, currency(it) -> code"),
        ("money", "decimal(12, 4)", "amount(it) * 0.25 -> it, currency(it) -> code"),
        ("percent", "integer", "it <-> it as percent"),
        ("instant", "instant spelled local", 'it <-> it as zone("Europe/Oslo")'),
        ("instant", "integer", "it <-> it as epoch(ms)"),
        ("date", "instant", 'it <- date(it, "Europe/Oslo")'),
        ("local_time", "local_time", "it <-> it"),
    ],
)
def test_what_says_its_unit_passes(type_: str, native: str, line: str) -> None:
    assert codes(type_, native, line) == []


@pytest.mark.parametrize(
    ("type_", "native", "line", "code"),
    [
        ("money", "decimal(12, 2)", "it <-> it", "unit.mismatch"),
        ("integer", "money", "it <-> it", "unit.mismatch"),
        ("percent", "decimal(5, 2)", "it <-> it", "unit.mismatch"),
        ("decimal(5, 2)", "percent", "it <-> it", "unit.mismatch"),
        ("date", "instant", "it <- it", "unit.mismatch"),
        ("local_time", "instant", "it <- it", "unit.mismatch"),
        ("instant", "instant spelled local", "it <-> it", "unit.mismatch"),
        ("instant", "integer", "it <-> it", "unit.mismatch"),
        ("duration", "integer", "it <-> it", "unit.mismatch"),
        ("money", "integer", 'it <-> it as money("EUR")', "unit.scale"),
        ("money", "decimal(12, 2)", 'it <-> it as money("KWD")', "unit.scale"),
        ("money", "decimal(12, 2)", "amount(it) -> it", "unit.currency-lost"),
        ("money", "integer", 'it <- money(it / 100, "JPY")', "unit.minor"),
        ("money", "integer", 'it <- money(it / 100, "KWD")', "unit.minor"),
        ("money", "integer", "it <- money(it / 100, code)", "unit.minor"),
        ("money", "integer", "integer(round(amount(it) * 100, 0)) -> it, currency(it) -> code", "unit.minor"),
        ("money", "integer", "integer(amount(it * 100)) -> it, currency(it) -> code", "unit.minor"),
    ],
)
def test_what_leaves_its_unit_open_is_refused(type_: str, native: str, line: str, code: str) -> None:
    assert codes(type_, native, line) == [code]


def test_a_hundredfold_out_and_a_hundredth_back_is_told_as_an_accountant_would() -> None:
    (found,) = found_for("decimal(12, 2)", "integer", "it <- it / 100, integer(round(it * 100, 0)) -> it")
    words = worded(found)
    assert found.code == "unit.minor"
    assert "1200 JPY would be sent as 120000" in words.message
    assert [label.role for label in found.labels] == ["back-here"]
    (read,) = found_for("money", "integer", 'it <- money(it / 100, "KWD")')
    assert "1200 KWD arrives as 1200000 and would be read as 12000" in worded(read).message


@pytest.mark.parametrize("name", ["weight", "width_cm", "share"])
def test_a_measure_may_be_scaled(name: str) -> None:
    spec = f"""{PRELUDE}extend crm {{ resource contacts {{ {name} : integer, code : currency }} }}
entity Customer {{ {name} : decimal }}
map Customer to crm.contacts {{ {name} <- {name} / 100, integer({name} * 100) -> {name} }}
"""
    assert check_spec("example.sync", spec.encode(), {"sample.sync": sample().encode()}.get).diagnostics == ()


def test_an_amount_that_another_system_keeps_with_more_decimals() -> None:
    spec = f"""{PRELUDE}extend shop {{ resource contacts {{ exact : decimal(14, 4) }} }}
entity Customer {{ it : money }}
map Customer to shop.contacts {{ it <- exact as money("EUR") }}
map Customer to crm.contacts {{ it -> credit as money("EUR") }}
"""

    def check(text: str) -> list[str]:
        found = check_spec("example.sync", text.encode(), {"sample.sync": sample().encode()}.get).diagnostics
        return [one.code for one in found if one.code.startswith("unit.")]

    assert check(spec) == ["unit.scale"]
    assert check(spec.replace('credit as money("EUR")', 'credit as money("EUR") then round(2)')) == []


def test_a_whole_number_beside_its_currency_may_count_coins() -> None:
    spec = f"""{PRELUDE}extend shop {{ resource contacts {{ exact : decimal(14, 2) }} }}
extend crm {{ resource contacts {{ cents : integer }} }}
entity Customer {{ it : money }}
map Customer to shop.contacts {{ it <- exact as money("EUR") }}
map Customer to crm.contacts {{ it -> [cents, currency] as money }}
"""

    def check(text: str) -> list[str]:
        found = check_spec("example.sync", text.encode(), {"sample.sync": sample().encode()}.get).diagnostics
        return [worded(one).mend for one in found if one.code.startswith("unit.")]

    (mend,) = check(spec)
    assert "`as money(minor)`" in mend
    assert check(spec.replace("as money }", "as money(minor) }")) == []
