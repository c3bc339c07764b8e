"""The rows of the decision table of a field, one example each, first merges, and the writes that follow."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.deciding import decide, resolve, want
from syncline_runtime.declaration import (
    Ask,
    Case,
    Cases,
    Creation,
    Drift,
    Merged,
    Newest,
    Owned,
    Prefers,
    Rule,
    Updating,
    When,
)
from syncline_runtime.policy import prepare
from syncline_runtime.records import Action, ActionKind, Decision, MemberState
from syncline_runtime.values import ABSENT
from tests.runtime.people import (
    CRM_FIRST,
    OUT,
    edited,
    flow,
    kinds,
    linked,
    lost,
    mapped,
    member,
    newcomer,
    policy,
    rows,
    two,
    writes,
)

# -- a field -----------------------------------------------------------------------------------------------------------


def test_f0_nothing_changed_nothing_to_do() -> None:
    link = edited()
    assert decide(two(CRM_FIRST), link) == Decision(link=link)


def test_f1_a_failed_write_is_tried_again_because_it_is_still_wanted() -> None:
    link = linked({"name": "Eva"}, member("crm", {"name": "Eva"}), member("erp", {"name": "Ana"}))
    (action,) = decide(two(CRM_FIRST), link).actions
    assert action == Action(
        kind=ActionKind.UPDATE,
        entity="Person",
        link_id=9,
        system="erp",
        remote_id="erp-1",
        fields={"name": ("Ana", "Eva")},
        reason="F1 not yet in step",
        line=7,
    )


def test_f2_one_edit_goes_everywhere() -> None:
    decision = decide(two(CRM_FIRST), edited(erp="Eva"))
    (change,) = decision.changes
    assert (change.row, change.before, change.after, change.origin) == ("F2", "Ana", "Eva", "erp")
    assert (change.rule, change.line) == ("name prefers crm then erp", 11)
    assert writes(decision) == {"crm": {"name": "Eva"}}
    assert decision.actions[0].reason == "F2 name prefers crm then erp"
    assert (decision.actions[0].line, lost(decision)) == (11, [])


def test_f2_the_same_edit_in_two_systems_is_no_conflict_even_under_ask() -> None:
    decision = decide(two(Ask()), edited(crm="Eva", erp="Eva"))
    assert (rows(decision), writes(decision), lost(decision), decision.conflicts) == (["F2"], {}, [], ())


def test_f2_takes_the_finer_of_two_renderings_of_one_edit() -> None:
    shouting = mapped("erp", flow("name", exact=False), normalise=lambda native: {"name": native["name"].upper()})
    sides = policy(mapped("crm", flow("name")), shouting, rules={"name": Prefers(order=("erp", "crm"))})
    link = linked(
        {"name": "Ana"},
        member("crm", {"name": "Ana"}, {"name": "Eva"}),
        member("erp", {"name": "ANA"}, {"name": "EVA"}),
    )
    decision = decide(sides, link)
    assert (decision.link.values, decision.actions, lost(decision)) == ({"name": "Eva"}, (), [])


def test_f3_the_edit_of_a_system_without_a_say_is_written_back_and_journalled() -> None:
    sides = policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT)))
    decision = decide(sides, edited(erp="Eva"))
    assert (rows(decision), writes(decision), lost(decision)) == (["F3"], {"erp": {"name": "Ana"}}, [("erp", "Eva")])


def test_f3_an_owner_that_cannot_be_found_just_now_is_still_the_owner() -> None:
    link = edited(erp="Eva")
    missing = replace(link.members["crm"], state=MemberState.MISSING, missing_since=1.0)
    decision = decide(two(Owned(by="crm")), replace(link, members={**link.members, "crm": missing}))
    assert (decision.link.values, writes(decision)) == ({"name": "Ana"}, {"erp": {"name": "Ana"}})


@pytest.mark.parametrize("drift", [Drift.KEEP, Drift.REPORT])
def test_f3_drift_may_be_left_alone_until_the_owner_edits(drift: Drift) -> None:
    sides = two(Owned(by="crm", drift=drift))
    kept = decide(sides, edited(erp="Eva"))
    assert (rows(kept), kept.actions, lost(kept)) == (["F3"], (), [])
    assert drift.value in kept.changes[0].rule
    assert decide(sides, kept.link).link == kept.link
    crm = replace(kept.link.members["crm"], seen={"name": "Zoe"})
    over = decide(sides, replace(kept.link, members={**kept.link.members, "crm": crm}))
    assert (rows(over), writes(over), lost(over)) == (["F4"], {"erp": {"name": "Zoe"}}, [("erp", "Eva")])


def test_f3_an_output_slot_that_somebody_edited_is_computed_again() -> None:
    short = mapped(
        "erp",
        flow("=short", OUT, exact=False),
        read=lambda native: {"=short": native.get("short", ABSENT)},
        write=lambda values, old: {"short": values["name"][:3]},
    )
    sides = policy(mapped("crm", flow("name")), short)
    link = linked(
        {"name": "Anabel"}, member("crm", {"name": "Anabel"}), member("erp", {"=short": "Ana"}, {"=short": "X"})
    )
    decision = decide(sides, link)
    assert (writes(decision), lost(decision)) == ({"erp": {"=short": "Ana"}}, [("erp", "X")])
    once = replace(short, flows=(flow("=short", OUT, When.ON_CREATE, exact=False),))
    left = decide(policy(mapped("crm", flow("name")), once), link)
    assert (left.actions, lost(left)) == ((), [])
    assert want(sides, "erp", {"name": "Roberta"}) == {"=short": "Rob"}


def test_f4_the_owner_wins_over_another_edit() -> None:
    decision = decide(two(Owned(by="erp")), edited(crm="Eva", erp="Zoe"))
    assert (rows(decision), writes(decision), lost(decision)) == (["F4"], {"crm": {"name": "Zoe"}}, [("crm", "Eva")])


def test_f4_without_its_owner_in_the_link_a_field_is_open_to_the_others() -> None:
    sides = two(Owned(by="erp"), creates={"erp": Creation(allowed=False)})
    decision = decide(sides, linked({"name": "Ana"}, member("crm", {"name": "Ana"}, {"name": "Eva"})))
    assert (rows(decision), decision.link.values) == (["F2"], {"name": "Eva"})


def test_f5_the_first_listed_that_changed_wins() -> None:
    decision = decide(two(CRM_FIRST), edited(crm="Eva", erp="Zoe"))
    assert (rows(decision), writes(decision), lost(decision)) == (["F5"], {"erp": {"name": "Eva"}}, [("erp", "Zoe")])
    assert decision.losers[0].reason == "name prefers crm then erp (F5)"


def test_f6_the_clearly_newer_edit_wins() -> None:
    decision = decide(two(Newest(otherwise=("crm",))), edited("Eva", "Zoe", {"crm": 10, "erp": 20}))
    assert (rows(decision), decision.link.values, lost(decision)) == (["F6"], {"name": "Zoe"}, [("crm", "Eva")])


@pytest.mark.parametrize("times", [{"crm": 10, "erp": 12}, {"crm": 10}, {}])
def test_f7_too_close_or_unknown_times_fall_back_on_the_tie_break(times: dict[str, int]) -> None:
    decision = decide(two(Newest(otherwise=("crm",))), edited("Eva", "Zoe", times))
    assert (rows(decision), decision.link.values, lost(decision)) == (["F7"], {"name": "Eva"}, [("erp", "Zoe")])
    assert "tie" in decision.losers[0].reason


@pytest.mark.parametrize(
    ("rule", "result"),
    [
        (Merged(by="max"), "Zoe"),
        (Merged(by="min"), "Ana"),
        (
            Merged(by="python", function=lambda values: max(map(str, values), key=lambda value: (len(value), value))),
            "Zoe",
        ),
    ],
)
def test_f8_edits_are_merged_with_the_agreed_value(rule: Rule, result: str) -> None:
    decision = decide(two(rule), edited(crm="Eva", erp="Zoe"))
    assert decision.link.values == {"name": result}
    assert lost(decision) == [(system, value) for system, value in (("crm", "Eva"), ("erp", "Zoe")) if value != result]


def test_f8_a_union_keeps_what_either_added_and_drops_what_either_removed() -> None:
    link = linked(
        {"name": frozenset("ab")},
        member("crm", {"name": frozenset("ab")}, {"name": frozenset("b")}),
        member("erp", {"name": frozenset("ab")}, {"name": frozenset("abc")}),
    )
    decision = decide(two(Merged(by="union")), link)
    assert (rows(decision), lost(decision)) == (["F8"], [])
    assert writes(decision) == {"crm": {"name": frozenset("bc")}, "erp": {"name": frozenset("bc")}}


def test_f9_a_person_is_asked_about_that_field_only() -> None:
    sides = policy(
        mapped("crm", flow("name"), flow("phone")),
        mapped("erp", flow("name"), flow("phone")),
        rules={"name": Ask(line=13), "phone": CRM_FIRST},
    )
    base = {"name": "Ana", "phone": "1"}
    link = linked(
        base, member("crm", base, {"name": "Eva", "phone": "2"}), member("erp", base, {"name": "Zoe", "phone": "1"})
    )
    decision = decide(sides, link)
    (conflict,) = decision.conflicts
    assert (conflict.field, conflict.candidates, conflict.line) == ("name", {"crm": "Eva", "erp": "Zoe"}, 13)
    assert writes(decision) == {"erp": {"phone": "2"}}
    assert decision.link.members["crm"].shadow == {"name": "Ana", "phone": "2"}
    assert decide(sides, decision.link).conflicts == decision.conflicts


def test_f9_a_held_field_is_not_written_even_if_a_write_was_pending() -> None:
    link = edited(crm="Eva", erp="Zoe")
    behind = replace(link.members["erp"], shadow={"name": "Old"})
    decision = decide(two(Ask()), replace(link, members={**link.members, "erp": behind}))
    assert (decision.actions, len(decision.conflicts)) == ((), 1)


def test_f9_closes_when_one_side_returns_to_what_was_agreed() -> None:
    held = decide(two(Ask()), edited(crm="Eva", erp="Zoe")).link
    back = replace(held, members={**held.members, "crm": replace(held.members["crm"], seen=None)})
    decision = decide(two(Ask()), back)
    assert (decision.conflicts, writes(decision)) == ((), {"crm": {"name": "Zoe"}})


def test_f9_a_person_decides() -> None:
    held = decide(two(Ask()), edited(crm="Eva", erp="Zoe")).link
    decision = decide(two(Ask()), resolve(held, "name", "Eve"))
    assert (decision.conflicts, writes(decision)) == ((), {"crm": {"name": "Eve"}, "erp": {"name": "Eve"}})


def test_f10_a_field_no_longer_shown_is_no_change_and_is_not_written() -> None:
    sides = policy(
        mapped("crm", flow("name"), flow("phone")),
        mapped("erp", flow("name"), flow("phone")),
        rules={"name": CRM_FIRST, "phone": CRM_FIRST},
    )
    base = {"name": "Ana", "phone": "1"}
    link = linked(base, member("crm", base, {"name": "Eva", "phone": "2"}), member("erp", base, {"name": "Ana"}))
    decision = decide(sides, link)
    assert writes(decision) == {"erp": {"name": "Eva"}}
    assert decision.link.members["erp"].shadow == base
    assert writes(decide(sides, decision.link)) == {"erp": {"name": "Eva"}}


def test_f11_a_clearing_flows_or_is_undone_as_the_spec_says() -> None:
    flows = decide(two(CRM_FIRST, empty="propagates"), edited(crm=""))
    assert (rows(flows), writes(flows)) == (["F2"], {"erp": {"name": ""}})
    ignored = decide(two(CRM_FIRST, empty="ignored"), edited(crm=""))
    assert (rows(ignored), writes(ignored), ignored.link.values) == (["F11"], {"crm": {"name": "Ana"}}, {"name": "Ana"})


def test_f11_only_when_present_lets_no_emptied_source_flow() -> None:
    sides = policy(
        mapped("crm", flow("name", when=When.PRESENT)), mapped("erp", flow("name")), rules={"name": CRM_FIRST}
    )
    assert decide(sides, edited(crm="")).link.values == {"name": "Ana"}
    assert decide(sides, edited(erp="")).actions == ()


def test_f12_what_a_system_cannot_hold_stops_that_system_only() -> None:
    def refuse(values: Mapping[str, Any], old: Any) -> dict[str, Any]:
        raise CodecError("text.too-long", "at most 2 characters", "text of 3 characters")

    sides = policy(
        mapped("crm", flow("name")),
        mapped("erp", flow("name", exact=False), write=refuse),
        mapped("shop", flow("name")),
        rules={"name": CRM_FIRST},
    )
    base = {"name": "Ana"}
    link = linked(base, member("crm", base, {"name": "Eva"}), member("erp", base), member("shop", base))
    decision = decide(sides, link)
    assert kinds(decision) == [(ActionKind.HOLD, "erp"), (ActionKind.UPDATE, "shop")]
    assert "at most 2 characters" in decision.actions[0].reason


def test_a_rendering_the_system_chose_itself_is_not_sent_for_ever() -> None:
    stored = member("erp", {"name": "Ana Mar"}, renders={"name": "Ana Maria"})
    link = linked({"name": "Ana Maria"}, member("crm", {"name": "Ana Maria"}), stored)
    assert decide(two(CRM_FIRST), link).actions == ()
    assert writes(decide(two(CRM_FIRST), replace(link, values={"name": "Eva"})))["erp"] == {"name": "Eva"}


def test_a_rendering_is_forgotten_with_the_edit_that_replaces_it() -> None:
    stored = member("erp", {"name": "Ana Mar"}, {"name": "Eva"}, renders={"name": "Ana Maria"})
    decision = decide(two(CRM_FIRST), linked({"name": "Ana Maria"}, member("crm", {"name": "Ana Maria"}), stored))
    assert (decision.link.values, decision.link.members["erp"].renders) == ({"name": "Eva"}, {})


def test_fields_decided_together_come_from_one_system() -> None:
    sides = policy(
        mapped("crm", flow("first"), flow("last")),
        mapped("erp", flow("first"), flow("last")),
        rules=dict.fromkeys(("first", "last"), CRM_FIRST),
        together=(("first", "last"),),
    )
    base = {"first": "Ana", "last": "Paz"}
    link = linked(
        base, member("crm", base, {"first": "Eva", "last": "Paz"}), member("erp", base, {"first": "Ana", "last": "Rey"})
    )
    decision = decide(sides, link)
    assert decision.link.values == {"first": "Eva", "last": "Paz"}
    assert (writes(decision), lost(decision)) == ({"erp": {"first": "Eva", "last": "Paz"}}, [("erp", "Rey")])


@pytest.mark.parametrize(
    ("when", "shown", "written"),
    [(When.ON_CREATE, "x", {}), (When.INTO_EMPTY, "x", {}), (When.INTO_EMPTY, None, {"erp": {"name": "Ana"}})],
)
def test_conditions_on_writing(when: When, shown: str | None, written: dict[str, Any]) -> None:
    sides = policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT, when)))
    link = linked({"name": "Ana"}, member("crm", {"name": "Ana"}), member("erp", {"name": shown}))
    assert writes(decide(sides, link)) == written
    (create,) = decide(sides, linked({"name": "Ana"}, member("crm", {"name": "Ana"}))).actions
    assert create.fields == {"name": (ABSENT, "Ana")}


def test_what_is_only_written_into_empty_may_be_edited_there() -> None:
    sides = policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT, When.INTO_EMPTY)))
    decision = decide(sides, edited(erp="Eva"))
    assert (decision.actions, lost(decision)) == ((), [])
    assert decision.changes[0].rule.endswith("not written back")


def test_a_system_that_may_not_be_updated_is_not() -> None:
    never = two(CRM_FIRST, updates={"erp": Updating(allowed=False)})
    assert decide(never, edited(crm="Eva")).actions == ()
    adults = two(CRM_FIRST, updates={"erp": Updating(allowed=True, when=lambda values: values["name"] != "Eva")})
    assert decide(adults, edited(crm="Eva")).actions == ()
    assert writes(decide(adults, edited(crm="Zoe"))) == {"erp": {"name": "Zoe"}}


# -- a first merge -----------------------------------------------------------------------------------------------------


def test_m0_what_is_equal_is_agreed_and_a_value_fills_a_blank() -> None:
    sides = policy(
        mapped("crm", flow("name"), flow("phone")),
        mapped("erp", flow("name"), flow("phone")),
        rules={"name": Ask(), "phone": Ask()},
    )
    link = linked({}, newcomer("crm", name="Ana", phone=None), newcomer("erp", name="Ana", phone="1"), fresh=True)
    decision = decide(sides, link)
    assert (decision.link.values, decision.conflicts) == ({"name": "Ana", "phone": "1"}, ())
    assert writes(decision) == {"crm": {"phone": "1"}}
    assert not any(each.first_merge or each.seen is not None for each in decision.link.members.values())


def test_m0_an_owner_that_is_blank_clears_only_where_clearing_propagates() -> None:
    link = linked({}, newcomer("crm", name="Ana"), newcomer("erp", name=None), fresh=True)
    cleared = decide(two(Owned(by="erp")), link)
    assert (writes(cleared), lost(cleared)) == ({"crm": {"name": None}}, [("crm", "Ana")])
    assert writes(decide(two(Owned(by="erp"), empty="ignored"), link)) == {"erp": {"name": "Ana"}}


def test_m0_times_decide_nothing_between_records_that_were_never_in_step() -> None:
    newer = replace(newcomer("erp", name="Eva"), updated_at=datetime(2030, 1, 1, tzinfo=UTC))
    older = replace(newcomer("crm", name="Ana"), updated_at=datetime(2020, 1, 1, tzinfo=UTC))
    decision = decide(two(Newest(otherwise=("crm",))), linked({}, older, newer, fresh=True))
    assert (rows(decision), writes(decision), lost(decision)) == (["M0"], {"erp": {"name": "Ana"}}, [("erp", "Eva")])


def test_m0_a_record_that_joins_a_link_is_weighed_against_what_was_agreed() -> None:
    link = linked({"name": "Ana"}, member("crm", {"name": "Ana"}), newcomer("erp", name="Eva"))
    first = decide(two(CRM_FIRST), link)
    assert (writes(first), lost(first)) == ({"erp": {"name": "Ana"}}, [("erp", "Eva")])
    other = decide(two(Prefers(order=("erp", "crm"))), link)
    assert (writes(other), lost(other)) == ({"crm": {"name": "Eva"}}, [("crm", "Ana")])
    asked = decide(two(Ask()), link)
    assert (asked.actions, asked.conflicts[0].candidates) == ((), {"crm": "Ana", "erp": "Eva"})


def test_m0_the_shadow_of_a_first_merge_is_no_base() -> None:
    link = linked({}, newcomer("crm", name="Ana"), member("erp", {"name": "Eva"}, first_merge=True), fresh=True)
    decision = decide(two(CRM_FIRST), link)
    assert (writes(decision), lost(decision)) == ({"erp": {"name": "Ana"}}, [("erp", "Eva")])


def test_m0_a_held_field_is_left_out_of_a_create() -> None:
    sides = policy(
        mapped("crm", flow("name"), flow("phone")),
        mapped("erp", flow("name"), flow("phone")),
        mapped("shop", flow("name"), flow("phone")),
        rules={"name": CRM_FIRST, "phone": Ask()},
    )
    base = {"name": "Ana", "phone": "1"}
    link = linked(base, member("crm", base, {**base, "phone": "2"}), member("erp", base, {**base, "phone": "3"}))
    assert writes(decide(sides, link)) == {"shop": {"name": "Ana"}}


def test_m0_a_field_that_nobody_fills_is_never_written() -> None:
    sides = policy(
        mapped("crm", flow("name")), mapped("erp", flow("name"), flow("note", OUT)), rules={"name": CRM_FIRST}
    )
    link = linked({}, newcomer("crm", name="Ana"), newcomer("erp", name="Ana", note="x"), fresh=True)
    decision = decide(sides, link)
    assert (decision.actions, lost(decision)) == ((), [])
    assert decide(sides, decision.link).actions == ()


def test_a_birth_is_a_create_with_every_field_and_the_defaults() -> None:
    sides = policy(
        mapped("crm", flow("name")), mapped("erp", flow("name"), flow("kind", OUT)), defaults={"kind": "lead"}
    )
    decision = decide(sides, linked({}, newcomer("crm", name="Ana"), fresh=True))
    (action,) = decision.actions
    assert (action.kind, action.system, action.remote_id) == (ActionKind.CREATE, "erp", None)
    assert action.fields == {"name": (ABSENT, "Ana"), "kind": (ABSENT, "lead")}
    assert decision.link.members["crm"].shadow == {"name": "Ana"}
    assert (action.reason, action.line) == ("create in erp", 3)


def test_records_are_born_where_the_spec_allows() -> None:
    link = linked({}, newcomer("crm", name="Ana"), fresh=True)
    assert decide(two(CRM_FIRST, creates={"erp": Creation(allowed=False)}), link).actions == ()
    customers = two(CRM_FIRST, creates={"erp": Creation(allowed=True, when=lambda v: v["name"] != "Ana", line=8)})
    assert decide(customers, link).actions == ()
    (create,) = decide(customers, linked({}, newcomer("crm", name="Eva"), fresh=True)).actions
    assert (create.reason, create.line) == ("create in erp when …", 8)
    assert decide(two(CRM_FIRST), link, barred={"erp"}).actions == ()


def test_a_record_without_a_required_value_is_held_and_not_sent() -> None:
    sides = policy(mapped("crm", flow("name")), mapped("erp", flow("name")), required=frozenset({"name"}))
    (held,) = decide(sides, linked({}, newcomer("crm", name=None), fresh=True)).actions
    assert (held.kind, held.reason) == (ActionKind.HOLD, "create in erp: name is required and empty")


def test_maps_apply_to_the_records_they_are_for() -> None:
    companies = mapped("erp", flow("name", OUT), applies=lambda values: values["name"] != "Ana")
    sides = policy(mapped("crm", flow("name")), companies)
    assert decide(sides, linked({}, newcomer("crm", name="Ana"), fresh=True)).actions == ()
    eva = {"name": "Eva"}
    leaving = linked(eva, member("crm", eva, {"name": "Ana"}), member("erp", eva))
    assert kinds(decide(sides, leaving)) == [(ActionKind.UNLINK, "erp")]
    told = decide(sides, leaving).link
    assert decide(sides, told).actions == (), "told once"
    archiving = prepare(
        replace(sides.sync, out_of_scope="archive"), sides.entity, {s: x.map for s, x in sides.sides.items()}
    )
    assert kinds(decide(archiving, leaving)) == [(ActionKind.ARCHIVE, "erp")]


# -- owners by condition -----------------------------------------------------------------------------------------------


def outcome(decision: Any) -> tuple[Any, ...]:
    shown = {name: (member.shadow, member.seen) for name, member in decision.link.members.items()}
    losers = [(one.field, one.system, one.value) for one in decision.losers]
    held = [(one.field, dict(one.candidates)) for one in decision.conflicts]
    return decision.link.values, shown, rows(decision), losers, held, writes(decision)


@pytest.mark.parametrize("chosen", ["crm", "erp", None])
@pytest.mark.parametrize("drift", list(Drift))
@pytest.mark.parametrize(("crm", "erp"), [("Ana", "Eva"), ("Eva", "Ana"), ("Eva", "Zoe"), ("Eva", "Eva"), ("", "Zoe")])
def test_the_rule_of_the_case_that_holds_decides_as_if_it_stood_alone(
    chosen: str | None, drift: Drift, crm: str, erp: str
) -> None:
    owners = {system: Owned(by=system, drift=drift, line=8) for system in ("crm", "erp")}
    asked: list[Any] = []

    def when(system: str) -> Any:
        return lambda values: asked.append(dict(values)) or system == chosen

    cases = tuple(Case(when=when(system), rule=rule) for system, rule in owners.items())
    by_case = two(Cases(cases=cases, otherwise=CRM_FIRST, line=8))
    alone = two(owners[chosen] if chosen is not None else CRM_FIRST)
    link = edited(crm=crm, erp=erp)
    assert outcome(decide(by_case, link)) == outcome(decide(alone, link))
    assert all(values == {"name": "Ana"} for values in asked)


def test_a_condition_sees_what_is_agreed_on_the_field_it_asks_about() -> None:
    owner = Cases(
        cases=(Case(when=lambda values: values["kind"] == "b", rule=Owned(by="erp", line=8)),), otherwise=CRM_FIRST
    )
    sides = policy(
        mapped("crm", flow("name"), flow("kind")),
        mapped("erp", flow("name"), flow("kind", OUT)),
        rules={"name": owner},
    )
    base = {"name": "Ana", "kind": "a"}
    link = linked(
        base, member("crm", base, {"name": "Eva", "kind": "b"}), member("erp", base, {"name": "Zoe", "kind": "a"})
    )
    decision = decide(sides, link)
    assert decision.link.values == {"name": "Zoe", "kind": "b"}
    assert lost(decision) == [("crm", "Eva")]
