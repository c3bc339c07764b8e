"""Cursor arithmetic in every spelling."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.cursors import asked, capped, instant, is_time, later, raw_text, shown, stored
from syncline_runtime.declaration import Since

TAGGED = {"__class__": "datetime", "year": 2026, "month": 1, "day": 2, "hour": 3, "minute": 4, "second": 5}
TIMES = ("iso", "spaced", "naive", "native", "tagged", "epoch_s", "epoch_ms")
INSTANTS = st.datetimes(datetime(1970, 1, 2), datetime(2200, 1, 1), timezones=st.just(UTC))


def since(spelling, precision_ms=1, lag=0.0):
    return Since(condition=None, field="at", spelling=spelling, precision_ms=precision_ms, lag_seconds=lag)


@pytest.mark.parametrize(
    ("spelling", "value", "cursor", "question"),
    [
        ("iso", "2026-01-02T03:04:05.006Z", "2026-01-02T03:04:05.006000+00:00", "2026-01-02T03:04:05.005Z"),
        ("iso", "2026-01-02T05:04:05+02:00", "2026-01-02T03:04:05+00:00", "2026-01-02T03:04:04.999Z"),
        ("spaced", "2026-01-02 03:04:05.006Z", "2026-01-02T03:04:05.006000+00:00", "2026-01-02 03:04:05.005Z"),
        ("naive", "2026-01-02 03:04:05", "2026-01-02T03:04:05+00:00", "2026-01-02 03:04:04.999"),
        ("native", "2026-01-02 03:04:05", "2026-01-02T03:04:05+00:00", datetime(2026, 1, 2, 3, 4, 4, 999000, UTC)),
        ("epoch_s", 100, "1970-01-01T00:01:40+00:00", 99),
        ("epoch_ms", 100_000, "1970-01-01T00:01:40+00:00", 99_999),
        (
            "tagged",
            {**TAGGED, "microsecond": 6007},
            "2026-01-02T03:04:05.006007+00:00",
            {**TAGGED, "microsecond": 5000},
        ),
        ("integer", 41, "41", 41),
        ("text", "opaque", "opaque", "opaque"),
    ],
)
def test_a_cursor_is_stored_as_seen_and_asked_with_an_overlap(spelling, value, cursor, question):
    assert stored(value, spelling) == cursor
    assert asked(cursor, since(spelling)) == question


@pytest.mark.parametrize("spelling", TIMES)
@given(INSTANTS, st.sampled_from([0, 1, 1000]), st.floats(0, 1e6))
def test_what_is_asked_is_never_later_than_the_cursor_less_its_lag(spelling, instant, precision_ms, lag):
    declared = since(spelling, precision_ms, lag)
    question = stored(asked(instant.isoformat(), declared), spelling)
    assert datetime.fromisoformat(question) <= instant - timedelta(seconds=lag, milliseconds=precision_ms)
    assert datetime.fromisoformat(question) > instant - timedelta(seconds=lag, milliseconds=precision_ms + 1001)


@pytest.mark.parametrize("spelling", TIMES)
@given(INSTANTS)
def test_a_version_kept_as_text_still_tells_its_time(spelling, moment):
    spelled = asked(moment.isoformat(), since(spelling))
    assert instant(raw_text(spelled, spelling), spelling) == instant(spelled, spelling) is not None


@given(st.lists(INSTANTS, min_size=1))
def test_the_latest_is_kept_in_whatever_order_records_come(instants):
    cursor = None
    for moment in instants:
        cursor = later(cursor, stored(moment.isoformat(" "), "native"), "native")
    assert cursor == max(instants).isoformat()


def test_numbers_are_compared_as_numbers():
    assert later("9", "10", "text") == "10"
    assert later("10", "9", "integer") == "10"
    assert later("b", "a", "text") == "b"
    assert later(None, "a", "text") == later("a", None, "text") == "a"


@pytest.mark.parametrize("value", [None, "", "yesterday", [], {}, True, "2026-13-01T00:00:00Z", 10**400])
@pytest.mark.parametrize("spelling", TIMES)
def test_a_version_that_says_nothing_moves_no_cursor(value, spelling):
    if not (value is True and spelling.startswith("epoch")):
        assert stored(value, spelling) is None


def test_a_cursor_of_another_declaration_is_refused():
    for spelling in TIMES:
        with pytest.raises(ValueError, match="Invalid isoformat"):
            asked("41", since(spelling))


def test_the_overlap_stops_at_the_beginning_of_time():
    assert asked("0001-01-01T00:00:01+00:00", since("iso", lag=1e9)) == "0001-01-01T00:00:00.000Z"


def test_a_cursor_is_capped_at_the_start_of_an_unordered_listing():
    limit = datetime(2026, 1, 1, tzinfo=UTC)
    assert capped("2026-01-02T00:00:00+00:00", limit, "iso") == limit.isoformat()
    assert capped("2025-01-02T00:00:00+00:00", limit, "iso") == "2025-01-02T00:00:00+00:00"
    assert capped("7", limit, "integer") == "7"
    assert capped(None, limit, "iso") is None


def test_a_creation_time_stands_in_for_a_change_time_that_is_null():
    assert shown({"write": None, "create": 1}, "write", "create") == 1
    assert shown({"write": 2, "create": 1}, "write", "create") == 2
    assert shown({"create": 1}, "write", "") is None


def test_versions_are_kept_as_the_system_says_them():
    assert raw_text("2026-01-02 03:04:05.006Z", "spaced") == "2026-01-02 03:04:05.006Z"
    assert raw_text(17, "integer") == "17"
    assert raw_text(TAGGED, "tagged") == "2026-01-02T03:04:05+00:00"
    assert not is_time("integer")
