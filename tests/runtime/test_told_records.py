"""What deciding a record says, value for value: the link, each action, each loser, and the words a person reads."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.deciding import actions, archives, decide, is_archived, liftable, made_alike, resolve
from syncline_runtime.declaration import Creation, Deletion, OnDelete, When
from syncline_runtime.policy import Policy
from syncline_runtime.records import (
    Action,
    ActionKind,
    Conflict,
    Decision,
    Link,
    LinkStatus,
    Loser,
    Member,
    MemberState,
)
from tests.runtime.people import CRM_FIRST, IN, OUT, edited, flow, linked, mapped, member, newcomer, policy, two

BASE = {"name": "Ana", "phone": "1"}
SYSTEMS = ("crm", "web", "erp", "shop")
GONE, LIVE = MemberState.GONE, MemberState.LIVE


def four(**clauses: Any) -> Policy:
    return policy(
        *(mapped(system, flow("name"), flow("phone")) for system in SYSTEMS),
        rules={"name": CRM_FIRST, "phone": CRM_FIRST},
        **clauses,
    )


def gone_in(*systems: str, **others: Member) -> Link:
    """All four show BASE, but for the records that are gone and the others given."""
    members = {system: member(system, BASE, state=GONE if system in systems else LIVE) for system in SYSTEMS}
    return linked(BASE, *(members | others).values())


def action(kind: ActionKind, system: str, reason: str, line: int, **extra: Any) -> Action:
    settings: dict[str, Any] = {"remote_id": f"{system}-1"} | extra
    return Action(kind=kind, entity="Person", link_id=9, system=system, reason=reason, line=line, **settings)


# -- deletions ---------------------------------------------------------------------------------------------------------


def test_a_held_deletion_tells_each_system_its_reason_and_the_first_one_s_line() -> None:
    only = Deletion(policy=OnDelete.PROPAGATE, unless_edited=True, when=lambda values: values["name"] == "Ana", line=22)
    sides = four(deletes={"erp": Deletion(policy=OnDelete.NEVER, cases=(only,), line=21)})
    link = gone_in("crm", "web", erp=member("erp", BASE, {"name": "Eva", "phone": "2"}))
    in_erp = "deleted in crm and web, edited in erp (name, phone): delete in erp propagate when … unless edited"
    in_shop = "deleted in crm and web: the spec has no `delete in shop …`"
    assert decide(sides, link) == Decision(
        link=replace(link, status=LinkStatus.HELD),
        actions=(action(ActionKind.HOLD, "erp", in_erp, 22), action(ActionKind.HOLD, "shop", in_erp, 22)),
        conflicts=(Conflict(field="", candidates={}, reason=f"{in_erp}; {in_shop}", line=22),),
    )


def test_a_deletion_held_for_want_of_a_clause_names_the_sync() -> None:
    link = gone_in("crm")
    sides = four(deletes={system: Deletion(policy=OnDelete.PROPAGATE, line=20) for system in ("web", "shop")})
    reason = "deleted in crm: the spec has no `delete in erp …`"
    assert decide(sides, link) == Decision(
        link=replace(link, status=LinkStatus.HELD),
        actions=(action(ActionKind.HOLD, "erp", reason, 3),),
        conflicts=(Conflict(field="", candidates={}, reason=reason, line=3),),
    )


def test_what_may_not_be_created_again_is_held_where_it_is_gone() -> None:
    link = gone_in("crm", "web")
    recreate = {system: Deletion(policy=OnDelete.RECREATE, line=20) for system in ("erp", "shop")}
    decision = decide(four(deletes=recreate, creates={"web": Creation(allowed=False)}), link)
    reason = "deleted in crm and web, to be created again, but `create in web never`"
    assert decision == Decision(
        link=replace(link, status=LinkStatus.HELD),
        actions=(action(ActionKind.HOLD, "web", reason, 3),),
        conflicts=(Conflict(field="", candidates={}, reason=reason, line=3),),
    )


def test_a_deletion_is_carried_out_in_each_system_by_its_own_clause() -> None:
    """What is edited loses there, field by field, and stays an edit until the record is gone; what never follows goes on, as if the
    rest had not been."""
    sides = four(
        deletes={
            "crm": Deletion(policy=OnDelete.NEVER, line=20),
            "erp": Deletion(policy=OnDelete.PROPAGATE, line=21),
            "shop": Deletion(policy=OnDelete.ARCHIVE, line=22),
        }
    )
    link = gone_in(
        "web",
        crm=member("crm", BASE, {"name": "Zoe", "phone": "1"}),
        erp=member("erp", BASE, {"name": "Eva", "phone": "2"}),
        shop=member("shop", BASE, {"name": "Ana", "phone": "3"}, renders={"name": "Ana ", "phone": "1 "}),
    )
    decision = decide(sides, link)
    in_erp, in_shop = "deleted in web: delete in erp propagate", "deleted in web: delete in shop archive"
    assert decision.actions == (
        action(ActionKind.DELETE, "erp", in_erp, 21),
        action(ActionKind.ARCHIVE, "shop", in_shop, 22),
    )
    assert decision.losers == (
        Loser(field="name", system="erp", value="Eva", reason=in_erp, line=21),
        Loser(field="phone", system="erp", value="2", reason=in_erp, line=21),
        Loser(field="phone", system="shop", value="3", reason=in_shop, line=22),
    )
    assert decision.link == replace(
        link,
        values={"name": "Zoe", "phone": "1"},
        members={
            "crm": member("crm", {"name": "Zoe", "phone": "1"}),
            "web": link.members["web"],
            "erp": link.members["erp"],
            "shop": link.members["shop"],
        },
    )
    assert [change.row for change in decision.changes] == ["F2"]


def test_a_deletion_that_all_follow_leaves_the_link_until_they_are_gone() -> None:
    link = linked(BASE, member("crm", BASE, state=GONE), member("erp", BASE, {"name": "Eva", "phone": "1"}))
    sides = four(deletes={"erp": Deletion(policy=OnDelete.PROPAGATE, line=21)})
    reason = "deleted in crm: delete in erp propagate"
    after = decide(sides, link)
    assert after == Decision(
        link=link,
        actions=(action(ActionKind.DELETE, "erp", reason, 21),),
        losers=(Loser(field="name", system="erp", value="Eva", reason=reason, line=21),),
    )
    barred = decide(sides, link, barred={"erp"})
    assert barred == replace(after, actions=())
    assert actions(sides, after.link) == after.actions
    assert actions(sides, after.link, barred={"erp"}) == ()


def test_the_last_record_unlinked_closes_the_link_even_while_a_write_is_open() -> None:
    link = linked(BASE, member("crm", BASE, state=GONE), member("erp", BASE, {"name": "Eva", "phone": "1"}))
    sides = four(deletes={"erp": Deletion(policy=OnDelete.UNLINK, line=21)})
    for barred in ((), ("erp",)):
        assert decide(sides, link, barred=barred) == Decision(
            link=linked(
                BASE,
                link.members["crm"],
                member("erp", BASE, state=MemberState.RELEASED),
                status=LinkStatus.TOMBSTONE,
            ),
            actions=(action(ActionKind.UNLINK, "erp", "deleted in crm: delete in erp unlink", 21),),
        )


def test_a_person_who_decided_about_a_deletion_is_named_and_needs_no_clause() -> None:
    link = linked(BASE, member("crm", BASE, state=GONE), member("erp", BASE, {"name": "Eva", "phone": "1"}))
    said = Deletion(policy=OnDelete.ARCHIVE, unless_edited=True, by="maria", line=21)
    (one,) = decide(four(deletes={"erp": said}), link).actions
    assert one == action(ActionKind.ARCHIVE, "erp", "deleted in crm: maria decided: archive in erp", 0)


@pytest.mark.parametrize("clause", [OnDelete.NEVER, OnDelete.RECREATE])
def test_unless_edited_holds_only_what_would_act(clause: OnDelete) -> None:
    link = linked(BASE, member("crm", BASE, state=GONE), member("erp", BASE, {"name": "Eva", "phone": "1"}))
    decision = decide(four(deletes={"erp": Deletion(policy=clause, unless_edited=True, line=21)}), link)
    assert (decision.link.status, decision.link.values["name"]) == (LinkStatus.LIVE, "Eva")
    assert {one.system for one in decision.actions} == ({"shop", "web", "crm"} if clause.value == "recreate" else set())


def test_with_nothing_left_a_link_is_closed_and_what_was_seen_is_dropped() -> None:
    gone = member("crm", BASE, {"name": "Eva", "phone": "1"}, state=GONE)
    free = member("erp", BASE, state=MemberState.RELEASED)
    link = linked(BASE, gone, free)
    closed = linked(BASE, replace(gone, seen=None), free, status=LinkStatus.TOMBSTONE)
    assert decide(four(), link) == Decision(link=closed)
    assert decide(four(), link, barred={"crm", "erp"}) == Decision(link=closed), "a create is open of neither"
    assert decide(four(), link, barred={"web"}) == Decision(link=link), "what is under way may still land"
    assert decide(four(), replace(link, status=LinkStatus.HELD), barred={"web"}).link.status is LinkStatus.LIVE


@pytest.mark.parametrize(
    ("state", "seen"), [(LIVE, None), (MemberState.RELEASED, {"name": "Eva"}), (GONE, {"name": "Eva"})], ids=str
)
def test_a_tombstone_stays_until_a_live_record_shows_something(state: MemberState, seen: dict[str, str] | None) -> None:
    link = linked(
        BASE, member("crm", BASE, state=GONE), member("erp", BASE, seen, state=state), status=LinkStatus.TOMBSTONE
    )
    assert decide(four(), link) == Decision(link=link)


def test_a_link_comes_back_without_its_dead_records_in_a_generation_of_its_own() -> None:
    sides = two(CRM_FIRST, creates={"crm": Creation(allowed=False)})
    back = member("erp", {"name": "Ana"}, {"name": "Ana"})
    link = linked({"name": "Ana"}, member("crm", {}, state=GONE), back, status=LinkStatus.TOMBSTONE, generation=4)
    assert decide(sides, link) == Decision(link=linked({"name": "Ana"}, replace(back, seen=None), generation=5))


def test_what_nobody_keeps_any_more_is_closed_and_what_is_only_out_of_scope_is_not() -> None:
    free, away = member("crm", BASE, state=MemberState.RELEASED), outside("erp")
    assert decide(four(), linked(BASE, free, away)).link.status is LinkStatus.TOMBSTONE
    both = linked(BASE, outside("crm"), away)
    assert decide(four(), both) == Decision(link=both)
    asked = linked(BASE, free, member("erp", BASE, state=MemberState.MISSING))
    assert decide(four(), asked) == Decision(link=asked)
    name = {"name": "Ana"}
    gone = linked(name, member("crm", name, state=GONE), member("erp", name, state=GONE))
    assert decide(two(CRM_FIRST), gone).link.status is LinkStatus.TOMBSTONE


def test_records_are_created_beside_one_out_of_scope_and_not_beside_one_that_is_gone() -> None:
    crm = member("crm", BASE)
    left = decide(four(), linked(BASE, crm, outside("erp")))
    assert [(one.kind, one.system) for one in left.actions] == [(ActionKind.CREATE, "web"), (ActionKind.CREATE, "shop")]
    for state in (GONE, MemberState.MISSING):
        first = replace(linked(BASE, crm, member("erp", BASE, state=state)), fresh=True)
        assert decide(four(), first).actions == (), state


# -- scope and archives ------------------------------------------------------------------------------------------------


def outside(system: str, seen: dict[str, str] | None = None) -> Member:
    return member(system, BASE, seen, state=MemberState.OUT_OF_SCOPE)


def test_what_left_scope_is_told_once_with_the_clause() -> None:
    link = gone_in(erp=outside("erp", {"name": "Zoe", "phone": "1"}), web=outside("web"))
    decision = decide(four(), link)
    assert decision == Decision(
        link=gone_in(erp=outside("erp"), web=outside("web")),
        actions=(action(ActionKind.UNLINK, "erp", "left the `where` of its map: out of scope unlink", 3),),
    )
    assert decide(four(), decision.link) == Decision(link=decision.link)


def test_what_left_scope_takes_the_others_into_the_archive() -> None:
    link = gone_in(erp=outside("erp", BASE), shop=outside("shop"))
    sides = four(out_of_scope="archive")
    told = action(ActionKind.UNLINK, "erp", "left the `where` of its map: out of scope archive", 3)
    reason = "left scope in erp: out of scope archive"
    archived = tuple(action(ActionKind.ARCHIVE, system, reason, 3) for system in ("crm", "web"))
    left = gone_in(erp=outside("erp"), shop=outside("shop"))
    assert decide(sides, link) == Decision(link=left, actions=(told, *archived))
    assert decide(sides, link, barred={"crm"}) == Decision(link=left, actions=(told, archived[1]))


@pytest.mark.parametrize("state", [MemberState.MISSING, GONE])
def test_what_left_scope_archives_nothing_while_another_record_is_not_there(state: MemberState) -> None:
    link = gone_in(erp=outside("erp", BASE), web=member("web", BASE, state=state))
    clauses = {system: Deletion(policy=OnDelete.NEVER) for system in ("crm", "shop")}
    decision = decide(four(out_of_scope="archive", deletes=clauses), link)
    assert decision == Decision(link=replace(link, members={**link.members, "erp": outside("erp")}))


def test_the_first_run_archives_nothing_that_is_out_of_scope() -> None:
    link = replace(gone_in(erp=outside("erp", BASE)), fresh=True)
    decision = decide(four(out_of_scope="archive"), link)
    assert [one.kind for one in decision.actions] == [ActionKind.UNLINK]
    assert not decision.link.fresh


def test_out_of_scope_keep_goes_on_with_all_in_the_order_of_the_spec() -> None:
    link = gone_in(
        web=outside("web", {"name": "Eva", "phone": "1"}), crm=member("crm", BASE, {"name": "Zoe", "phone": "1"})
    )
    decision = decide(four(out_of_scope="keep"), link)
    assert decision.link.values == {"name": "Zoe", "phone": "1"}
    assert [(one.kind, one.system) for one in decision.actions] == [
        (ActionKind.UPDATE, system) for system in ("web", "erp", "shop")
    ]
    assert [(one.system, one.value) for one in decision.losers] == [("web", "Eva")]


def test_a_record_back_from_the_archive_waits_for_its_partners() -> None:
    always = Deletion(policy=OnDelete.ARCHIVE, when=lambda values: True)
    sides = four(
        deletes={
            "web": Deletion(policy=OnDelete.PROPAGATE, cases=(always,), line=22),
            "shop": Deletion(policy=OnDelete.ARCHIVE, line=23),
        }
    )
    free = {system: member(system, BASE, state=MemberState.RELEASED) for system in ("web", "shop")}
    link = gone_in(**free)
    reason = (
        "back in crm and erp, still archived in web and shop: "
        "lift the archive there too, or archive it in crm and erp again"
    )
    decision = decide(sides, link)
    assert decision == Decision(
        link=replace(link, status=LinkStatus.HELD),
        actions=tuple(action(ActionKind.HOLD, system, reason, 22) for system in ("web", "shop")),
        conflicts=(Conflict(field="", candidates={}, reason=reason, line=22),),
    )
    assert decide(sides, decision.link) == decision
    asked = gone_in(**free, crm=member("crm", BASE, state=MemberState.MISSING))
    assert decide(sides, asked) == Decision(link=asked), "one of those that are back cannot be found just now"
    assert decide(four(), link).link.status is LinkStatus.LIVE, "unlinked, not archived"


def test_a_record_back_from_the_archive_brings_its_partners_back_where_that_can_be_done() -> None:
    clauses = {system: Deletion(policy=OnDelete.ARCHIVE, line=22) for system in ("web", "shop")}
    sides = replace(four(deletes=clauses), restorable=frozenset({"web", "shop"}))
    free = {system: member(system, BASE, state=MemberState.RELEASED) for system in ("web", "shop")}
    link = gone_in(**free)
    restored = tuple(action(ActionKind.RESTORE, system, "back in crm and erp", 22) for system in ("web", "shop"))
    assert decide(sides, link) == Decision(link=link, actions=restored)
    assert decide(sides, link, barred={"web"}) == Decision(link=link, actions=restored[1:])
    stuck = decide(replace(sides, restorable=frozenset({"shop"})), link)
    assert [one.kind for one in stuck.actions] == [ActionKind.HOLD] * 2
    scope = replace(four(out_of_scope="archive"), restorable=frozenset({"web", "shop"}))
    assert {(one.kind, one.line) for one in decide(scope, link).actions} == {(ActionKind.RESTORE, 3)}


def test_what_may_be_lifted_is_archived_still_there_and_by_a_clause() -> None:
    clauses = {"web": Deletion(policy=OnDelete.ARCHIVE)}
    sides = replace(four(deletes=clauses), restorable=frozenset({"web", "erp"}))
    scope = replace(four(out_of_scope="archive"), restorable=frozenset({"web", "erp"}))
    table = [
        ("web", MemberState.RELEASED, None, True, False, True),
        ("web", MemberState.RELEASED, 1.0, False, False, False),
        ("web", GONE, None, False, True, False),
        ("web", GONE, 1.0, False, False, False),
        ("web", LIVE, None, False, False, False),
        ("erp", MemberState.RELEASED, None, False, False, True),
        ("erp", GONE, None, False, False, False),
        ("shop", GONE, None, False, False, False),
    ]
    for system, state, since, archived, lifted, by_scope in table:
        one = member(system, BASE, state=state, missing_since=since)
        case = (system, state, since)
        link = replace(gone_in(), members={system: one})
        assert (is_archived(sides, link, one), liftable(sides, link, one), is_archived(scope, link, one)) == (
            archived,
            lifted,
            by_scope,
        ), case
    one = member("web", BASE, state=GONE)
    assert not liftable(replace(sides, restorable=frozenset()), replace(gone_in(), members={"web": one}), one)


def test_a_link_comes_back_with_what_a_person_archived_and_without_what_is_gone() -> None:
    clauses = {"web": Deletion(policy=OnDelete.ARCHIVE, line=22)}
    sides = replace(four(deletes=clauses), restorable=frozenset({"web"}))
    back = member("crm", BASE, BASE)
    link = gone_in("web", crm=back, erp=member("erp", BASE), shop=member("shop", BASE))
    closed = replace(link, status=LinkStatus.TOMBSTONE)
    members = {**link.members, "web": replace(link.members["web"], state=MemberState.RELEASED)}
    assert decide(sides, closed) == Decision(
        link=replace(link, members=members),
        actions=(action(ActionKind.RESTORE, "web", "back in crm and erp and shop", 22),),
    )


def test_what_archives_is_told_by_the_case_of_the_values_that_were_agreed() -> None:
    cases = (Deletion(policy=OnDelete.ARCHIVE, when=lambda values: values["name"] == "vip"),)
    sides = four(
        deletes={"web": Deletion(policy=OnDelete.NEVER, cases=cases), "erp": Deletion(policy=OnDelete.PROPAGATE)}
    )
    assert [archives(sides.sync, system, {"name": "vip"}) for system in SYSTEMS] == [False, True, False, False]
    assert not any(archives(sides.sync, system, {"name": "other"}) for system in SYSTEMS)


# -- what a person decided, and what takes no deciding -----------------------------------------------------------------


def test_a_field_that_a_person_decided_is_accounted_for_in_every_system_and_alone() -> None:
    link = linked(
        BASE,
        member("crm", BASE, {"name": "Eva", "phone": "1"}),
        member("erp", BASE, {"name": "Zoe", "phone": "2"}),
        member("shop", BASE, {"phone": "1"}),
        member("web", BASE),
    )
    assert resolve(link, "name", "Eve") == linked(
        {"name": "Eve", "phone": "1"},
        member("crm", {"name": "Eva", "phone": "1"}),
        member("erp", {"name": "Zoe", "phone": "1"}, {"name": "Zoe", "phone": "2"}),
        member("shop", BASE, {"phone": "1"}),
        member("web", BASE),
    )


ANA = {"name": "Ana"}


@pytest.mark.parametrize(
    ("sides", "made"),
    [
        (two(CRM_FIRST), ("erp",)),
        (two(CRM_FIRST, creates={"erp": Creation(allowed=True)}), ("erp",)),
        (two(CRM_FIRST, creates={"erp": Creation(allowed=False)}), ()),
        (two(CRM_FIRST, creates={"erp": Creation(allowed=True, when=lambda values: True)}), None),
        (policy(mapped("crm", flow("name")), mapped("erp", flow("name", IN)), mapped("web", flow("name"))), ("web",)),
        (policy(mapped("crm", flow("name", exact=False)), mapped("erp", flow("name"))), None),
        (policy(mapped("crm", flow("name")), mapped("erp", flow("name", exact=False))), None),
        (policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT, When.ON_CREATE))), None),
        (policy(mapped("crm", flow("name")), mapped("erp", flow("name"), applies=lambda values: True)), None),
        (policy(*(mapped(system, flow("name")) for system in ("crm", "erp", "web"))), ("erp", "web")),
    ],
)
def test_records_made_alike_are_made_as_each_would_be(sides: Policy, made: tuple[str, ...] | None) -> None:
    assert made_alike(sides, "crm") == made
    if made is not None:
        created = decide(sides, linked(ANA, member("crm", ANA))).actions
        assert tuple(one.system for one in created if one.kind is ActionKind.CREATE) == made


@pytest.mark.parametrize(
    "link",
    [
        replace(edited(), status=LinkStatus.HELD),
        linked(ANA, member("crm", ANA), member("erp", ANA, ANA)),
        linked(ANA, member("crm", ANA), member("erp", ANA, first_merge=True)),
        replace(edited(), fresh=True),
    ],
)
def test_what_is_in_step_already_ends_in_step(link: Link) -> None:
    assert decide(two(CRM_FIRST), link) == Decision(link=edited())


def test_what_is_in_step_is_left_as_it_is_and_what_is_not_is_not() -> None:
    sides = two(CRM_FIRST)
    link = edited()
    assert decide(sides, link).link is link
    for state in (MemberState.MISSING, MemberState.OUT_OF_SCOPE):
        asked = replace(link, members={**link.members, "erp": replace(link.members["erp"], state=state)})
        assert decide(sides, asked) == Decision(link=asked)
    lacking = linked(ANA, member("crm", ANA), member("erp", {}))
    assert decide(sides, lacking).actions == (), "a field that the system does not show is not written"
    without = linked({}, member("crm", ANA), member("erp", ANA))
    assert decide(sides, without) == Decision(link=without)


def test_what_shows_the_agreed_values_may_yet_have_left_its_map() -> None:
    """Where comparing values does not tell whether it is in step."""
    leaving = mapped("erp", flow("name", exact=False), applies=lambda values: values["name"] != "Ana")
    sides = policy(mapped("crm", flow("name", exact=False)), leaving, rules={"name": CRM_FIRST}, out_of_scope="archive")
    (left,) = decide(sides, edited()).actions
    assert (left.kind, left.system, left.line) == (ActionKind.ARCHIVE, "erp", 5)


def test_a_link_made_in_this_run_is_no_longer_new_once_decided() -> None:
    born = decide(two(CRM_FIRST), linked({}, newcomer("crm", name="Ana"), fresh=True))
    assert born.link == linked(ANA, member("crm", ANA))
    joined = decide(two(CRM_FIRST), linked(ANA, member("crm", ANA), member("erp", ANA), fresh=True, generation=3))
    assert joined.link == linked(ANA, member("crm", ANA), member("erp", ANA), generation=3)
