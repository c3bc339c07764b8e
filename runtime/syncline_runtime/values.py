"""Canonical values: the one form in which every system's value is compared, stored and merged.

| type of the language            | canonical Python value                                             |
|---------------------------------|--------------------------------------------------------------------|
| text, email, phone, url, uuid   | str (phone in E.164)                                               |
| enum                            | str (the member's name)                                            |
| country, currency, language     | str (ISO 3166 alpha-2, ISO 4217, BCP 47)                           |
| integer                         | int                                                                |
| decimal(p,s), percent           | Decimal, finite, plain: no exponent, no trailing zeros           |
| money                           | Money                                                              |
| boolean                         | bool                                                               |
| date, local_time, duration      | date, time (naive), timedelta                                      |
| instant                         | datetime, aware, in UTC                                            |
| set<T>                          | frozenset of canonical T                                           |
| list<T>                         | tuple of canonical T                                               |
| list<Record> by F               | tuple of dicts by field, absent ones left out, in the order of F   |
| binary                          | bytes                                                              |
| ref E                           | Reference; in a system's own form the remote id, a str             |
| null                            | None                                                               |
| not shown by the system         | ABSENT: never a change, never written                              |
"""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NamedTuple, TypeAlias


class Absent(Enum):
    """A field that the system did not show; not null, not empty."""

    ABSENT = "absent"

    def __repr__(self) -> str:
        return "ABSENT"


ABSENT: Final = Absent.ABSENT


class Money(NamedTuple):
    """An amount in major units of an ISO 4217 currency; `amount` has no more decimals than it needs beyond the minor unit."""

    amount: Decimal
    currency: str


class Reference(NamedTuple):
    """Another record of the hub, by its link. What a system shows of it is the remote id that the link has there."""

    entity: str
    link: int


Value: TypeAlias = (
    str
    | int
    | bool
    | Decimal
    | Money
    | Reference
    | date
    | datetime
    | time
    | timedelta
    | bytes
    | frozenset[Any]
    | tuple[Any, ...]
    | None
)
"""A canonical value; null is None."""

Shown: TypeAlias = Value | Absent
"""What a system shows for a field."""

Native: TypeAlias = dict[str, Any]
"""A record as the connector's protocol delivers it: JSON values, or a row's Python values."""
