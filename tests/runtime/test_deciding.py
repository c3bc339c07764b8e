"""The rows of the decision tables, one example each, and the actions that follow."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.deciding import actions, decide, resolve, want
from syncline_runtime.declaration import (
    Ask,
    Creation,
    Deletion,
    Drift,
    Entity,
    FieldMap,
    Flow,
    Merged,
    Newest,
    OnDelete,
    Owned,
    Prefers,
    Rule,
    Sync,
    Updating,
    When,
)
from syncline_runtime.policy import Policy, prepare
from syncline_runtime.records import Action, ActionKind, Decision, Link, LinkStatus, Member, MemberState
from syncline_runtime.values import ABSENT

BOTH, IN, OUT = "<->", "<-", "->"


def flow(name: str, arrow: str = BOTH, when: When = When.ALWAYS, exact: bool = True) -> Flow:
    return Flow(
        field=name, native=(name,), contributes=arrow != OUT, writes=arrow != IN, when=when, exact=exact, line=7
    )


def mapped(system: str, *flows: Flow, **extra: Any) -> FieldMap:
    settings: dict[str, Any] = {
        "read": lambda native: {line.field: native.get(line.field, ABSENT) for line in flows},
        "write": lambda values, old: {
            line.field: values[line.field] for line in flows if line.writes and values[line.field] is not ABSENT
        },
    } | extra
    return FieldMap(entity="Person", system=system, resource="people", flows=flows, line=5, **settings)


def policy(
    *maps: FieldMap,
    rules: Mapping[str, Rule] | None = None,
    defaults: Mapping[str, Any] | None = None,
    required: frozenset[str] = frozenset(),
    **clauses: Any,
) -> Policy:
    names = tuple(dict.fromkeys(line.field for each in maps for line in each.flows if not line.field.startswith("=")))
    entity = Entity(
        name="Person",
        shape=dict,
        fields=names,
        kinds=dict.fromkeys(names, "text"),
        defaults=defaults or {},
        required=required,
    )
    sync = Sync(entity="Person", systems=tuple(each.system for each in maps), rules=rules or {}, line=3, **clauses)
    return prepare(sync, entity, {each.system: each for each in maps})


def two(rule: Rule | None = None, **clauses: Any) -> Policy:
    """`name` both ways between crm and erp."""
    return policy(
        mapped("crm", flow("name")), mapped("erp", flow("name")), rules={"name": rule} if rule else {}, **clauses
    )


def member(system: str, shadow: Mapping[str, Any], seen: Mapping[str, Any] | None = None, **extra: Any) -> Member:
    return Member(system=system, remote_id=f"{system}-1", shadow=shadow, seen=seen, **extra)


def linked(values: Mapping[str, Any], *members: Member, **extra: Any) -> Link:
    return Link(link_id=9, entity="Person", values=values, members={each.system: each for each in members}, **extra)


def edited(crm: str = "Ana", erp: str = "Ana", times: Mapping[str, int] | None = None) -> Link:
    """Agreed on `Ana`; each system shows what is given."""
    members = [
        member(
            system,
            {"name": "Ana"},
            {"name": shown} if shown != "Ana" else None,
            updated_at=datetime.fromtimestamp(times[system], UTC) if times and system in times else None,
        )
        for system, shown in (("crm", crm), ("erp", erp))
    ]
    return linked({"name": "Ana"}, *members)


def newcomer(system: str, **seen: Any) -> Member:
    return member(system, {}, seen, first_merge=True)


def writes(decision: Decision) -> dict[str, dict[str, Any]]:
    """What is wanted, by system and field."""
    return {action.system: {name: new for name, (_, new) in action.fields.items()} for action in decision.actions}


def rows(decision: Decision) -> list[str]:
    return [change.row for change in decision.changes]


def lost(decision: Decision) -> list[tuple[str, Any]]:
    return [(loser.system, loser.value) for loser in decision.losers]


def kinds(decision: Decision) -> list[tuple[ActionKind, str]]:
    return [(action.kind, action.system) for action in decision.actions]


CRM_FIRST = Prefers(order=("crm", "erp"), line=11)


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


# -- a record ----------------------------------------------------------------------------------------------------------


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
    assert lost(decide(on_delete(OnDelete.PROPAGATE), decision.link)) == []


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
