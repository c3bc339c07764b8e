"""How protocols spell dates, instants, local times and durations: `wire_<type>_<spelling>_get` and `_put`.

A `precision` of `s`, `ms` or `us` is how many fractional digits the system keeps: writing drops the rest towards the past.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, Final, TypeAlias

from syncline_runtime.codecs.numbers import Number, plain, shifted
from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.codecs.text import Text
from syncline_runtime.codecs.time import Date, Instant, epoch_get, epoch_put, utc
from syncline_runtime.codecs.wire_scalars import Tagged
from syncline_runtime.values import ABSENT, Absent

LocalTime: TypeAlias = time | Absent | None
Duration: TypeAlias = timedelta | Absent | None

_TIMESPECS: Final = {"s": "seconds", "ms": "milliseconds", "us": "microseconds", None: "auto"}
_ISO_DATE: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}").fullmatch
_ISO_INSTANT: Final = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2})[Tt ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:\.[0-9]{1,9})?)?) ?(Z|z|[+-][0-9]{2}(?::?[0-9]{2})?)?"
).fullmatch
_ISO_TIME: Final = re.compile(r"[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?").fullmatch
_ISO_DURATION: Final = re.compile(
    r"(-)?P(?:([0-9]{1,9})W)?(?:([0-9]{1,9})D)?"
    r"(?:T(?:([0-9]{1,11})H)?(?:([0-9]{1,13})M)?(?:([0-9]{1,14})(?:[.,]([0-9]{1,6}))?S)?)?"
).fullmatch
_MICROSECOND: Final = timedelta(microseconds=1)


def wire_date_iso_get(value: object) -> Date:
    """A date spelled 2026-01-31."""
    if type(value) is str:
        if _ISO_DATE(value):
            try:
                return date.fromisoformat(value)
            except ValueError:
                pass
        if value == "":
            return None
        raise refusal("value.not-a-date", "a date written as YYYY-MM-DD", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a date in text", value)


def wire_date_iso_put(value: object) -> Text:
    """A date as 2026-01-31."""
    if type(value) is date:
        return value.isoformat()
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a date", value)


def wire_date_native_get(value: object) -> Date:
    """A driver's date, or the ISO text of a database without dates."""
    return value if type(value) is date else wire_date_iso_get(value)


def wire_date_native_put(value: object) -> Date:
    """A date for a driver."""
    if type(value) is date or value is None or value is ABSENT:
        return value
    raise wrong_type("a date", value)


def wire_date_tagged_get(value: object) -> Date:
    """A date as Tryton's JSON-RPC tags it: {"__class__": "date", "year": 2026, "month": 1, "day": 31}."""
    if type(value) is dict:
        try:
            if value.get("__class__") == "date":
                return date(value["year"], value["month"], value["day"])
        except (KeyError, TypeError, ValueError, OverflowError):
            pass
        raise refusal("value.not-a-date", "a tagged date", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a tagged date", value)


def wire_date_tagged_put(value: object) -> Tagged:
    """A date as a tagged object."""
    if type(value) is date:
        return {"__class__": "date", "year": value.year, "month": value.month, "day": value.day}
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a date", value)


def wire_date_epoch_ms_get(value: object) -> Date:
    """A date as the milliseconds of its midnight in UTC; refuses any other time of day."""
    instant = epoch_get(value, "ms")
    if type(instant) is not datetime:
        return instant
    if instant.hour or instant.minute or instant.second or instant.microsecond:
        raise refusal("value.not-a-date", "midnight in UTC", value)
    return instant.date()


def wire_date_epoch_ms_put(value: object) -> int | Absent | None:
    """A date as the milliseconds of its midnight in UTC."""
    if type(value) is date:
        return epoch_put(datetime(value.year, value.month, value.day, tzinfo=UTC), "ms")
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a date", value)


def wire_instant_iso_get(value: object, precision: str | None = None) -> Instant:
    """An instant in ISO 8601, its date and time apart by T or a blank, with Z or an offset; past microseconds is dropped."""
    if type(value) is str:
        if value == "":
            return None
        instant = _from_iso(value)
        if instant.tzinfo is UTC:
            return instant
        if instant.tzinfo is None:
            raise refusal("value.no-zone", "an instant with Z or an offset", value)
        return utc(instant)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("an instant in text", value)


def wire_instant_iso_put(value: object, precision: str | None = None) -> Text:
    """An instant as 2026-01-31T23:59:59Z; fractional digits as `precision` says, else those it has."""
    if value is None or value is ABSENT:
        return value
    return f"{utc(value).isoformat('T', _TIMESPECS[precision])[:-6]}Z"


wire_instant_spaced_get = wire_instant_iso_get


def wire_instant_spaced_put(value: object, precision: str | None = "ms") -> Text:
    """An instant as 2026-01-31 23:59:59.000Z."""
    if value is None or value is ABSENT:
        return value
    return f"{utc(value).isoformat(' ', _TIMESPECS[precision])[:-6]}Z"


def wire_instant_naive_get(value: object, precision: str | None = None) -> Instant:
    """An instant in ISO 8601 without a zone, which is UTC; refuses one with a zone."""
    return _as_utc(wire_instant_local_get(value))


def wire_instant_naive_put(value: object, precision: str | None = "s") -> Text:
    """An instant as 2026-01-31 23:59:59, in UTC."""
    if value is None or value is ABSENT:
        return value
    return utc(value).isoformat(" ", _TIMESPECS[precision])[:-6]


def wire_instant_local_get(value: object, precision: str | None = None) -> Instant:
    """A date and time without a zone: no instant until a `zone` codec reads it."""
    if type(value) is str:
        if value == "":
            return None
        wall = _from_iso(value)
        if wall.tzinfo is None:
            return wall
        raise refusal("value.wrong-type", "a local date and time without a zone", value)
    if value is None or value is ABSENT or (type(value) is datetime and value.tzinfo is None):
        return value
    raise wrong_type("a local date and time in text", value)


def wire_instant_local_put(value: object, precision: str | None = "s") -> Text:
    """What a `zone` codec wrote, as 2026-01-31 23:59:59."""
    if type(value) is datetime and value.tzinfo is None:
        return value.isoformat(" ", _TIMESPECS[precision])
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a local date and time without a zone", value)


def wire_instant_native_get(value: object, precision: str | None = None) -> Instant:
    """A driver's datetime, or the ISO text of a database without them; one without a zone is UTC."""
    if type(value) is datetime:
        return _as_utc(value) if value.tzinfo is None else utc(value)
    if type(value) is str:
        if value == "":
            return None
        instant = _from_iso(value)
        return _as_utc(instant) if instant.tzinfo is None else utc(instant)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a date and time", value)


def wire_instant_native_put(value: object, precision: str | None = None) -> Instant:
    """An instant for a driver, in UTC."""
    return value if value is None or value is ABSENT else _cut(utc(value), precision)


def wire_instant_tagged_get(value: object, precision: str | None = None) -> Instant:
    """An instant as Tryton's JSON-RPC tags it, in UTC: {"__class__": "datetime", "year": 2026, …, "microsecond": 0}."""
    if type(value) is dict:
        try:
            if value.get("__class__") == "datetime":
                return datetime(
                    value["year"],
                    value["month"],
                    value["day"],
                    value["hour"],
                    value["minute"],
                    value["second"],
                    value.get("microsecond", 0),
                    UTC,
                )
        except (KeyError, TypeError, ValueError, OverflowError):
            pass
        raise refusal("value.not-an-instant", "a tagged datetime", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a tagged datetime", value)


def wire_instant_tagged_put(value: object, precision: str | None = None) -> Tagged:
    """An instant as a tagged object, in UTC."""
    if value is None or value is ABSENT:
        return value
    instant = _cut(utc(value), precision)
    return {
        "__class__": "datetime",
        "year": instant.year,
        "month": instant.month,
        "day": instant.day,
        "hour": instant.hour,
        "minute": instant.minute,
        "second": instant.second,
        "microsecond": instant.microsecond,
    }


def wire_instant_epoch_s_get(value: object, precision: str | None = None) -> Instant:
    """Seconds since 1970 began in UTC, also with a fraction or in text."""
    return epoch_get(_count(value), "s")


def wire_instant_epoch_s_put(value: object, precision: str | None = None) -> int | Absent | None:
    """Whole seconds since 1970 began in UTC."""
    return epoch_put(value, "s")


def wire_instant_epoch_ms_get(value: object, precision: str | None = None) -> Instant:
    """Milliseconds since 1970 began in UTC, also in text."""
    return epoch_get(_count(value), "ms")


def wire_instant_epoch_ms_put(value: object, precision: str | None = None) -> int | Absent | None:
    """Whole milliseconds since 1970 began in UTC."""
    return epoch_put(value, "ms")


def wire_local_time_iso_get(value: object) -> LocalTime:
    """A time of day spelled 23:59 or 23:59:59."""
    if type(value) is str:
        if _ISO_TIME(value):
            try:
                return time.fromisoformat(value)
            except ValueError:
                pass
        if value == "":
            return None
        raise refusal("value.wrong-type", "a time written as HH:MM:SS", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a time in text", value)


def wire_local_time_iso_put(value: object) -> Text:
    """A time of day as 23:59:59."""
    if type(value) is time and value.tzinfo is None:
        return value.isoformat()
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a time of day without a zone", value)


def wire_local_time_native_get(value: object) -> LocalTime:
    """A driver's time, or the ISO text of a database without them."""
    return value if type(value) is time and value.tzinfo is None else wire_local_time_iso_get(value)


def wire_local_time_native_put(value: object) -> LocalTime:
    """A time of day for a driver."""
    if (type(value) is time and value.tzinfo is None) or value is None or value is ABSENT:
        return value
    raise wrong_type("a time of day without a zone", value)


def wire_local_time_tagged_get(value: object) -> LocalTime:
    """A time of day as Tryton's JSON-RPC tags it: {"__class__": "time", "hour": 8, "minute": 30, "second": 0}."""
    if type(value) is dict:
        try:
            if value.get("__class__") == "time":
                return time(value["hour"], value["minute"], value["second"], value.get("microsecond", 0))
        except (KeyError, TypeError, ValueError, OverflowError):
            pass
        raise refusal("value.wrong-type", "a tagged time", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a tagged time", value)


def wire_local_time_tagged_put(value: object) -> Tagged:
    """A time of day as a tagged object."""
    if type(value) is time and value.tzinfo is None:
        return {
            "__class__": "time",
            "hour": value.hour,
            "minute": value.minute,
            "second": value.second,
            "microsecond": value.microsecond,
        }
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a time of day without a zone", value)


def wire_duration_seconds_get(value: object) -> Duration:
    """A duration in seconds, also with a fraction."""
    return _duration(value, 6)


def wire_duration_seconds_put(value: object) -> Number:
    """A duration in seconds."""
    return _units(value, 6)


def wire_duration_milliseconds_get(value: object) -> Duration:
    """A duration in milliseconds."""
    return _duration(value, 3)


def wire_duration_milliseconds_put(value: object) -> Number:
    """A duration in milliseconds."""
    return _units(value, 3)


def wire_duration_iso_get(value: object) -> Duration:
    """A duration in ISO 8601 from weeks down to seconds (P1DT8H30M); refuses years and months, which have no fixed length."""
    if type(value) is str:
        found = _ISO_DURATION(value)
        if found is not None and value[-1] not in "PT":
            sign, weeks, days, hours, minutes, seconds, fraction = found.groups()
            try:
                span = timedelta(
                    weeks=int(weeks or 0),
                    days=int(days or 0),
                    hours=int(hours or 0),
                    minutes=int(minutes or 0),
                    seconds=int(seconds or 0),
                    microseconds=int((fraction or "").ljust(6, "0")),
                )
                return -span if sign else span
            except OverflowError:
                pass
        if value == "":
            return None
        raise refusal("value.wrong-type", "an ISO 8601 duration of weeks, days, hours, minutes, seconds", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("an ISO 8601 duration", value)


def wire_duration_iso_put(value: object) -> Text:
    """A duration in ISO 8601, of days, hours, minutes and seconds."""
    if type(value) is timedelta:
        micros = abs(value // _MICROSECOND)
        seconds, fraction = divmod(micros, 1_000_000)
        days, seconds = divmod(seconds, 86_400)
        hours, minutes = divmod(seconds // 60, 60)
        seconds %= 60
        exact = f"{seconds}.{fraction:06d}".rstrip("0") if fraction else str(seconds)
        clock = "".join(
            (f"{hours}H" * bool(hours), f"{minutes}M" * bool(minutes), f"{exact}S" * bool(seconds or fraction))
        )
        span = f"{days}D" * bool(days) + (f"T{clock}" if clock else "")
        return f"{'-' if value < timedelta(0) else ''}P{span or 'T0S'}"
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a duration", value)


def wire_duration_native_get(value: object) -> Duration:
    """A driver's interval, or the seconds of a database without them."""
    return value if type(value) is timedelta else _duration(value, 6)


def wire_duration_native_put(value: object) -> Duration:
    """A duration for a driver."""
    if type(value) is timedelta or value is None or value is ABSENT:
        return value
    raise wrong_type("a duration", value)


def wire_duration_tagged_get(value: object) -> Duration:
    """A duration as Tryton's JSON-RPC tags it: {"__class__": "timedelta", "seconds": 1800}."""
    if type(value) is dict:
        if value.get("__class__") == "timedelta":
            return _duration(value.get("seconds"), 6)
        raise refusal("value.wrong-type", "a tagged duration", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a tagged duration", value)


def wire_duration_tagged_put(value: object) -> Tagged:
    """A duration as a tagged object."""
    seconds = _units(value, 6)
    if seconds is None or seconds is ABSENT:
        return seconds
    return {"__class__": "timedelta", "seconds": seconds}


def _from_iso(value: str) -> datetime:
    # The standard parser alone also takes week dates and any separator; this holds it to what systems write.
    if len(value) > 18 and value[7] == "-" and value[10] in "T " and value[13] == ":" and value[-1] in "Z0123456789":
        try:
            return datetime.fromisoformat(value)
        except ValueError:
            pass
    found = _ISO_INSTANT(value)
    if found is not None:
        day, clock, zone = found.groups()
        try:
            return datetime.fromisoformat(f"{day}T{clock[:15]}{(zone or '').upper()}")
        except ValueError:
            pass
    raise refusal("value.not-an-instant", "a date and time in ISO 8601", value)


def _as_utc(value: Instant) -> Instant:
    return value.replace(tzinfo=UTC, fold=0) if type(value) is datetime else value


def _cut(instant: datetime, precision: str | None) -> datetime:
    match precision:
        case "s":
            return instant.replace(microsecond=0)
        case "ms":
            return instant.replace(microsecond=instant.microsecond // 1000 * 1000)
        case _:
            return instant


def _count(value: object) -> object:
    if type(value) is float:
        return plain(Decimal(repr(value)))
    if type(value) is str:
        if re.fullmatch(r"-?[0-9]{1,18}(\.[0-9]{1,6})?", value):
            return Decimal(value)
        if value == "":
            return None
        raise refusal("value.not-an-instant", "a count since the epoch", value)
    return value


def _duration(value: Any, places: int) -> Duration:
    """`places`: how many decimals make the unit a microsecond."""
    if type(value) is float:
        value = plain(Decimal(repr(value)))
    if type(value) is int or type(value) is Decimal:
        micros = shifted(plain(Decimal(value)), places)
        if micros == micros.to_integral_value() and abs(micros) <= timedelta.max // _MICROSECOND:
            return _MICROSECOND * int(micros)
        raise refusal("value.out-of-range", "a duration in whole microseconds", value)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a duration as a number", value)


def _units(value: object, places: int) -> Number:
    if type(value) is timedelta:
        return shifted(Decimal(value // _MICROSECOND), -places)
    if value is None or value is ABSENT:
        return value
    raise wrong_type("a duration", value)
