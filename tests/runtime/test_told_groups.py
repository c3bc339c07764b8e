"""Fields decided together, and sets that agree: what is told of one field whatever the field before it says."""

from typing import Any

from syncline_runtime.deciding import decide
from syncline_runtime.declaration import Drift, Merged, Owned, Rule, When
from syncline_runtime.policy import Policy
from syncline_runtime.records import FieldChange, Link
from syncline_runtime.values import ABSENT
from tests.runtime.people import CRM_FIRST, flow, linked, mapped, member, newcomer, policy, rows, two, writes

BASE = {"first": "Ana", "last": "Paz"}
REY, GIL = {**BASE, "last": "Rey"}, {**BASE, "last": "Gil"}


def names(rule: Rule, when: When = When.ALWAYS, **clauses: Any) -> Policy:
    """`first` and `last` decided as one; the erp's are written under a condition."""
    return policy(
        mapped("crm", flow("first"), flow("last")),
        mapped("erp", flow("first", when=when), flow("last", when=when)),
        rules=dict.fromkeys(("first", "last"), rule),
        together=(("first", "last"),),
        **clauses,
    )


def people(crm: dict[str, str] = BASE, erp: dict[str, str] = BASE) -> Link:
    shown = {"crm": crm, "erp": erp}
    return linked(BASE, *(member(system, BASE, None if values == BASE else values) for system, values in shown.items()))


def test_the_second_of_two_fields_is_told_though_the_first_did_not_move() -> None:
    decision = decide(names(CRM_FIRST), people(REY, GIL))
    assert [(one.field, one.after, one.row) for one in decision.changes] == [("last", "Rey", "F5")]
    assert [(one.field, one.system, one.value) for one in decision.losers] == [("last", "erp", "Gil")]
    assert writes(decision) == {"erp": {"last": "Rey"}}


def test_an_edit_of_the_second_without_a_say_is_told_and_written_back() -> None:
    decision = decide(names(Owned(by="crm", line=13)), people(erp=GIL))
    told = [(one.field, one.before, one.after, one.row) for one in decision.changes]
    assert told == [("last", "Gil", "Paz", "F3")]
    assert [(one.field, one.value) for one in decision.losers] == [("last", "Gil")]
    assert writes(decision) == {"erp": {"last": "Paz"}}


def test_an_edit_of_the_second_that_stays_is_told_of_that_field_alone() -> None:
    decision = decide(names(Owned(by="crm", drift=Drift.REPORT, line=13)), people(erp=GIL))
    assert [(one.field, one.value) for one in decision.drifts] == [("last", "Gil")]
    assert [(one.field, one.candidates) for one in decision.conflicts] == [("last", {"crm": "Paz", "erp": "Gil"})]
    assert (rows(decision), decision.actions) == (["F3"], ())


def test_what_is_written_only_when_present_is_written_back_where_there_is_a_value() -> None:
    decision = decide(names(Owned(by="crm", line=13), When.PRESENT), people(erp=GIL))
    assert decision.changes[0].rule == "first and last owned by crm: drift overwritten"
    assert writes(decision) == {"erp": {"last": "Paz"}}


def test_a_newcomer_shows_one_of_two_fields_as_agreed_and_loses_the_other() -> None:
    decision = decide(names(CRM_FIRST), linked(BASE, member("crm", BASE), newcomer("erp", **GIL)))
    assert [(one.field, one.system, one.value) for one in decision.losers] == [("last", "erp", "Gil")]
    assert (decision.link.values, writes(decision)) == (BASE, {"erp": {"last": "Paz"}})


def test_two_systems_that_add_the_same_element_take_none_away() -> None:
    """Their bases lack an element that is agreed, and not yet written there: nobody removed it."""
    old, new = {"name": frozenset("b")}, {"name": frozenset("bx")}
    link = linked({"name": frozenset("ab")}, member("crm", old, new), member("erp", old, new))
    assert decide(two(Merged(by="union", line=14)), link).link.values == {"name": frozenset("abx")}


def test_the_field_that_did_not_move_keeps_what_was_sent_where_its_system_stores_something_else() -> None:
    """The crm cuts first names without saying so; an edit of the last name beside it says nothing of the first."""
    shows = {"first": "An", "last": "Paz"}
    cut = member("crm", shows, {**shows, "last": "Rey"}, renders={"first": "Ana"})
    decision = decide(names(CRM_FIRST), linked(BASE, cut, member("erp", BASE)))
    assert (decision.link.values, writes(decision)) == (REY, {"erp": {"last": "Rey"}})


def test_the_field_that_did_not_move_is_that_of_its_system_though_another_was_agreed_since() -> None:
    """Fields together are never mixed: the crm's `Ana Rey` is one name, and what the erp said before is another."""
    since = {"first": "Eva", "last": "Paz"}
    decision = decide(names(CRM_FIRST), linked(since, member("crm", BASE, REY), member("erp", since)))
    assert (decision.link.values, writes(decision)) == (REY, {"erp": REY})


def test_the_field_that_did_not_move_is_not_taken_for_less_than_was_agreed() -> None:
    """The crm holds the first two characters of a first name, by its map."""
    cuts = mapped(
        "crm",
        flow("first", exact=False),
        flow("last"),
        write=lambda values, old: {"first": values["first"][:2], "last": values["last"]},
    )
    sides = policy(
        cuts,
        mapped("erp", flow("first"), flow("last")),
        rules=dict.fromkeys(("first", "last"), CRM_FIRST),
        together=(("first", "last"),),
    )
    shows = {"first": "An", "last": "Paz"}
    crm = member("crm", shows, {**shows, "last": "Rey"})
    assert decide(sides, linked(BASE, crm, member("erp", BASE))).link.values == REY


def test_what_another_showed_before_the_owner_ever_did_is_journalled_when_that_writes_over_it() -> None:
    """The last name was hidden in the erp, which owns both, when the crm's record was made; the crm filled in one of its own."""
    sides = policy(
        mapped("crm", flow("first"), flow("last")),
        mapped("erp", flow("first"), flow("last")),
        rules={"first": Owned(by="erp", line=13), "last": Owned(by="erp", line=13)},
        together=(("first", "last"),),
    )
    crm = member("crm", {"first": "Ana", "last": "Rey"})
    erp = member("erp", {"first": "Ana"}, {"first": "Ana", "last": "Sol"})
    decided = decide(sides, linked({"first": "Ana"}, crm, erp))
    assert decided.link.values == {"first": "Ana", "last": "Sol"}
    assert writes(decided) == {"crm": {"last": "Sol"}}
    assert [(one.system, one.field, one.value) for one in decided.losers] == [("crm", "last", "Rey")]


def test_fields_together_are_filled_from_what_was_agreed() -> None:
    """A system that shows one of two fields has its say in that one."""
    rules = dict.fromkeys(("first", "last"), CRM_FIRST)
    sides = policy(
        mapped("crm", flow("first")),
        mapped("erp", flow("first"), flow("last")),
        rules=rules,
        together=(("first", "last"),),
    )
    base = {"first": "Ana", "last": "Paz"}
    link = linked(base, member("crm", {"first": "Ana"}, {"first": "Eva"}), member("erp", base))
    decision = decide(sides, link)
    assert decision.link.values == {"first": "Eva", "last": "Paz"}
    assert decision.changes == (
        FieldChange(
            field="first",
            before="Ana",
            after="Eva",
            row="F2",
            origin="crm",
            rule="first and last prefers crm then erp",
            line=11,
        ),
    )
    hidden = linked(base, member("crm", {"first": "Ana"}), member("erp", base, {"first": "Eva", "last": ABSENT}))
    assert decide(sides, hidden).link.values == {"first": "Eva", "last": "Paz"}


def test_a_clearing_of_one_of_two_fields_together_is_undone_with_it() -> None:
    rules = dict.fromkeys(("first", "last"), CRM_FIRST)
    sides = policy(
        *(mapped(system, flow("first"), flow("last")) for system in ("crm", "erp")),
        rules=rules,
        together=(("first", "last"),),
        empty="ignored",
    )
    base = {"first": "Ana", "last": "Paz"}
    link = linked(base, member("crm", base, {"first": "", "last": "Paz"}), member("erp", base))
    decision = decide(sides, link)
    assert (rows(decision), decision.link.values) == (["F11"], base)
    assert writes(decision) == {"crm": {"first": "Ana"}}
    mixed = linked(base, member("crm", base, {"first": "", "last": "Rey"}), member("erp", base))
    assert decide(sides, mixed).link.values == {"first": "", "last": "Rey"}
