"""What deciding a field says, value for value: the agreed values, the new shadows, changes, losers, conflicts and drifts."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.deciding import decide
from syncline_runtime.declaration import Ask, Creation, Drift, Merged, Newest, Owned, Rule, When
from syncline_runtime.policy import Policy
from syncline_runtime.records import ActionKind, Conflict, Decision, Link, MemberState
from syncline_runtime.values import ABSENT
from tests.runtime.people import (
    ANA,
    CRM_FIRST,
    OUT,
    PREFERS,
    change,
    edited,
    flow,
    linked,
    loser,
    lost,
    mapped,
    member,
    newcomer,
    policy,
    rows,
    two,
    update,
    writes,
)


def three(rule: Rule, *seen: Any, base: Any = "Ana", **clauses: Any) -> Decision:
    """`name` in crm, erp and web, agreed on and shown as `base`, where each now shows what is given."""
    systems = ("crm", "erp", "web")
    sides = policy(*(mapped(system, flow("name")) for system in systems), rules={"name": rule}, **clauses)
    members = [
        member(system, {"name": base}, None if value == base else {"name": value})
        for system, value in zip(systems, seen, strict=True)
    ]
    return decide(sides, linked({"name": base}, *members))


# -- the rows ----------------------------------------------------------------------------------------------------------


def test_f5_tells_winner_loser_and_writes() -> None:
    assert decide(two(CRM_FIRST), edited("Eva", "Zoe")) == Decision(
        link=linked({"name": "Eva"}, member("crm", {"name": "Eva"}), member("erp", {"name": "Zoe"})),
        changes=(change("F5", "crm"),),
        losers=(loser("erp", "Zoe", f"{PREFERS} (F5)"),),
        actions=(update("erp", "Zoe", "Eva", f"F5 {PREFERS}", 11),),
    )


def test_f7_tells_the_tie() -> None:
    said = "name newest else crm"
    decision = decide(two(Newest(otherwise=("crm",), line=12)), edited("Eva", "Zoe", {"crm": 10, "erp": 12}))
    assert decision.changes == (change("F7", "crm", said, line=12),)
    assert decision.losers == (loser("erp", "Zoe", f"{said} (F7, tie)", 12),)


def test_f4_tells_that_the_owner_won() -> None:
    decision = decide(two(Owned(by="erp", line=13)), edited("Zoe", "Eva"))
    assert decision == Decision(
        link=linked({"name": "Eva"}, member("crm", {"name": "Zoe"}), member("erp", {"name": "Eva"})),
        changes=(change("F4", "erp", "name owned by erp", line=13),),
        losers=(loser("crm", "Zoe", "name owned by erp (F4)", 13),),
        actions=(update("crm", "Zoe", "Eva", "F4 name owned by erp", 13),),
    )
    agreeing = decide(two(Owned(by="erp", line=13)), edited("Eva", "Eva"))
    assert (rows(agreeing), lost(agreeing), agreeing.actions) == (["F2"], [], ())


def test_f3_tells_what_is_written_back() -> None:
    decision = decide(two(Owned(by="crm", line=13)), edited(erp="Eva"))
    drifted = change("F3", "erp", "name owned by crm: drift overwritten", before="Eva", after="Ana", line=13)
    assert decision == Decision(
        link=linked(ANA, member("crm", ANA), member("erp", {"name": "Eva"})),
        changes=(drifted,),
        losers=(loser("erp", "Eva", "name owned by crm (F3)", 13),),
        actions=(update("erp", "Eva", "Ana", "F3 name owned by crm: drift overwritten", 13),),
    )


def test_f3_that_is_not_written_back_is_told_as_it_stays() -> None:
    sides = policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT, When.INTO_EMPTY)))
    assert decide(sides, edited(erp="Eva")) == Decision(
        link=linked(ANA, member("crm", ANA), member("erp", {"name": "Eva"})),
        changes=(change("F3", "erp", "name only source: not written back", before="Eva", after="Eva", line=3),),
    )


@pytest.mark.parametrize("drift", [Drift.KEEP, Drift.REPORT])
def test_f3_that_stays_is_told_every_time_and_reported_if_the_spec_says_so(drift: Drift) -> None:
    said = f"drift {drift.value} (F3, name owned by crm, drift {drift.value})"
    rule = f"name owned by crm, drift {drift.value}: drift {drift.value}"
    conflict = Conflict(field="name", candidates={"crm": "Ana", "erp": "Eva"}, reason=said, line=13)
    decision = decide(two(Owned(by="crm", drift=drift, line=13)), edited(erp="Eva"))
    assert decision == Decision(
        link=edited(erp="Eva"),
        changes=(change("F3", "erp", rule, before="Eva", after="Eva", line=13),),
        conflicts=(conflict,) if drift is Drift.REPORT else (),
        drifts=(loser("erp", "Eva", said, 13),),
    )


def test_f3_reports_the_drift_of_several_systems_as_one_question() -> None:
    decision = three(Owned(by="crm", drift=Drift.REPORT, line=13), "Ana", "Eva", "Zoe")
    (conflict,) = decision.conflicts
    assert conflict.candidates == {"crm": "Ana", "erp": "Eva", "web": "Zoe"}
    assert list(conflict.candidates) == ["crm", "erp", "web"]
    assert [(one.system, one.value) for one in decision.drifts] == [("erp", "Eva"), ("web", "Zoe")]


def test_f3_that_stays_gives_way_to_a_write_that_was_pending() -> None:
    """Its system had not the agreed value before the edit: what is written there now is no drift."""
    link = linked({"name": "Zoe"}, member("crm", {"name": "Zoe"}), member("erp", ANA, {"name": "Eva"}))
    decision = decide(two(Owned(by="crm", drift=Drift.KEEP, line=13)), link)
    assert (writes(decision), lost(decision), decision.drifts) == ({"erp": {"name": "Zoe"}}, [("erp", "Eva")], ())


@pytest.mark.parametrize("drift", [Drift.KEEP, Drift.REPORT])
def test_f3_that_would_not_be_written_over_anyway_stays_as_the_spec_says(drift: Drift) -> None:
    """Its system never had the agreed null, which does not flow there; an edit of what it has is drift all the same."""
    sides = policy(
        mapped("crm", flow("name")),
        mapped("erp", flow("name", when=When.PRESENT)),
        rules={"name": Owned(by="crm", drift=drift, line=13)},
    )
    nothing = {"name": None}
    link = linked(nothing, member("crm", nothing), member("erp", ANA, {"name": "Eva"}))
    decision = decide(sides, link)
    said = f"drift {drift.value} (F3, name owned by crm, drift {drift.value})"
    assert (writes(decision), lost(decision)) == ({}, [])
    assert decision.drifts == (loser("erp", "Eva", said, 13),)
    assert [one.candidates for one in decision.conflicts] == [{"crm": None, "erp": "Eva"}] * (drift is Drift.REPORT)


def test_f9_tells_who_showed_what() -> None:
    decision = decide(two(Ask(line=13)), edited("Eva", "Zoe"))
    candidates = {"crm": "Eva", "erp": "Zoe"}
    reason = "changed in several systems (F9, name ask)"
    assert decision == Decision(
        link=edited("Eva", "Zoe"),
        conflicts=(Conflict(field="name", candidates=candidates, reason=reason, line=13),),
    )
    link = linked({}, newcomer("crm", name="Eva"), newcomer("erp", name="Zoe"), fresh=True)
    first = decide(two(Ask(line=13)), link)
    why = "differs where the records were linked (F9, name ask)"
    assert first.conflicts == (Conflict(field="name", candidates=candidates, reason=why, line=13),)


def test_f9_of_fields_together_asks_of_each() -> None:
    rules = dict.fromkeys(("first", "last"), Ask(line=13))
    sides = policy(
        *(mapped(system, flow("first"), flow("last")) for system in ("crm", "erp")),
        rules=rules,
        together=(("first", "last"),),
    )
    base = {"first": "Ana", "last": "Paz"}
    link = linked(
        base, member("crm", base, {"first": "Eva", "last": "Paz"}), member("erp", base, {"first": "Ana", "last": "Rey"})
    )
    reason = "changed in several systems (F9, first and last ask)"
    assert decide(sides, link).conflicts == (
        Conflict(field="first", candidates={"crm": "Eva", "erp": "Ana"}, reason=reason, line=13),
        Conflict(field="last", candidates={"crm": "Paz", "erp": "Rey"}, reason=reason, line=13),
    )
    assert decide(sides, link).actions == ()


def test_f11_tells_a_clearing_that_is_undone() -> None:
    decision = decide(two(CRM_FIRST, empty="ignored"), edited(erp=""))
    assert decision == Decision(
        link=linked(ANA, member("crm", ANA), member("erp", {"name": ""})),
        changes=(change("F11", "erp", f"{PREFERS}: drift overwritten", before="", after="Ana"),),
        losers=(loser("erp", "", f"{PREFERS} (F11)"),),
        actions=(update("erp", "", "Ana", f"F11 {PREFERS}: drift overwritten", 11),),
    )


def test_f11_beside_an_edit_is_no_row_of_its_own() -> None:
    decision = decide(two(CRM_FIRST, empty="ignored"), edited("", "Eva"))
    assert (rows(decision), lost(decision), writes(decision)) == (["F2"], [("crm", "")], {"crm": {"name": "Eva"}})


def test_f8_tells_whose_value_it_is_and_who_lost() -> None:
    decision = decide(two(Merged(by="max", line=14)), edited("Eva", "Zoe"))
    assert decision.changes == (change("F8", "erp", "name max", after="Zoe", line=14),)
    assert decision.losers == (loser("crm", "Eva", "name max (F8)", 14),)
    lower = decide(two(Merged(by="min", line=14)), edited("Eva", "Zoe"))
    assert (lower.changes, lost(lower)) == ((), [("crm", "Eva"), ("erp", "Zoe")])


def test_f8_counts_no_blank_and_asks_a_function_with_what_there_is() -> None:
    asked: list[tuple[Any, ...]] = []
    own = Merged(by="python", function=lambda values: asked.append(values) or "Xia", line=14)
    decision = three(own, "Eva", "", "Zoe")
    assert asked == [("Eva", "Zoe", "Ana")]
    assert decision.changes == (change("F8", None, "name python", after="Xia", line=14),)
    assert three(Merged(by="min"), "Eva", "", "Zoe").link.values == {"name": "Ana"}
    blanks = linked({}, newcomer("crm", name=""), newcomer("erp", name=None), fresh=True)
    (empty,) = decide(two(Merged(by="max")), blanks).changes
    assert (empty.after, empty.origin) == ("", "crm")
    with pytest.raises(ValueError, match=r"^name python: the spec names no merge function$"):
        three(Merged(by="python"), "Eva", "Zoe", "Ana")


def test_m0_folds_what_nobody_agreed_on_yet() -> None:
    link = linked({}, newcomer("crm", name="Eva"), newcomer("erp", name="Zoe"), fresh=True)
    decision = decide(two(Merged(by="max", line=14)), link)
    assert decision.changes == (change("M0", "erp", "name max", before=ABSENT, after="Zoe", line=14),)
    assert decision.losers == (loser("crm", "Eva", "name max (M0)", 14),)


SETS = {
    "one adds": (("abc", "ab"), "abc", "F2", "crm", []),
    "one removes": (("ab", "a"), "a", "F2", "erp", []),
    "both edit": (("abc", "b"), "bc", "F8", None, []),
    "removed and added": (("b", "abx"), "bx", "F8", None, []),
}


@pytest.mark.parametrize("case", SETS)
def test_f8_of_a_set_tells_who_made_it(case: str) -> None:
    seen, result, row, origin, losers = SETS[case]
    base = frozenset("ab")
    members = [
        member(system, {"name": base}, {"name": frozenset(now)} if frozenset(now) != base else None)
        for system, now in zip(("crm", "erp"), seen, strict=True)
    ]
    decision = decide(two(Merged(by="union", line=14)), linked({"name": base}, *members))
    told = change(row, origin, "name union", before=base, after=frozenset(result), line=14)
    assert (decision.changes, lost(decision)) == ((told,), losers)


def test_f8_of_a_set_whose_removal_is_undone_journals_the_set() -> None:
    """The CRM had not the element that it adds, the ERP drops it: adding wins, and the ERP's edit is told."""
    link = linked(
        {"name": frozenset("ab")},
        member("crm", {"name": frozenset("b")}, {"name": frozenset("abc")}),
        member("erp", {"name": frozenset("ab")}, {"name": frozenset("b")}),
    )
    decision = decide(two(Merged(by="union", line=14)), link)
    assert decision.link.values == {"name": frozenset("abc")}
    assert decision.losers == (loser("erp", frozenset("b"), "name union (F8)", 14),)


def test_m0_of_a_set_is_all_that_either_shows() -> None:
    link = linked(
        {}, newcomer("crm", name=frozenset("a")), newcomer("erp", name=frozenset("b"), x=1), newcomer("web"), fresh=True
    )
    sides = policy(
        *(mapped(system, flow("name")) for system in ("crm", "erp", "web")), rules={"name": Merged(by="union", line=14)}
    )
    decision = decide(sides, link)
    both = frozenset("ab")
    assert decision.changes == (change("M0", None, "name union", before=ABSENT, after=both, line=14),)
    assert decision.losers == ()
    joining = linked({"name": frozenset("a")}, member("crm", {"name": frozenset("a")}), newcomer("erp", name=None))
    cleared = decide(two(Merged(by="union", line=14)), joining)
    assert (cleared.link.values, cleared.changes) == ({"name": frozenset("a")}, ())


def test_f6_leaves_out_whoever_shows_what_the_newest_explains() -> None:
    """A rendering of the newest edit needs no distance in time from it; whoever tells no time has no newest one."""
    upper = mapped("erp", flow("name", exact=False), normalise=lambda native: {"name": native["name"].upper()})
    sides = policy(
        mapped("crm", flow("name")),
        upper,
        mapped("web", flow("name")),
        rules={"name": Newest(otherwise=("web",), skew_seconds=1)},
    )

    def at(second: int | None) -> datetime | None:
        return None if second is None else datetime.fromtimestamp(second, UTC)

    def decided(*times: int | None) -> tuple[list[str], Any]:
        shows = {"crm": ("Ana", "Eva"), "erp": ("ANA", "EVA"), "web": ("Ana", "Zoe")}
        members = [
            member(system, {"name": old}, {"name": new}, updated_at=at(time))
            for (system, (old, new)), time in zip(shows.items(), times, strict=True)
        ]
        decision = decide(sides, linked(ANA, *members))
        return rows(decision), decision.link.values["name"]

    assert decided(10, 10, 8) == (["F6"], "Eva")
    assert decided(10, None, 8) == (["F6"], "Eva")
    assert decided(10, 10, 9) == (["F7"], "Zoe")
    assert decided(10, 10, None) == (["F7"], "Zoe")
    assert decided(8, 8, 10) == (["F6"], "Zoe")


# -- slots, renderings, owners that are away ---------------------------------------------------------------------------


def slotted(seen: Mapping[str, Any], shadow: Mapping[str, Any] | None = None) -> Link:
    return linked(ANA, member("crm", ANA), member("erp", {"=short": "An"} if shadow is None else shadow, seen))


def test_f3_a_slot_that_was_edited_is_told_with_its_own_line() -> None:
    short = mapped(
        "erp",
        flow("=short", OUT, exact=False),
        read=lambda native: {"=short": native["short"]},
        write=lambda values, old: {"short": values["name"][:2]},
    )
    sides = policy(mapped("crm", flow("name")), short)
    decision = decide(sides, slotted({"=short": "X"}))
    assert decision.losers == (loser("erp", "X", "=short is computed (F3)", 7, field="=short"),)
    assert decision.link.members["erp"] == member("erp", {"=short": "X"})
    assert writes(decision) == {"erp": {"=short": "An"}}
    first = decide(sides, slotted({"=short": "X"}, {}))
    assert (first.losers, writes(first)) == ((), {"erp": {"=short": "An"}}), "nobody edited what had no base"
    new = newcomer("erp", **{"=short": None})
    joined = decide(sides, linked(ANA, member("crm", ANA), new))
    assert (joined.losers, joined.link.members["erp"].shadow) == ((), {"=short": None})


def test_what_explains_a_rendering_is_the_agreed_value_or_nothing() -> None:
    """A system that shortens shows a shortened value for two reasons: it has ours, or somebody typed it."""

    def short(values: Mapping[str, Any], old: Any) -> dict[str, Any]:
        if values["name"] is ABSENT:
            return {}
        if len(values["name"]) > 9:
            raise CodecError("text.too-long", "at most 9 characters", "a longer text")
        return {"name": values["name"][:3]}

    sides = policy(
        mapped("crm", flow("name")), mapped("erp", flow("name", exact=False), write=short), rules={"name": CRM_FIRST}
    )
    anabel = {"name": "Anabel"}
    ours = decide(sides, linked(anabel, member("crm", anabel), member("erp", {"name": "X"}, {"name": "Ana"})))
    assert ours == Decision(link=linked(anabel, member("crm", anabel), member("erp", ANA)))
    typed = decide(sides, linked(anabel, member("crm", anabel), member("erp", ANA, {"name": "Eva"})))
    assert (rows(typed), typed.link.values, writes(typed)) == (["F2"], {"name": "Eva"}, {"crm": {"name": "Eva"}})
    both = linked(anabel, member("crm", anabel, {"name": "Roberta"}), member("erp", ANA, {"name": "Rob"}))
    same = decide(sides, both)
    assert (rows(same), same.losers, same.link.values, same.actions) == (["F2"], (), {"name": "Roberta"}, ())
    long = linked(anabel, member("crm", anabel, {"name": "Maximiliana"}), member("erp", ANA, {"name": "Max"}))
    refused = decide(sides, long)
    assert (rows(refused), lost(refused)) == (["F5"], [("erp", "Max")])
    assert [one.kind for one in refused.actions] == [ActionKind.HOLD]


def test_an_owner_counts_while_it_is_in_the_link_and_has_a_say() -> None:
    owned = Owned(by="erp", line=13)
    edit = member("crm", ANA, {"name": "Eva"})
    for state, row in ((MemberState.MISSING, "F3"), (MemberState.OUT_OF_SCOPE, "F2"), (MemberState.RELEASED, "F2")):
        decision = decide(two(owned), linked(ANA, edit, member("erp", ANA, state=state)))
        assert rows(decision) == [row], state
    mute = policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT)), rules={"name": owned})
    assert rows(decide(mute, linked(ANA, edit, member("erp", ANA)))) == ["F2"]
    nameless = policy(mapped("crm", flow("name")), mapped("erp", flow("phone")), rules={"name": owned})
    assert rows(decide(nameless, linked(ANA, edit, member("erp", {})))) == ["F2"]


@pytest.mark.parametrize("state", [MemberState.LIVE, MemberState.MISSING])
def test_what_was_there_before_an_owner_ever_showed_a_field_is_kept_when_it_is_cleared(state: MemberState) -> None:
    owned = Owned(by="erp", line=13)
    link = linked({}, member("crm", {}, {"name": "Eva"}), member("erp", {}, state=state))
    first = decide(two(owned), link).link
    assert (first.values, first.members["crm"]) == ({"name": "Eva"}, member("crm", {"name": "Eva"}))
    cleared = decide(two(owned), linked(first.values, first.members["crm"], member("erp", {}, {"name": None})))
    assert (cleared.link.values, lost(cleared)) == ({"name": None}, [("crm", "Eva")])


def test_the_blank_of_an_owner_is_no_statement_where_clearing_is_ignored() -> None:
    owned = Owned(by="erp", line=13)
    empty = {"name": ""}
    link = linked(empty, member("crm", empty, {"name": "Eva"}), member("erp", empty))
    for setting in ("ignored", "propagates"):
        assert rows(decide(two(owned, empty=setting), link)) == ["F3"], setting
    joining = linked({}, newcomer("crm", name="Eva"), member("erp", {}), fresh=True)
    filled = decide(two(owned, empty="ignored"), joining)
    assert (filled.link.values, rows(filled)) == ({"name": "Eva"}, ["M0"])
    unshown = decide(two(owned), joining)
    assert (unshown.link.values, rows(unshown)) == ({"name": "Eva"}, ["M0"])


def test_a_name_that_is_agreed_without_a_rule_is_told_as_one_edit() -> None:
    """Every system that shows it is accounted for, and the first with a say in it is its origin."""
    sides = policy(
        mapped("shop", flow("name", OUT)),
        mapped("crm", flow("name")),
        mapped("erp", flow("name")),
        rules={"name": CRM_FIRST},
    )
    shown = {"name": "Eva"}
    link = linked(ANA, *(member(system, ANA, shown) for system in ("shop", "crm", "erp")))
    assert decide(sides, link) == Decision(
        link=linked(shown, *(member(system, shown) for system in ("shop", "crm", "erp"))),
        changes=(change("F2", "crm"),),
    )
    only = linked(ANA, member("shop", ANA, shown), member("crm", ANA), member("erp", ANA))
    assert rows(decide(sides, only)) == ["F3"]


def test_records_born_with_a_held_field_beside_them() -> None:
    sides: Policy = two(CRM_FIRST, creates={"erp": Creation(allowed=False)})
    decision = decide(sides, replace(linked({}, newcomer("crm", name="Ana")), fresh=True))
    assert decision == Decision(link=linked(ANA, member("crm", ANA)))


def test_fields_are_decided_and_told_in_the_order_of_the_entity() -> None:
    names = ("zone", "name", "city")
    sides = policy(
        *(mapped(system, *map(flow, names)) for system in ("crm", "erp")), rules=dict.fromkeys(names, CRM_FIRST)
    )
    base, edit = dict.fromkeys(names, "a"), dict.fromkeys(reversed(names), "b")
    decision = decide(sides, linked(base, member("crm", base, edit), member("erp", base)))
    assert [one.field for one in decision.changes] == list(names)


def test_what_a_system_cannot_show_at_all_explains_nothing() -> None:
    def refuse(values: Mapping[str, Any], old: Any) -> dict[str, Any]:
        raise CodecError("text.too-long", "at most 2 characters", "text of 3 characters")

    sides = policy(
        mapped("crm", flow("name")),
        mapped("erp", flow("name", exact=False), write=refuse),
        rules={"name": CRM_FIRST},
    )
    decision = decide(sides, edited("Zoe", "Eva"))
    assert (rows(decision), lost(decision)) == (["F5"], [("erp", "Eva")])
    for shown in (None, ""):
        cleared = linked(ANA, member("crm", ANA, {"name": "Zoe"}), member("erp", ANA, {"name": shown}))
        assert lost(decide(sides, cleared)) == [("erp", shown)]


def test_a_value_that_cannot_be_written_there_does_not_explain_a_null() -> None:
    def short(values: Mapping[str, Any], old: Any) -> dict[str, Any]:
        if values["name"] is not ABSENT and len(values["name"]) > 3:
            raise CodecError("text.too-long", "at most 3 characters", "a longer text")
        return {} if values["name"] is ABSENT else {"name": values["name"]}

    sides = policy(
        mapped("crm", flow("name")), mapped("erp", flow("name", exact=False), write=short), rules={"name": CRM_FIRST}
    )
    link = linked(ANA, member("crm", ANA, {"name": "Roberta"}), member("erp", ANA, {"name": None}))
    decision = decide(sides, link)
    assert (rows(decision), lost(decision)) == (["F5"], [("erp", None)])


def test_what_does_not_take_part_is_left_as_it_is() -> None:
    away = replace(newcomer("erp", name="Eva"), state=MemberState.MISSING)
    decision = decide(two(CRM_FIRST), linked(ANA, member("crm", ANA, {"name": "Zoe"}), away))
    assert decision.link == linked({"name": "Zoe"}, member("crm", {"name": "Zoe"}), away)
    nobody = replace(linked({}, replace(newcomer("crm", name="Ana"), state=MemberState.MISSING)), fresh=True)
    assert decide(two(CRM_FIRST), nobody) == Decision(link=replace(nobody, fresh=False))
