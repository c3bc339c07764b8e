"""The laws of the language's codecs, each on its own domain and against hostile values."""

import pickle
import sys
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime import codecs
from syncline_runtime.codecs import (
    CODEC_NAMES,
    CODECS,
    CodecDefinition,
    CodecError,
    find_codec,
    load_codec,
    table,
)
from syncline_runtime.values import ABSENT, Money

HOSTILE = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**100, -(10**100), 10**5000, float("nan"), float("inf"), 1e308, -0.0, 0.1]),
    st.sampled_from(
        [
            Decimal(text)
            for text in ("NaN", "sNaN", "Infinity", "-0", "1e999", "1e-999", "1E+2", "0E+999", "0." + "1" * 300)
        ]
    ),
    st.text(st.characters()),
    st.sampled_from(
        [
            "\ud800",
            "İstanbul",
            "e\u0301",
            "ŉ",
            "\x00",
            "1e999",
            "NaN",
            "٣",
            "9" * 5000,
            "+",
            "-",
            "[" * 100_000,
            "1_000",
        ]
    ),
    st.dates(),
    st.datetimes(),
    st.datetimes(timezones=st.just(UTC)),
    st.timedeltas(),
    st.binary(),
    st.lists(st.one_of(st.text(), st.none(), st.lists(st.integers()))),
    st.tuples(st.one_of(st.none(), st.text(), st.integers()), st.text()),
    st.dictionaries(st.text(), st.text()),
    st.frozensets(st.text()),
    st.builds(Money, st.decimals(), st.text()),
    st.just(object()),
)
TEXT = st.one_of(st.text(), st.sampled_from(["İ", "ΑΣ", "ß", "ŉ", "\u00a0a ", "e\u0301", ""]))
DECIMAL = st.decimals(min_value=-(10**12), max_value=10**12, places=8).map(codecs.plain)
INSTANT = st.datetimes(timezones=st.just(UTC), min_value=datetime(1900, 1, 1), max_value=datetime(2200, 1, 1))
PARTS = st.lists(TEXT, max_size=4).map(tuple)
STAGES = table({"open": ("appointment", "qualified"), "won": "closedwon", "lost": 7, "late": False}, "open")


@dataclass(frozen=True)
class Case:
    """A codec with parameters, and canonical values of its kind, some of them outside its domain."""

    codec: str
    parameters: tuple[Any, ...]
    values: st.SearchStrategy[Any]
    view: Callable[[Any], Any] = lambda value: value

    @property
    def definition(self) -> CodecDefinition:
        return CODECS[self.codec]

    def get(self, native: Any) -> Any:
        return self.view(getattr(codecs, self.definition.get)(native, *self.parameters))

    def put(self, value: Any) -> Any:
        extra = (2,) if self.definition.needs_count else ()
        return getattr(codecs, self.definition.put)(value, *self.parameters, *extra)


class Reversed:
    """A codec of a user's own."""

    def __repr__(self) -> str:
        return "Reversed()"

    def get(self, native: str) -> str:
        return native[::-1]

    def put(self, canonical: str) -> str:
        return canonical[::-1]


def _money(currency: str) -> st.SearchStrategy[Money]:
    amounts = st.one_of(DECIMAL, st.decimals(min_value=-(10**9), max_value=10**9, places=2).map(codecs.plain))
    return st.builds(Money, amounts, st.sampled_from([currency, currency, "EUR"]))


def _as_set(value: Any) -> Any:
    return frozenset(value) if isinstance(value, tuple) else value


CASES = [
    Case("trim", (), TEXT),
    Case("lower", (), TEXT),
    Case("upper", (), TEXT),
    Case("strip", ("-. ",), TEXT),
    Case("prefix", ("SO-",), TEXT),
    Case("suffix", (" Ltd",), TEXT),
    Case("split", (";",), PARTS),
    Case("split", ("; ",), st.frozensets(TEXT), _as_set),
    Case("join", (" ",), TEXT),
    Case("join", ("::",), st.sampled_from(["a::b", "a", ":a", "a:", "a:::b", "a::b::c", "::", ""])),
    Case("table", (STAGES,), st.sampled_from(["open", "won", "lost", "late", "new"])),
    Case("money", (), _money("MXN")),
    *(Case("money_counted", ("minor",), _money(currency)) for currency in ("MXN", "JPY", "KWD")),
    Case("money_in", ("MXN",), _money("MXN")),
    *(Case("money_minor", (currency, "minor"), _money(currency)) for currency in ("MXN", "JPY", "KWD", "CLF")),
    Case("round", (2,), DECIMAL),
    Case("round", (0,), _money("JPY")),
    Case("date", ("%d/%m/%Y",), st.dates()),
    Case("date", ("%Y%m%d",), st.dates()),
    Case("date", ("%-d.%-m.%y (%%)",), st.dates()),
    *(Case("epoch", (unit,), INSTANT) for unit in ("s", "ms", "us")),
    *(Case("zone", (zone,), INSTANT) for zone in ("America/Mexico_City", "Europe/Berlin", "Australia/Lord_Howe")),
    Case("e164", ("MX",), st.sampled_from(["+525555550100", "+14155550100", "55 5555 0100", "911", "x", ""])),
    Case("percent", (), DECIMAL),
    Case("bool", ("Y", "N"), st.booleans()),
    Case("bool", (1, 0), st.booleans()),
    Case("none", ("Unknown",), st.one_of(TEXT, st.just("Unknown"), st.none())),
    Case("json", (), st.one_of(TEXT, DECIMAL, st.booleans(), st.integers(), PARTS)),
    Case("json", (), st.frozensets(TEXT), _as_set),
    Case("python", (Reversed(),), TEXT),
]
every_case = pytest.mark.parametrize(
    "case", CASES, ids=lambda case: f"{case.codec}{case.parameters[:1]}".replace(" ", "_")
)


def test_a_domain_holds_values_of_its_type_alone() -> None:
    for name, definition in CODECS.items():
        if name not in ("none", "python"):
            parameters = next(case.parameters for case in CASES if case.codec == name)
            assert not definition.in_domain(object(), *parameters), name


def test_every_codec_is_held_to_its_laws() -> None:
    assert {case.codec for case in CASES} == set(CODECS)


def _comes_back(case: Case, value: Any) -> bool:
    try:
        return case.definition.equal(case.get(case.put(value)), value, *case.parameters)
    except CodecError:
        return False


@every_case
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_what_is_written_reads_back_as_the_same(case: Case, data: st.DataObject) -> None:
    value = data.draw(case.values)
    definition = case.definition
    if not definition.in_domain(value, *case.parameters):
        # Out of the domain means: refused, or not the same when read back. Never silently taken for the same.
        assert not _comes_back(case, value)
        return
    view = case.get(case.put(value))
    assert definition.equal(view, value, *case.parameters)
    assert type(view) is type(value) or case.codec == "json"
    if definition.exact:
        assert view == value
    assert case.get(case.put(view)) == view


@every_case
@settings(max_examples=25, deadline=None)
@given(native=HOSTILE)
def test_reading_refuses_or_gives_what_can_be_written_and_read_again(case: Case, native: Any) -> None:
    if case.definition.needs_count and isinstance(native, list | tuple) and len(native) != 2:
        return  # written to as many fields as were read
    try:
        value = case.get(native)
    except CodecError:
        return
    if value is None or value is ABSENT:
        return
    again = case.get(case.put(value))
    assert again is value or case.definition.equal(again, value, *case.parameters)


@every_case
@settings(max_examples=25, deadline=None)
@given(value=HOSTILE)
def test_writing_refuses_or_writes_what_can_be_read(case: Case, value: Any) -> None:
    if isinstance(value, tuple) and case.definition.native == "pair":
        return
    try:
        native = case.put(value)
    except CodecError:
        return
    if value is not None and value is not ABSENT:
        case.get(native)


@every_case
def test_absence_passes_both_ways(case: Case) -> None:
    many = case.definition.needs_count
    if case.definition.native == "pair":
        assert case.get((None, "MXN")) is None
        assert case.get((ABSENT, "MXN")) is case.get((Decimal(1), ABSENT)) is ABSENT
        assert case.get(case.put(None)) is None
        assert case.get(case.put(ABSENT)) is ABSENT
        return
    assert case.get((ABSENT, ABSENT) if many else ABSENT) is ABSENT
    assert case.put(ABSENT) == ((ABSENT, ABSENT) if many else ABSENT)
    assert case.get((None, None) if many else None) is None
    assert case.put(None) == ("Unknown" if case.codec == "none" else (None, None) if many else None)


@every_case
@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_equal_values_are_written_alike(case: Case, data: st.DataObject) -> None:
    value = data.draw(case.values)
    if not case.definition.in_domain(value, *case.parameters):
        return
    twin = pickle.loads(pickle.dumps(value))
    if isinstance(twin, Decimal) and abs(twin) < 10**12:
        twin = twin.quantize(Decimal("1e-12"))
    if isinstance(twin, Money):
        twin = Money(twin.amount.quantize(Decimal("1e-12")), twin.currency)
    assert twin == value
    assert case.put(twin) == case.put(value)


@pytest.mark.parametrize("change", [codecs.trim_get, codecs.lower_get, codecs.upper_get])
def test_every_character_comes_to_rest(change: Callable[[object], Any]) -> None:
    for code in range(sys.maxunicode + 1):
        if code < 0x3400 or 0xA000 <= code < 0xAC00 or 0xF900 <= code < 0x20000:  # elsewhere are no letters with a case
            once = codecs.text_of(change(f"a{chr(code)}b{chr(code)}"))
            assert codecs.text_of(change(once)) == once, f"U+{code:04X}"


PIPELINES: list[tuple[tuple[str, tuple[Any, ...]], ...]] = [
    (("strip", ("-. ",)), ("upper", ())),
    (("trim", ()), ("none", ("Unknown",)), ("lower", ())),
    (("prefix", ("SO-",)), ("suffix", ("/26",)), ("trim", ())),
    (("none", ("",)), ("e164", ("MX",))),
    (("trim", ()), ("table", (table({"Open": "a", "Won": "b"}),)), ("lower", ())),
]


@pytest.mark.parametrize("steps", PIPELINES, ids=lambda steps: " then ".join(name for name, _ in steps))
@settings(max_examples=100, deadline=None)
@given(native=st.one_of(TEXT, st.sampled_from([" a", "b ", "SO-1 /26", "Unknown ", "55 5555 0100", "ABC-1.2"])))
def test_a_pipeline_comes_to_rest_after_one_lap(steps: tuple[tuple[str, tuple[Any, ...]], ...], native: str) -> None:
    def read(value: Any) -> Any:
        for name, parameters in steps:
            value = getattr(codecs, CODECS[name].get)(value, *parameters)
        return value

    def written(value: Any) -> Any:
        for name, parameters in reversed(steps):
            value = getattr(codecs, CODECS[name].put)(value, *parameters)
        return value

    try:
        value = read(native)
        again = written(value)
    except CodecError:
        return
    assert read(again) == value
    assert written(read(again)) == again


# -- the registry and the errors ---------------------------------------------------------------------------------------


def test_codecs_are_found_by_name_and_number_of_parameters() -> None:
    found = {n: find_codec("money", n) for n in range(4)}
    assert [codec and codec.get for codec in found.values()] == ["money_get", "money_in_get", "money_minor_get", None]
    counted = {n: find_codec("money", n, counted=True) for n in range(3)}
    assert [codec and codec.get for codec in counted.values()] == [None, "money_counted_get", None]
    assert (
        find_codec("money_in", 1) is find_codec("table", 1) is find_codec("trim", 1) is find_codec("nothing", 0) is None
    )
    for name in CODEC_NAMES:
        assert any(find_codec(name, n) for n in range(3)), name


@pytest.mark.parametrize(
    ("codec", "parameters"),
    [
        ("money_in", ("MXP",)),
        ("money_minor", ("XAU", "minor")),
        ("date", ("%d/%m",)),
        ("date", ("%d/%m/%Y %H",)),
        ("date", ("%d%d%m%Y",)),
        ("date", ("%-d%m%Y",)),
        ("date", ("%B %d %Y",)),
        ("zone", ("Mexico",)),
        ("zone", ("../etc/passwd",)),
        ("e164", ("XX",)),
        ("round", (-1,)),
        ("strip", ("",)),
        ("split", ("",)),
        ("bool", ("Y", "Y")),
        ("python", ("os.path",)),
        ("python", ("no_such_module:Codec",)),
        ("python", ("os:path",)),
    ],
)
def test_wrong_parameters_are_named(codec: str, parameters: tuple[Any, ...]) -> None:
    assert CODECS[codec].problem(*parameters)


@every_case
def test_right_parameters_have_no_problem(case: Case) -> None:
    if case.codec == "python":
        assert CODECS["python"].problem("collections:UserDict") is not None  # no put
    elif case.codec != "table":
        assert CODECS[case.codec].problem(*case.parameters) is None


def test_a_codec_of_ones_own_is_loaded_by_reference(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "syncline_own_codec.py").write_text(
        "class Upside:\n    def get(self, native): return -native\n    def put(self, canonical): return -canonical\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    codec = load_codec("syncline_own_codec:Upside")
    assert codecs.python_get(3, codec) == -3
    assert codecs.python_put(codecs.python_get(3, codec), codec) == 3
    assert codecs.python_get(None, codec) is None


def _refusal_of(reading: Case, native: str) -> CodecError | None:
    try:
        reading.get(native)
    except CodecError as error:
        return error
    return None


@settings(deadline=None)
@given(
    native=st.text(st.characters(min_codepoint=256), min_size=3),
    reading=st.sampled_from([case for case in CASES if case.codec != "none"]),
)
def test_an_error_never_quotes_the_value(native: str, reading: Case) -> None:
    error = _refusal_of(reading, native)
    if error is not None:
        assert not any(native in shown for shown in (str(error), repr(error), error.shown, error.expected))
        assert pickle.loads(pickle.dumps(error)).value is None


def test_an_error_says_what_was_expected_and_what_came() -> None:
    with pytest.raises(CodecError) as caught:
        codecs.date_get("2026-01-02", "%d/%m/%Y")
    assert str(caught.value) == "expected a date written as '%d/%m/%Y', got text of 10 characters (value.not-a-date)"
    assert caught.value.value == "2026-01-02"
    assert caught.value.__context__ is None or caught.value.__suppress_context__
