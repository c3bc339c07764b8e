"""Change cursors: the true maximum of what was seen is stored, the overlap is taken off only when asking. Pure.

A stored cursor is text in one form whatever the system's spelling: an instant in ISO 8601 and UTC, digits, or an opaque text.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from syncline_runtime.codecs import wire_times as times
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.declaration import Since
from syncline_runtime.values import Native

_READ: Final[Mapping[str, Callable[[Any], Any]]] = {
    # Read generously: which of the ISO forms an answer has is not what a cursor should stumble over.
    "iso": times.wire_instant_native_get,
    "spaced": times.wire_instant_native_get,
    "naive": times.wire_instant_native_get,
    "native": times.wire_instant_native_get,
    "tagged": times.wire_instant_tagged_get,
    "epoch_s": times.wire_instant_epoch_s_get,
    "epoch_ms": times.wire_instant_epoch_ms_get,
}
_WRITE: Final[Mapping[str, Callable[..., Any]]] = {
    "iso": times.wire_instant_iso_put,
    "spaced": times.wire_instant_spaced_put,
    "naive": times.wire_instant_naive_put,
    "native": times.wire_instant_native_put,
    "tagged": times.wire_instant_tagged_put,
    "epoch_s": times.wire_instant_epoch_s_put,
    "epoch_ms": times.wire_instant_epoch_ms_put,
}


def is_time(spelling: str) -> bool:
    """Whether a cursor of this spelling is an instant (else a number or an opaque text)."""
    return spelling in _READ


def instant(value: Any, spelling: str) -> datetime | None:
    """The instant that a version field shows, or that `raw_text` has kept of it; None where it shows none (or something else)."""
    if spelling == "tagged" and type(value) is str:
        spelling = "iso"
    try:
        shown = _READ[spelling](value)
    except (CodecError, KeyError):
        return None
    return shown if isinstance(shown, datetime) else None


def shown(native: Native, field: str, fallback: str) -> Any:
    """The version that a record shows: `field`, or `fallback` while that is null or empty."""
    value = native.get(field)
    return native.get(fallback) if fallback and (value is None or value == "") else value


def raw_text(value: Any, spelling: str) -> str | None:
    """A version as text: the system's own where it is text, an instant in ISO 8601 where it is an object."""
    match value:
        case None | "":
            return None
        case str():
            return value
        case int() | Decimal():
            return str(value)
        case _:
            moment = instant(value, spelling)
            return None if moment is None else moment.isoformat()


def stored(value: Any, spelling: str) -> str | None:
    """The cursor that stands for a version that was seen; None where the version says nothing."""
    if is_time(spelling):
        moment = instant(value, spelling)
        return None if moment is None else moment.isoformat()
    return raw_text(value, spelling)


def later(one: str | None, other: str | None, spelling: str) -> str | None:
    """The greater of two stored cursors."""
    if one is None or other is None:
        return other if one is None else one
    return other if _rank(other, spelling) > _rank(one, spelling) else one


def earlier(one: str | None, other: str | None, spelling: str) -> str | None:
    """The lesser of two stored cursors; None is no limit."""
    if one is None or other is None:
        return other if one is None else one
    return one if later(one, other, spelling) == other else other


def newest(values: Sequence[Any], spelling: str) -> str | None:
    """The stored cursor of the greatest of some versions, None where none of them says anything."""
    # Texts of one form sort as their times do: then only the last one needs to be read.
    if (
        spelling in _WRITE
        and values
        and all(type(v) is str and v[-1:] == "Z" and len(v) == len(values[0]) for v in values)
    ):
        found = stored(max(values), spelling)
        if found is not None:
            return found
    greatest: str | None = None
    for value in values:
        greatest = later(greatest, stored(value, spelling), spelling)
    return greatest


def capped(cursor: str | None, limit: datetime | None, spelling: str) -> str | None:
    """`cursor`, but not after `limit` where it is an instant: what changed behind a listing's back is later than its start."""
    if cursor is None or limit is None or not is_time(spelling):
        return cursor
    return min(datetime.fromisoformat(cursor), limit).isoformat()


def asked(cursor: str, since: Since) -> Any:
    """What to ask for in the system's spelling: the stored cursor less its lag and one unit of its precision.

    Raises ValueError for a stored cursor that is none (the state was written for another declaration).
    """
    if not is_time(since.spelling):
        return int(cursor) if since.spelling == "integer" else cursor
    overlap = timedelta(seconds=since.lag_seconds, milliseconds=max(since.precision_ms, 0))
    moment = datetime.fromisoformat(cursor).astimezone(UTC)
    floor = datetime.min.replace(tzinfo=UTC)
    moment = moment - overlap if moment - floor > overlap else floor
    return spelled(moment, since.spelling, since.precision_ms)


def spelled(moment: datetime, spelling: str, precision_ms: int) -> Any:
    """An instant in a system's spelling, no finer than its precision."""
    precision = "s" if precision_ms >= 1000 else "ms" if precision_ms >= 1 else "us"
    return _WRITE[spelling](moment, precision)


def _rank(cursor: str, spelling: str) -> tuple[int, Any]:
    if is_time(spelling):
        return (0, datetime.fromisoformat(cursor).astimezone(UTC))
    # Versions that are numbers are compared as numbers, however many digits they have; opaque ones as text.
    return (0, int(cursor)) if cursor.isascii() and cursor.isdigit() else (1, cursor)
