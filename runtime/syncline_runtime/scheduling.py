"""When a sync is due: pure arithmetic on the time of its last run."""

from datetime import UTC, datetime, time, timedelta

from syncline_runtime.codecs.time import known_zone
from syncline_runtime.declaration import Daily, Every


def next_due(trigger: Every | Daily, last: float | None, now: float) -> float:
    """When the trigger is next due, in seconds since the epoch: not after `now` where it is due already.

    `last` is when it fired last. One that never did is due at once; an hour of the day that was missed is made up for. A clock
    that was set back delays no run by more than one interval.
    """
    match trigger:
        case Every(seconds=seconds):
            return now if last is None else min(last, now) + seconds
        case Daily(at=at, zone=zone):
            before, after = _around(at, zone, now)
            return now if last is None or last < before else after


def _around(at: str, zone: str, now: float) -> tuple[float, float]:
    """The last time at or before `now` at which clocks in the zone showed `at`, and the next one.

    A time that clocks skip when they are set forward is the moment of the change; of one that they show twice it is the first.
    """
    zoned = known_zone(zone)
    hour = time.fromisoformat(at)
    today = datetime.fromtimestamp(now, zoned).date()
    moments = []
    for days in (-1, 0, 1, 2):
        wall = datetime.combine(today + timedelta(days=days), hour, zoned)
        # A wall time that does not exist lies, by the offset before the change, as far after it.
        exists = wall.astimezone(UTC).astimezone(zoned).replace(tzinfo=None) == wall.replace(tzinfo=None)
        moments.append(wall.timestamp() if exists else _change(wall))
    return max(moment for moment in moments if moment <= now), min(moment for moment in moments if moment > now)


def _change(skipped: datetime) -> float:
    """The moment at which clocks were set forward over a wall time."""
    late, early = skipped.replace(fold=0), skipped.replace(fold=1)
    low, high = early.timestamp(), late.timestamp()
    offset = datetime.fromtimestamp(low, skipped.tzinfo).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if datetime.fromtimestamp(middle, skipped.tzinfo).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
