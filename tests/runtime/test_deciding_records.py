"""The decision table of a record, one example each cell: deletions, doubt, scope, and what may not be touched."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.deciding import actions, decide
from syncline_runtime.declaration import (
    Creation,
    Deletion,
    OnDelete,
)
from syncline_runtime.policy import Policy
from syncline_runtime.records import ActionKind, Decision, Link, LinkStatus, MemberState
from tests.runtime.people import (
    CRM_FIRST,
    edited,
    flow,
    kinds,
    linked,
    lost,
    mapped,
    member,
    newcomer,
    policy,
    two,
    writes,
)


def deleted_in_crm(erp: str = "Ana", **extra: Any) -> Link:
    link = edited(erp=erp)
    gone = replace(link.members["crm"], state=MemberState.GONE, missing_since=1.0)
    return replace(link, members={**link.members, "crm": gone}, **extra)


def on_delete(clause: OnDelete, unless_edited: bool = False) -> Policy:
    return two(CRM_FIRST, deletes={"erp": Deletion(policy=clause, unless_edited=unless_edited, line=21)})


@pytest.mark.parametrize(
    ("clause", "kind"),
    [
        (OnDelete.PROPAGATE, ActionKind.DELETE),
        (OnDelete.ARCHIVE, ActionKind.ARCHIVE),
        (OnDelete.UNLINK, ActionKind.UNLINK),
    ],
)
def test_d_p_a_deletion_follows_its_clause(clause: OnDelete, kind: ActionKind) -> None:
    (action,) = decide(on_delete(clause), deleted_in_crm()).actions
    assert (action.kind, action.system, action.remote_id) == (kind, "erp", "erp-1")
    assert (action.reason, action.line) == (f"deleted in crm: delete in erp {clause.value}", 21)


def test_d_p_never_leaves_the_other_record_alone_for_good() -> None:
    decision = decide(on_delete(OnDelete.NEVER), deleted_in_crm(erp="Eva"))
    assert (decision.actions, decision.link.status, decision.link.values) == ((), LinkStatus.LIVE, {"name": "Eva"})
    assert decide(on_delete(OnDelete.NEVER), decision.link).actions == ()


def test_d_p_hold_and_no_clause_at_all_hold_the_link() -> None:
    for sides in (on_delete(OnDelete.HOLD), two(CRM_FIRST)):
        decision = decide(sides, deleted_in_crm())
        assert (decision.link.status, kinds(decision)) == (LinkStatus.HELD, [(ActionKind.HOLD, "erp")])
        assert "deleted in crm" in decision.conflicts[0].reason
        assert actions(sides, decision.link) == decision.actions


def test_d_p_recreate_makes_a_new_generation_without_the_dead_record() -> None:
    decision = decide(on_delete(OnDelete.RECREATE), deleted_in_crm(erp="Eva"))
    assert (kinds(decision), decision.link.generation) == ([(ActionKind.CREATE, "crm")], 2)
    assert writes(decision) == {"crm": {"name": "Eva"}}
    assert "crm" not in decision.link.members


def test_d_p_recreate_where_nothing_may_be_created_is_held() -> None:
    sides = two(
        CRM_FIRST, deletes={"erp": Deletion(policy=OnDelete.RECREATE)}, creates={"crm": Creation(allowed=False)}
    )
    decision = decide(sides, deleted_in_crm())
    assert (decision.link.status, "create in crm never" in decision.conflicts[0].reason) == (LinkStatus.HELD, True)


def test_d_m_a_deletion_that_meets_an_edit_is_held_if_the_clause_says_unless_edited() -> None:
    decision = decide(on_delete(OnDelete.PROPAGATE, unless_edited=True), deleted_in_crm(erp="Eva"))
    assert (decision.link.status, kinds(decision)) == (LinkStatus.HELD, [(ActionKind.HOLD, "erp")])
    assert decision.link.members["erp"].seen == {"name": "Eva"}
    assert "edited in erp (name)" in decision.conflicts[0].reason
    assert kinds(decide(on_delete(OnDelete.PROPAGATE, unless_edited=True), deleted_in_crm())) == [
        (ActionKind.DELETE, "erp")
    ]


def test_d_m_a_deletion_that_wins_journals_the_edit() -> None:
    decision = decide(on_delete(OnDelete.PROPAGATE), deleted_in_crm(erp="Eva"))
    assert (kinds(decision), lost(decision)) == ([(ActionKind.DELETE, "erp")], [("erp", "Eva")])
    assert decision.link.members["erp"].seen == {"name": "Eva"}, "if it stays after all, that is still an edit"


def test_a_held_link_is_released_when_the_record_is_back() -> None:
    held = decide(on_delete(OnDelete.HOLD), deleted_in_crm()).link
    back = replace(held.members["crm"], state=MemberState.LIVE, seen={"name": "Ana"}, missing_since=None)
    decision = decide(on_delete(OnDelete.HOLD), replace(held, members={**held.members, "crm": back}))
    assert (decision.link.status, decision.actions, decision.conflicts) == (LinkStatus.LIVE, (), ())


def test_d_d_closes_the_link_but_not_while_a_create_is_open() -> None:
    link = linked({"name": "Ana"}, member("crm", {"name": "Ana"}, state=MemberState.GONE))
    assert decide(two(CRM_FIRST), link).link.status is LinkStatus.TOMBSTONE
    assert decide(two(CRM_FIRST), link, barred={"erp"}).link.status is LinkStatus.LIVE


def test_a_tombstone_is_left_alone_until_its_record_is_back() -> None:
    gone = replace(member("crm", {"name": "Ana"}), state=MemberState.GONE)
    link = linked({"name": "Ana"}, gone, replace(gone, system="erp"), status=LinkStatus.TOMBSTONE)
    assert decide(two(CRM_FIRST), link) == Decision(link=link)
    back = member("erp", {"name": "Ana"}, {"name": "Eva"})
    decision = decide(two(CRM_FIRST), replace(link, members={**link.members, "erp": back}))
    assert (decision.link.status, decision.link.generation) == (LinkStatus.LIVE, 2)
    assert (kinds(decision), writes(decision)) == ([(ActionKind.CREATE, "crm")], {"crm": {"name": "Eva"}})


def test_a_question_mark_waits_and_lets_the_other_side_be_decided() -> None:
    link = edited(erp="Eva")
    missing = replace(link.members["crm"], state=MemberState.MISSING, missing_since=1.0)
    decision = decide(two(CRM_FIRST), replace(link, members={**link.members, "crm": missing}))
    assert (decision.link.values, decision.actions) == ({"name": "Eva"}, ())
    gone = replace(link.members["erp"], state=MemberState.GONE, seen=None)
    waiting = decide(on_delete(OnDelete.PROPAGATE), replace(link, members={"crm": missing, "erp": gone}))
    assert (waiting.actions, waiting.link.status) == ((), LinkStatus.LIVE)


def test_a_question_mark_among_three_puts_off_deletes_and_creates() -> None:
    sides = policy(
        *(mapped(system, flow("name")) for system in ("crm", "erp", "shop")),
        rules={"name": CRM_FIRST},
        deletes={"erp": Deletion(policy=OnDelete.PROPAGATE), "shop": Deletion(policy=OnDelete.PROPAGATE)},
    )
    base = {"name": "Ana"}
    gone = member("crm", base, state=MemberState.GONE)
    missing = member("shop", base, state=MemberState.MISSING)
    assert decide(sides, linked(base, gone, member("erp", base), missing)).actions == ()
    assert kinds(decide(sides, linked(base, gone, member("erp", base)))) == [(ActionKind.DELETE, "erp")]
    assert decide(sides, linked(base, member("erp", base), missing)).actions == ()
    outside = member("erp", base, base, state=MemberState.OUT_OF_SCOPE)
    assert decide(sides, linked(base, member("crm", base), outside, missing)).actions == ()


def test_x_a_record_out_of_scope_is_left_out_and_told_once() -> None:
    link = edited(crm="Eva", erp="Zoe")
    outside = replace(link.members["erp"], state=MemberState.OUT_OF_SCOPE)
    decision = decide(two(CRM_FIRST), replace(link, members={**link.members, "erp": outside}))
    assert (decision.link.values, kinds(decision), lost(decision)) == (
        {"name": "Eva"},
        [(ActionKind.UNLINK, "erp")],
        [],
    )
    assert decide(two(CRM_FIRST), decision.link).actions == ()
    back = replace(decision.link.members["erp"], state=MemberState.LIVE, seen={"name": "Zoe"})
    again = decide(two(CRM_FIRST), replace(decision.link, members={**decision.link.members, "erp": back}))
    assert writes(again) == {"crm": {"name": "Zoe"}}


def test_x_keep_goes_on_and_archive_takes_the_others_along() -> None:
    link = edited(crm="Eva")
    outside = replace(
        link, members={**link.members, "erp": replace(link.members["erp"], state=MemberState.OUT_OF_SCOPE)}
    )
    assert writes(decide(two(CRM_FIRST, out_of_scope="keep"), outside)) == {"erp": {"name": "Eva"}}
    assert kinds(decide(two(CRM_FIRST, out_of_scope="archive"), outside)) == [(ActionKind.ARCHIVE, "crm")]


def test_the_first_run_deletes_nothing() -> None:
    gone = replace(newcomer("crm", name="Ana"), state=MemberState.GONE)
    link = linked({}, gone, newcomer("erp", name="Ana"), fresh=True)
    assert decide(on_delete(OnDelete.PROPAGATE), link).actions == ()
    assert decide(on_delete(OnDelete.PROPAGATE), deleted_in_crm(fresh=True)).actions == ()
    joined = deleted_in_crm()
    new = replace(joined.members["erp"], first_merge=True)
    assert decide(on_delete(OnDelete.PROPAGATE), replace(joined, members={**joined.members, "erp": new})).actions == ()


def test_a_barred_system_gets_no_action_of_any_kind() -> None:
    for link in (edited(crm="Eva"), deleted_in_crm(), linked({"name": "Ana"}, member("crm", {"name": "Ana"}))):
        assert decide(on_delete(OnDelete.PROPAGATE), link, barred={"erp"}).actions == ()


def test_the_same_inputs_give_the_same_decision_to_the_byte() -> None:
    cases: list[Callable[[], Link]] = [lambda: edited(crm="Eva", erp="Zoe"), deleted_in_crm]
    for case in cases:
        assert repr(decide(on_delete(OnDelete.ARCHIVE), case())) == repr(decide(on_delete(OnDelete.ARCHIVE), case()))
