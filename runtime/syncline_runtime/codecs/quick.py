"""Codecs in the form that generated code calls for each record: the same meaning, less work for the values that occur most.

Dates, amounts and codes repeat, so what a text means is looked up before it is worked out. Whatever is not the usual case goes
to the codec itself, which decides and, where it refuses, explains.
"""

from functools import lru_cache
from typing import Any, Final

from syncline_runtime.codecs.numbers import Number
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.codecs.tables import Table, table_get
from syncline_runtime.codecs.time import Date
from syncline_runtime.codecs.types import decimal_of
from syncline_runtime.codecs.wire_scalars import wire_decimal_text_get
from syncline_runtime.codecs.wire_times import wire_date_iso_get
from syncline_runtime.values import ABSENT

DAYS: Final = 16_384
"""Dates that are remembered: some forty years of days."""

AMOUNTS: Final = 16_384
"""Decimals that are remembered."""


def date_text(value: Any) -> Date:
    """`wire_date_iso_get`."""
    return _date(value) if type(value) is str else wire_date_iso_get(value)


def decimal_text(value: Any) -> Number:
    """`wire_decimal_text_get`."""
    return _decimal(value) if type(value) is str else wire_decimal_text_get(value)


def scaled_text(value: Any, precision: int, scale: int) -> Number:
    """`decimal_of(wire_decimal_text_get(value), precision, scale)`."""
    if type(value) is str:
        return _scaled(value, precision, scale)
    return decimal_of(wire_decimal_text_get(value), precision, scale)


@lru_cache(maxsize=AMOUNTS)
def _scaled(value: str, precision: int, scale: int) -> Number:
    return decimal_of(wire_decimal_text_get(value), precision, scale)


_date = lru_cache(maxsize=DAYS)(wire_date_iso_get)
_decimal = lru_cache(maxsize=AMOUNTS)(wire_decimal_text_get)


class Readings(dict[Any, Any]):
    """What null and each native text of a table read as; ABSENT is itself, any other native is the table's to read."""

    __slots__ = ("_table",)

    def __init__(self, table: Table) -> None:
        super().__init__({ABSENT: ABSENT})
        self._table = table
        for native in (None, *table.reading):
            # Texts only: the key 1 would answer for True as well.
            if native is None or type(native) is str:
                try:
                    self[native] = table_get(native, table)
                except CodecError:
                    continue  # listed for two members: refused when it is met

    def __missing__(self, native: Any) -> Any:
        return table_get(native, self._table)


def readings(table: Table) -> Readings:
    """The table for reading by subscript; raises CodecError where `table_get` does, TypeError for a native that has no hash."""
    return Readings(table)
