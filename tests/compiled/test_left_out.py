"""A system that leaves out what is null: what it does not show is empty, but in the answer to a write or where it is unreadable."""

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.declaration import Package
from syncline_runtime.simulation.sandbox import Sandbox
from syncline_runtime.values import Native
from tests.compiled.installation import READABLE, Installation, compiled
from tests.compiled.wired import northwind, wired

SPEC = """
entity Customer {
  email : email, name : text(100)?, vat : text(20)?, rating : integer?, tags : set<text>, match email
}
map Customer to crm.contacts { email <-> email, name <-> name, vat <-> vat, rating <-> rating, tags <-> tags }
map Customer to erp.contacts { email <-> email, name <-> name, vat <-> vat, rating <-> rating, tags <-> tags }
sync Customer across crm, erp {
  delete in crm hold
  delete in erp hold
  empty propagates
  truth {
    email prefers crm then erp, name prefers crm then erp, vat prefers crm then erp, rating prefers crm then erp, tags union
  }
}
"""
TERSE = READABLE.replace("  ## People", "  null { absent }\n\n  ## People")


def terse(native: Native) -> Native:
    return {name: value for name, value in native.items() if value is not None and value != []}


@cache
def built() -> Package:
    return compiled(SPEC, TERSE)


@pytest.fixture
def world(tmp_path: Path) -> Installation:
    """Two systems that show nothing of what is empty."""
    found = Installation(tmp_path, built())
    for twin in (found.twins["crm"], found.twins["erp"]):
        twin.tables["contacts"].normalise = terse
    return found


@pytest.mark.parametrize(("here", "there"), [("crm", "erp"), ("erp", "crm")])
async def test_emptied_there_is_emptied_here(world: Installation, here: str, there: str) -> None:
    remote_id = world.put(f"{here}.contacts", email="ana@x.org", name="Ana", vat="NO1", rating=3, tags=["gold"])
    await world.run()
    partner = world.records(f"{there}.contacts")[world.only(f"{there}.contacts")]
    assert (partner["vat"], partner["rating"], partner["tags"]) == ("NO1", 3, ["gold"])
    world.put(f"{here}.contacts", remote_id, vat=None, rating=None, tags=[])
    assert (await world.run()).exit_code == 0
    partner = world.records(f"{there}.contacts")[world.only(f"{there}.contacts")]
    assert partner.keys() == {"id", "updated", "email", "name"}
    world.put(f"{there}.contacts", partner["id"], vat="NO2")
    await world.run()
    assert world.records(f"{here}.contacts")[remote_id]["vat"] == "NO2"
    await world.settled()


async def test_what_cannot_be_read_is_not_emptied(world: Installation) -> None:
    remote_id = world.put("crm.contacts", email="ana@x.org", name="Ana", rating=3)
    await world.run()
    world.put("crm.contacts", remote_id, rating="three", name="Ana B.")
    assert (await world.run()).exit_code == 1
    (partner,) = world.records("erp.contacts").values()
    assert (partner["name"], partner["rating"]) == ("Ana B.", 3)


async def test_without_the_word_what_is_left_out_is_not_known(tmp_path: Path) -> None:
    world = Installation(tmp_path, compiled(SPEC))
    world.twins["crm"].tables["contacts"].normalise = terse
    remote_id = world.put("crm.contacts", email="ana@x.org", name="Ana", vat="NO1", rating=3, tags=["gold"])
    await world.run()
    world.put("crm.contacts", remote_id, vat=None)
    await world.run()
    (partner,) = world.records("erp.contacts").values()
    assert partner["vat"] == "NO1"


# -- over HTTP ----------------------------------------------------------------------------------------------------------


ERROR = '  error { message: "error.message" }'
"""A line of the CRM that may be another."""


class Thin(Sandbox):
    """Answers to writes show the id and the time alone."""

    def answer(self, verb: str, target: str, headers: Any, body: bytes) -> tuple[int, Any]:
        status, document = super().answer(verb, target, headers, body)
        if verb in ("POST", "PATCH", "PUT") and "changed_at" in (document or {}):
            document = {name: document[name] for name in ("id", "changed_at")}
        return status, document


@pytest.mark.parametrize("kind", [Sandbox, Thin])
async def test_both_ways_over_http(tmp_path: Path, kind: type[Sandbox]) -> None:
    async with wired(northwind({ERROR: "  null { absent }"}), kind, tmp_path) as world:
        crm, erp = world.sandboxes["crm"], world.sandboxes["erp"]
        ana = crm.add(
            "accounts",
            {
                "number": "ALFKI",
                "company": "Alfreds",
                "person": "Maria",
                "phone": "030",
                "stage": "lead",
                "town": "Berlin",
                "country": None,
                "labels": ["gold"],
                "closed": False,
            },
        )
        await world.run()
        (partner,) = erp.records["customers"]
        assert erp.shown("customers", partner, "telephone") == "030"
        crm.edit("accounts", ana, {"phone": None})
        await world.run()
        assert erp.shown("customers", partner, "telephone") == ""
        assert erp.shown("customers", partner, "contact") == "Maria"
        erp.edit("customers", partner, {"contact": "", "city": "Oslo", "name": "Alfreds AS"})
        await world.run()
        assert crm.shown("accounts", ana, "person") is None
        assert crm.shown("accounts", ana, "town") == "Oslo"
        assert crm.shown("accounts", ana, "company") == "Alfreds AS"
        written = crm.writes, erp.writes
        report = await world.run()
        assert (crm.writes, erp.writes) == written
        assert report.exit_code == 0
        assert crm.records["accounts"][ana]["labels"] == ["gold"]
