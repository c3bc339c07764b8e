"""PocketBase as CRM and Tryton as ERP: customers that one of them cannot take, and an ERP that dies in mid-run."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from .command import FAILED, IN_STEP, NEEDS_PERSON, Ended, build
from .customers import Customer, Population, too_long_for_crm
from .customers_in_two import EXAMPLES, Companies, crm_settings, erp_settings
from .servers.faults import Meanwhile, Request, before
from .servers.pocketbase import PocketBase
from .servers.tryton import Tryton

# In the form of a telephone number, but nobody's: Tryton looks into the plan of the country.
NOBODYS_NUMBER = "+4710000000"
COUNT = 230
SETTLE = ("--settle", "0.5")


@pytest.fixture
def companies(pocketbase: PocketBase, tryton: Tryton, tmp_path: Path) -> Iterator[Companies]:
    """Both systems without customers, and the command."""
    nobody = Population(crm={}, erp={}, database={}, ambiguous=frozenset(), keyless=frozenset())
    settings = crm_settings(pocketbase) | erp_settings(tryton)
    # The party of the ERP's own company has no e-mail address; with one, nothing waits for a person.
    (own,) = tryton.client.model("company.company", "search_read", [], 0, None, None, ["party"])
    tryton.client.edit_party(str(own["party"]), email="office@syncline.example")
    command = build(EXAMPLES / "crm_erp_customers.sync", tmp_path, settings)
    yield Companies(nobody, pocketbase, tryton, command)
    if not tryton.process.running:
        tryton.process.start()
    tryton.client.edit_party(str(own["party"]), email=None)


def run(companies: Companies) -> Ended:
    """Run with consent to the first run."""
    return companies.command("run", "--apply-first", *SETTLE)


def test_customers_that_one_system_cannot_take_stop_nobody_else(companies: Companies) -> None:
    people = [
        Customer(label=f"p{number}", name=f"Zoë № {number}", email=f"p{number}@example.com") for number in range(9)
    ]
    contacts = [person.contact() for person in people]
    contacts[4]["phone"] = NOBODYS_NUMBER
    keys = companies.crm.client.load("contacts", contacts)
    (too_long,) = companies.erp.client.create_parties([too_long_for_crm().party()])

    ended = run(companies)

    assert ended.code == NEEDS_PERSON
    assert "p4@example.com" not in companies.parties()
    assert len(companies.parties()) == len(people) - 1 + 1  # all but one, and the too long one
    lines = [line.strip() for line in ended.text.splitlines() if line.startswith("  ! ")]
    assert len(lines) == 2, ended.text
    (refused,) = (line for line in lines if "is not valid" in line)
    assert "@erp  Customer crm" in refused
    assert "+4710000000" in refused.replace(" ", "")
    (unreadable,) = (line for line in lines if "value.too-long" in line)
    assert f"Customer erp {too_long} name: " in unreadable
    assert "crm_erp_customers.sync:" in unreadable
    companies.hold_to_nothing_left()

    companies.crm.client.edit("contacts", keys[4], phone="22 22 55 55")
    companies.erp.client.edit_party(too_long, name="Ærlig & Sønner")

    assert run(companies).code == IN_STEP
    assert companies.parties()["p4@example.com"]["phone"] == "+47 22 22 55 55"
    assert companies.contacts()["long.name@example.com"]["fullname"] == "Ærlig & Sønner"
    companies.hold_to_nothing_left()

    # The same with an edit: the other fields of the record go on.
    companies.crm.client.edit("contacts", keys[4], phone=NOBODYS_NUMBER, fullname="Renamed all the same")
    assert run(companies).code == NEEDS_PERSON
    party = companies.parties()["p4@example.com"]
    assert party["phone"] == "+47 22 22 55 55"
    companies.hold_to_nothing_left()
    companies.crm.client.edit("contacts", keys[4], phone="22 22 66 66")
    assert run(companies).code == IN_STEP
    party = companies.parties()["p4@example.com"]
    assert (party["phone"], party["name"]) == ("+47 22 22 66 66", "Renamed all the same")
    companies.hold_to_nothing_left()


def test_an_erp_killed_in_mid_run_loses_nothing_and_a_later_run_finishes(companies: Companies) -> None:
    companies.crm.client.load(
        "contacts", [{"fullname": f"Åse № {number}", "email": f"ase.{number}@example.com"} for number in range(COUNT)]
    )
    erp = companies.erp
    with before(erp.url) as proxy:
        companies.command.variables["ERP_URL"] = proxy.url
        proxy.spoil(creates, Meanwhile(erp.process.kill), after=1)
        ended = run(companies)
        assert ended.code in (NEEDS_PERSON, FAILED)
        assert "erp: " in ended.text + ended.problems
        erp.process.start()

        finished = run(companies)
        while finished.code == NEEDS_PERSON and "unknown outcome" in finished.text:
            finished = run(companies)

        assert finished.code == IN_STEP, finished
        assert {party["name"] for party in erp.client.parties().values()} == {
            contact["fullname"] for contact in companies.crm.client.all("contacts").values()
        } - {"Syncline Trading"}
        assert len(erp.client.parties()) == COUNT
        companies.hold_to_nothing_left()


def creates(request: Request) -> bool:
    """Whether a request creates parties."""
    return b"model.party.party.create" in request.body
