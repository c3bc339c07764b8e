"""Nested collections: what each side changed of which element, and what the changes of several sides make of it."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from syncline_runtime.aligning import Changes, changes, combined, contested, holds, picked_changes, still_shown
from syncline_runtime.codecs.elements import Elements
from syncline_runtime.deciding import decide
from syncline_runtime.declaration import Ask, Collection, Entity, Newest, Picked, Prefers, Rule, Sync
from syncline_runtime.policy import Policy, prepare
from syncline_runtime.records import Conflict, Decision, FieldChange, Link, Loser
from syncline_runtime.values import ABSENT
from tests.runtime.people import flow, linked, lost, mapped, member, newcomer, rows, writes

HEARS = frozenset({"sku", "qty", "note"})
BASE = ({"sku": "a", "qty": 1}, {"sku": "b", "qty": 2})


def line(sku: str, qty: int, **more: Any) -> dict[str, Any]:
    return {"sku": sku, "qty": qty, **more}


def made(*shown: Mapping[str, Any], base: Any = BASE, hears: frozenset[str] = HEARS) -> Changes:
    return changes(base, shown, "sku", hears)


ADDED = made(*BASE, line("c", 3))
DROPPED = made(line("a", 1))
EDITED = made(line("a", 1), line("b", 9))
(GONE,) = DROPPED.values()


def test_changes_are_cells_by_key_and_field() -> None:
    assert made(*BASE) == {}
    assert made(*reversed(BASE)) == {}, "the place of an element is nobody's edit"
    assert ADDED == {("c", ""): None, ("c", "sku"): "c", ("c", "qty"): 3}
    assert DROPPED == {("b", ""): GONE}
    assert EDITED == {("b", "qty"): 9}
    assert made(line("a", 1, note="x"), BASE[1]) == {("a", "note"): "x"}
    assert made({"sku": "a"}, BASE[1]) == {}, "a field that is not shown is not changed"


def test_only_what_a_side_has_a_say_in_counts() -> None:
    assert made(line("a", 7), BASE[1], hears=frozenset({"sku", "note"})) == {}
    new = made(*BASE, line("c", 3), hears=frozenset({"sku"}))
    assert new == {("c", ""): None, ("c", "sku"): "c"}


@pytest.mark.parametrize("base", [ABSENT, None, ()])
def test_without_a_base_all_that_is_shown_is_new(base: Any) -> None:
    assert made(line("a", 1), base=base) == {("a", ""): None, ("a", "sku"): "a", ("a", "qty"): 1}
    assert changes(BASE, ABSENT, "sku", HEARS) == {("a", ""): GONE, ("b", ""): GONE}


@pytest.mark.parametrize(
    ("sides", "several"),
    [
        ((), False),
        ((EDITED,), False),
        ((ADDED, DROPPED), False),
        ((EDITED, EDITED), False),
        ((EDITED, made(line("a", 1), line("b", 8))), True),
        ((EDITED, made(line("a", 5), BASE[1])), False),
        ((DROPPED, EDITED), True),
        ((EDITED, DROPPED), True),
        ((DROPPED, DROPPED), False),
        ((DROPPED, made(line("a", 7), BASE[1])), False),
        ((ADDED, made(*BASE, line("c", 3))), False),
        ((ADDED, made(*BASE, line("c", 4))), True),
        ((ADDED, EDITED, made(line("a", 1), line("b", 8))), True),
    ],
)
def test_two_sides_are_at_odds_over_one_cell_or_over_an_element(sides: tuple[Changes, ...], several: bool) -> None:
    assert contested(sides) is several


@pytest.mark.parametrize(
    ("sides", "result"),
    [
        ((), BASE),
        ((ADDED,), (*BASE, line("c", 3))),
        ((DROPPED,), BASE[:1]),
        ((EDITED, ADDED), (line("a", 1), line("b", 9), line("c", 3))),
        ((EDITED, made(line("a", 1), line("b", 8))), (line("a", 1), line("b", 9))),
        ((made(line("a", 1), line("b", 8)), EDITED), (line("a", 1), line("b", 8))),
        ((EDITED, made(line("a", 1), line("b", 2, note="x"))), (line("a", 1), line("b", 9, note="x"))),
        ((DROPPED, EDITED), BASE[:1]),
        ((EDITED, DROPPED), (line("a", 1), line("b", 9))),
        ((DROPPED, ADDED, EDITED), (line("a", 1), line("c", 3))),
        ((made(*BASE, {"sku": "c"}, hears=frozenset()),), (*BASE, {"sku": "c"})),
        ((made(line("a", 1), line("b", 8), base=(BASE[0],)), EDITED), (line("a", 1), line("b", 8))),
    ],
)
def test_the_changes_of_several_sides_are_combined_the_first_winning(
    sides: tuple[Changes, ...], result: Elements
) -> None:
    assert combined(BASE, sides, "sku") == result
    assert (line("a", 1), line("b", 2)) == BASE, "what was agreed is not written into"


def test_an_element_that_is_agreed_on_no_more_comes_back_with_an_edit_and_is_removed_once() -> None:
    """What a side changed is told from its own base, which may be older than what is agreed."""
    assert combined(BASE[:1], (EDITED,), "sku") == (line("a", 1), {"sku": "b", "qty": 9})
    assert combined(BASE[:1], (DROPPED,), "sku") == BASE[:1]


def test_an_edit_of_an_element_that_is_agreed_on_no_more_brings_what_a_side_shows_of_it() -> None:
    shown = (line("a", 1), line("b", 9, note="x"))
    edited = made(*shown, base=(line("a", 1), line("b", 2, note="x")))
    rest = still_shown((edited,), BASE[:1], shown, "sku", lambda element: HEARS)
    assert combined(BASE[:1], (edited, rest), "sku") == shown
    heard = still_shown((edited,), BASE[:1], shown, "sku", lambda element: {"sku", "qty"})
    assert combined(BASE[:1], (edited, heard), "sku") == (line("a", 1), line("b", 9))
    assert still_shown((edited,), BASE, shown, "sku", lambda element: HEARS) == {}
    assert still_shown((DROPPED,), (), shown, "sku", lambda element: HEARS) == {}


def test_combined_elements_stand_in_the_order_of_their_keys() -> None:
    assert combined(ABSENT, (made(line("b", 2), line("a", 1), base=()),), "sku") == BASE


@pytest.mark.parametrize(
    ("elements", "side", "held"),
    [
        (BASE, EDITED, False),
        ((line("a", 1), line("b", 9)), EDITED, True),
        ((line("b", 9),), EDITED, True),
        ((line("a", 1),), EDITED, False),
        (({"sku": "b"},), EDITED, False),
        (BASE, DROPPED, False),
        ((line("a", 7),), DROPPED, True),
        ((line("c", 3),), ADDED, True),
        ((line("c", 4),), ADDED, False),
        (BASE, ADDED, False),
        (BASE, made(*BASE, {"sku": "c"}, hears=frozenset()), False),
        (({"sku": "c"},), made(*BASE, {"sku": "c"}, hears=frozenset()), True),
        (BASE, {}, True),
        (ABSENT, EDITED, False),
        (ABSENT, DROPPED, True),
    ],
)
def test_a_side_is_held_where_all_that_it_changed_is_there(elements: Any, side: Changes, held: bool) -> None:
    assert holds(elements, side, "sku") is held


# -- in a decision -----------------------------------------------------------------------------------------------------


def orders(rule: Rule | None = None, picked: Picked | None = None, **clauses: Any) -> Policy:
    """`lines`, told apart by their sku, between crm and erp; the erp has no say in their quantity. The crm shows only what is
    `picked`, if that is given."""
    entity = Entity(
        name="Person",
        shape=dict,
        fields=("lines",),
        kinds={"lines": "elements"},
        collections={"lines": Collection(shape=dict, key="sku")},
    )
    hears = {"crm": ("sku", "qty", "note"), "erp": ("sku", "note")}
    maps = {system: mapped(system, replace(flow("lines", exact=False), hears=heard)) for system, heard in hears.items()}
    if picked is not None:
        maps["crm"] = mapped("crm", replace(flow("lines", exact=False), picked=picked))
    rules = {} if rule is None else {"lines": rule}
    sync = Sync(entity="Person", systems=("crm", "erp"), rules=rules, line=3, **clauses)
    return prepare(sync, entity, maps)


def ordered(crm: Elements, erp: Elements, times: tuple[int, int] = (0, 0)) -> Link:
    members = [
        member(
            system,
            {"lines": BASE},
            None if shown == BASE else {"lines": shown},
            updated_at=datetime.fromtimestamp(time, UTC),
        )
        for (system, shown), time in zip({"crm": crm, "erp": erp}.items(), times, strict=True)
    ]
    return linked({"lines": BASE}, *members)


def agreed(decision: Decision) -> Any:
    return decision.link.values["lines"]


CRM_FIRST = Prefers(order=("crm", "erp"), line=11)
NOTED, RENOTED = (BASE[0], line("b", 2, note="x")), (BASE[0], line("b", 2, note="y"))


def test_one_side_s_edit_of_an_element_is_an_edit() -> None:
    decision = decide(orders(CRM_FIRST), ordered((line("a", 5), BASE[1]), BASE))
    after = (line("a", 5), BASE[1])
    rule = "lines prefers crm then erp"
    assert decision.changes == (
        FieldChange(field="lines", before=BASE, after=after, row="F2", origin="crm", rule=rule, line=11),
    )
    assert (writes(decision), decision.losers) == ({"erp": {"lines": after}}, ())


def test_edits_of_different_elements_and_fields_meet_without_a_loser() -> None:
    for rule in (CRM_FIRST, Ask(line=13), Newest(otherwise=("crm",))):
        decision = decide(orders(rule), ordered((line("a", 5), BASE[1]), NOTED))
        assert agreed(decision) == (line("a", 5), line("b", 2, note="x")), rule
        assert [(one.row, one.origin) for one in decision.changes] == [("F2", None)]
        assert (decision.losers, decision.conflicts) == ((), ())


def test_elements_that_are_decided_with_another_field_are_taken_whole() -> None:
    fields = ("lines", "total")
    entity = Entity(
        name="Person",
        shape=dict,
        fields=fields,
        kinds={"lines": "elements", "total": "integer"},
        collections={"lines": Collection(shape=dict, key="sku")},
    )
    maps = {one: mapped(one, flow("lines", exact=False), flow("total")) for one in ("crm", "erp")}
    rules = dict.fromkeys(fields, CRM_FIRST)
    both = prepare(Sync(entity="Person", systems=("crm", "erp"), rules=rules, together=(fields,), line=3), entity, maps)
    base, mine = {"lines": BASE, "total": 3}, {"lines": (line("a", 5), BASE[1]), "total": 7}
    decision = decide(both, linked(base, member("crm", base, mine), member("erp", base, {"lines": NOTED, "total": 3})))
    assert decision.link.values == mine
    assert [(one.field, one.value) for one in decision.losers] == [("lines", NOTED)]


def test_what_one_side_drops_is_gone_and_the_other_s_edit_stays() -> None:
    noted = (line("a", 1, note="x"), BASE[1])
    decision = decide(orders(CRM_FIRST), ordered(BASE[:1], noted))
    assert (agreed(decision), rows(decision)) == (noted[:1], ["F2"])
    assert decision.losers == ()


def test_a_field_without_a_say_is_no_edit_and_is_written_back() -> None:
    decision = decide(orders(CRM_FIRST), ordered(BASE, (line("a", 7), BASE[1])))
    assert (agreed(decision), writes(decision)) == (BASE, {"erp": {"lines": BASE}})


def test_where_both_edited_one_cell_the_rule_decides_and_the_other_is_told() -> None:
    decision = decide(orders(CRM_FIRST), ordered(NOTED, RENOTED))
    reason = "lines prefers crm then erp (F5)"
    assert (agreed(decision), rows(decision)) == (NOTED, ["F5"])
    assert decision.changes[0].origin is None
    assert decision.losers == (Loser(field="lines", system="erp", value=RENOTED, reason=reason, line=11),)
    turned = decide(orders(Prefers(order=("erp", "crm"))), ordered(NOTED, RENOTED))
    assert (agreed(turned), lost(turned)) == (RENOTED, [("crm", NOTED)])


@pytest.mark.parametrize(
    ("times", "row", "result"),
    [((10, 20), "F6", RENOTED), ((20, 10), "F6", NOTED), ((10, 11), "F7", NOTED), ((11, 10), "F7", NOTED)],
)
def test_of_two_edits_of_a_cell_the_clearly_newer_wins(times: tuple[int, int], row: str, result: Elements) -> None:
    newest = Newest(otherwise=("crm",), skew_seconds=5, line=12)
    decision = decide(orders(newest), ordered(NOTED, RENOTED, times))
    loser = "crm" if result is RENOTED else "erp"
    said = f"lines newest else crm ({row}{', tie' if row == 'F7' else ''})"
    assert (rows(decision), agreed(decision)) == ([row], result)
    assert [(one.system, one.reason) for one in decision.losers] == [(loser, said)]


def test_of_two_edits_of_a_cell_a_person_is_asked() -> None:
    decision = decide(orders(Ask(line=13)), ordered(NOTED, RENOTED))
    reason = "changed in several systems (F9, lines ask)"
    asked = Conflict(field="lines", candidates={"crm": NOTED, "erp": RENOTED}, reason=reason, line=13)
    assert decision == Decision(link=ordered(NOTED, RENOTED), conflicts=(asked,))


def test_an_element_that_one_side_dropped_before_comes_back_whole_where_the_other_edits_it() -> None:
    noted = (BASE[0], line("b", 2, note="x"))
    link = linked(
        {"lines": BASE[:1]},
        member("crm", {"lines": noted}, {"lines": (BASE[0], line("b", 9, note="x"))}),
        member("erp", {"lines": BASE[:1]}),
    )
    decision = decide(orders(CRM_FIRST), link)
    assert agreed(decision) == (BASE[0], line("b", 9, note="x"))
    assert writes(decision) == {"erp": {"lines": agreed(decision)}}


def test_an_element_that_comes_back_is_as_all_still_show_it() -> None:
    """The erp has no say in quantities: what comes back with its edit has the one that the crm still shows."""
    noted = (BASE[0], line("b", 2, note="x"))
    link = linked(
        {"lines": BASE[:1]},
        member("crm", {"lines": noted}),
        member("erp", {"lines": noted}, {"lines": (BASE[0], line("b", 2, note="y"))}),
    )
    decision = decide(orders(CRM_FIRST), link)
    assert agreed(decision) == (BASE[0], line("b", 2, note="y"))


def test_a_first_merge_joins_the_elements_of_both() -> None:
    link = linked({}, newcomer("crm", lines=NOTED[1:]), newcomer("erp", lines=BASE[:1]), fresh=True)
    decision = decide(orders(CRM_FIRST), link)
    assert agreed(decision) == ({"sku": "a"}, line("b", 2, note="x")), "of the erp's element, what it has a say in"
    assert [(one.row, one.origin) for one in decision.changes] == [("M0", None)]
    asked = decide(orders(Ask(line=13)), linked({}, newcomer("crm", lines=NOTED), newcomer("erp", lines=RENOTED)))
    assert asked.conflicts[0].reason == "differs where the records were linked (F9, lines ask)"


# -- single elements ---------------------------------------------------------------------------------------------------

PRICES = ({"sku": "a", "qty": 1, "note": "x"}, {"sku": "b", "qty": 2})


@pytest.mark.parametrize(
    ("shown", "clears", "found"),
    [
        (PRICES, True, {}),
        ((line("a", 5, note="x"),), True, {("a", "qty"): 5}),
        ((line("a", 1, note=None),), True, {("a", "note"): None}),
        ((line("a", 1, note=None),), False, {}),
        ((), True, {("a", ""): GONE}),
        ((), False, {}),
        ((line("a", 1, note="x"), line("c", 3)), True, {("c", ""): None, ("c", "qty"): 3, ("c", "note"): None}),
        ((line("a", 1, note="x"), line("c", 3)), False, {("c", ""): None, ("c", "qty"): 3, ("c", "note"): None}),
    ],
)
def test_a_side_that_shows_some_elements_alone_says_nothing_of_others(shown: Any, clears: bool, found: Changes) -> None:
    picked = Picked(fields={"a": ("qty", "note"), "c": ("qty", "note")}, needed=frozenset({"qty"}))
    assert picked_changes(PRICES, shown, "sku", picked, clears=clears) == found


def test_an_element_that_needs_nothing_is_emptied_and_stays() -> None:
    picked = Picked(fields={"a": ("qty",)})
    assert picked_changes(PRICES, (), "sku", picked, clears=True) == {("a", "qty"): None}


def shown_alone(crm: Elements, **clauses: Any) -> Decision:
    """What becomes of `lines`, of which the CRM shows the quantity of the element `a` alone, as `crm`."""
    picked = Picked(fields={"a": ("qty",)}, needed=frozenset({"qty"}))
    members = [member("crm", {"lines": ({"sku": "a", "qty": 1},)}, {"lines": crm}), member("erp", {"lines": BASE})]
    return decide(orders(CRM_FIRST, picked, **clauses), linked({"lines": BASE}, *members))


def test_an_edit_of_a_single_element_leaves_the_others() -> None:
    decision = shown_alone(({"sku": "a", "qty": 5},))
    assert (agreed(decision), rows(decision), lost(decision)) == ((line("a", 5), BASE[1]), ["F2"], [])


def test_a_single_element_that_is_emptied_is_gone_where_what_is_empty_counts() -> None:
    assert agreed(shown_alone(())) == (BASE[1],)
    assert agreed(shown_alone((), empty="ignored")) == BASE
