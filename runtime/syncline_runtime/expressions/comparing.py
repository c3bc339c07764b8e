"""Equality modulo the canonical form, order, membership and presence."""

from collections.abc import Collection
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from syncline_runtime.expressions.missing import missing, sides, unfit
from syncline_runtime.values import ABSENT, Money


def equals(left: Any, right: Any) -> bool:
    """`=`: whether two canonical values are the same; null is the same as null alone, 1.50 as 1.5."""
    if left is ABSENT or right is ABSENT:
        raise sides("=", left, right)
    return bool(left == right) and (type(left) is bool) is (type(right) is bool)


def differs(left: Any, right: Any) -> bool:
    """`!=`: whether two canonical values are not the same."""
    return not equals(left, right)


def compared(symbol: str, left: Any, right: Any) -> int:
    """-1, 0 or 1 as `left` is before, equal to or after `right`; numbers, texts by code point, times, money of one currency."""
    match left, right:
        case Money(), Money() if left.currency == right.currency:
            left, right = left.amount, right.amount
        case (Decimal() | int(), Decimal() | int()) if type(left) is not bool and type(right) is not bool:
            pass
        case (str() | date() | time() | timedelta(), _) if type(left) is type(right):
            pass
        case _:
            raise sides(symbol, left, right)
    return int(left > right) - int(left < right)


def less(left: Any, right: Any) -> bool:
    """`<`."""
    return compared("<", left, right) < 0


def at_most(left: Any, right: Any) -> bool:
    """`<=`."""
    return compared("<=", left, right) <= 0


def greater(left: Any, right: Any) -> bool:
    """`>`."""
    return compared(">", left, right) > 0


def at_least(left: Any, right: Any) -> bool:
    """`>=`."""
    return compared(">=", left, right) >= 0


def is_past(moment: Any, now: datetime) -> bool:
    """`is past`: whether an instant is before `now`, or the day of a date is over (in UTC); what is null is not past."""
    due = due_at(moment)
    return due is not None and due <= now


def due_at(moment: Any) -> datetime | None:
    """The instant from which on a date or an instant is past; None for null."""
    match moment:
        case _ if moment is None or moment is ABSENT:
            return None
        case datetime():
            return moment
        case date() if moment < date.max:
            return datetime(moment.year, moment.month, moment.day, tzinfo=UTC) + timedelta(days=1)
        case date():
            return None
        case _:
            raise unfit("is past", moment)


def is_in(value: Any, members: Any) -> bool:
    """`in`: whether a list or set holds the value; null is in none."""
    if value is ABSENT:
        raise missing(value, "the left side of in")
    return any(equals(value, member) for member in collection("in", members)) if value is not None else False


def is_empty(value: Any) -> bool:
    """`is empty`: null, the empty text, a collection without elements."""
    if value is ABSENT:
        raise missing(value, "the left side of is")
    return value is None or (
        isinstance(value, str | bytes | tuple | frozenset) and not isinstance(value, Money) and not value
    )


def is_present(value: Any) -> bool:
    """`is present`: not empty."""
    return not is_empty(value)


def negated(value: Any) -> bool:
    """`not`."""
    if value is True or value is False:
        return not value
    if value is None or value is ABSENT:
        raise missing(value, "the condition after not")
    raise unfit("not", value)


def collection(function: str, value: Any) -> Collection[Any]:
    if isinstance(value, tuple | frozenset) and not isinstance(value, Money):
        return value
    raise (
        missing(value, f"the collection of {function}") if value is None or value is ABSENT else unfit(function, value)
    )
