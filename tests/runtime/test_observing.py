"""Readings: what is news, what may be stale, what our own write makes of the shadow, and when a record is gone."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from syncline_runtime.observing import (
    Acceptance,
    Verdict,
    accept,
    acknowledge,
    changed,
    deleted,
    missing,
    observe,
    released,
)
from syncline_runtime.records import Member, MemberState, Observation
from syncline_runtime.values import ABSENT

LAG = 10.0


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def member(**extra: Any) -> Member:
    settings: dict[str, Any] = {
        "shadow": {"name": "Ana", "phone": "1"},
        "version": "5",
        "updated_at": at(100),
        "as_of": 100.0,
    } | extra
    return Member(system="crm", remote_id="7", **settings)


def reading(values: Mapping[str, Any] | None = None, **extra: Any) -> Observation:
    settings: dict[str, Any] = {"version": "5", "updated_at": at(100), "read_at": 105.0} | extra
    return Observation(system="crm", remote_id="7", values=values or {"name": "Ana", "phone": "1"}, **settings)


NEWS = {"name": "Eva", "phone": "1"}


def test_what_is_known_is_known_however_late_it_was_read() -> None:
    assert accept(member(), reading(read_at=0.0), LAG) == Acceptance(Verdict.KNOWN)
    assert accept(member(seen=NEWS), reading(NEWS), LAG).verdict is Verdict.KNOWN


@pytest.mark.parametrize(
    "newer", [{"version": "6"}, {"version": "10"}, {"updated_at": at(101)}, {"read_at": 110.0}], ids=str
)
def test_news_is_accepted_when_it_cannot_be_older_than_what_is_known(newer: dict[str, Any]) -> None:
    assert accept(member(), reading(NEWS, **newer), LAG) == Acceptance(Verdict.ACCEPTED)


@pytest.mark.parametrize(
    "older", [{}, {"version": "4"}, {"version": "W/x9"}, {"updated_at": at(99)}, {"updated_at": None}], ids=str
)
def test_a_possibly_stale_reading_is_put_off_until_the_lag_is_over(older: dict[str, Any]) -> None:
    stale = reading(NEWS, **older)
    assert accept(member(), stale, LAG) == Acceptance(Verdict.DEFER, 110.0)
    assert observe(member(), stale, LAG) == member()


def test_an_edit_in_the_same_second_as_the_last_change_is_seen_by_its_content() -> None:
    assert observe(member(), reading(NEWS, read_at=110.0), LAG).seen == NEWS


def test_what_is_absent_is_never_a_change_but_it_is_noted() -> None:
    assert changed({"name": "Ana", "phone": "1"}, {"name": "Ana", "phone": ABSENT}) == ()
    assert changed({"name": "Ana"}, {"name": None, "phone": ""}) == ("name", "phone")
    assert changed({"name": "Ana"}, {}) == ()
    hidden = {"name": "Ana"}
    after = observe(member(), reading(hidden, read_at=110.0), LAG)
    assert after.seen == hidden
    assert accept(after, reading(hidden, read_at=110.0), LAG).verdict is Verdict.KNOWN


def test_an_accepted_reading_moves_what_is_known_all_at_once() -> None:
    after = observe(member(missing_since=90.0), reading(NEWS, version="6", updated_at=at(104)), LAG)
    assert after == member(seen=NEWS, version="6", updated_at=at(104), as_of=105.0)


def test_a_reading_that_shows_nothing_new_renews_the_version_and_never_as_of() -> None:
    """Else the reading before a write would refuse itself for ever."""
    after = observe(member(), reading(version="6", updated_at=at(104), read_at=300.0), LAG)
    assert after == member(version="6", updated_at=at(104))
    assert observe(member(), reading(version="4", updated_at=at(90)), LAG) == member()


def test_a_record_leaves_and_enters_scope() -> None:
    outside = observe(member(), reading(read_at=120.0, in_scope=False), LAG)
    assert outside.state is MemberState.OUT_OF_SCOPE
    again = reading(read_at=130.0, in_scope=False)
    assert accept(outside, again, LAG).verdict is Verdict.KNOWN
    assert observe(outside, reading(read_at=140.0), LAG).state is MemberState.LIVE


def test_gone_takes_two_404s_the_lag_apart() -> None:
    first = missing(member(), 105.0, LAG)
    assert (first.state, first.missing_since) == (MemberState.MISSING, 105.0)
    assert missing(first, 114.0, LAG) == first
    second = missing(first, 115.0, LAG)
    assert (second.state, second.as_of) == (MemberState.GONE, 115.0)
    assert missing(second, 200.0, LAG) == second


def test_a_404_older_than_our_own_write_confirms_nothing() -> None:
    suspected = replace(missing(member(), 105.0, LAG), as_of=120.0)
    assert missing(suspected, 125.0, LAG) == suspected
    assert missing(suspected, 130.0, LAG).state is MemberState.GONE


def test_a_record_that_shows_again_was_not_gone() -> None:
    suspected = missing(member(), 105.0, LAG)
    back = observe(suspected, reading(read_at=111.0), LAG)
    assert (back.state, back.missing_since) == (MemberState.LIVE, None)
    gone = missing(suspected, 120.0, LAG)
    assert observe(gone, reading(read_at=125.0), LAG) == gone, "a stale reading is no undelete"
    assert observe(gone, reading(read_at=130.0), LAG).state is MemberState.LIVE


def test_the_deletion_of_a_record_out_of_scope_is_nobodys_business() -> None:
    outside = member(state=MemberState.OUT_OF_SCOPE)
    assert missing(missing(outside, 105.0, LAG), 130.0, LAG).state is MemberState.RELEASED


def test_what_was_let_go_never_comes_back() -> None:
    free = released(member(seen=NEWS))
    assert (free.state, free.seen) == (MemberState.RELEASED, None)
    assert observe(free, reading({"name": "Zoe"}, read_at=900.0), LAG) == free
    assert missing(free, 900.0, LAG) == free


def test_our_own_delete_is_a_deletion() -> None:
    gone = deleted(member(seen=NEWS), 120.0)
    assert (gone.state, gone.seen, gone.as_of) == (MemberState.GONE, None, 120.0)


def written(before: Member, sent: dict[str, Any], stored: dict[str, Any] | None) -> Member:
    return acknowledge(before, sent, stored, version="6", updated_at=at(120), acknowledged_at=121.0)


def test_the_shadow_becomes_what_was_stored_for_the_fields_sent() -> None:
    after = written(member(), {"name": "Eva Maria"}, {"name": "Eva Mar", "phone": "1"})
    assert after.shadow == {"name": "Eva Mar", "phone": "1"}
    assert (after.seen, after.renders) == (None, {"name": "Eva Maria"})
    assert (after.version, after.updated_at, after.as_of) == ("6", at(120), 121.0)
    assert written(after, {"name": "Eva"}, {"name": "Eva"}).renders == {}


def test_another_field_that_differs_in_the_answer_is_somebodys_edit() -> None:
    after = written(member(), {"name": "Eva"}, {"name": "Eva", "phone": "2"})
    assert after.shadow == {"name": "Eva", "phone": "1"}
    assert after.seen == {"name": "Eva", "phone": "2"}


def test_a_system_that_does_not_say_what_it_stored_is_taken_at_our_word() -> None:
    for answer in (None, {}, {"name": ABSENT}):
        assert written(member(), {"name": "Eva"}, answer).shadow == {"name": "Eva", "phone": "1"}


def test_an_edit_already_seen_survives_our_write_of_another_field() -> None:
    after = written(member(seen={"name": "Ana", "phone": "2"}), {"name": "Eva"}, None)
    assert (after.shadow, after.seen) == ({"name": "Eva", "phone": "1"}, {"name": "Eva", "phone": "2"})


values = st.fixed_dictionaries({name: st.sampled_from(["", "a", "b", None, ABSENT]) for name in ("name", "phone")})


@given(values, values, st.floats(0, 300), st.floats(0, 20))
def test_observing_twice_is_observing_once(
    shadow: dict[str, Any], shown: dict[str, Any], when: float, lag: float
) -> None:
    before = member(shadow={name: value for name, value in shadow.items() if value is not ABSENT})
    seen = reading(shown, read_at=when, version=None, updated_at=None)
    once = observe(before, seen, lag)
    assert observe(once, seen, lag) == once
    assert once.as_of >= before.as_of
    assert once.shadow == before.shadow


@given(values, st.dictionaries(st.sampled_from(["name", "phone"]), st.sampled_from(["a", "b"])), st.none() | values)
def test_a_write_accounts_for_the_fields_sent_and_no_others(
    shadow: dict[str, Any], sent: dict[str, Any], stored: dict[str, Any] | None
) -> None:
    before = member(shadow={name: value for name, value in shadow.items() if value is not ABSENT})
    after = written(before, sent, stored)
    for name in ("name", "phone"):
        answer = ABSENT if stored is None else stored[name]
        if name in sent:
            assert after.shadow[name] == (sent[name] if answer is ABSENT else answer)
        else:
            assert after.shadow.get(name, ABSENT) == before.shadow.get(name, ABSENT)
            if answer is not ABSENT and answer != before.shadow.get(name, ABSENT):
                assert after.seen is not None
                assert after.seen[name] == answer


def test_a_field_that_shows_what_it_showed_before_was_not_edited_since_but_not_taken() -> None:
    member = Member(system="erp", remote_id="1", shadow={"name": "Ana"})
    after = acknowledge(
        member,
        {"name": "Berta"},
        {"name": "Ana"},
        version=None,
        updated_at=None,
        acknowledged_at=1.0,
        at_once=False,
    )
    assert (after.shadow, after.seen) == ({"name": "Ana"}, None)
