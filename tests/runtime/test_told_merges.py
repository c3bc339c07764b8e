"""What a first merge says, value for value: who had which value, what beats what, and what nobody said."""

import pytest

from syncline_runtime.deciding import decide
from syncline_runtime.declaration import Ask, Owned, Prefers, When
from syncline_runtime.records import Decision, FieldChange
from syncline_runtime.values import ABSENT
from tests.runtime.people import (
    ANA,
    CRM_FIRST,
    IN,
    OUT,
    PREFERS,
    change,
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

# -- a first merge -----------------------------------------------------------------------------------------------------


def test_m0_tells_who_had_which_value() -> None:
    link = linked({}, newcomer("crm", name="Eva"), newcomer("erp", name="Zoe"), fresh=True)
    assert decide(two(CRM_FIRST), link) == Decision(
        link=linked({"name": "Eva"}, member("crm", {"name": "Eva"}), member("erp", {"name": "Zoe"})),
        changes=(change("M0", "crm", before=ABSENT),),
        losers=(loser("erp", "Zoe", f"{PREFERS} (M0)"),),
        actions=(update("erp", "Zoe", "Eva", f"M0 {PREFERS}", 11),),
    )


def test_m0_tells_the_agreed_value_that_a_newcomer_beats() -> None:
    link = linked(ANA, member("crm", ANA), newcomer("erp", name="Eva"))
    decision = decide(two(Prefers(order=("erp", "crm"), line=12)), link)
    said = "name prefers erp then crm"
    assert decision == Decision(
        link=linked({"name": "Eva"}, member("crm", ANA), member("erp", {"name": "Eva"})),
        changes=(change("M0", "erp", said, line=12),),
        losers=(loser("crm", "Ana", f"{said} (M0)", 12),),
        actions=(update("crm", "Ana", "Eva", f"M0 {said}", 12),),
    )


def test_m0_a_newcomer_beats_only_what_somebody_shows() -> None:
    """No agreed value is journalled that is blank, or that no system with a say in it still shows."""
    erp_first = Prefers(order=("erp", "crm"), line=12)
    blank = linked({"name": ""}, member("crm", {"name": ""}), newcomer("erp", name="Eva"))
    filled = decide(two(erp_first), blank)
    assert (filled.link.values, filled.losers, writes(filled)) == ({"name": "Eva"}, (), {"crm": {"name": "Eva"}})
    written_only = policy(mapped("crm", flow("name", OUT)), mapped("erp", flow("name")))
    taken = decide(written_only, linked(ANA, member("crm", ANA), newcomer("erp", name="Eva")))
    assert (taken.link.values, taken.losers, rows(taken)) == ({"name": "Eva"}, (), ["M0"])


@pytest.mark.parametrize(
    ("empty", "agreed", "losers"), [("propagates", None, [("erp", "Ana")]), ("ignored", "Ana", [])]
)
def test_m0_the_blank_of_an_owner_that_joins_is_a_statement_where_clearing_propagates(
    empty: str, agreed: str | None, losers: list[tuple[str, str]]
) -> None:
    """Against two that had agreed, and one that has nothing to say."""
    sides = policy(
        *(mapped(system, flow("name")) for system in ("crm", "erp", "web")),
        mapped("shop", flow("name", OUT)),
        rules={"name": Owned(by="web", line=13)},
        empty=empty,
    )
    link = linked(ANA, member("crm", ANA), member("erp", ANA), newcomer("web", name=None), member("shop", ANA))
    decision = decide(sides, link)
    assert decision.link.values == {"name": agreed}
    assert {one.value for one in decision.losers} == {value for _, value in losers}
    others = {"crm", "erp", "shop"} if agreed is None else {"web"}
    assert set(writes(decision)) == others


def test_m0_the_owner_is_heard_whoever_else_shows_something() -> None:
    blank, full = newcomer("erp", name=None), newcomer("crm", name="Ana")
    decision = decide(two(Owned(by="erp", line=13)), linked({}, full, blank, fresh=True))
    assert decision.changes == (change("M0", "erp", "name owned by erp", before=ABSENT, after=None, line=13),)
    assert decision.losers == (loser("crm", "Ana", "name owned by erp (M0)", 13),)
    # the blank of one that does not own it says nothing against the owner's value
    turned = decide(two(Owned(by="crm", line=13)), linked({}, full, blank, fresh=True))
    assert (turned.link.values, turned.losers, writes(turned)) == (ANA, (), {"erp": {"name": "Ana"}})


def test_m0_a_newcomer_is_weighed_against_each_edit_and_not_against_what_was_agreed() -> None:
    sides = policy(*(mapped(system, flow("name")) for system in ("crm", "erp", "web")), rules={"name": Ask(line=13)})
    edit = linked(ANA, member("crm", ANA), member("erp", ANA, {"name": "Eva"}), newcomer("web", name="Zoe"))
    assert decide(sides, edit).conflicts[0].candidates == {"erp": "Eva", "web": "Zoe"}
    calm = linked(ANA, member("crm", ANA), member("erp", ANA), newcomer("web", name="Zoe"))
    assert decide(sides, calm).conflicts[0].candidates == {"crm": "Ana", "erp": "Ana", "web": "Zoe"}
    cleared = linked(ANA, member("crm", ANA), member("erp", ANA, {"name": ""}), newcomer("web", name="Zoe"))
    assert decide(sides, cleared).conflicts[0].candidates == {"erp": "", "web": "Zoe"}


def test_m0_of_those_in_agreement_only_those_with_a_say_that_show_it_are_asked() -> None:
    sides = policy(
        mapped("crm", flow("name", OUT)),
        mapped("shop", flow("name")),
        mapped("erp", flow("name")),
        mapped("web", flow("name")),
        rules={"name": Ask(line=13)},
    )
    link = linked(ANA, member("crm", ANA), member("shop", {}), member("erp", ANA), newcomer("web", name="Zoe"))
    assert decide(sides, link).conflicts[0].candidates == {"erp": "Ana", "web": "Zoe"}


def test_m0_without_any_value_there_is_a_blank_and_nothing_to_tell() -> None:
    link = linked({}, newcomer("crm", name=""), newcomer("erp", name=None), fresh=True)
    decision = decide(two(CRM_FIRST), link)
    assert (decision.link.values, decision.losers) == ({"name": ""}, ())


def test_m0_defaults_fill_what_is_left_open_and_are_told() -> None:
    sides = policy(
        mapped("crm", flow("name"), flow("kind", IN), flow("note", OUT)),
        mapped("erp", flow("name"), flow("kind", OUT)),
        rules={"name": CRM_FIRST},
        defaults={"kind": "lead", "name": "?"},
    )
    born = decide(sides, linked({}, newcomer("crm", name="Ana", note="x"), fresh=True))
    default = FieldChange(field="kind", before=ABSENT, after="lead", row="M0", origin=None, rule="kind default")
    assert born.link == linked({"name": "Ana", "kind": "lead"}, member("crm", {"name": "Ana", "note": "x"}))
    assert born.changes == (default,)
    both = decide(sides, linked({}, newcomer("crm", name="Ana", kind=None), newcomer("erp", name="Ana"), fresh=True))
    assert (both.link.values, both.changes) == ({"name": "Ana", "kind": "lead"}, (default,))
    shown = decide(sides, linked({}, newcomer("crm", name="Ana", kind=""), fresh=True))
    assert shown.link.values == {"name": "Ana", "kind": ""}
    later = decide(sides, linked({"name": "Ana"}, member("crm", ANA), newcomer("erp", name="Ana")))
    assert (later.link.values, later.changes) == (ANA, ()), "only where the link is new"


def test_m0_what_a_system_does_not_show_is_not_agreed_on() -> None:
    sides = policy(mapped("crm", flow("name"), flow("phone")), mapped("erp", flow("name"), flow("phone")))
    decision = decide(sides, linked({}, newcomer("crm", name="Ana"), fresh=True))
    assert decision.link.values == ANA
    (create,) = decision.actions
    assert create.fields == {"name": (ABSENT, "Ana")}


def test_a_new_link_of_one_record_that_shows_nothing_yet_has_no_values() -> None:
    link = linked({}, member("crm", ANA), fresh=True)
    assert decide(two(CRM_FIRST), link).link == linked({}, member("crm", ANA))


def test_m0_what_a_newcomer_without_a_say_shows_is_told_if_it_differs() -> None:
    sides = policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT)))
    decision = decide(sides, linked(ANA, member("crm", ANA), newcomer("erp", name="Eva")))
    said = "name only source: drift overwritten"
    assert decision.changes == (change("M0", "erp", said, before="Eva", after="Ana", line=3),)
    assert decision.losers == (loser("erp", "Eva", "name only source (M0)", 3),)
    blank = decide(sides, linked(ANA, member("crm", ANA), newcomer("erp", name="")))
    assert (blank.changes, blank.losers, writes(blank)) == ((), (), {"erp": {"name": "Ana"}})
    kept = policy(mapped("crm", flow("name")), mapped("erp", flow("name", OUT, When.INTO_EMPTY)))
    assert decide(kept, linked(ANA, member("crm", ANA), newcomer("erp", name="Eva"))).changes == ()


def test_m0_of_a_value_and_its_rendering_the_value_is_agreed() -> None:
    upper = mapped("erp", flow("name", exact=False), normalise=lambda native: {"name": native["name"].upper()})
    sides = policy(mapped("crm", flow("name")), upper, rules={"name": Prefers(order=("erp", "crm"), line=12)})
    decision = decide(sides, linked({}, newcomer("crm", name="Eva"), newcomer("erp", name="EVA"), fresh=True))
    told = change("M0", "crm", "name prefers erp then crm", before=ABSENT, line=12)
    assert (decision.changes, decision.losers, decision.actions) == ((told,), (), ())


@pytest.mark.parametrize(
    ("empty", "owners", "agreed"),
    [("propagates", "", ""), ("ignored", "", "Eva"), ("ignored", "Ana", "Ana"), ("propagates", "Ana", "Ana")],
)
def test_m0_a_newcomer_fills_what_its_owner_leaves_blank_only_where_that_says_nothing(
    empty: str, owners: str, agreed: str
) -> None:
    shown = {"name": owners}
    link = linked(shown, newcomer("crm", name="Eva"), member("erp", shown))
    assert decide(two(Owned(by="erp", line=13), empty=empty), link).link.values == {"name": agreed}


def test_an_owner_that_does_not_show_its_field_is_its_owner_all_the_same() -> None:
    link = linked(ANA, member("crm", ANA, {"name": "Eva"}), member("erp", {}))
    decision = decide(two(Owned(by="erp", line=13)), link)
    assert (decision.link.values, rows(decision), lost(decision)) == (ANA, ["F3"], [("crm", "Eva")])


def test_a_field_that_a_known_record_shows_for_the_first_time_is_told() -> None:
    sides = policy(*(mapped(system, flow("name"), flow("phone")) for system in ("crm", "erp")))
    base = {"name": "Ana"}
    decision = decide(sides, linked(base, member("crm", base, {**base, "phone": "1"}), member("erp", base)))
    (told,) = decision.changes
    assert (told.field, told.before, told.after, told.row, told.origin) == ("phone", ABSENT, "1", "M0", "crm")
