"""Tables: a closed correspondence between the entity's members and a system's own values."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final

from syncline_runtime.codecs.refusal import CodecError, refusal, wrong_type
from syncline_runtime.values import ABSENT

_UNKNOWN: Final = object()
# True == 1 in Python, never between systems.
_BOOLEANS: Final = {True: ("boolean", True), False: ("boolean", False)}


@dataclass(frozen=True, slots=True)
class Table:
    """A table made ready by `table`; `reading` maps native to member, `writing` member to the native of a create."""

    reading: Mapping[Any, Any]
    writing: Mapping[Any, Any]
    otherwise: Any
    """The member of a native that is not listed, or ABSENT: refuse it."""


def table(rows: Mapping[Any, Any], otherwise: Any = ABSENT) -> Table:
    """Builds `{member: native | (native, …)}`; the first native is written on create.

    A native listed for two members can be written, never read: reading it is refused.
    """
    reading: dict[Any, Any] = {}
    writing: dict[Any, Any] = {}
    for member, natives in rows.items():
        listed = natives if isinstance(natives, tuple) else (natives,)
        writing[_key(member)] = listed[0]
        for native in listed:
            key = _key(native)
            reading[key] = member if reading.get(key, member) == member else _UNKNOWN
    return Table(MappingProxyType(reading), MappingProxyType(writing), otherwise)


def _key(value: Any) -> Any:
    return _BOOLEANS[value] if type(value) is bool else value


def table_get(value: Any, table: Table) -> Any:
    """The member for a native value; one that is not listed is the table's `otherwise`, or refused."""
    if type(value) is str:
        member = table.reading.get(value, _UNKNOWN)
    elif value is None:
        member = table.reading.get(None)  # a table may list null; one that does not lets it pass
    elif value is ABSENT:
        return value
    else:
        try:
            member = table.reading.get(_key(value), _UNKNOWN)
        except TypeError:
            raise wrong_type("a value of the table", value) from None
    if member is not _UNKNOWN:
        return member
    if table.otherwise is ABSENT or _key(value) in table.reading:
        raise refusal("codec.unknown-value", "a value that the table lists for one member", value)
    return table.otherwise


def table_put(value: Any, table: Table, old: Any = ABSENT) -> Any:
    """The native for a member: the old one when it reads as this member, else the first listed.

    Refuses a member that the table does not write (`otherwise` without a native of its own, and no old one to keep).
    """
    if value is None or value is ABSENT:
        return value
    if old is not ABSENT and _reads_as(old, value, table):
        return old
    try:
        native = table.writing.get(_key(value), _UNKNOWN)
    except TypeError:
        raise wrong_type("a member of the table", value) from None
    if native is _UNKNOWN:
        raise refusal("codec.unknown-member", "a member that the table has a native value for", value)
    return native


def _reads_as(native: Any, member: Any, table: Table) -> bool:
    try:
        return bool(table_get(native, table) == member)
    except CodecError:
        return False
