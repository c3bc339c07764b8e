"""Unlinked records: each situation of the identity table, and what is a key."""

import itertools
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from syncline_runtime.declaration import Entity, MatchRule
from syncline_runtime.identity import Holder, Known, Unlinked, correlate, keys, made_by, unrelated
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


# -- what a person reads -----------------------------------------------------------------------------------------------


def held(situation: Situation, detail: str, rule: str = "match vat", action: str = "quarantine") -> Correlation:
    return Correlation(situation=situation, action=action, rule=rule, detail=detail)


AMBIGUOUS = Situation.AMBIGUOUS


@pytest.mark.parametrize(
    ("found", "answer"),
    [
        ({"crm": (free("2"), free("1"))}, held(Situation.SELF_DUPLICATE, "crm has the same vat in 1, 2")),
        ({"crm": (free("2"), free("3"))}, held(Situation.SELF_DUPLICATE, "crm has the same vat in 1, 2, 3")),
        (
            {"erp": (free("8"), free("9")), "shop": (free("5"),)},
            held(AMBIGUOUS, "several records with the same vat: erp 8, erp 9, shop 5"),
        ),
        (
            {"erp": (Holder(remote_id="8", aside=True),), "shop": (free("5"),)},
            held(AMBIGUOUS, "the record with the same vat is archived or cannot be read: erp 8, shop 5"),
        ),
        (
            {"erp": (taken("8", "erp"),), "shop": (taken("9", "shop", link=5),)},
            held(AMBIGUOUS, "the matches belong to different links: erp 8, shop 9"),
        ),
        (
            {"erp": (taken("8", "erp", "shop"),), "shop": (free("9"),)},
            held(AMBIGUOUS, "erp 8, shop 9: the link has another record in shop"),
        ),
        (
            {"erp": (taken("8", "crm", "erp"),), "shop": (free("9"),)},
            held(Situation.FOUND_ALREADY_LINKED, "erp 8, shop 9: already linked to another record of crm"),
        ),
    ],
)
def test_each_hold_says_which_records_stand_in_the_way(
    found: Mapping[str, tuple[Holder, ...]], answer: Correlation
) -> None:
    assert place({(VAT, "V1"): found}) == answer


def test_a_link_with_records_in_two_more_systems_names_both() -> None:
    systems = (*SYSTEMS, "web")
    found = {"erp": (taken("8", "erp", "shop", "web"),), "shop": (free("9"),), "web": (free("4"),)}
    record = Unlinked(system="crm", remote_id="1", keys=("V1", None, None))
    answer = correlate(COMPANY, systems, record, Known(holders={(VAT, "V1"): found}))
    assert answer == held(AMBIGUOUS, "erp 8, shop 9, web 4: the link has another record in shop, web")


def test_what_waits_and_what_has_no_key_says_so() -> None:
    assert place(vat=None) == held(Situation.NO_KEY, "no key: vat; site; name missing, empty or a placeholder", rule="")
    two = entity(MatchRule(fields=("vat", "country")))
    record = Unlinked(system="crm", remote_id="1", keys=("K",))
    reserved = correlate(two, SYSTEMS, record, Known(creating=frozenset({(0, "K")})))
    detail = "a record with the same vat and country is being created"
    assert reserved == held(Situation.IN_FLIGHT_KEY, detail, "match vat and country", action="wait")
    late = held(Situation.ABSENT, "not found; another system's index may lag", rule="", action="wait")
    assert place(fresh=True) == late
    orphan = correlate(COMPANY, SYSTEMS, Unlinked(system="crm", remote_id="1", keys=(None,) * 3, orphan=True), Known())
    detail = "we created it in crm, late, for a record that is gone since: delete it, or release it as its own"
    assert orphan == held(Situation.OWN_MARKER_DEAD, detail, rule="")


def test_a_proposal_names_its_rule_and_those_that_are_free() -> None:
    found = {"erp": (taken("8", "crm", "erp"), free("9")), "shop": (taken("5", "crm", "shop"),)}
    assert place({(NAME, "Ana"): found}, name="Ana") == Correlation(
        situation=Situation.REVIEW,
        action="review",
        matches={"erp": "9"},
        rule="match ask name",
        detail="the same name: erp 9",
    )
    nobody = place({(NAME, "Ana"): {}}, name="Ana")
    assert nobody == Correlation(situation=Situation.ABSENT, action="create")


STRONGER = entity(MatchRule(fields=("tax",)), MatchRule(fields=("vat",)), MatchRule(fields=("site",)))


@pytest.mark.parametrize(
    ("own", "elsewhere", "rival"),
    [
        ((None, "V2", "a.mx"), {(1, "V2"): {"crm": (free("2"),)}}, "2"),
        ((None, "V2", "a.mx"), {(1, "V2"): {"crm": (free("1"),)}}, None),
        ((None, "V2", "a.mx"), {(1, "V2"): {"crm": (free("1"), free("3"))}}, "3"),
        ((None, "V2", "a.mx"), {(1, "V2"): {"erp": (free("8"),)}}, None),
        (("T", "V2", "a.mx"), {(1, "V2"): {"crm": (free("2"),)}}, "2"),
        (("T", None, "a.mx"), {(0, "T"): {"crm": (free("4"),)}}, "4"),
        ((None, None, "a.mx"), {}, None),
        ((), {(1, "V2"): {"crm": (free("2"),)}}, None),
    ],
)
def test_a_stronger_rule_looks_for_another_of_the_asking_system(
    own: tuple[str | None, ...],
    elsewhere: Mapping[tuple[int, str], Mapping[str, tuple[Holder, ...]]],
    rival: str | None,
) -> None:
    found = {(2, "a.mx"): {"erp": (Holder(remote_id="8", keys=own),)}, **elsewhere}
    record = Unlinked(system="crm", remote_id="1", keys=(None, None, "a.mx"))
    answer = correlate(STRONGER, SYSTEMS, record, Known(holders=found))
    if rival is None:
        assert answer == Correlation(situation=Situation.FOUND, action="link", matches={"erp": "8"}, rule="match site")
    else:
        assert answer == held(AMBIGUOUS, f"erp 8 has a stronger match in crm: {rival}", "match site")


def test_a_key_is_text_as_it_stands() -> None:
    assert keys(entity(MatchRule(fields=("v",))), {"v": " ä "}) == ("ä",)
    pair = entity(MatchRule(fields=("a", "b")))
    assert keys(pair, {"a": " ä ", "b": Decimal("1.50")}) == ('["ä", "1.5"]',)
    assert keys(pair, {"a": "x", "b": "  "}) == (None,)
    assert keys(entity(MatchRule(fields=("v",))), {"v": Decimal("1E+2")}) == ("100",)
    either = entity(MatchRule(fields=("a", "b"), placeholders=("N/A", "none*")))
    for placeholder in ("n/a", "None at all"):
        assert keys(either, {"a": "x", "b": placeholder}) == (None,)
    assert keys(either, {"a": "x", "b": "y"}) == ('["x", "y"]',)


# -- whose create it was -----------------------------------------------------------------------------------------------

KEYED = entity(MatchRule(fields=("vat",)), MatchRule(fields=("site",)))
SENT = {"vat": "V", "site": "a.mx", "name": "Ana ", "phone": "1", "note": None}


@pytest.mark.parametrize(
    ("shown", "ours"),
    [
        ({"vat": "V", "site": "a.mx", "name": "Ana", "phone": "1"}, True),
        ({"vat": "V", "site": "a.mx", "name": "Ana", "phone": "2"}, True),
        ({"vat": "V", "site": "b.mx", "name": "Eva", "phone": "1"}, True),
        ({"vat": "W", "site": "a.mx", "name": "Ana", "phone": "1"}, True),
        ({"vat": "V", "site": "a.mx", "name": "Eva", "phone": "2"}, False),
        ({"vat": "V", "site": "a.mx"}, True),
        ({"vat": "W", "site": "b.mx", "name": "Ana", "phone": "1"}, False),
        ({"vat": "", "site": "b.mx", "name": "Ana", "phone": "1"}, False),
    ],
)
def test_a_record_was_made_by_a_create_that_shares_a_key_and_half_of_the_rest(
    shown: Mapping[str, Any], ours: bool
) -> None:
    assert made_by(KEYED, SENT, shown, keys(KEYED, shown)) is ours


def test_keys_blanks_and_what_is_not_shown_are_no_evidence_of_who_made_it() -> None:
    assert made_by(KEYED, {"vat": "V", "note": ""}, {"vat": "V", "note": "x"}, ("V", None)), "nothing else was sent"
    odd, shown = {"vat": "V", "name": "Ana", "phone": "1", "fax": "2"}, {"vat": "V", "name": "Ana"}
    assert not made_by(KEYED, odd, {**shown, "phone": "9", "fax": "9"}, ("V", None)), "one of three"
    assert made_by(KEYED, odd, {**shown, "phone": "9", "fax": "2"}, ("V", None)), "two of three"
    assert made_by(KEYED, odd, {**shown, "phone": "9", "fax": ABSENT}, ("V", None)), "one of two"
    assert not made_by(KEYED, odd, {"name": "Eva", "phone": "1", "fax": None}, ("V", None)), "one of three again"
    assert not made_by(KEYED, odd, {"name": "Eva"}, ("V", None)), "none of one"
    keyless = {"vat": None, "name": "Ana"}
    assert not made_by(KEYED, keyless, keyless, (None, None)), "two without a key share none"


@pytest.mark.parametrize(
    ("own", "others", "strangers"),
    [
        (("V", None, "Ana"), {"erp": ("V", None, "Eva"), "shop": ("W", "a.mx", "Ana")}, ("shop",)),
        (("V", "a.mx", None), {"erp": ("W", "a.mx", None), "shop": ("V", "b.mx", None)}, ()),
        ((None, "a.mx", None), {"erp": (None, None, None), "shop": (None, "b.mx", None)}, ("erp", "shop")),
        (("V", "a.mx", None), {}, ()),
    ],
)
def test_records_are_strangers_that_share_no_key_but_of_a_proposal(
    own: tuple[str | None, ...], others: dict[str, tuple[str | None, ...]], strangers: tuple[str, ...]
) -> None:
    assert unrelated(COMPANY, own, others) == strangers
