"""Conversions that lose something or need a zone or a currency: never implicit."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from syncline_runtime.codecs.numbers import plain, spelled
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.codecs.time import known_zone, utc
from syncline_runtime.codecs.types import currency_of
from syncline_runtime.codecs.wire_scalars import wire_decimal_text_get, wire_integer_text_get
from syncline_runtime.expressions.missing import ExpressionError, missing, out_of_range, unfit
from syncline_runtime.expressions.texts import text_argument
from syncline_runtime.values import ABSENT, Money


def as_text(value: Any) -> str:
    """A value as text, in its canonical spelling (2026-01-31, 2026-01-31T08:00:00Z, 1.5, true)."""
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case Decimal():
            return spelled(plain(value))
        case datetime():
            return f"{utc(value).isoformat()[:-6]}Z"
        case date() | time():
            return value.isoformat()
        case None:
            raise missing(value, "the value of text")
        case _:
            raise unfit("text", value)


def as_integer(value: Any) -> int:
    """The integer that a text spells, or that a decimal without a fraction is."""
    result: int = _converted("integer", wire_integer_text_get, value)
    return result


def as_decimal(value: Any) -> Decimal:
    """The decimal that a text spells, or that an integer is."""
    result: Decimal = _converted("decimal", wire_decimal_text_get, value)
    return result


def _converted(function: str, read: Callable[[object], Any], value: Any) -> Any:
    if value is None or value is ABSENT or value == "":
        raise missing(value, f"the value of {function}")
    try:
        return read(value)
    except CodecError as error:
        raise ExpressionError("expression.not-convertible", error.expected, error.shown, value) from None


def as_date(instant: Any, zone: Any) -> date:
    """The date that calendars in `zone` show at this instant."""
    return _wall_clock("date", instant, zone).date()


def as_local_time(instant: Any, zone: Any) -> time:
    """The time that clocks in `zone` show at this instant."""
    return _wall_clock("local_time", instant, zone).time()


def as_instant(day: Any, zone: Any) -> datetime:
    """The instant at which the date begins in `zone`."""
    if type(day) is not date:
        raise missing(day, "the date of instant") if day is None or day is ABSENT else unfit("instant", day)
    try:
        return datetime(day.year, day.month, day.day, tzinfo=known_zone(text_argument("instant", zone))).astimezone(UTC)
    except OverflowError:
        raise out_of_range("instant", day) from None


def _wall_clock(function: str, instant: Any, zone: Any) -> datetime:
    if instant is None or instant is ABSENT:
        raise missing(instant, f"the instant of {function}")
    try:
        return utc(instant).astimezone(known_zone(text_argument(function, zone)))
    except OverflowError:
        raise out_of_range(function, instant) from None


def days(duration: Any) -> int:
    """The whole days of a duration, towards the past."""
    if type(duration) is timedelta:
        return duration.days
    raise (
        missing(duration, "the duration of days") if duration is None or duration is ABSENT else unfit("days", duration)
    )


def as_money(amount: Any, currency: Any) -> Money:
    """An amount as money of a currency."""
    number, code = as_number(amount), currency_of(text_argument("money", currency))
    if number is None or type(code) is not str:
        raise missing(amount, "the amount of money") if amount is None or amount is ABSENT else unfit("money", amount)
    return Money(plain(number), code)


def amount(value: Any) -> Decimal:
    """The amount of money."""
    return _money("amount", value).amount


def currency(value: Any) -> str:
    """The currency of money."""
    return _money("currency", value).currency


def _money(function: str, value: Any) -> Money:
    if type(value) is Money:
        return value
    raise missing(value, f"the money of {function}") if value is None or value is ABSENT else unfit(function, value)


def as_number(value: object) -> Decimal | None:
    if type(value) is Decimal:
        return value
    return Decimal(value) if type(value) is int else None
