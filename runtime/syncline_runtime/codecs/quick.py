"""Codecs in the form that generated code calls for each record: the same meaning, less work for the values that occur most.

Dates and codes repeat, so what a text means is looked up before it is worked out. Whatever is not the usual case goes
to the codec itself, which decides and, where it refuses, explains.
"""

from decimal import Decimal
from functools import lru_cache
from typing import Any, Final

from syncline_runtime.codecs.numbers import BOUND, DIGITS, Number
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.codecs.tables import Table, table_get, table_put
from syncline_runtime.codecs.text import Text
from syncline_runtime.codecs.time import Date
from syncline_runtime.codecs.types import decimal_of
from syncline_runtime.codecs.wire_scalars import (
    Integer,
    wire_decimal_text_get,
    wire_decimal_text_put,
    wire_integer_number_get,
)
from syncline_runtime.codecs.wire_times import wire_date_iso_get
from syncline_runtime.values import ABSENT

DAYS: Final = 16_384
"""Dates that are remembered: some forty years of days."""

_LEAST: Final = -BOUND
_UNKNOWN: Final = object()


def integer_get(value: Any) -> Integer:
    """`wire_integer_number_get`."""
    return value if type(value) is int and _LEAST < value < BOUND else wire_integer_number_get(value)


def date_text(value: Any) -> Date:
    """`wire_date_iso_get`."""
    return _date(value) if type(value) is str else wire_date_iso_get(value)


def decimal_text(value: Any) -> Number:
    """`wire_decimal_text_get`."""
    if type(value) is str and len(value) < DIGITS and value.isascii():
        whole, point, decimals = value.partition(".")
        if whole.isdigit() and (decimals.isdigit() or not point):
            decimals = decimals.rstrip("0")
            return Decimal(f"{whole}.{decimals}") if decimals else Decimal(whole)
    return wire_decimal_text_get(value)


def decimal_text_put(value: Any) -> Text:
    """`wire_decimal_text_put`."""
    if type(value) is Decimal:
        text = str(value)
        # One form already: a whole number, or one whose last decimal counts; no exponent, no NaN, not endless.
        if (text.isdigit() or (text[-1] in "123456789" and "E" not in text and "N" not in text)) and len(text) < DIGITS:
            return text
    return wire_decimal_text_put(value)


def scaled_text(value: Any, precision: int, scale: int) -> Number:
    """`decimal_of(wire_decimal_text_get(value), precision, scale)`."""
    if type(value) is str and len(value) < DIGITS and value.isascii():
        whole, point, decimals = value.partition(".")
        if whole.isdigit() and len(whole) <= precision - scale and (decimals.isdigit() or not point):
            decimals = decimals.rstrip("0")
            if len(decimals) <= scale:
                return Decimal(f"{whole}.{decimals}") if decimals else Decimal(whole)
    return decimal_of(wire_decimal_text_get(value), precision, scale)


_date = lru_cache(maxsize=DAYS)(wire_date_iso_get)


class Readings(dict[Any, Any]):
    """What null and each native text of a table read as; ABSENT is itself, any other native is the table's to read."""

    __slots__ = ("table",)

    def __init__(self, table: Table) -> None:
        super().__init__({ABSENT: ABSENT})
        self.table = table
        for native in (None, *table.reading):
            # Texts only: the key 1 would answer for True as well.
            if native is None or type(native) is str:
                try:
                    self[native] = table_get(native, table)
                except CodecError:
                    continue  # listed for two members: refused when it is met

    def __missing__(self, native: Any) -> Any:
        return table_get(native, self.table)


def readings(table: Table) -> Readings:
    """The table for reading by subscript; raises CodecError where `table_get` does, TypeError for a native that has no hash."""
    return Readings(table)


def member_put(value: Any, readings: Readings, old: Any = ABSENT) -> Any:
    """`table_put` of the table of `readings`."""
    if type(value) is str and (old is ABSENT or type(old) is str):
        member = readings.get(old, _UNKNOWN)
        if member == value:
            return old
        if member is not _UNKNOWN:
            native = readings.table.writing.get(value, _UNKNOWN)
            if native is not _UNKNOWN:
                return native
    return table_put(value, readings.table, old)
