"""A text that is longer than its system declares is told and goes nowhere, and nothing else of its record waits for it."""

from pathlib import Path

import pytest

from tests.compiled.installation import Installation, compiled

SPEC = """
entity Customer { email : email, name : text(100), vip : boolean, match email }
map Customer to crm.contacts { email <-> email, name <-> name, vip <-> vip }
map Customer to erp.contacts { email <-> email, name <-> name, vip <-> vip }
sync Customer across crm, erp {
  delete in crm hold
  delete in erp hold
  truth { email prefers crm then erp, name prefers crm then erp, vip prefers crm then erp }
}
"""


@pytest.mark.parametrize("letter", ["x", "é", "e\N{COMBINING ACUTE ACCENT}"])
async def test_a_longer_text_waits_for_a_person(tmp_path: Path, letter: str) -> None:
    world = Installation(tmp_path, compiled(SPEC))
    contact = world.put("crm.contacts", email="ana@x.org", name="Ana", vip=False)
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
