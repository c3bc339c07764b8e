"""A sync is due when its `run` lines say, whatever the clocks of a zone do in between."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.declaration import Daily, Every
from syncline_runtime.scheduling import next_due

ZONES = st.sampled_from(
    [
        "Europe/Oslo",
        "America/New_York",
        "Asia/Kolkata",
        "Australia/Lord_Howe",
        "America/Sao_Paulo",
        "UTC",
        "Africa/Casablanca",
    ]
)
CLOCKS = st.builds(lambda hour, minute: f"{hour:02}:{minute:02}", st.integers(0, 23), st.integers(0, 59))
TIMES = st.integers(1_500_000_000, 1_900_000_000).map(float)


def moment(text: str) -> float:
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


@given(TIMES, st.integers(1, 10**6), st.integers(-(10**6), 10**6))
def test_an_interval_is_kept_and_a_clock_that_was_set_back_delays_no_more_than_one(
    now: float, seconds: int, ago: int
) -> None:
    every = Every(seconds=seconds)
    assert next_due(every, None, now) == now
    assert next_due(every, now - ago, now) <= now + seconds
    if ago >= 0:
        assert next_due(every, now - ago, now) == now - ago + seconds


@given(TIMES, CLOCKS, ZONES)
def test_a_daily_run_happens_once_a_day(now: float, at: str, zone: str) -> None:
    daily = Daily(at=at, zone=zone)
    assert next_due(daily, None, now) == now
    following = next_due(daily, now, now)
    assert now < following <= now + 26 * 3600
    # Once fired at its time, it is due again a day later, give or take what the clocks were moved.
    again = next_due(daily, following, following)
    assert 22 * 3600 <= again - following <= 26 * 3600
    # Missed, it is due as soon as somebody looks.
    assert next_due(daily, following - 1, following + 5) <= following + 5


@given(TIMES, CLOCKS, ZONES)
def test_the_clocks_of_the_zone_show_the_time(now: float, at: str, zone: str) -> None:
    shown = datetime.fromtimestamp(next_due(Daily(at=at, zone=zone), now, now), ZoneInfo(zone))
    if shown.strftime("%H:%M") != at:  # only where clocks skipped it
        before = (shown.astimezone(UTC) - timedelta(minutes=1)).astimezone(ZoneInfo(zone))
        assert before.utcoffset() != shown.utcoffset()


@pytest.mark.parametrize(
    ("now", "at", "due"),
    [
        ("2026-03-28T12:00", "02:30", "2026-03-29T01:00"),  # skipped: clocks go from 02:00 to 03:00
        ("2026-03-29T12:00", "02:30", "2026-03-30T00:30"),
        ("2026-10-24T12:00", "02:30", "2026-10-25T00:30"),  # shown twice: the first
        ("2026-10-25T00:30", "02:30", "2026-10-26T01:30"),
    ],
)
def test_daylight_saving_in_oslo(now: str, at: str, due: str) -> None:
    found = next_due(Daily(at=at, zone="Europe/Oslo"), moment(now), moment(now))
    assert datetime.fromtimestamp(found, UTC).replace(tzinfo=None) == datetime.fromisoformat(due)
