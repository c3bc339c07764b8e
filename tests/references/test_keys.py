"""A reference that a system shows by a key of the record: `firm.number <-> firm_no`."""

from pathlib import Path
from typing import Any

import pytest

from tests.references.worlds import World

SPEC = """spec s version 1
connector api over rest {
  setting url : url
  setting token : secret
  base "{url}"
  auth bearer token
  resource people {
    id : text identity
    updated : instant version
    email : email
    firm : ref firms
    firm_no : text(20)?
    nick : text(20)?
    list GET "/people" { since "updated >= '{since}'" }
    read GET "/people/{id}" { returns record }
    create POST "/people" { returns record }
    update PATCH "/people/{id}" { returns record }
  }
  resource firms {
    id : text identity
    updated : instant version
    number : text(20)
    vat : text(20)?
    list GET "/firms" { since "updated >= '{since}'" }
    read GET "/firms/{id}" { returns record }
    create POST "/firms" { returns record }
    update PATCH "/firms/{id}" { returns record }
  }
}
system crm = api { url: env("CRM"), token: secret("CRMT") }
system erp = api { url: env("ERP"), token: secret("ERPT") }
entity Firm { number : text(20), vat : text(20)?, match number then vat }
entity Person { email : email, nick : text(20)?, firm : ref Firm?, match email }
map Firm to crm.firms { number <-> number, vat <-> vat }
map Person to crm.people { email <-> email, nick <-> nick as trim, firm <-> firm }
map Person to erp.people { email <-> email, nick <-> nick as trim, firm.number <-> firm_no as upper }
sync Firm from crm { run every 1 hour, empty propagates }
sync Person across crm, erp {
  delete in crm unlink, delete in erp unlink, truth { otherwise prefers crm then erp }, empty propagates
}
"""


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path, SPEC)
    made.put("crm", "firms", "f1", number="A1", vat="X1")
    made.put("crm", "firms", "f2", number="A2", vat="X2")
    return made


async def test_it_is_written_as_the_key_and_read_as_the_record(world: Any) -> None:
    here = world.put("crm", "people", email="a@b.c", firm="f1", nick=" an ")
    await world.run()
    there = world.only("erp", "people")
    assert there["firm_no"] == "A1"
    await world.quiet()
    world.put("erp", "people", there["id"], firm_no="a2")
    await world.run()
    assert world.only("crm", "people")["firm"] == "f2"
    world.put("crm", "people", here, firm=None)
    await world.run()
    assert world.only("erp", "people")["firm_no"] is None
    await world.quiet()


async def test_a_key_that_nobody_has_is_no_change_until_somebody_has_it(world: Any) -> None:
    world.put("erp", "people", email="a@b.c", firm_no="A9")
    await world.run()
    assert world.only("crm", "people")["firm"] is None
    assert world.only("erp", "people")["firm_no"] == "A9"
    await world.quiet()
    with world.store() as store:
        assert [(wait.target, wait.remote_id) for wait in store.waiting()] == [("Firm", "=")]
    world.put("crm", "firms", "f9", number="A9", vat=None)
    await world.run()
    assert world.only("crm", "people")["firm"] == "f9"
    with world.store() as store:
        assert store.waiting() == []
    await world.quiet()


async def test_a_new_key_of_the_record_is_written_where_the_old_one_stood(world: Any) -> None:
    world.put("crm", "people", email="a@b.c", firm="f1")
    await world.run()
    world.put("crm", "firms", "f1", number="B1")
    await world.run()
    assert world.only("erp", "people")["firm_no"] == "B1"
    assert world.only("crm", "people")["firm"] == "f1"
    await world.quiet()
