"""The customers of the tests are what the scenarios rely on, and every system takes them."""

from collections import Counter

import phonenumbers

from .customers import BOTH, Population, population, products
from .servers.pocketbase import PocketBase
from .servers.postgres import Postgres
from .servers.tryton import Tryton


def test_it_is_the_same_in_every_run_and_large_enough() -> None:
    people = population()
    assert people == population()
    assert min(len(people.crm), len(people.erp)) >= 300
    assert len(people.linked("crm", "erp")) == BOTH
    assert len(people.differences) >= BOTH // 3


def test_addresses_are_keys_but_for_the_ambiguous_ones() -> None:
    people = population()
    for held in (people.crm, people.erp, people.database):
        addresses = Counter(c.email.lower() for c in held.values() if c.email and c.label not in people.ambiguous)
        assert max(addresses.values()) == 1
    assert {
        label for held in (people.crm, people.erp) for label, c in held.items() if c.email is None
    } == people.keyless
    for label in people.linked("crm", "erp"):
        crm, erp = people.crm[label].email, people.erp[label].email
        assert crm is not None
        assert erp is not None
        assert crm.lower() == erp.lower()


def test_telephone_numbers_are_valid_as_people_write_them() -> None:
    for customer in population().crm.values():
        if customer.phone:
            assert phonenumbers.is_valid_number(phonenumbers.parse(customer.phone, "NO")), customer.phone


def test_ambiguous_customers_share_an_address_in_the_erp() -> None:
    people = population()
    counts = Counter(c.email.lower() for c in people.erp.values() if c.email)
    shared = {address for address, count in counts.items() if count > 1}
    held = [*people.crm.values(), *people.erp.values()]
    assert {c.label for c in held if c.email and c.email.lower() in shared} == people.ambiguous


def test_the_systems_take_all_of_it(pocketbase: PocketBase, tryton: Tryton, postgres: Postgres) -> None:
    people: Population = population()
    contacts = pocketbase.client.load("contacts", [customer.contact() for customer in people.crm.values()])
    parties = tryton.client.create_parties([customer.party() for customer in people.erp.values()])
    rows = postgres.client.load([customer.row() for customer in people.database.values()])
    stored = pocketbase.client.all("contacts")
    assert [stored[key]["fullname"] for key in contacts] == [customer.name for customer in people.crm.values()]
    held = tryton.client.parties()
    assert [held[key]["name"] for key in parties] == [customer.name for customer in people.erp.values()]
    assert [frozenset((held[key]["other"] or "").split(",")) - {""} for key in parties] == [
        customer.tags for customer in people.erp.values()
    ]
    assert [held[key]["vat"] for key in parties] == [customer.vat for customer in people.erp.values()]
    assert len(rows) == len(people.database) == len(postgres.client.all())
    templates = tryton.client.create_products([product.template() for product in products()])
    prices = tryton.client.products()
    assert [prices[key]["list_price"] for key in templates] == [product.list_price for product in products()]
