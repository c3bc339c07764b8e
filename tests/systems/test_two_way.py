"""PocketBase as CRM and Tryton as ERP, more than 300 customers in each, kept in step by the generated package alone.

The first run is made once for all tests here; each of them then edits customers of its own. Whatever is told of a system is
read from that system.
"""

import time
import unicodedata
from collections.abc import Iterator

import phonenumbers
import pytest

from .command import AWAITS_CONSENT, NEEDS_PERSON, build
from .customers import Customer, population
from .customers_in_two import EXAMPLES, Companies, FirstRun, crm_settings, erp_settings, first_run
from .servers.pocketbase import PocketBase
from .servers.tryton import Tryton

# `newest` calls two edits equally new unless they are further apart than the clocks of two systems may be.
CLOCKS_MAY_DIFFER_SECONDS = 2.0


@pytest.fixture(scope="module")
def first(pocketbase_session: PocketBase, tryton_session: Tryton, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """Both systems full of customers, and the first run."""
    crm, erp, people = pocketbase_session, tryton_session, population()
    crm.client.clear()
    erp.client.clear()
    crm.client.load("contacts", [customer.contact() for customer in people.crm.values()])
    erp.client.create_parties([customer.party() for customer in people.erp.values()])
    folder = tmp_path_factory.mktemp("two_way")
    command = build(EXAMPLES / "crm_erp_customers.sync", folder, crm_settings(crm) | erp_settings(erp))
    return first_run(Companies(people, crm, erp, command))


@pytest.fixture
def companies(first: FirstRun) -> Companies:
    """Both systems in step."""
    return first.companies


@pytest.fixture(scope="module")
def in_both(first: FirstRun) -> Iterator[str]:
    """Customers whom both systems held from the start, for a test to take one each."""
    people = first.companies.people
    return iter(sorted(label for label in people.linked("crm", "erp") if people.crm[label].phone))


# -- the first run -----------------------------------------------------------------------------------------------------


def test_the_first_run_is_only_a_plan(first: FirstRun) -> None:
    assert first.plan.code == AWAITS_CONSENT
    assert "--apply-first" in first.plan.problems
    assert len(first.written_by_plan) == 0


def test_the_first_run_links_and_creates_what_it_should(first: FirstRun) -> None:
    people, told = first.companies.people, first.applied.sync()
    linked = people.linked("crm", "erp")
    made_in_crm, made_in_erp = (people.created(system, "crm", "erp") for system in ("crm", "erp"))

    assert first.applied.code == NEEDS_PERSON
    assert told["linked"] == len(linked)
    assert (told["by_system"]["crm"]["created"], told["by_system"]["erp"]["created"]) == (
        len(made_in_crm),
        len(made_in_erp),
    )

    assert len(first.written.crm.created) == len(made_in_crm)
    assert len(first.written.erp.created) == len(made_in_erp)
    assert not first.written.crm.removed
    assert not first.written.erp.removed
    contacts, parties = first.companies.contacts(), first.companies.parties()
    for label in linked | made_in_crm | made_in_erp:
        address = first.companies.address(label)
        assert address in contacts, label
        assert address in parties, label


def test_the_first_run_makes_the_linked_agree_and_leaves_the_others_alone(first: FirstRun) -> None:
    people, companies = first.companies.people, first.companies
    contacts, parties = companies.contacts(), companies.parties()
    to_change_in_crm, to_change_in_erp = set(), set()
    for label in people.linked("crm", "erp"):
        in_crm, in_erp = people.crm[label], people.erp[label]
        contact, party = contacts[companies.address(label)], parties[companies.address(label)]
        name, tags = in_crm.name.strip(), in_crm.tags | in_erp.tags
        phone = e164(in_crm.phone) or in_erp.phone
        website, vat = in_crm.website or in_erp.website, in_erp.vat

        assert (contact["fullname"].strip(), party["name"]) == (name, name)
        assert (e164(contact["phone"]), e164(party["phone"])) == (phone, phone)
        assert (contact["website"] or None, party["website"]) == (website, website)
        assert (contact["vat"] or None, party["vat"]) == (vat, vat)
        assert (set(contact["tags"]), tags_of(party)) == (tags, tags)
        if (e164(in_crm.phone), in_crm.website, in_crm.tags) != (phone, website, tags):
            to_change_in_crm.add(contact["id"])
        if (in_erp.name, in_erp.phone, in_erp.website, in_erp.tags) != (name, phone, website, tags):
            to_change_in_erp.add(party["id"])

    # A different spelling of the same telephone number, address or name is no reason to write.
    assert first.written.crm.changed == to_change_in_crm
    assert first.written.erp.changed == to_change_in_erp
    assert len(to_change_in_crm) > 20
    assert len(to_change_in_erp) > 40


def test_ambiguous_customers_and_those_without_a_key_wait_for_a_person(first: FirstRun) -> None:
    people, companies = first.companies.people, first.companies
    blocked = people.ambiguous | people.keyless
    waiting = companies.command("status", "--json").document["waiting"]
    reasons = {(row["system"], row["id"]): row["code"] for row in waiting}

    held_by_crm = [people.crm[label] for label in blocked & people.crm.keys()]
    held_by_erp = [people.erp[label] for label in blocked & people.erp.keys()]
    contacts, parties = companies.crm.client.all("contacts"), companies.erp.client.parties()
    for customer, system, records, name in [
        *((customer, "crm", contacts, "fullname") for customer in held_by_crm),
        *((customer, "erp", parties, "name") for customer in held_by_erp),
    ]:
        (key,) = (key for key, record in records.items() if is_the_record(record, name, customer))
        expected = "identity.no-key" if customer.label in people.keyless else "identity."
        assert reasons[system, key].startswith(expected), (customer.label, reasons[system, key])
        assert key not in (first.written.crm.changed if system == "crm" else first.written.erp.changed)


def test_names_arrive_to_the_last_letter(first: FirstRun) -> None:
    people, companies = first.companies.people, first.companies
    contacts, parties = companies.contacts(), companies.parties()
    for label in people.created("erp", "crm", "erp"):
        name = people.crm[label].name
        assert contacts[companies.address(label)]["fullname"] == name  # as it was typed, composed or not
        assert parties[companies.address(label)]["name"] == unicodedata.normalize("NFC", name.strip())
    for label in people.created("crm", "crm", "erp"):
        name = people.erp[label].name
        assert (parties[companies.address(label)]["name"], contacts[companies.address(label)]["fullname"]) == (
            name,
            name,
        )


def test_after_the_first_run_nothing_is_left_to_do(companies: Companies) -> None:
    companies.hold_to_nothing_left()


# -- edits on both sides -----------------------------------------------------------------------------------------------


def test_an_edit_travels_to_the_other_system(companies: Companies, in_both: Iterator[str]) -> None:
    one, other = next(in_both), next(in_both)
    contact, _ = companies.both(one)
    _, party = companies.both(other)
    longest = "Þórður Ægisson & Dætur – Großhandel für Öle, Żółć i Łąki; 東京支社 " * 4
    companies.crm.client.edit("contacts", contact["id"], fullname=longest[:199] + "ß", phone="22 22 55 55")
    companies.erp.client.edit_party(party["id"], name="Ῥόδη Πάπας «ἀρχή»", website="https://www.example.com/ñ?q=1#é")

    companies.sync()

    assert companies.both(one)[1]["name"] == longest[:199] + "ß"
    assert companies.both(one)[1]["phone"] == "+47 22 22 55 55"
    assert companies.both(one)[0]["phone"] == "22 22 55 55"  # as it was typed
    assert companies.both(other)[0]["fullname"] == "Ῥόδη Πάπας «ἀρχή»"
    assert companies.both(other)[0]["website"] == "https://www.example.com/ñ?q=1#é"


def test_edits_of_different_fields_meet_in_both(companies: Companies, in_both: Iterator[str]) -> None:
    label = next(in_both)
    contact, party = companies.both(label)
    companies.crm.client.edit("contacts", contact["id"], fullname="Renamed in the CRM")
    companies.erp.client.edit_party(party["id"], phone="+47 22 22 66 66")

    companies.sync()

    contact, party = companies.both(label)
    assert (contact["fullname"], party["name"]) == ("Renamed in the CRM", "Renamed in the CRM")
    assert (e164(contact["phone"]), e164(party["phone"])) == ("+4722226666", "+4722226666")


def test_a_cleared_field_is_cleared_in_the_other_system(companies: Companies, in_both: Iterator[str]) -> None:
    in_crm, in_erp = next(in_both), next(in_both)
    companies.crm.client.edit("contacts", companies.both(in_crm)[0]["id"], phone="", tags=[])
    companies.erp.client.edit_party(companies.both(in_erp)[1]["id"], phone=None, other=None)

    companies.sync()

    for label in (in_crm, in_erp):
        contact, party = companies.both(label)
        assert (contact["phone"], contact["tags"], party["phone"], party["other"]) == ("", [], None, None)


def test_an_archived_customer_is_archived_in_the_other_system(companies: Companies, in_both: Iterator[str]) -> None:
    in_crm, in_erp = next(in_both), next(in_both)
    companies.crm.client.edit("contacts", companies.both(in_crm)[0]["id"], archived=True)
    companies.erp.client.archive("party.party", [companies.both(in_erp)[1]["id"]])

    companies.sync()

    for label in (in_crm, in_erp):
        contact, party = companies.both(label)
        assert (contact["archived"], party["active"]) == (True, False)


def test_a_deleted_customer_is_archived_in_the_other_system(companies: Companies, in_both: Iterator[str]) -> None:
    in_crm, in_erp = next(in_both), next(in_both)
    (contact, _), (_, party) = companies.both(in_crm), companies.both(in_erp)
    companies.crm.client.delete("contacts", contact["id"])
    companies.erp.client.delete("party.party", [party["id"]])

    companies.command("run", "--full")  # a listing of changes tells nothing of deletions
    companies.hold_to_nothing_left()

    assert companies.parties()[companies.address(in_crm)]["active"] is False
    assert companies.contacts()[companies.address(in_erp)]["archived"] is True


def test_a_customer_that_is_back_from_the_archive_brings_its_partner_back(
    companies: Companies, in_both: Iterator[str]
) -> None:
    label = next(in_both)
    contact, party = companies.both(label)
    companies.erp.client.archive("party.party", [party["id"]])
    companies.sync()
    companies.erp.client.edit_party(party["id"], active=True)
    companies.erp.client.edit_party(party["id"], name="Back again")

    assert companies.sync().sync()["conflicts"] == 0
    contact, party = companies.both(label)
    assert (contact["archived"], party["active"], contact["fullname"]) == (False, True, "Back again")


# -- a conflict for each truth rule ------------------------------------------------------------------------------------


def test_owned_by_what_the_owner_says_stands(companies: Companies, in_both: Iterator[str]) -> None:
    label, lonely = next(in_both), next(in_both)
    contact, party = companies.both(label)
    companies.crm.client.edit("contacts", contact["id"], vat="DE136695976")
    companies.erp.client.edit_party(party["id"], vat="DE129273398")
    contact, party = companies.both(lonely)
    companies.crm.client.edit("contacts", contact["id"], vat="DE136695976")  # in the system that has no say

    companies.sync()

    assert [record["vat"] for record in companies.both(label)] == ["DE129273398", "DE129273398"]
    assert [record["vat"] or None for record in companies.both(lonely)] == [party["vat"], party["vat"]]


def test_prefers_the_first_that_has_spoken_wins(companies: Companies, in_both: Iterator[str]) -> None:
    label = next(in_both)
    contact, party = companies.both(label)
    companies.crm.client.edit("contacts", contact["id"], phone="+47 22 22 11 11")
    companies.erp.client.edit_party(party["id"], phone="+47 22 22 33 33")

    companies.sync()

    assert [e164(record["phone"]) for record in companies.both(label)] == ["+4722221111", "+4722221111"]


def test_newest_the_later_edit_wins_and_near_ones_go_to_the_tie_break(
    companies: Companies, in_both: Iterator[str]
) -> None:
    apart, at_once = next(in_both), next(in_both)
    contact, party = companies.both(apart)
    companies.crm.client.edit("contacts", contact["id"], fullname="First, in the CRM")
    earlier = time.monotonic()
    contact_at_once, party_at_once = companies.both(at_once)
    while time.monotonic() < earlier + CLOCKS_MAY_DIFFER_SECONDS + 0.2:
        time.sleep(0.05)
    companies.erp.client.edit_party(party["id"], name="Later, in the ERP")
    companies.crm.client.edit("contacts", contact_at_once["id"], fullname="At once, in the CRM")
    companies.erp.client.edit_party(party_at_once["id"], name="At once, in the ERP")

    companies.sync()

    contact, party = companies.both(apart)
    assert (contact["fullname"], party["name"]) == ("Later, in the ERP", "Later, in the ERP")
    contact, party = companies.both(at_once)
    assert (contact["fullname"], party["name"]) == ("At once, in the CRM", "At once, in the CRM")


def test_union_tags_of_both_sides_are_kept_and_removals_too(companies: Companies, in_both: Iterator[str]) -> None:
    label = next(in_both)
    contact, party = companies.both(label)
    companies.crm.client.edit("contacts", contact["id"], tags=["base", "gone", "écolo"])
    companies.sync()
    companies.crm.client.edit("contacts", contact["id"], tags=["base", "gone", "écolo", "from the CRM"])
    companies.erp.client.edit_party(party["id"], other="base,écolo,from the ERP")

    companies.sync()

    contact, party = companies.both(label)
    expected = {"base", "écolo", "from the CRM", "from the ERP"}
    assert (set(contact["tags"]), tags_of(party)) == (expected, expected)


def test_ask_nobody_is_overwritten_until_a_person_has_decided(companies: Companies, in_both: Iterator[str]) -> None:
    label = next(in_both)
    contact, party = companies.both(label)
    companies.crm.client.edit("contacts", contact["id"], website="https://crm.example.com", phone="22 22 77 77")
    companies.erp.client.edit_party(party["id"], website="https://erp.example.com")

    ended = companies.sync()

    assert (ended.code, ended.sync()["conflicts"]) == (NEEDS_PERSON, 1)
    contact, party = companies.both(label)
    assert (contact["website"], party["website"]) == ("https://crm.example.com", "https://erp.example.com")
    assert party["phone"] == "+47 22 22 77 77"  # the other fields go on
    waiting = companies.command("status", "--json").document["waiting"]
    (conflict,) = (item for item in waiting if item["kind"] == "conflict")
    assert conflict["field"] == "website"
    assert conflict["candidates"] == {"crm": "https://crm.example.com", "erp": "https://erp.example.com"}
    assert conflict["place"].startswith("crm_erp_customers.sync:")

    companies.crm.client.edit("contacts", contact["id"], website="https://erp.example.com")  # the decision

    assert companies.sync().sync()["conflicts"] == 0
    companies.erp.client.edit_party(party["id"], website="https://later.example.com")
    companies.sync()
    assert companies.both(label)[0]["website"] == "https://later.example.com"


# -- what the systems show ---------------------------------------------------------------------------------------------


def e164(phone: str | None) -> str | None:
    """A telephone number however it is spelled; Norwegian where it names no country."""
    if not phone:
        return None
    return phonenumbers.format_number(phonenumbers.parse(phone, "NO"), phonenumbers.PhoneNumberFormat.E164)


def tags_of(party: dict[str, str | None]) -> set[str]:
    """The tags that a party keeps in a contact mechanism."""
    return set((party["other"] or "").split(",")) - {""}


def is_the_record(record: dict[str, object], name: str, customer: Customer) -> bool:
    """Whether a record is that very customer."""
    return record[name] == customer.name and (record["email"] or None) == customer.email
