"""A value that its field does not hold is told and goes nowhere, whatever its system declares; nothing else waits for it."""

from decimal import Decimal
from pathlib import Path

import pytest

from tests.compiled.installation import Installation, compiled

SPEC = """
entity Customer {
  email : email, name : text(100), vip : boolean, credit : decimal(12, 2)?, match email
}
map Customer to crm.contacts { email <-> email, name <-> name, vip <-> vip, credit <-> credit }
map Customer to erp.contacts { email <-> email, name <-> name, vip <-> vip, credit <-> credit }
sync Customer across crm, erp {
  delete in crm hold
  delete in erp hold
  empty propagates
  truth { email prefers crm then erp, name prefers crm then erp, vip prefers crm then erp, credit prefers crm then erp }
}
"""


@pytest.mark.parametrize("letter", ["x", "é", "e\N{COMBINING ACUTE ACCENT}"])
async def test_a_longer_text_waits_for_a_person(tmp_path: Path, letter: str) -> None:
    world = Installation(tmp_path, compiled(SPEC))
    contact = world.put("crm.contacts", email="ana@x.org", name="Ana", vip=False, credit=1)
    await world.run()
    partner = world.only("erp.contacts")
    world.put("crm.contacts", contact, name=letter * 101, vip=True)
    report = await world.run()
    assert report.exit_code == 1
    assert world.records("erp.contacts")[partner]["name"] == "Ana"
    assert world.records("erp.contacts")[partner]["vip"] is True
    with world.store() as store:
        (held,) = store.review.quarantined()
    assert (held.system, held.field, held.reason_code) == ("crm", "name", "record.value.too-long")
    assert held.detail == "expected text of at most 100 characters, got text of 101 characters"
    world.put("crm.contacts", contact, name=letter * 100)
    assert (await world.run()).exit_code == 0
    assert len(world.records("erp.contacts")[partner]["name"]) == 100


async def test_a_number_with_more_decimals_waits_for_a_person(tmp_path: Path) -> None:
    priced = SPEC.replace("vip : boolean, match", "vip : boolean, credit : decimal(12, 2)?, match")
    world = Installation(
        tmp_path, compiled(priced.replace("vip <-> vip, credit <-> credit }", "vip <-> vip, credit <-> credit }"))
    )
    contact = world.put("crm.contacts", email="ana@x.org", name="Ana", vip=False, credit=Decimal("10.25"))
    await world.run()
    world.put("crm.contacts", contact, credit=Decimal("10.255"), vip=True)
    assert (await world.run()).exit_code == 1
    (partner,) = world.records("erp.contacts").values()
    assert (str(partner["credit"]), partner["vip"]) == ("10.25", True)
