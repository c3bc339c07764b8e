"""What the types of an entity's fields hold, and in which one form."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime import codecs
from syncline_runtime.codecs import TYPES, CodecError, canonical
from syncline_runtime.values import ABSENT, Money

PARAMETERS: dict[str, tuple[Any, ...]] = {
    "enum": (frozenset({"open", "won"}),),
    "set": (codecs.text_of,),
    "list": (codecs.text_of,),
}
ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(st.characters()),
    st.sampled_from(
        ["\ud800", "a@b", "ana@EXAMPLE.com", "http://x", "es-mx", "mx", "mxn", "ı", "ſs", "ǅ", 10**101, Decimal("sNaN")]
    ),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.times(),
    st.timedeltas(),
    st.binary(),
    st.lists(st.text()).map(tuple),
    st.frozensets(st.text()),
    st.builds(Money, st.decimals(), st.text()),
    st.just(object()),
)


@pytest.mark.parametrize("kind", TYPES)
@settings(max_examples=60, deadline=None)
@given(value=ANYTHING)
def test_a_type_refuses_a_value_or_has_one_form_for_it(kind: str, value: Any) -> None:
    parameters = PARAMETERS.get(kind, ())
    try:
        form = canonical(kind, value, *parameters)
    except CodecError:
        return
    assert canonical(kind, form, *parameters) == form
    assert type(canonical(kind, form, *parameters)) is type(form)


@pytest.mark.parametrize("kind", TYPES)
def test_null_and_absence_are_no_matter_of_the_type(kind: str) -> None:
    parameters = PARAMETERS.get(kind, ())
    assert canonical(kind, None, *parameters) is None
    assert canonical(kind, ABSENT, *parameters) is ABSENT


def test_null_is_refused_where_a_value_is_due() -> None:
    assert codecs.present("") == ""
    assert codecs.present(ABSENT) is ABSENT
    with pytest.raises(CodecError, match=r"value\.null"):
        codecs.present(None)


@pytest.mark.parametrize(
    ("hold", "value", "form"),
    [
        (codecs.text_of, "e\u0301", "\u00e9"),
        (codecs.email_of, "Ana@EXAMPLE.com", "Ana@example.com"),
        (codecs.uuid_of, "{00000000-0000-0000-0000-00000000000A}", "00000000-0000-0000-0000-00000000000a"),
        (codecs.country_of, "mx", "MX"),
        (codecs.currency_of, "eur", "EUR"),
        (codecs.language_of, "ZH-hant-tw", "zh-Hant-TW"),
        (codecs.integer_of, Decimal("3.0"), 3),
        (codecs.decimal_of, Decimal("1.50"), Decimal("1.5")),
        (codecs.decimal_of, 3, Decimal(3)),
        (codecs.money_of, Money(Decimal("1.50"), "eur"), Money(Decimal("1.5"), "EUR")),
        (
            codecs.instant_of,
            datetime(2026, 1, 31, 2, tzinfo=timezone(timedelta(hours=-6))),
            datetime(2026, 1, 31, 8, tzinfo=UTC),
        ),
        (codecs.url_of, "https://example.com/a?b#c", "https://example.com/a?b#c"),
    ],
)
def test_a_value_comes_into_its_one_form(hold: Callable[[Any], Any], value: Any, form: Any) -> None:
    assert hold(value) == form
    assert str(hold(value)) == str(form)


@pytest.mark.parametrize(
    ("hold", "value", "reason"),
    [
        (lambda value: codecs.text_of(value, 3), "four", "value.too-long"),
        (codecs.text_of, "\ud800", "value.not-unicode"),
        (codecs.text_of, 1, "value.wrong-type"),
        (codecs.email_of, "ana@example", "value.not-an-email"),
        (codecs.email_of, "ana @example.com", "value.not-an-email"),
        (codecs.phone_of, "55 5555 0100", "value.not-a-phone"),
        (codecs.url_of, "example.com", "value.not-a-url"),
        (codecs.uuid_of, "1", "value.not-a-uuid"),
        (codecs.country_of, "UK", "value.not-a-country"),
        (codecs.currency_of, "EURO", "value.not-a-currency"),
        (codecs.language_of, "spanish_mx", "value.not-a-language"),
        (codecs.integer_of, True, "value.wrong-type"),
        (codecs.integer_of, Decimal("1.5"), "value.wrong-type"),
        (lambda value: codecs.decimal_of(value, 5, 2), Decimal("1.505"), "value.too-precise"),
        (lambda value: codecs.decimal_of(value, 5, 2), Decimal("1000"), "value.too-large"),
        (codecs.decimal_of, Decimal("NaN"), "value.not-finite"),
        (codecs.decimal_of, 1.5, "value.wrong-type"),
        (codecs.boolean_of, 1, "value.wrong-type"),
        (codecs.date_of, datetime(2026, 1, 31), "value.wrong-type"),
        (codecs.instant_of, datetime(2026, 1, 31), "value.no-zone"),
        (lambda value: codecs.enum_of(value, {"open"}), "won", "value.not-in-enum"),
        (lambda value: codecs.matching_of(value, re.compile("[A-Z]+")), "ABC\n", "value.no-match"),
        (lambda value: codecs.set_of(value, codecs.text_of, 2), ("a", "abc"), "value.too-long"),
        (lambda value: codecs.list_of(value, codecs.text_of), ("a", None), "value.null"),
    ],
)
def test_what_a_type_does_not_hold_is_refused(hold: Callable[[Any], Any], value: Any, reason: str) -> None:
    with pytest.raises(CodecError) as caught:
        hold(value)
    assert caught.value.reason == reason


def test_the_edges_of_a_type_are_inside() -> None:
    assert codecs.text_of("four", 4) == "four"
    assert codecs.text_of("e\u0301", 1) == "\u00e9"
    assert codecs.decimal_of(Decimal("999.99"), 5, 2) == Decimal("999.99")
    assert codecs.decimal_of(Decimal("1.50000"), 5, 2) == Decimal("1.5")
    assert codecs.matching_of("ABC123456XYZ", re.compile("[A-Z0-9]{8,20}"), 20) == "ABC123456XYZ"
    assert codecs.set_of(("b", "a", "a"), codecs.text_of) == frozenset({"a", "b"})
    assert codecs.date_of(date(2026, 1, 31)) == date(2026, 1, 31)


def test_a_set_or_list_that_is_never_null_is_empty_where_a_system_shows_none() -> None:
    assert codecs.set_or_empty(None, codecs.text_of) == frozenset()
    assert codecs.list_or_empty(None, codecs.text_of) == ()
    assert codecs.set_or_empty(ABSENT, codecs.text_of) is ABSENT  # not delivered is not empty
    assert codecs.list_or_empty(("a",), codecs.text_of) == ("a",)


def test_tables_of_codes_are_whole() -> None:
    assert len(codecs.COUNTRIES) == 249 + 1
    assert {"MX", "DE", "US", "XK"} <= codecs.COUNTRIES
    assert not {"UK", "EU", "SU"} & codecs.COUNTRIES
    assert [codecs.minor_unit(code) for code in ("MXN", "JPY", "KWD", "CLF", "EUR")] == [2, 0, 3, 4, 2]
    assert all(re.fullmatch("[A-Z]{3}", code) for code in codecs.MINOR_UNITS)
