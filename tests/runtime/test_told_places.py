"""Several places of one system: a record stands in one of them, and goes over to another with what it showed."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.deciding import decide
from syncline_runtime.declaration import Entity, MatchRule
from syncline_runtime.identity import Holder, Known, Unlinked, correlate
from syncline_runtime.policy import Policy
from syncline_runtime.records import ActionKind, Correlation, LinkStatus, Member, MemberState, Situation
from tests.runtime.people import CRM_FIRST, flow, kinds, linked, mapped, member, newcomer, policy

LEADS, CONTACTS = "crm.leads", "crm.contacts"
ANA, EVA = {"name": "Ana"}, {"name": "Eva"}


# -- deciding ----------------------------------------------------------------------------------------------------------


def placed(**clauses: Any) -> Policy:
    return policy(
        *(mapped(system, flow("name")) for system in (LEADS, CONTACTS, "erp")),
        rules={"name": replace(CRM_FIRST, order=(LEADS, CONTACTS, "erp"))},
        places=((LEADS, CONTACTS),),
        **clauses,
    )


def followed(former: Member, present: Member) -> Any:
    return decide(placed(), linked(ANA, former, present, member("erp", ANA)))


def gone(shadow: dict[str, Any], seen: dict[str, Any] | None = None) -> Member:
    return member(LEADS, shadow, seen, state=MemberState.GONE, missing_since=1.0)


def test_a_record_that_is_gone_from_its_place_and_new_in_another_has_moved_with_what_it_showed() -> None:
    decision = followed(gone(ANA), newcomer(CONTACTS, name="Eva"))
    link = decision.link
    assert (link.values, link.status, sorted(link.members)) == (EVA, LinkStatus.LIVE, [CONTACTS, "erp"])
    assert [(one.row, one.before, one.after, one.origin) for one in decision.changes] == [
        ("F2", "Ana", "Eva", CONTACTS)
    ]
    assert (link.members[CONTACTS].shadow, link.members[CONTACTS].first_merge) == (EVA, False)
    assert kinds(decision) == [(ActionKind.UPDATE, "erp")], "nothing is deleted, and nothing made anew"


def test_one_that_shows_the_same_in_its_new_place_changes_nothing() -> None:
    decision = followed(gone(ANA), newcomer(CONTACTS, name="Ana"))
    assert (decision.link.values, decision.changes, decision.actions) == (ANA, (), ())
    assert decision.link.members[CONTACTS].shadow == ANA


def test_one_that_was_known_in_its_new_place_before_goes_on_from_what_it_showed_in_the_former() -> None:
    decision = followed(gone(ANA), member(CONTACTS, {"name": "Old"}, EVA))
    assert decision.link.values == EVA
    assert [(one.row, one.before, one.origin) for one in decision.changes] == [("F2", "Ana", CONTACTS)]


def test_a_former_place_that_was_never_merged_is_no_base() -> None:
    former = replace(newcomer(LEADS, name="Eva"), state=MemberState.GONE, missing_since=1.0)
    decision = followed(former, newcomer(CONTACTS, name="Eva"))
    assert [one.row for one in decision.changes] == ["M0"]


def test_what_a_place_that_was_left_still_shows_is_no_edit() -> None:
    away = member(LEADS, ANA, {"name": "Zoe"}, state=MemberState.OUT_OF_SCOPE)
    decision = followed(away, member(CONTACTS, ANA))
    assert (decision.link.values, decision.changes) == (ANA, ())
    assert decision.link.members[LEADS].seen is None
    assert decision.link.members[CONTACTS].shadow == ANA, "what did not change here was no news"


def test_a_former_place_of_which_nothing_is_known_for_sure_is_no_base() -> None:
    lost = member(LEADS, ANA, state=MemberState.MISSING, missing_since=1.0)
    decision = followed(lost, member(CONTACTS, EVA, EVA))
    assert (decision.link.values, decision.changes) == (ANA, ())
    assert decision.link.members[CONTACTS].shadow == EVA


def test_what_was_archived_in_one_place_is_no_matter_while_the_record_stands_in_another() -> None:
    archived = member(LEADS, ANA, state=MemberState.RELEASED)
    both = linked(ANA, archived, member(CONTACTS, ANA), member("erp", ANA))
    clauses = {"out_of_scope": "archive"}
    assert decide(placed(**clauses), both).actions == ()
    alone = linked(ANA, archived, member("erp", ANA))
    assert decide(placed(**clauses), alone).actions != ()


def test_a_record_in_two_places_waits_for_a_person() -> None:
    decision = followed(member(LEADS, ANA), newcomer(CONTACTS, name="Eva"))
    assert (decision.link.status, decision.link.values) == (LinkStatus.HELD, ANA)
    (hold,) = decision.actions
    assert (hold.kind, hold.system, hold.code, hold.line) == (ActionKind.HOLD, CONTACTS, "place.two", 3)
    assert hold.reason == (
        "one record in two places of its system: crm.leads crm.leads-1 and crm.contacts crm.contacts-1; "
        "delete or convert one of them"
    )


# -- identity ----------------------------------------------------------------------------------------------------------


def correlated(**found: Holder) -> Correlation:
    """Where a record of the ERP with the key of records in two places of the CRM belongs."""
    entity = Entity(name="Person", shape=dict, fields=(), kinds={}, match=(MatchRule(fields=("vat",)),))
    holders = {f"crm.{place}": (holder,) for place, holder in found.items()}
    known = Known(holders={(0, "V1"): holders}, places=((LEADS, CONTACTS),))
    return correlate(entity, (LEADS, CONTACTS, "erp"), Unlinked(system="erp", remote_id="1", keys=("V1",)), known)


@pytest.mark.parametrize(("leads", "contacts"), [(None, None), (4, None), (None, 4), (4, 5)])
def test_records_in_two_places_of_a_system_are_not_taken_for_one(leads: int | None, contacts: int | None) -> None:
    linked = {"leads": leads, "contacts": contacts}
    answer = correlated(**{place: Holder(remote_id=place[0], link_id=link) for place, link in linked.items()})
    assert (answer.situation, answer.action, answer.matches) == (Situation.AMBIGUOUS, "quarantine", {})
    assert answer.detail == (
        "one record in two places of its system, with the same vat: crm.leads l, crm.contacts c"
    ), "and not merely records of several links"


def test_a_record_that_is_in_one_place_or_linked_in_both_is_the_one() -> None:
    assert correlated(leads=Holder(remote_id="l")).matches == {LEADS: "l"}
    both = {
        place: Holder(remote_id=place[0], link_id=4, linked=frozenset((LEADS, CONTACTS)))
        for place in ("leads", "contacts")
    }
    answer = correlated(**both)
    assert (answer.action, answer.matches) == ("link", {LEADS: "l", CONTACTS: "c"})
