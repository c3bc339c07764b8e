"""The quick form of a codec means what the codec means: the same value or the same refusal, for whatever it is given."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syncline_runtime.codecs import (
    CodecError,
    decimal_of,
    quick,
    table,
    table_get,
    table_put,
    wire_date_iso_get,
    wire_decimal_text_get,
    wire_decimal_text_put,
    wire_integer_number_get,
)
from syncline_runtime.expressions.arithmetic import add
from syncline_runtime.expressions.quick import concatenated
from syncline_runtime.values import ABSENT

anything = st.one_of(
    st.none(), st.just(ABSENT), st.booleans(), st.integers(-3, 3), st.integers(), st.sampled_from([10**100, -(10**100), 10**99]),
    st.decimals(), st.floats(), st.text(max_size=5),
    st.sampled_from(["", "lead", "new", "won", "lost", "odd", "prospect", "customer"]),
    st.from_regex(r"[+-]?[0-9]{0,4}\.?[0-9]{0,4}(E[0-9])?", fullmatch=True), st.dates().map(str),
    st.sampled_from(["2024-02-30", "20240229", "2024-W09-4", "1_000", " 1", "٣", "-0", "0.50", "007"]),
    st.lists(st.integers(), max_size=2), st.dictionaries(st.text(), st.text(), max_size=1),
)  # fmt: skip


def outcome(function: Callable[..., Any], *arguments: Any) -> tuple[str, Any]:
    """The spelling and type of the result, or the reason of the refusal."""
    try:
        result = function(*arguments)
    except CodecError as error:
        return error.reason, None
    return repr(result), type(result)


PAIRS: list[tuple[Callable[..., Any], Callable[..., Any]]] = [
    (quick.date_text, wire_date_iso_get),
    (quick.decimal_text, wire_decimal_text_get),
    (quick.decimal_text_put, wire_decimal_text_put),
    (quick.integer_get, wire_integer_number_get),
    (lambda value: quick.scaled_text(value, 5, 2), lambda value: decimal_of(wire_decimal_text_get(value), 5, 2)),
]


@pytest.mark.parametrize(("quickly", "carefully"), PAIRS)
@given(value=anything)
@example(value=Decimal("1E+2"))
@example(value=Decimal("0E-7"))
@example(value=True)
@example(value=1)
@example(value=Decimal("NaN123"))
@example(value=Decimal("-0.5"))
@example(value=Decimal("9" * 120))
@example(value=Decimal("0." + "1" * 120))
def test_a_quick_codec_is_its_codec(quickly: Callable[..., Any], carefully: Callable[..., Any], value: Any) -> None:
    assert outcome(quickly, value) == outcome(carefully, value)


TABLES = [
    table({"prospect": ("lead", "new"), "customer": "won"}),
    table({"prospect": ("lead", "new"), "customer": "won"}, "prospect"),
    table({"prospect": ("lead", None), "customer": ("won", 1)}),
    table({"prospect": (0, "lead"), "customer": (True, "won")}, "odd"),
]


@given(st.sampled_from(TABLES), anything, anything)
@example(TABLES[3], 1, True)
@example(TABLES[3], "prospect", 0)
@example(TABLES[2], "prospect", None)
@example(TABLES[1], "prospect", "unheard of")
def test_a_table_read_by_subscript_is_the_table(rows: Any, value: Any, old: Any) -> None:
    ready = quick.readings(rows)
    try:
        hash(value)
    except TypeError:
        with pytest.raises(TypeError):
            ready[value]
    else:
        assert outcome(lambda: ready[value]) == outcome(table_get, value, rows)
    assert outcome(quick.member_put, value, ready, old) == outcome(table_put, value, rows, old)


@given(anything, anything, anything)
def test_texts_are_concatenated_as_plus_does(first: Any, second: Any, third: Any) -> None:
    if any(type(text) is str for text in (first, second, third)):
        assert outcome(concatenated, first, second, third) == outcome(lambda: add(add(first, second), third))
