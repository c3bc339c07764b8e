"""Codecs in the form that generated code calls for each record: the same meaning, less work for the values that occur most.

Dates, amounts and codes repeat, so what a text means is looked up before it is worked out. Everything that is not the usual
case goes to the codec itself, which decides and, where it refuses, explains.
"""

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, cast

from syncline_runtime.codecs.tables import Table, table_get
from syncline_runtime.codecs.types import decimal_of
from syncline_runtime.codecs.wire_scalars import wire_decimal_text_get
from syncline_runtime.codecs.wire_times import wire_date_iso_get
from syncline_runtime.values import ABSENT

DAYS: Final = 16_384
"""Dates that are remembered: some forty years of days."""

AMOUNTS: Final = 65_536
"""Decimals that are remembered."""


@lru_cache(maxsize=DAYS)
def date_text(value: str) -> date | None:
    """`wire_date_iso_get` of text."""
    return cast("date | None", wire_date_iso_get(value))


@lru_cache(maxsize=AMOUNTS)
def decimal_text(value: str) -> Decimal | None:
    """`wire_decimal_text_get` of text."""
    return cast("Decimal | None", wire_decimal_text_get(value))


@lru_cache(maxsize=AMOUNTS)
def scaled_text(value: str, precision: int, scale: int) -> Decimal | None:
    """`decimal_of(wire_decimal_text_get(…), precision, scale)` of text."""
    return cast("Decimal | None", decimal_of(wire_decimal_text_get(value), precision, scale))


class Readings(dict[Any, Any]):
    """What each native text of a table reads as; null and ABSENT are themselves, anything else is left to the table."""

    __slots__ = ("_table",)

    def __init__(self, table: Table) -> None:
        # Texts only: a key of 1 would also answer for True.
        known = {native: table_get(native, table) for native in table.reading if type(native) is str and _is_read(native, table)}
        super().__init__({**known, None: None, ABSENT: ABSENT})
        self._table = table

    def __missing__(self, native: Any) -> Any:
        return table_get(native, self._table)


def _is_read(native: str, table: Table) -> bool:
    natives = [member for member in table.writing if table.reading[native] == member]
    return len(natives) == 1


def readings(table: Table) -> Mapping[Any, Any]:
    """The readings of a table, to be looked up by a native value; raises CodecError where `table_get` does."""
    return Readings(table)
