"""The same customers in PocketBase as CRM, Tryton as ERP and a table of PostgreSQL."""

from collections.abc import Mapping
from pathlib import Path

import phonenumbers

from .clients.writes import writes_between
from .command import AWAITS_CONSENT, NEEDS_PERSON, Command, build
from .customers import Population, population
from .customers_in_two import EXAMPLES, by_address, crm_settings, erp_settings
from .servers.pocketbase import PocketBase
from .servers.postgres import Postgres
from .servers.tryton import Tryton

SYSTEMS = ("crm", "erp", "shop")


class Companies:
    """Three systems full of customers, and the command."""

    def __init__(self, crm: PocketBase, erp: Tryton, shop: Postgres, command: Command, people: Population) -> None:
        self.crm, self.erp, self.shop, self.command, self.people = crm.client, erp.client, shop.client, command, people
        self.crm.load("contacts", [customer.contact() for customer in people.crm.values()])
        self.erp.create_parties([customer.party() for customer in people.erp.values()])
        self.shop.load([customer.row() for customer in people.database.values()])

    def customers(self) -> dict[str, dict[str, dict[str, object]]]:
        """By system and e-mail address: what each customer looks like, spelled alike."""
        return {
            "crm": {
                at: plain(record, "fullname", "tags") for at, record in by_address(self.crm.all("contacts")).items()
            },
            "erp": {at: plain(record, "name", "other") for at, record in by_address(self.erp.parties()).items()},
            "shop": {at: plain(record, "full_name", "tags") for at, record in by_address(self.shop.all()).items()},
        }

    def stamps(self) -> dict[str, Mapping[str, str]]:
        """When each record was last written, by system."""
        return {"crm": self.crm.stamps("contacts"), "erp": self.erp.stamps(), "shop": self.shop.stamps()}

    def hold_to_nothing_left(self) -> None:
        """Run and see that no system was written to."""
        before = self.stamps()
        assert self.command("run", "--json").problems == ""
        after = self.stamps()
        assert [len(writes_between(before[system], after[system])) for system in SYSTEMS] == [0, 0, 0]


def test_customers_of_three_systems_come_into_step(
    pocketbase: PocketBase, tryton: Tryton, postgres: Postgres, tmp_path: Path
) -> None:
    people = population()
    variables = {**crm_settings(pocketbase), **erp_settings(tryton), "SHOP_URL": postgres.url}
    command = build(EXAMPLES / "three_systems.sync", tmp_path, variables)
    companies = Companies(pocketbase, tryton, postgres, command, people)

    before = companies.stamps()
    assert command("run").code == AWAITS_CONSENT
    assert companies.stamps() == before

    applied = command("run", "--apply-first", "--json")

    assert applied.problems == ""
    assert applied.code == NEEDS_PERSON  # the ambiguous ones and those without a key
    after = companies.stamps()
    for system, stored in zip(SYSTEMS, ("crm", "erp", "database"), strict=True):
        made = people.created(stored, "crm", "erp", "database")
        written = writes_between(before[system], after[system])
        assert (len(written.created), len(written.removed)) == (len(made), 0), system
    companies.hold_to_nothing_left()

    customers = companies.customers()
    wanted = people.linked("crm", "erp", "database") | frozenset().union(
        *(people.created(stored, "crm", "erp", "database") for stored in ("crm", "erp", "database"))
    )
    for label in wanted:
        held = people.crm.get(label) or people.erp.get(label) or people.database[label]
        address = str(held.email).lower()
        in_crm, in_erp, in_shop = (customers[system][address] for system in SYSTEMS)
        assert in_crm == in_erp == in_shop, label

    # One edit in each system, a conflict of all three, a cleared field, and a customer archived in the table.
    one, two, three, four, five, six = sorted(
        str(people.crm[label].email).lower() for label in people.linked("crm", "erp") if people.crm[label].phone
    )[:6]
    contacts = by_address(companies.crm.all("contacts"))
    parties = by_address(companies.erp.parties())
    rows = by_address(companies.shop.all())
    companies.crm.edit("contacts", contacts[one]["id"], fullname="Müller in the CRM", tags=["first"])
    companies.erp.edit_party(parties[two]["id"], name="Łaś in the ERP")
    companies.shop.edit(rows[three]["id"], full_name="Ødegård in the shop", tags="second,third")
    companies.crm.edit("contacts", contacts[four]["id"], phone="+47 22 22 11 11")
    companies.erp.edit_party(parties[four]["id"], phone="+47 22 22 22 22")
    companies.shop.edit(rows[four]["id"], phone="+47 22 22 33 33")
    companies.shop.edit(rows[five]["id"], phone=None)
    companies.shop.edit(rows[six]["id"], archived=True)

    assert command("run", "--json").problems == ""
    companies.hold_to_nothing_left()

    customers = companies.customers()
    for system in SYSTEMS:
        assert customers[system][one]["name"] == "Müller in the CRM"
        assert customers[system][one]["tags"] == {"first"}
        assert customers[system][two]["name"] == "Łaś in the ERP"
        assert customers[system][three]["name"] == "Ødegård in the shop"
        assert customers[system][three]["tags"] == {"second", "third"}
        assert customers[system][four]["phone"] == "+4722221111"
        assert customers[system][five]["phone"] is None
        assert customers[system][six]["archived"] is True


def plain(record: Mapping[str, object], name: str, tags: str) -> dict[str, object]:
    """A record of any of the systems, in one spelling."""
    phone, listed = record["phone"], record[tags]
    elements = listed.split(",") if isinstance(listed, str) else listed or ()
    assert isinstance(elements, list | tuple)
    return {
        "name": str(record[name]).strip(),
        "phone": e164(str(phone)) if phone else None,
        "vat": record["vat"] or None,
        "website": record["website"] or None,
        "tags": set(elements) - {""},
        "archived": record["archived"] if "archived" in record else not record["active"],
    }


def e164(phone: str) -> str:
    """A telephone number however it is spelled; Norwegian where it names no country."""
    return phonenumbers.format_number(phonenumbers.parse(phone, "NO"), phonenumbers.PhoneNumberFormat.E164)
