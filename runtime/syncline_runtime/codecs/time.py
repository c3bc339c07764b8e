"""Codecs of dates and instants: a pattern, a count since the epoch, a wall clock in a named zone."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Final, NamedTuple, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from syncline_runtime.codecs.numbers import shifted
from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.values import ABSENT, Absent

Date: TypeAlias = date | Absent | None
Instant: TypeAlias = datetime | Absent | None

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
PLACES: Final = {"s": 6, "ms": 3, "us": 0}
MICROSECONDS: Final = {"s": 1_000_000, "ms": 1000, "us": 1}
"""Unit of a count since the epoch -> its length."""

_MICROSECOND: Final = timedelta(microseconds=1)
_FIELDS: Final = {
    "%Y": ("Y", "[0-9]{4}", "{y:04d}"),
    "%m": ("m", "[0-9]{2}", "{m:02d}"),
    "%d": ("d", "[0-9]{2}", "{d:02d}"),
    "%-m": ("m", "[0-9]{1,2}", "{m}"),
    "%-d": ("d", "[0-9]{1,2}", "{d}"),
    "%y": ("y", "[0-9]{2}", "{yy:02d}"),
}


class DatePattern(NamedTuple):
    """A date pattern made ready: how to match it, and how to write it."""

    match: Callable[[str], re.Match[str] | None]
    short_year: bool
    template: str


@lru_cache(maxsize=64)
def date_pattern(pattern: str) -> DatePattern:
    """Reads `%Y %y %m %d %-m %-d` and literal text; raises ValueError with what is wrong.

    Names of months and days are not offered: they depend on a locale.
    """
    expression, template, seen = "", "", []
    for piece in re.findall(r"%-?.|[^%]+|%", pattern, re.DOTALL):
        if piece in _FIELDS:
            name, digits, spelling = _FIELDS[piece]
            seen.append(name)
            expression += f"(?P<{name}>{digits})"
            template += spelling
        elif piece == "%%" or not piece.startswith("%"):
            literal = "%" if piece == "%%" else piece
            expression += re.escape(literal)
            template += literal.replace("{", "{{").replace("}", "}}")
        else:
            raise ValueError(f"{piece!a} is no part of a date: use %Y, %y, %m, %d, %-m, %-d")
    if sorted(seen) not in (["Y", "d", "m"], ["d", "m", "y"]):
        raise ValueError("a date pattern has a year, a month and a day, once each")
    if re.search(r"\]\{1,2\}\)\(\?P", expression):
        raise ValueError("an unpadded day or month needs a separator after it")
    return DatePattern(re.compile(expression).fullmatch, "y" in seen, template)


def date_get(value: object, pattern: str) -> Date:
    """The date that text spells in `pattern`; two-digit years are 1969 to 2068, as in POSIX."""
    if type(value) is str:
        ready = date_pattern(pattern)
        found = ready.match(value)
        if found is not None:
            year = int(found["y"] if ready.short_year else found["Y"])
            if ready.short_year:
                year += 1900 if year >= 69 else 2000
            try:
                return date(year, int(found["m"]), int(found["d"]))
            except ValueError:
                pass
        raise refusal("value.not-a-date", f"a date written as {pattern!a}", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("text", value)


def date_put(value: object, pattern: str) -> str | Absent | None:
    """The date as text in `pattern`; refuses a year that two digits cannot say."""
    if type(value) is date:
        ready = date_pattern(pattern)
        if ready.short_year and not 1969 <= value.year <= 2068:
            raise refusal("codec.short-year", "a year from 1969 to 2068", value)
        return ready.template.format(y=value.year, yy=value.year % 100, m=value.month, d=value.day)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a date", value)


def epoch_get(value: object, unit: str) -> Instant:
    """The instant that many seconds (`s`), milliseconds (`ms`) or microseconds (`us`) after 1970 began in UTC."""
    if type(value) is int:
        return _since_epoch(value * MICROSECONDS[unit], value)
    if value is None or value is ABSENT:
        return value
    if type(value) is Decimal:
        micros = shifted(value, PLACES[unit])
        if micros != micros.to_integral_value():
            raise refusal("value.too-precise", "a count of at most microsecond precision", value)
        return _since_epoch(int(micros), value)
    raise wrong_type("a number", value)


def _since_epoch(microseconds: int, value: object) -> datetime:
    try:
        return EPOCH + timedelta(microseconds=microseconds)
    except OverflowError:
        raise refusal("value.out-of-range", "an instant of the years 1 to 9999", value) from None


def epoch_put(value: object, unit: str) -> int | Absent | None:
    """The whole count of units since the epoch; what is finer than the unit is dropped towards the past."""
    if value is None or value is ABSENT:
        return value
    return (utc(value) - EPOCH) // _MICROSECOND // MICROSECONDS[unit]


def utc(value: object) -> datetime:
    """The instant in UTC; refuses what is no datetime or has no zone."""
    if type(value) is datetime:
        if value.tzinfo is UTC:
            return value
        if value.tzinfo is not None:
            try:
                return value.astimezone(UTC)
            except OverflowError:
                raise refusal("value.out-of-range", "an instant of the years 1 to 9999", value) from None
        raise refusal("value.no-zone", "an instant with a zone", value)
    raise wrong_type("an instant", value)


def known_zone(zone: str) -> ZoneInfo:
    """The named zone of the time zone database; raises CodecError (`time.unknown-zone`)."""
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise refusal("time.unknown-zone", "a zone of the time zone database", zone) from None


def zone_get(value: object, zone: str) -> Instant:
    """The instant at which wall clocks in `zone` show this local time.

    A time that occurs twice when clocks go back is its first occurrence; one that clocks skip is refused.
    """
    if value is None or value is ABSENT:
        return value
    if type(value) is not datetime or value.tzinfo is not None:
        raise wrong_type("a local date and time without a zone", value)
    info = known_zone(zone)
    earlier, later = info.utcoffset(value.replace(fold=0)), info.utcoffset(value.replace(fold=1))
    # Where both readings differ, the clock skips this time when the first lies further west, else it shows it twice.
    if earlier is None or later is None or earlier < later:
        raise refusal("time.skipped", f"a local time that exists in {zone}", value)
    try:
        return (value - earlier).replace(tzinfo=UTC, fold=0)
    except OverflowError:
        raise refusal("value.out-of-range", "an instant of the years 1 to 9999", value) from None


def zone_put(value: object, zone: str) -> Instant:
    """What wall clocks in `zone` show at this instant, as a datetime without a zone."""
    if value is None or value is ABSENT:
        return value
    return _wall_clock(utc(value), known_zone(zone))


def _wall_clock(instant: datetime, zone: ZoneInfo) -> datetime:
    try:
        return instant.astimezone(zone).replace(tzinfo=None, fold=0)
    except OverflowError:
        raise refusal("value.out-of-range", "an instant of the years 1 to 9999", instant) from None
