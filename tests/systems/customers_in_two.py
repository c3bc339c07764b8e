"""The customers of `population` in PocketBase as CRM and Tryton as ERP, and the package that keeps them in step."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .clients.writes import Writes, writes_between
from .command import AWAITS_CONSENT, Command, Ended
from .customers import Population
from .servers.pocketbase import PocketBase
from .servers.tryton import Tryton

EXAMPLES = Path(__file__).parents[2] / "specs" / "examples"


def crm_settings(crm: PocketBase, url: str | None = None) -> dict[str, str]:
    """The variables that the examples ask for PocketBase as CRM."""
    return {"CRM_URL": url or crm.url, "CRM_EMAIL": crm.email, "CRM_PASSWORD": crm.password}


def erp_settings(erp: Tryton, url: str | None = None) -> dict[str, str]:
    """The variables that the examples ask for Tryton as ERP."""
    return {
        "ERP_URL": url or erp.url,
        "ERP_DATABASE": erp.database,
        "ERP_USER": erp.user,
        "ERP_PASSWORD": erp.password,
    }


@dataclass(frozen=True, slots=True)
class Stamps:
    """When every record of both systems was last written, as the systems tell."""

    crm: Mapping[str, str]
    erp: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Written:
    """What was written in each system between two looks."""

    crm: Writes
    erp: Writes

    def __len__(self) -> int:
        return len(self.crm) + len(self.erp)


@dataclass(frozen=True, slots=True)
class Companies:
    """Both systems and the command that keeps them in step."""

    people: Population
    crm: PocketBase
    erp: Tryton
    command: Command

    def stamps(self) -> Stamps:
        """Look at both systems."""
        return Stamps(self.crm.client.stamps("contacts"), self.erp.client.stamps())

    def written_since(self, before: Stamps) -> Written:
        """What has been written since a look."""
        now = self.stamps()
        return Written(writes_between(before.crm, now.crm), writes_between(before.erp, now.erp))

    def contacts(self) -> dict[str, dict[str, Any]]:
        """Contacts of the CRM by e-mail address in lower case; those that share one, or have none, are left out."""
        return by_address(self.crm.client.all("contacts"))

    def parties(self) -> dict[str, dict[str, Any]]:
        """Parties of the ERP in the same way."""
        return by_address(self.erp.client.parties())

    def address(self, label: str) -> str:
        """The e-mail address of a customer, in lower case."""
        held = self.people.crm.get(label) or self.people.erp[label]
        assert held.email is not None
        return held.email.lower()

    def both(self, label: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """A customer's contact and party."""
        address = self.address(label)
        return self.contacts()[address], by_address(self.erp.client.parties(address))[address]

    def sync(self) -> Ended:
        """Run; then run again and hold it to write nothing in either system."""
        ended = self.command("run", "--json")
        self.hold_to_nothing_left()
        return ended

    def hold_to_nothing_left(self) -> None:
        """Run and see, by the systems' own stamps, that nothing was written."""
        before = self.stamps()
        again = self.command("run", "--json")
        assert again.problems == "", again.problems
        assert len(self.written_since(before)) == 0, again.text


@dataclass(frozen=True, slots=True)
class FirstRun:
    """The first run as it went: without consent, and with it."""

    companies: Companies
    plan: Ended
    written_by_plan: Written
    applied: Ended
    written: Written


def first_run(companies: Companies) -> FirstRun:
    """Run twice over systems that were never in step: the second time with consent."""
    before = companies.stamps()
    plan = companies.command("run", "--json")
    assert plan.code == AWAITS_CONSENT, plan
    written_by_plan = companies.written_since(before)
    applied = companies.command("run", "--apply-first", "--json")
    return FirstRun(companies, plan, written_by_plan, applied, companies.written_since(before))


def by_address(records: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Any]]:
    """Records by their e-mail address in lower case, each with its `id`; those that share one, or have none, are left out."""
    found: dict[str, dict[str, Any]] = {}
    shared: set[str] = set()
    for key, record in records.items():
        address = str(record["email"] or "").lower()
        if address in found:
            shared.add(address)
        found[address] = {**record, "id": key}
    return {address: record for address, record in found.items() if address and address not in shared}
