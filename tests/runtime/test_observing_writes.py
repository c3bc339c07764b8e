"""What a write leaves behind, value for value: acknowledged, unseen until a reading, without an answer, read back later."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline_runtime.accounting import accounted_member, base_of, moved_fields, shown_by
from syncline_runtime.observing import (
    Echo,
    absorb,
    accept,
    acknowledge,
    archived,
    deleted,
    echo,
    may_render,
    missing,
    observe,
    proven,
    released,
    restored,
)
from syncline_runtime.observing import Verdict as V
from syncline_runtime.records import Member, MemberState, Observation
from syncline_runtime.values import ABSENT

LAG = 10.0


def at(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def member(**extra: Any) -> Member:
    settings: dict[str, Any] = {"shadow": {"name": "Ana", "phone": "1"}, "as_of": 100.0} | extra
    return Member(system="crm", remote_id="7", **settings)


def reading(values: dict[str, Any], **extra: Any) -> Observation:
    settings: dict[str, Any] = {"version": None, "updated_at": None, "read_at": 105.0} | extra
    return Observation(system="crm", remote_id="7", values=values, **settings)


def written(before: Member, sent: dict[str, Any], stored: dict[str, Any] | None, **extra: Any) -> Member:
    settings: dict[str, Any] = {"version": "6", "updated_at": at(120), "acknowledged_at": 121.0} | extra
    return acknowledge(before, sent, stored, **settings)


KNOWN: dict[str, Any] = {"version": "6", "updated_at": at(120), "as_of": 121.0}
EVA = {"name": "Eva", "phone": "1"}


# -- acknowledged ------------------------------------------------------------------------------------------------------


def test_an_acknowledged_write_is_known_all_at_once() -> None:
    away = member(state=MemberState.MISSING, missing_since=90.0, version="5", updated_at=at(90))
    assert written(away, {"name": "Eva"}, {"name": "Eva", "phone": "1"}) == member(shadow=EVA, **KNOWN)
    untimed = written(away, {"name": "Eva"}, EVA, version=None, updated_at=None, acknowledged_at=50.0)
    assert untimed == member(shadow=EVA, version=None, updated_at=at(90), as_of=100.0)


def test_an_answer_that_says_nothing_leaves_the_write_unseen_and_what_was_before_it() -> None:
    first = written(member(), {"name": "Eva", "mail": "e@x"}, None)
    assert first == member(shadow={**EVA, "mail": "e@x"}, unseen={"name": "Ana", "mail": ABSENT}, **KNOWN)
    second = written(first, {"name": "Zoe"}, {})
    assert second.unseen == {"name": "Ana", "mail": ABSENT}, "what it showed before the first of them"
    third = written(second, {"name": "Zoe"}, {"name": "Zoe"})
    assert (third.unseen, third.shadow) == ({"mail": ABSENT}, {"name": "Zoe", "phone": "1", "mail": "e@x"})


def test_an_answer_tells_of_an_earlier_write_of_another_field() -> None:
    before = member(shadow={"name": " Eva ", "phone": "1"}, unseen={"name": "Ana"})
    after = written(before, {"phone": "2"}, {"name": "Eva", "phone": "2"})
    assert after == member(shadow={"name": "Eva", "phone": "2"}, renders={"name": " Eva "}, **KNOWN)
    same = written(before, {"name": "Zoe"}, {"name": "Zoe"})
    assert (same.shadow["name"], same.renders, same.unseen) == ("Zoe", {}, {})


def test_a_rendering_is_kept_by_field_until_the_value_itself_is_stored() -> None:
    rendered = member(renders={"name": " Ana ", "phone": " 1"})
    kept = written(rendered, {"name": "Eva "}, {"name": "Eva"})
    assert (kept.shadow["name"], kept.renders) == ("Eva", {"name": "Eva ", "phone": " 1"})
    plain = written(rendered, {"name": "Eva"}, {"name": "Eva"})
    assert plain.renders == {"phone": " 1"}
    refused = written(rendered, {"name": "Eva"}, {"name": "Ana"})
    assert (refused.shadow["name"], refused.renders) == ("Ana", {"phone": " 1"}), "it did not take the value"
    upper = written(rendered, {"name": "ANA"}, {"name": "Ana"})
    assert (upper.shadow["name"], upper.renders) == ("Ana", {"name": "ANA", "phone": " 1"}), "it renders it as before"
    new = written(member(shadow={}), {"name": None}, {"name": "?"})
    assert (new.shadow, new.renders) == ({"name": "?"}, {"name": None})


def test_a_field_that_was_never_shown_has_no_value_before_the_write() -> None:
    """What is stored instead is an edit only if it is a value: blank is what it was."""
    new = member(shadow={})
    assert written(new, {"mail": "m"}, {"mail": None}).renders == {"mail": "m"}
    for blank in (None, ""):
        assert written(new, {"mail": "m"}, {"mail": blank}, at_once=False).seen is None
    later = written(new, {"mail": "m"}, {"mail": "x"}, at_once=False)
    assert (later.shadow, later.seen) == ({"mail": "m"}, {"mail": "x"})
    emptied = written(member(), {"name": "Eva"}, {"name": None}, at_once=False)
    assert (emptied.shadow["name"], emptied.seen) == ("Eva", {"name": None, "phone": "1"})
    assert absorb(member(shadow={}, unseen={"mail": "m"}), {"mail": ""}) == member(shadow={})


def test_a_field_that_is_empty_some_time_after_its_first_write_is_no_rendering_of_the_value() -> None:
    """Somebody emptied it, or the system does not take it: either way the value is wanted there still."""
    new = member(shadow={"name": "Ana"}, renders={"mail": "old"})
    for blank in (None, ""):
        assert written(new, {"mail": "m"}, {"mail": blank}, at_once=False).renders == {}
    assert written(new, {"mail": "M"}, {"mail": "m"}, at_once=False).renders == {"mail": "M"}


def test_what_was_seen_beside_a_write_stays_seen() -> None:
    seen = member(seen={"name": "Ana", "phone": "2"})
    assert written(seen, {"name": "Eva"}, {"name": "Eva", "phone": ABSENT, "mail": "m"}) == member(
        shadow=EVA, seen={"name": "Eva", "phone": "2", "mail": "m"}, **KNOWN
    )
    settled = written(seen, {"phone": "2"}, {"phone": "2"})
    assert settled == member(shadow={"name": "Ana", "phone": "2"}, **KNOWN)


def test_read_back_later_what_our_value_does_not_explain_was_edited_since() -> None:
    after = written(member(), {"name": "Eva ", "phone": "2"}, {"name": "Zoe", "phone": "2"}, at_once=False)
    assert after == member(
        shadow={"name": "Eva ", "phone": "2"}, seen={"name": "Zoe", "phone": "2"}, unseen={}, **KNOWN
    )
    at_once = written(member(), {"name": "Eva "}, {"name": "Zoe"})
    assert (at_once.shadow["name"], at_once.seen, at_once.renders) == ("Zoe", None, {"name": "Eva "})
    trimmed = written(member(), {"name": "Eva "}, {"name": "Eva"}, at_once=False)
    assert (trimmed.shadow["name"], trimmed.seen, trimmed.renders) == ("Eva", None, {"name": "Eva "})


# -- unseen, until a reading ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "shadow", "renders", "unseen"),
    [
        ({"name": "Eva "}, "Eva ", {}, {}),
        ({"name": "Eva"}, "Eva", {"name": "Eva "}, {}),
        ({"name": "Ana"}, "Ana", {}, {}),
        ({"name": "Zoe"}, "Eva ", {}, {}),
        ({"name": ABSENT}, "Eva ", {}, {"name": "Ana"}),
        ({}, "Eva ", {}, {"name": "Ana"}),
    ],
)
def test_the_first_reading_says_what_became_of_a_write(
    shown: dict[str, Any], shadow: str, renders: dict[str, Any], unseen: dict[str, Any]
) -> None:
    """Stored, rendered, not taken, edited since; or nothing yet."""
    before = member(shadow={"name": "Eva ", "phone": "1"}, unseen={"name": "Ana"}, renders={"phone": " 1"})
    assert absorb(before, shown) == member(
        shadow={"name": shadow, "phone": "1"}, unseen=unseen, renders={"phone": " 1", **renders}
    )


def test_a_value_that_stayed_blank_was_not_taken_and_a_value_nobody_sent_is_an_edit() -> None:
    blank = member(shadow={"name": "Eva"}, unseen={"name": None})
    assert absorb(blank, {"name": ""}) == member(shadow={"name": ""})
    assert absorb(replace(blank, unseen={"name": "Ana"}), {"name": ""}) == member(shadow={"name": "Eva"})
    assert absorb(replace(blank, unseen={"name": ""}), {"name": "Zoe"}) == member(shadow={"name": "Eva"})
    nothing = member(shadow={"name": ABSENT}, unseen={"name": "Ana"})
    assert absorb(nothing, {"name": "Ana"}) == member(shadow={"name": ABSENT})
    two = member(shadow={"name": "Eva ", "phone": "2 "}, unseen={"name": "Ana", "phone": "1"})
    assert absorb(two, {"phone": "2"}) == member(
        shadow={"name": "Eva ", "phone": "2"}, unseen={"name": "Ana"}, renders={"phone": "2 "}
    )


def test_only_a_reading_that_cannot_be_older_than_the_write_says_what_became_of_it() -> None:
    sent = member(shadow={"name": "Eva ", "phone": "1"}, unseen={"name": "Ana"})
    trimmed = {"name": "Eva", "phone": "1"}
    done = member(shadow=trimmed, renders={"name": "Eva "}, seen=trimmed, as_of=110.0)
    assert observe(sent, reading(trimmed, read_at=109.0), LAG) == sent
    assert observe(sent, reading(trimmed, read_at=110.0), LAG) == done
    newer = observe(replace(sent, version="5"), reading(trimmed, version="6"), LAG)
    assert newer == replace(done, version="6", as_of=105.0)
    as_sent = {"name": "Eva ", "phone": "1"}
    assert observe(sent, reading(as_sent, read_at=109.0), LAG) == sent
    assert observe(sent, reading(as_sent, read_at=110.0), LAG) == replace(sent, unseen={})


# -- readings ----------------------------------------------------------------------------------------------------------


def test_what_shows_nothing_new_changes_what_differs_and_nothing_else() -> None:
    known = member(version="5", updated_at=at(90))
    same = {"name": "Ana", "phone": "1"}
    later = {"read_at": 110.0, "version": "5", "updated_at": at(90)}
    assert observe(known, reading(same, **later), LAG) is known
    assert observe(known, reading(same, **later | {"version": "6"}), LAG) == replace(known, version="6")
    assert observe(known, reading(same, **later | {"updated_at": at(95)}), LAG) == replace(known, updated_at=at(95))
    suspected = replace(known, missing_since=101.0)
    assert observe(suspected, reading(same, **later), LAG) == known
    unversioned = observe(known, reading(same, read_at=110.0), LAG)
    assert unversioned is known, "a reading without a version takes none away"
    old = observe(known, reading(same, read_at=109.0, version="x", updated_at=at(80)), LAG)
    assert old is known, "of an old state that shows the same, the version is not taken over"
    assert observe(member(), reading(same, read_at=110.0), LAG) == member()


def test_a_field_that_is_hidden_is_news_once() -> None:
    known = member(shadow={"name": "Ana", "phone": "1", "mail": ABSENT})
    for shown in ({"name": "Ana"}, {"name": "Ana", "phone": ABSENT}, {"phone": "1"}):
        assert accept(known, reading(shown, read_at=110.0), LAG).verdict is V.ACCEPTED
    for shown in ({"name": "Ana", "phone": "1"}, {"name": "Ana", "phone": "1", "fax": ABSENT}):
        assert accept(known, reading(shown, read_at=110.0), LAG).verdict is V.KNOWN
    null = accept(known, reading({"name": "Ana", "phone": "1", "fax": None}, read_at=110.0), LAG)
    assert null.verdict is V.ACCEPTED, "a null is a value"


def test_the_later_state_gives_version_and_time() -> None:
    known = member(version="5", updated_at=at(90))
    news = {"name": "Eva", "phone": "1"}
    after = observe(known, reading(news, read_at=110.0, version="W/3", updated_at=at(80)), LAG)
    assert after == replace(known, seen=news, version="W/3", updated_at=at(90), as_of=110.0)
    kept = observe(known, reading(news, read_at=110.0), LAG)
    assert kept == replace(known, seen=news, as_of=110.0)
    late = observe(known, reading(news, read_at=50.0, version="6", updated_at=at(80)), LAG)
    assert late == replace(known, seen=news, version="6")


@pytest.mark.parametrize(
    ("old", "new", "later"),
    [("5", "6", True), ("6", "5", False), ("9", "10", True), ("5", "5", False), ("x5", "6", False), ("5", "x6", False)],
)
def test_only_numbers_are_in_an_order(old: str, new: str, later: bool) -> None:
    verdict = accept(member(version=old), reading({"name": "Eva"}, version=new), LAG).verdict
    assert verdict is (V.ACCEPTED if later else V.DEFER)


@pytest.mark.parametrize(("old", "new"), [(None, "6"), ("6", None), (None, None)])
def test_without_two_versions_there_is_no_order(old: str | None, new: str | None) -> None:
    assert accept(member(version=old), reading({"name": "Eva"}, version=new), LAG).verdict is V.DEFER
    timed = member(version=old, updated_at=at(5))
    assert accept(timed, reading({"name": "Eva"}, version=new, updated_at=at(6)), LAG).verdict is V.ACCEPTED
    assert accept(member(), reading({"name": "Eva"}, updated_at=at(6)), LAG).verdict is V.DEFER


def test_out_of_scope_is_known_as_it_is_and_news_when_it_is_back() -> None:
    outside = member(state=MemberState.OUT_OF_SCOPE)
    same = {"name": "Ana", "phone": "1"}
    for member_, in_scope, verdict in (
        (outside, False, V.KNOWN),
        (outside, True, V.ACCEPTED),
        (member(), False, V.ACCEPTED),
        (member(state=MemberState.MISSING), True, V.ACCEPTED),
        (member(state=MemberState.GONE), False, V.ACCEPTED),
    ):
        assert accept(member_, reading(same, read_at=110.0, in_scope=in_scope), LAG).verdict is verdict


# -- gone --------------------------------------------------------------------------------------------------------------


def test_what_is_missing_is_gone_and_let_go_value_for_value() -> None:
    known = member(seen=EVA, missing_since=90.0)
    assert deleted(known, 120.0) == member(state=MemberState.GONE, as_of=120.0, missing_since=120.0)
    assert deleted(known, 50.0) == member(state=MemberState.GONE, missing_since=50.0)
    assert released(known) == member(state=MemberState.RELEASED)
    assert archived(known, 120.0) == member(state=MemberState.GONE, as_of=120.0)
    assert archived(known, 50.0) == member(state=MemberState.GONE)
    assert missing(archived(known, 120.0), 121.0, LAG) == member(
        state=MemberState.GONE, as_of=120.0, missing_since=121.0
    )
    free = replace(known, state=MemberState.RELEASED)
    assert restored(free, 120.0) == member(seen=EVA, as_of=120.0)
    assert restored(free, 50.0) == member(seen=EVA)
    once = missing(member(), 101.0, LAG)
    assert once == member(state=MemberState.MISSING, missing_since=101.0)
    assert missing(once, 111.0, LAG) == member(state=MemberState.GONE, missing_since=101.0, as_of=111.0)
    outside = member(state=MemberState.OUT_OF_SCOPE)
    assert missing(outside, 101.0, LAG) == replace(outside, missing_since=101.0)


# -- without an answer -------------------------------------------------------------------------------------------------

BEFORE = {"name": "Ana", "tags": frozenset("ab")}


@pytest.mark.parametrize(
    ("sent", "shown", "found"),
    [
        ({"name": "Eva"}, {"name": "Eva"}, Echo({"name": "Eva"}, {}, True)),
        ({"name": "Eva"}, {"name": "Ana"}, Echo({}, {}, False)),
        ({"name": "Eva"}, {}, Echo({}, {}, False)),
        ({"name": None}, {}, Echo({}, {}, False)),
        ({"name": "Eva"}, {"name": "Zoe"}, Echo({}, {}, False)),
        ({"name": "Eva "}, {"name": "Eva"}, Echo({"name": "Eva"}, {"name": "Eva "}, True)),
        ({"name": "ana"}, {"name": "Ana"}, Echo({}, {}, False)),
        ({"name": "Eva", "fax": "1"}, {"name": "Zoe", "fax": "1"}, Echo({"fax": "1"}, {}, False)),
        ({"fax": "1", "name": "Eva"}, {"name": "Zoe", "fax": "1"}, Echo({"fax": "1"}, {}, False)),
        (
            {"tags": frozenset("bc")},
            {"tags": frozenset("bcx")},
            Echo({"tags": frozenset("bc")}, {}, True),
        ),
        (
            {"tags": frozenset("bc")},
            {"tags": frozenset("abc")},
            Echo({"tags": frozenset("abc")}, {}, False),
        ),
        (
            {"tags": frozenset("bc"), "name": "Eva"},
            {"tags": frozenset("b"), "name": "Eva"},
            Echo({"tags": frozenset("b"), "name": "Eva"}, {}, False),
        ),
        (
            {"name": "Eva", "tags": frozenset("c")},
            {"name": "Zoe", "tags": frozenset("cx")},
            Echo({"tags": frozenset("c")}, {}, False),
        ),
        ({"tags": frozenset("c")}, {"tags": "c"}, Echo({}, {}, False)),
        ({"tags": "c "}, {"tags": "c"}, Echo({"tags": "c"}, {"tags": "c "}, True)),
    ],
)
def test_a_reading_is_explained_by_what_was_sent(sent: dict[str, Any], shown: dict[str, Any], found: Echo) -> None:
    assert echo(BEFORE, sent, shown) == found


LINES = ({"sku": "a", "qty": 1, "note": "x"}, {"sku": "b", "qty": 2})


@pytest.mark.parametrize(
    ("shown", "shadow", "whole"),
    [
        (({"sku": "a", "qty": 5, "note": "x"}, {"sku": "c", "qty": 3}), None, True),
        (LINES, None, False),
        (
            ({"sku": "a", "qty": 5, "note": "y"}, {"sku": "c", "qty": 3}, {"sku": "d"}),
            ({"sku": "a", "qty": 5, "note": "x"}, {"sku": "c", "qty": 3}),
            True,
        ),
        (({"sku": "a", "qty": 5, "note": "x"}, {"sku": "c", "qty": 4}), None, False),
        (({"sku": "c", "qty": 3},), (LINES[0], {"sku": "c", "qty": 3}), False),
        (({"sku": "a", "qty": 5, "note": "x"}, LINES[1]), ({"sku": "a", "qty": 5, "note": "x"}, LINES[1]), False),
    ],
)
def test_a_nested_collection_is_explained_by_element_and_field(shown: Any, shadow: Any, whole: bool) -> None:
    """Sent: another quantity of `a`, `b` taken out, `c` put in. What people did to the rest meanwhile stays theirs."""
    sent = ({"sku": "a", "qty": 5, "note": "x"}, {"sku": "c", "qty": 3})
    found = echo({"lines": LINES}, {"lines": sent}, {"lines": shown}, {"lines": "sku"})
    expected = {"lines": shadow} if shadow is not None else found.shadow
    assert (found.shadow, found.whole) == (expected, whole)
    if shown == LINES:
        assert found.shadow == {}


def test_a_set_is_explained_element_by_element_only_where_there_was_one() -> None:
    sent, shown = {"tags": frozenset("ab")}, {"tags": frozenset("abx")}
    assert echo({"tags": None}, sent, shown) == Echo({"tags": frozenset("ab")}, {}, True)
    assert echo({}, sent, shown) == Echo({}, {}, False)
    assert echo({"tags": frozenset()}, sent, shown, by_element=False) == Echo({}, {}, False)


@pytest.mark.parametrize(
    ("sent", "shown", "may"), [("Ana", "Ana", True), ("Ana ", "Ana", True), ("Ana", "Eva", False), (None, "", True)]
)
def test_a_system_may_show_what_it_was_sent_or_a_rendering_of_it(sent: Any, shown: Any, may: bool) -> None:
    assert may_render(sent, shown) is may


# -- accounting --------------------------------------------------------------------------------------------------------


def test_a_first_merge_has_no_base_and_shows_its_shadow() -> None:
    new = member(first_merge=True)
    assert (base_of(new), shown_by(new)) == ({}, {"name": "Ana", "phone": "1"})
    assert moved_fields(new) == ["name", "phone"]
    assert shown_by(replace(new, seen=EVA)) == EVA
    assert (shown_by(member()), moved_fields(member()), base_of(member())) == (None, [], member().shadow)
    assert shown_by(member(seen=EVA)) == EVA
    assert moved_fields(member(seen={"fax": None, "phone": ABSENT, "name": "Eva"})) == ["fax", "name"]


def test_what_is_accounted_for_becomes_the_shadow_and_the_rest_stays_seen() -> None:
    known: dict[str, Any] = {"version": "5", "updated_at": at(90), "missing_since": 3.0, "unseen": {"fax": "1"}}
    known |= {"state": MemberState.MISSING, "as_of": 44.0}
    seen = member(seen={"name": "Eva", "phone": "2"}, renders={"name": " Ana", "phone": "1 "}, **known)
    part = accounted_member(seen, {"name": "Eva"})
    assert part == member(shadow=EVA, seen={"name": "Eva", "phone": "2"}, renders={"phone": "1 "}, **known)
    whole = accounted_member(seen)
    assert whole == member(shadow={"name": "Eva", "phone": "2"}, **known)
    none = accounted_member(seen, {})
    assert none == seen
    hidden = accounted_member(member(seen={"name": "Eva", "phone": ABSENT}))
    assert hidden == member(shadow=EVA, seen={"name": "Eva", "phone": ABSENT}), "what is no longer shown stays noted"
    fewer = accounted_member(member(seen={"name": "Eva"}))
    assert fewer == member(shadow=EVA, seen={"name": "Eva"})
    empty = accounted_member(member(shadow={}, seen={"name": "Eva"}))
    assert empty == member(shadow={"name": "Eva"})


def test_what_shows_nothing_has_nothing_to_account_for() -> None:
    known = member()
    assert accounted_member(known, {"name": "Eva"}) is known
    new = member(first_merge=True)
    assert accounted_member(new) == known
    assert accounted_member(replace(new, shadow={}, seen=EVA), {"name": "Eva"}) == member(
        shadow={"name": "Eva"}, seen=EVA
    )


@pytest.mark.parametrize(
    ("before", "sent", "shown", "stored"),
    [
        (None, "2", "2", True),
        (ABSENT, "2", "2", True),
        (None, "2", "3", False),  # somebody's edit, of whatever age
        (None, "2", ABSENT, False),
        ("1", "2", "2", False),  # it may be an old state, from before the value that we overwrote
        (None, None, None, False),
    ],
)
def test_a_reading_of_any_age_that_shows_what_we_sent_where_there_was_none_tells_that_it_was_stored(
    before: Any, sent: Any, shown: Any, stored: bool
) -> None:
    waiting = member(shadow={"name": "Ana", "phone": sent}, unseen={"phone": before, "name": "Eva"})
    after = proven(waiting, {"name": "Zoe", "phone": shown})
    assert after == (replace(waiting, unseen={"name": "Eva"}) if stored else waiting)
