"""Unlinked records: each situation of the identity table, and what is a key."""

import itertools
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncline_runtime.declaration import Entity, MatchRule
from syncline_runtime.identity import Holder, Known, Unlinked, correlate, keys
from syncline_runtime.records import Correlation, Situation
from syncline_runtime.values import ABSENT, Money

VAT, SITE, NAME = 0, 1, 2
SYSTEMS = ("crm", "erp", "shop")


def entity(*rules: MatchRule) -> Entity:
    return Entity(name="Company", shape=dict, fields=(), kinds={}, match=rules)


COMPANY = entity(
    MatchRule(fields=("vat",)),
    MatchRule(fields=("site",), placeholders=("example.*",)),
    MatchRule(fields=("name",), ask=True),
)


def place(
    found: Mapping[tuple[int, str], Mapping[str, tuple[Holder, ...]]] | None = None,
    vat: str | None = "V1",
    site: str | None = None,
    name: str | None = None,
    creating: frozenset[tuple[int, str]] = frozenset(),
    fresh: bool = False,
) -> Correlation:
    """Place record 1 of the CRM."""
    record = Unlinked(system="crm", remote_id="1", keys=(vat, site, name), fresh=fresh)
    return correlate(COMPANY, SYSTEMS, record, Known(holders=found or {}, creating=creating))


def free(remote_id: str) -> Holder:
    return Holder(remote_id=remote_id)


def taken(remote_id: str, *systems: str, link: int = 4) -> Holder:
    return Holder(remote_id=remote_id, link_id=link, linked=frozenset(systems))


def test_absent_is_created_after_the_hold_off() -> None:
    assert place().action == "create"
    assert place({(VAT, "V1"): {"crm": (free("1"),)}}) == Correlation(situation=Situation.ABSENT, action="create")
    waiting = place(fresh=True)
    assert (waiting.situation, waiting.action) == (Situation.ABSENT, "wait")


def test_found_is_linked() -> None:
    answer = place({(VAT, "V1"): {"crm": (free("1"),), "erp": (free("8"),)}})
    assert (answer.situation, answer.action, answer.matches) == (Situation.FOUND, "link", {"erp": "8"})
    assert answer.rule == "match vat"


def test_found_in_two_systems_under_one_key_links_all_three() -> None:
    answer = place({(VAT, "V1"): {"erp": (free("8"),), "shop": (free("9"),)}})
    assert (answer.action, answer.matches) == ("link", {"erp": "8", "shop": "9"})


def test_found_in_a_link_without_a_record_here_joins_it() -> None:
    answer = place({(VAT, "V1"): {"erp": (taken("8", "erp", "shop"),), "shop": (taken("9", "erp", "shop"),)}})
    assert (answer.action, answer.matches) == ("link", {"erp": "8", "shop": "9"})


def test_found_already_linked_to_another_record_here_is_a_duplicate() -> None:
    answer = place({(VAT, "V1"): {"erp": (taken("8", "crm", "erp"),)}})
    assert (answer.situation, answer.action) == (Situation.FOUND_ALREADY_LINKED, "quarantine")
    assert "erp 8" in answer.detail


def test_two_with_the_same_key_here_are_held_both() -> None:
    answer = place({(VAT, "V1"): {"crm": (free("1"), free("2")), "erp": (free("8"),)}})
    assert (answer.situation, answer.action) == (Situation.SELF_DUPLICATE, "quarantine")
    assert "1, 2" in answer.detail


@pytest.mark.parametrize(
    "found",
    [
        {"erp": (free("8"), free("9"))},
        {"erp": (free("8"),), "shop": (free("5"), free("6"))},
        {"erp": (taken("8", "erp"),), "shop": (taken("9", "shop", link=5),)},
        {"erp": (taken("8", "erp", "shop"),), "shop": (free("9"),)},
    ],
    ids=["two there", "two in the third", "two links", "the link has another there"],
)
def test_several_stop_the_search(found: Mapping[str, tuple[Holder, ...]]) -> None:
    """A weaker rule may not resolve what a stronger one leaves open."""
    answer = place({(VAT, "V1"): found, (SITE, "a.mx"): {"erp": (free("8"),)}}, site="a.mx")
    assert (answer.situation, answer.action, answer.matches) == (Situation.AMBIGUOUS, "quarantine", {})


def test_a_weaker_rule_decides_where_a_stronger_finds_nothing() -> None:
    answer = place({(SITE, "a.mx"): {"erp": (free("8"),)}}, site="a.mx")
    assert (answer.action, answer.rule) == ("link", "match site")


def test_a_match_that_a_stronger_rule_gives_to_another_is_not_mutual() -> None:
    found = {
        (SITE, "a.mx"): {"erp": (Holder(remote_id="8", keys=("V2", "a.mx", None)),)},
        (VAT, "V2"): {"crm": (free("2"),), "erp": (free("8"),)},
    }
    answer = place(found, vat=None, site="a.mx")
    assert (answer.situation, answer.action) == (Situation.AMBIGUOUS, "quarantine")
    assert "crm: 2" in answer.detail
    by_name = {
        (VAT, "V1"): {"erp": (Holder(remote_id="8", keys=("V1", None, "Ana")),)},
        (NAME, "Ana"): {"crm": (free("2"),)},
    }
    assert place(by_name).action == "link", "a weaker one is no rival"


def test_a_key_that_an_open_create_uses_is_reserved() -> None:
    answer = place({(VAT, "V1"): {"erp": (free("8"),)}}, creating=frozenset({(VAT, "V1")}))
    assert (answer.situation, answer.action) == (Situation.IN_FLIGHT_KEY, "wait")
    assert place(creating=frozenset({(SITE, "V1")})).action == "create"
    assert place(name="Ana", creating=frozenset({(NAME, "Ana")})).action == "create", "a proposal reserves nothing"


def test_without_a_key_a_record_is_quarantined() -> None:
    answer = place(vat=None)
    assert (answer.situation, answer.action) == (Situation.NO_KEY, "quarantine")
    assert correlate(entity(), SYSTEMS, Unlinked(system="crm", remote_id="1", keys=()), Known()).action == "create"


def test_a_rule_with_ask_only_proposes() -> None:
    proposed = place({(NAME, "Ana"): {"erp": (free("8"), free("9")), "shop": (free("5"),)}}, name="Ana")
    assert (proposed.situation, proposed.action, proposed.matches) == (Situation.REVIEW, "review", {"shop": "5"})
    assert "erp 8, erp 9, shop 5" in proposed.detail
    namesake = place({(NAME, "Ana"): {"crm": (free("1"), free("2"))}}, name="Ana")
    assert namesake.action == "create"
    elsewhere = place({(NAME, "Ana"): {"erp": (taken("8", "crm", "erp"),)}}, name="Ana")
    assert elsewhere.action == "create"


def test_exactly_one_free_record_in_each_system_is_what_it_takes_to_link() -> None:
    """All small worlds: here and in two other systems none, one, two records of the key; those there free or linked."""
    for here, *there in itertools.product((1, 2), (0, 1, 2), (0, 1, 2)):
        for link in (None, 4):
            group = {"crm": tuple(free(str(n + 1)) for n in range(here))}
            for system, count in zip(("erp", "shop"), there, strict=True):
                linked = frozenset({"erp", "shop"} if link else ())
                group[system] = tuple(
                    Holder(remote_id=f"{system}{n}", link_id=link, linked=linked) for n in range(count)
                )
            answer = place({(VAT, "V1"): group})
            wish = (
                Situation.SELF_DUPLICATE
                if here == 2
                else Situation.AMBIGUOUS
                if 2 in there
                else Situation.FOUND
                if 1 in there
                else Situation.ABSENT
            )
            assert answer.situation is wish, group
            assert (answer.action in ("link", "create")) == (wish in (Situation.FOUND, Situation.ABSENT))


# -- keys --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("vat", [None, "", "  ", ABSENT])
def test_a_missing_or_empty_part_is_no_key(vat: Any) -> None:
    assert keys(entity(MatchRule(fields=("vat",))), {"vat": vat}) == (None,)
    assert keys(entity(MatchRule(fields=("vat", "name"))), {"vat": vat, "name": "Ana"}) == (None,)
    assert keys(entity(MatchRule(fields=("vat",))), {}) == (None,)


@pytest.mark.parametrize(
    ("email", "key"),
    [("info@a.mx", None), ("INFO@A.MX", None), ("ana@a.mx", "ana@a.mx"), ("x-info@a.mx", "x-info@a.mx")],
)
def test_placeholders_are_no_keys(email: str, key: str | None) -> None:
    rule = MatchRule(fields=("email",), placeholders=("info@*",))
    assert keys(entity(rule), {"email": email}) == (key,)


def test_equal_values_have_equal_keys_and_different_ones_do_not() -> None:
    single = entity(MatchRule(fields=("v",)))
    equal = [(Decimal("1.50"), Decimal("1.5")), (date(2026, 1, 2), date(2026, 1, 2)), (7, 7)]
    assert all(keys(single, {"v": left}) == keys(single, {"v": right}) for left, right in equal)
    apart = ["a", "A", 100, Decimal("1E+1"), date(2026, 1, 2), Money(Decimal("1.00"), "EUR"), True]
    assert len({keys(single, {"v": value}) for value in apart}) == len(apart)


def test_the_parts_of_a_composite_key_cannot_run_together() -> None:
    rule = entity(MatchRule(fields=("a", "b")))
    pairs = [("x", "y z"), ("x y", "z"), ('x","y', "z"), ("x", 'y","z')]
    assert len({keys(rule, {"a": a, "b": b}) for a, b in pairs}) == len(pairs)


# -- every situation ---------------------------------------------------------------------------------------------------

ELSEWHERE = {
    "nobody": (),
    "one": (Holder(remote_id="e1"),),
    "one in a link without us": (Holder(remote_id="e1", link_id=7, linked=frozenset({"erp"})),),
    "one in a link with another of ours": (Holder(remote_id="e1", link_id=7, linked=frozenset({"erp", "crm"})),),
    "one aside": (Holder(remote_id="e1", aside=True),),
    "two": (Holder(remote_id="e1"), Holder(remote_id="e2")),
    "two, one of them linked": (Holder(remote_id="e1", link_id=7, linked=frozenset({"erp"})), Holder(remote_id="e2")),
}


def expected(elsewhere: str, twice: bool, creating: bool, fresh: bool, orphan: bool, keyed: bool) -> tuple[str, str]:
    """The table of situations, from the top."""
    if orphan:
        return "orphan", "quarantine"
    if not keyed:
        return "no-key", "quarantine"
    if creating:
        return "in-flight-key", "wait"
    if twice:
        return "self-duplicate", "quarantine"
    if elsewhere.startswith("two") or elsewhere == "one aside":
        return "ambiguous", "quarantine"
    if elsewhere == "one in a link with another of ours":
        return "found-already-linked", "quarantine"
    if elsewhere != "nobody":
        return "found", "link"
    return "absent", "wait" if fresh else "create"


@pytest.mark.parametrize("elsewhere", ELSEWHERE)
def test_every_situation_has_its_row(elsewhere: str) -> None:
    for twice, creating, fresh, orphan, keyed in itertools.product((False, True), repeat=5):
        entity = Entity(name="P", shape=dict, fields=("vat",), kinds={}, match=(MatchRule(fields=("vat",)),))
        record = Unlinked(system="crm", remote_id="c1", keys=("V" if keyed else None,), fresh=fresh, orphan=orphan)
        here = (Holder(remote_id="c1"), Holder(remote_id="c2")) if twice else (Holder(remote_id="c1"),)
        known = Known(
            holders={(0, "V"): {"crm": here, "erp": ELSEWHERE[elsewhere]}},
            creating=frozenset({(0, "V")} if creating else ()),
        )
        answer = correlate(entity, ("crm", "erp"), record, known)
        case = (elsewhere, twice, creating, fresh, orphan, keyed)
        assert (answer.situation.value, answer.action) == expected(*case), case
        assert bool(answer.matches) == (answer.action == "link"), "nothing is linked, created from or written otherwise"
        assert answer.detail or answer.action in ("link", "create")
