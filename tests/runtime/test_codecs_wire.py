"""The laws of the wire codecs, and the spellings that real systems use."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime import codecs
from syncline_runtime.codecs import (
    NULLS,
    PROTOCOLS,
    TEXT_KINDS,
    TYPES,
    WIRE,
    CodecDefinition,
    CodecError,
    default_wire,
    spellings,
)
from syncline_runtime.values import ABSENT, Money

TEXT = st.one_of(st.text(), st.sampled_from(["", "0", " ", "e\u0301", "a,b", "a;b"]))
INSTANT = st.datetimes(timezones=st.just(UTC))
ELEMENTS = st.one_of(st.text(min_size=1), st.sampled_from(["a,b", "a;b", " a", "", "b"]))
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "ref": st.integers(1, 10**18).map(str),
    "text": TEXT,
    "email": st.emails(),
    "phone": st.from_regex(r"\+[1-9][0-9]{4,14}", fullmatch=True),
    "url": st.just("https://example.com/a?b=c"),
    "uuid": st.uuids().map(str),
    "country": st.sampled_from(sorted(codecs.COUNTRIES)),
    "currency": st.sampled_from(sorted(codecs.MINOR_UNITS)),
    "language": st.sampled_from(["es", "es-MX", "zh-Hant-TW"]),
    "enum": st.sampled_from(["open", "won"]),
    "integer": st.one_of(st.integers(), st.sampled_from([0, 10**100, -(10**100), 10**99])),
    "decimal": st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20).map(
        codecs.plain
    ),
    "percent": st.decimals(min_value=-10, max_value=10, places=6).map(codecs.plain),
    "money": st.builds(
        Money, st.decimals(min_value=0, max_value=10**9, places=4).map(codecs.plain), st.sampled_from(["EUR", "JPY"])
    ),
    "boolean": st.booleans(),
    "date": st.dates(),
    "instant": INSTANT,
    "local": st.datetimes(),
    "local_time": st.times(),
    "duration": st.timedeltas(),
    "binary": st.binary(),
    "set": st.frozensets(ELEMENTS),
    "list": st.lists(ELEMENTS).map(tuple),
}
HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.decimals(),
    st.text(st.characters()),
    st.sampled_from(
        [
            "1e999",
            "NaN",
            "Infinity",
            "-0",
            "٣",
            "1_000",
            "9" * 5000,
            " 1",
            "1 ",
            "0x1",
            "+1",
            "1.",
            ".5",
            "\ud800",
            "[[1]]",
            '{"a": 1}',
        ]
    ),
    st.sampled_from(
        ["2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-W01-1T00:00:00Z", "2026-01-01T00:00:00.123456789+05:30"]
    ),
    st.sampled_from(
        ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2026-02-30", "2026-01-01T24:00:00Z", "20260101"]
    ),
    st.sampled_from(
        [10**5000, -(10**5000), float("nan"), float("inf"), 1e308, Decimal("sNaN"), Decimal("1e999"), Decimal("1e-999")]
    ),
    st.sampled_from(["P", "PT", "P1Y", "P99999999999D", "PT1.5S", "-P1D", "P999999999W"]),
    st.dictionaries(st.text(), st.text()),
    st.builds(
        lambda tag, numbers: {"__class__": tag, **numbers},
        st.sampled_from(["Decimal", "date", "datetime", "time", "timedelta", "bytes", "Evil"]),
        st.dictionaries(
            st.sampled_from(
                ["decimal", "year", "month", "day", "hour", "minute", "second", "seconds", "microsecond", "base64"]
            ),
            st.one_of(st.integers(), st.text(), st.none(), st.floats(), st.just(10**100)),
        ),
    ),
    st.lists(st.one_of(st.text(), st.lists(st.integers()), st.none(), st.dictionaries(st.text(), st.text()))),
    st.dates(),
    st.datetimes(),
    INSTANT,
    st.times(),
    st.timedeltas(),
    st.binary(),
    st.uuids(),
    st.just(object()),
)


@dataclass(frozen=True)
class Case:
    """A spelling of a kind, with parameters."""

    kind: str
    spelling: str
    parameters: tuple[Any, ...] = ()

    @property
    def definition(self) -> CodecDefinition:
        return WIRE[self.kind, self.spelling]

    def get(self, native: Any) -> Any:
        return getattr(codecs, self.definition.get)(native, *self.parameters)

    def put(self, value: Any) -> Any:
        return getattr(codecs, self.definition.put)(value, *self.parameters)

    def __str__(self) -> str:
        return "-".join(map(str, (self.kind, self.spelling, *self.parameters)))


# Kinds of text share the functions of text: one kind stands for all.
CASES = [
    Case(*key) for key, definition in WIRE.items() if key[0] == "text" or not definition.get.startswith("wire_text_")
]
CASES += [
    Case("instant", spelling, (precision,)) for spelling in spellings("instant") for precision in ("s", "ms", "us")
]
CASES += [Case(kind, spelling, (4,)) for kind in ("decimal", "percent") for spelling in spellings(kind)]
CASES += [Case("money", "object", ("value", "currency_code"))]
every_case = pytest.mark.parametrize("case", CASES, ids=str)


def _comes_back(case: Case, value: Any) -> bool:
    try:
        return case.definition.equal(case.get(case.put(value)), value, *case.parameters)
    except CodecError:
        return False


@every_case
@settings(max_examples=10, deadline=None)
@given(data=st.data())
def test_what_is_written_reads_back_as_the_same(case: Case, data: st.DataObject) -> None:
    value = data.draw(VALUES[case.definition.canonical])
    definition = case.definition
    if not definition.in_domain(value, *case.parameters):
        assert not _comes_back(case, value)
        return
    view = case.get(case.put(value))
    assert definition.equal(view, value, *case.parameters)
    if definition.exact and not (case.kind == "instant" and case.parameters):
        assert view == value
        assert type(view) is type(value)
    assert case.get(case.put(view)) == view


@every_case
@settings(max_examples=20, deadline=None)
@given(native=HOSTILE)
def test_reading_refuses_or_gives_what_can_be_written_and_read_again(case: Case, native: Any) -> None:
    try:
        value = case.get(native)
    except CodecError:
        return
    if value is not None and value is not ABSENT and case.definition.in_domain(value, *case.parameters):
        assert case.definition.equal(case.get(case.put(value)), value, *case.parameters)


@every_case
@settings(max_examples=10, deadline=None)
@given(value=HOSTILE)
def test_writing_refuses_or_writes_what_can_be_read(case: Case, value: Any) -> None:
    try:
        native = case.put(value)
    except CodecError:
        return
    case.get(native)


@every_case
def test_absence_passes_both_ways(case: Case) -> None:
    assert case.get(None) is None
    assert case.get(case.put(None)) is None
    assert case.get(ABSENT) is ABSENT
    assert case.put(ABSENT) is ABSENT


@pytest.mark.parametrize("spelling", NULLS)
@given(native=HOSTILE)
def test_null_is_spelled_and_read_whatever_the_type(spelling: str, native: Any) -> None:
    get, put = getattr(codecs, NULLS[spelling].get), getattr(codecs, NULLS[spelling].put)
    assert get(put(None)) is None
    assert get(ABSENT) is put(ABSENT) is ABSENT
    read = get(native)
    assert read is None or put(read) is native


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("kind", TYPES)
def test_every_protocol_spells_every_kind(protocol: str, kind: str) -> None:
    assert (kind, default_wire(protocol, kind)) in WIRE


def test_a_protocol_without_habits_of_its_own_speaks_json() -> None:
    assert default_wire("odata", "instant") == default_wire("rest", "instant") == "iso"


def test_kinds_of_text_are_spelled_as_text() -> None:
    for kind in TEXT_KINDS:
        assert {"plain", "blank", "false"} <= set(spellings(kind))


def test_what_json_protocols_write_is_json() -> None:
    samples: dict[str, Any] = {
        "decimal": Decimal("1.5"),
        "date": date(2026, 1, 31),
        "instant": datetime(2026, 1, 31, 8, 0, 0, 123000, UTC),
        "local_time": time(8, 30),
        "binary": b"\x00\xff",
        "money": Money(Decimal("1.5"), "EUR"),
    }
    for kind, value in samples.items():
        written = getattr(codecs, WIRE[kind, default_wire("jsonrpc", kind)].put)(value)
        assert json.loads(json.dumps(written)) == written


# -- spellings seen in the field: PocketBase, Tryton, Odoo, SAP, HubSpot, Stripe, SQLite -------------------------------

JAN = datetime(2026, 1, 31, 8, 0, tzinfo=UTC)


@pytest.mark.parametrize(
    ("get", "native", "value"),
    [
        (codecs.wire_instant_spaced_get, "2026-01-31 08:00:00.000Z", JAN),
        (codecs.wire_instant_spaced_get, "", None),
        (codecs.wire_instant_iso_get, "2026-01-31T02:00:00-06:00", JAN),
        (codecs.wire_instant_iso_get, "2026-01-31T08:00:00.000+0000", JAN),
        (codecs.wire_instant_iso_get, "2026-01-31T08:00Z", JAN),
        (codecs.wire_instant_iso_get, "2026-01-31T08:00:00.1234567Z", JAN.replace(microsecond=123456)),
        (codecs.wire_instant_naive_get, "2026-01-31 08:00:00", JAN),
        (codecs.wire_instant_native_get, "2026-01-31 08:00:00", JAN),
        (codecs.wire_instant_native_get, datetime(2026, 1, 31, 8, 0), JAN),
        (codecs.wire_instant_epoch_s_get, 1769846400, JAN),
        (codecs.wire_instant_epoch_ms_get, "1769846400000", JAN),
        (codecs.wire_instant_epoch_s_get, 1769846400.0, JAN),
        (
            codecs.wire_instant_tagged_get,
            {
                "__class__": "datetime",
                "year": 2026,
                "month": 1,
                "day": 31,
                "hour": 8,
                "minute": 0,
                "second": 0,
                "microsecond": 0,
            },
            JAN,
        ),
        (codecs.wire_date_tagged_get, {"__class__": "date", "year": 2026, "month": 1, "day": 31}, date(2026, 1, 31)),
        (codecs.wire_date_epoch_ms_get, 1769817600000, date(2026, 1, 31)),
        (codecs.wire_decimal_tagged_get, {"__class__": "Decimal", "decimal": "1.50"}, Decimal("1.5")),
        (codecs.wire_decimal_number_get, 0.1, Decimal("0.1")),
        (codecs.wire_decimal_number_get, Decimal("1E+2"), Decimal(100)),
        (codecs.wire_decimal_text_get, "1,5".replace(",", "."), Decimal("1.5")),
        (codecs.wire_integer_number_get, 3.0, 3),
        (codecs.wire_integer_zero_get, 0, None),
        (codecs.wire_text_false_get, False, None),
        (codecs.wire_text_blank_get, "", None),
        (codecs.wire_boolean_number_get, 1, True),
        (codecs.wire_boolean_text_get, "False", False),
        (codecs.wire_text_lower_get, "mxn", "MXN"),
        (codecs.wire_language_underscore_get, "es_MX", "es-MX"),
        (codecs.wire_uuid_native_get, UUID(int=1), "00000000-0000-0000-0000-000000000001"),
        (codecs.wire_set_semicolon_get, "b;a; b", frozenset({"a", "b"})),
        (codecs.wire_list_comma_get, "b, a", ("b", "a")),
        (codecs.wire_set_json_get, '["a", "b"]', frozenset({"a", "b"})),
        (codecs.wire_set_array_get, ["a", "a"], frozenset({"a"})),
        (codecs.wire_duration_iso_get, "P1DT8H30M", timedelta(days=1, hours=8, minutes=30)),
        (codecs.wire_duration_tagged_get, {"__class__": "timedelta", "seconds": 1800.5}, timedelta(seconds=1800.5)),
        (codecs.wire_money_object_get, {"amount": "1.50", "currency": "eur"}, Money(Decimal("1.5"), "EUR")),
    ],
)
def test_a_spelling_of_the_field_is_read(get: Callable[[Any], Any], native: Any, value: Any) -> None:
    assert get(native) == value
    assert type(get(native)) is type(value)


@pytest.mark.parametrize(
    ("written", "native"),
    [
        (codecs.wire_instant_iso_put(JAN), "2026-01-31T08:00:00Z"),
        (codecs.wire_instant_iso_put(JAN, "ms"), "2026-01-31T08:00:00.000Z"),
        (codecs.wire_instant_spaced_put(JAN), "2026-01-31 08:00:00.000Z"),
        (codecs.wire_instant_naive_put(JAN.replace(microsecond=999_999)), "2026-01-31 08:00:00"),
        (codecs.wire_decimal_tagged_put(Decimal("1.5"), 2), {"__class__": "Decimal", "decimal": "1.50"}),
        (codecs.wire_decimal_text_put(Decimal("1E+2")), "100"),
        (codecs.wire_decimal_text_put(Decimal("-0.0")), "0"),
        (str(codecs.wire_decimal_number_put(Decimal("1.5"), 3)), "1.500"),
        (codecs.wire_set_comma_put(frozenset({"b", "a"})), "a,b"),
        (codecs.wire_set_array_put(frozenset({"b", "a", "C"})), ["C", "a", "b"]),
        (codecs.wire_duration_iso_put(timedelta(days=-1, hours=8)), "-PT16H"),
        (codecs.wire_duration_iso_put(timedelta(0)), "PT0S"),
        (codecs.wire_boolean_number_put(True), 1),
    ],
)
def test_a_value_is_written_in_one_spelling(written: Any, native: Any) -> None:
    assert written == native
    assert type(written) is type(native)


@pytest.mark.parametrize(
    ("get", "native", "reason"),
    [
        (codecs.wire_instant_iso_get, "2026-01-31T08:00:00", "value.no-zone"),
        (codecs.wire_instant_naive_get, "2026-01-31T08:00:00Z", "value.wrong-type"),
        (codecs.wire_instant_iso_get, "2026-W05-6T08:00:00Z", "value.not-an-instant"),
        (codecs.wire_date_iso_get, "20260131", "value.not-a-date"),
        (codecs.wire_date_epoch_ms_get, 1769846400000, "value.not-a-date"),
        (codecs.wire_decimal_number_get, float("nan"), "value.not-finite"),
        (codecs.wire_decimal_number_get, Decimal("1e999"), "value.out-of-range"),
        (codecs.wire_decimal_text_get, "NaN", "value.wrong-type"),
        (codecs.wire_decimal_text_get, "1,5", "value.wrong-type"),
        (codecs.wire_decimal_number_get, True, "value.wrong-type"),
        (codecs.wire_integer_number_get, 1.5, "value.wrong-type"),
        (codecs.wire_integer_number_get, False, "value.wrong-type"),
        (codecs.wire_boolean_json_get, 1, "value.wrong-type"),
        (codecs.wire_boolean_text_get, "yes", "value.wrong-type"),
        (codecs.wire_text_plain_get, 1, "value.wrong-type"),
        (codecs.wire_duration_iso_get, "P1M", "value.wrong-type"),
        (codecs.wire_binary_base64_get, "a", "value.wrong-type"),
    ],
)
def test_what_a_spelling_does_not_allow_is_refused(get: Callable[[Any], Any], native: Any, reason: str) -> None:
    with pytest.raises(CodecError) as caught:
        get(native)
    assert caught.value.reason == reason


def test_more_decimals_than_the_scale_are_refused_on_writing_and_kept_on_reading() -> None:
    with pytest.raises(CodecError, match=r"value\.too-precise"):
        codecs.wire_decimal_text_put(Decimal("1.505"), 2)
    assert codecs.wire_decimal_text_get("1.505", 2) == Decimal("1.505")


@given(value=st.decimals(min_value=-(10**9), max_value=10**9, places=3))
def test_equal_decimals_have_one_spelling(value: Decimal) -> None:
    twin = value.quantize(Decimal("1e-9"))
    for put in (codecs.wire_decimal_text_put, lambda number: str(codecs.wire_decimal_number_put(number))):
        assert put(twin) == put(value) == put(codecs.plain(value))
    assert str(codecs.plain(twin)) == str(codecs.plain(value))
