"""A create whose answer is lost on the wire: its record is found by the mark that went with it, and by what counts its writes."""

from pathlib import Path
from typing import Any

from syncline_runtime.declaration import Package
from syncline_runtime.simulation.sandbox import Sandbox
from tests.compiled.wired import northwind, wired

COMPANY = "    company    : text(80) required"
FILTER = '      filter "where" join "&"'


def marking() -> Package:
    """Northwind, whose CRM takes marks and counts writes."""
    own = "    mark : text(64) marker\n    revision : integer counts writes"
    return northwind({COMPANY: f"{COMPANY}\n{own}", FILTER: f'{FILTER} equals "{{field}}={{value}}"'})


class Losing(Sandbox):
    """Does what it is asked, and answers the first write with a gateway's time-out."""

    lost = 1

    def answer(self, verb: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        status, document = super().answer(verb, target, headers, body)
        if verb in ("POST", "PATCH") and self.lost:
            self.lost -= 1
            return 504, {}
        return status, document


def ledger_customer(world: Any, account: str) -> str:
    values = {"account": account, "name": "Alfreds", "status": 1, "groups": "gold", "contact": "Maria", "active": True}
    made: str = world.sandboxes["erp"].add("customers", values)
    return made


async def test_a_record_whose_key_was_changed_is_found(tmp_path: Path) -> None:
    async with wired(marking(), Losing, tmp_path) as world:
        crm = world.sandboxes["crm"]
        ledger_customer(world, "ALFKI")
        await world.run()
        (made,) = crm.records["accounts"]
        crm.edit("accounts", made, {"number": "WRONG"})
        for _ in range(3):
            report = await world.run(later=300.0)
        assert list(crm.records["accounts"]) == [made]
        assert crm.shown("accounts", made, "number") == "ALFKI", "the ledger owns it"
        assert len(crm.shown("accounts", made, "mark")) <= 64
        assert report.exit_code == 0


async def test_what_was_put_back_is_told(tmp_path: Path) -> None:
    async with wired(marking(), Losing, tmp_path) as world:
        crm, erp = world.sandboxes["crm"], world.sandboxes["erp"]
        assert isinstance(crm, Losing)
        crm.lost = 0
        customer = ledger_customer(world, "ALFKI")
        await world.run()
        (made,) = crm.records["accounts"]
        erp.edit("customers", customer, {"contact": "Ana"})
        crm.lost = 1
        await world.run()
        assert crm.shown("accounts", made, "person") == "Ana"
        crm.edit("accounts", made, {"person": "Maria"})
        report = await world.run(later=600.0)
        assert report.summaries[0].undone == {"crm": 1}
        assert crm.shown("accounts", made, "person") == "Ana"
