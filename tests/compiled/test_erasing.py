"""One person is erased everywhere: in each system as the spec says, and from every byte of the state; nobody else is touched."""

from pathlib import Path

import pytest

from syncline_runtime.erasing import Erased, erase, steps_of, together
from syncline_runtime.ports import Refused, SystemFailure
from syncline_runtime.simulation.twin import UNKNOWN_BUT_LANDED
from syncline_runtime.state.schema import SEALED
from tests.compiled.installation import Installation, codes, compiled

SPEC = """
entity Customer {{ email : email pii, name : text(100) pii, phone : phone? pii, rank : integer?, match email }}
map Customer to crm.contacts {{ email <-> email, name <-> name, phone <-> phone, rank <-> rating }}
map Customer to erp.contacts {{ email <-> email, name <-> name, phone <-> phone, truncate(name, 20) -> vat }}
map Customer to shop.contacts {{ phone <-> phone, email <- email, rank -> rating }}
sync Customer across crm, erp, shop {{
  delete in crm hold
  delete in erp propagate
  delete in shop archive
  create in shop never
  empty propagates
  truth {{ otherwise prefers crm then erp then shop }}
{clauses}
}}
"""
CLAUSES = """  erase purge in crm
  erase keep in erp "invoices are kept for ten years"
  erase purge in shop"""
CANARIES = ("ana.canary@x.org", "Ana Canary", "+4722334455", "ana.second@x.org", "Annie Canary")


async def known(tmp_path: Path, clauses: str = CLAUSES) -> Installation:
    """Ana, with a history: an edit, a conflict that was decided, a refused write; and Bo, who stays."""
    world = Installation(tmp_path, compiled(SPEC.format(clauses=clauses)))
    ana = world.put("crm.contacts", email="ana.canary@x.org", name="Ana Canary", phone="+4722334455", rating=3)
    world.put("crm.contacts", email="bo@x.org", name="Bo Berg", phone="+4799999999", rating=1)
    await world.run()
    erp = next(one for one, record in world.records("erp.contacts").items() if record["name"] == "Ana Canary")
    world.put("crm.contacts", ana, email="ana.second@x.org")
    world.put("erp.contacts", erp, name="Annie Canary")
    world.put("crm.contacts", ana, name="Ana Canary II")
    world.twins["erp"].tables["contacts"].refuse = lambda native: Refused("bad", f"no room for {native.get('email')}")
    await world.run()
    world.twins["erp"].tables["contacts"].refuse = None
    world.twins["crm"].tables["contacts"].refuse = lambda native: Refused("bad", f"no room for {native.get('name')}")
    await world.run()
    world.twins["crm"].tables["contacts"].refuse = None
    return world


def links(world: Installation, remote_id: str, system: str = "crm") -> dict[int, str]:
    with world.store() as store:
        row = store.members("Customer", system, [remote_id])[remote_id]
        assert row.link_id is not None
        return together(world.package, store, {row.link_id: "Customer"})


def record_of(world: Installation, place: str, name: str) -> str:
    return next(one for one, record in world.records(place).items() if name in str(record.get("name", "")))


async def erased(world: Installation, chosen: dict[int, str]) -> Erased:
    with world.store() as store:
        return await erase(world.package, chosen, systems=world.twins, store=store, clock=world.clock, actor="tester")


def everything(world: Installation) -> bytes:
    """Every byte of the state's files, and every sealed value opened."""
    found = [path.read_bytes() for path in world.path.parent.glob("state.db*")]
    with world.store() as store:
        backing = store.backing
        for table, (number, columns) in SEALED.items():
            for column in columns:
                place = backing.sealer.place(f"{table}.{column}")
                rows = backing.database.execute(f"SELECT {number}, {column} FROM {table} WHERE length({column}) > 0")
                found += [place.open(row, sealed) or b"" for row, sealed in rows]
    return b"".join(found)


async def test_a_person_goes_from_the_systems_and_from_every_byte_of_the_state(tmp_path: Path) -> None:
    world = await known(tmp_path)
    before = everything(world)
    assert all(canary.encode() in before for canary in ("ana.canary@x.org", "Annie Canary"))
    ana = record_of(world, "crm.contacts", "Ana Canary")
    found = await erased(world, links(world, ana))
    assert found.failed == []
    assert ana not in world.records("crm.contacts")
    assert record_of(world, "erp.contacts", "Canary")
    left = everything(world)
    assert not [canary for canary in (*CANARIES, "Ana Canary II") if canary.encode() in left]
    assert b"bo@x.org" in left
    assert sorted(world.journal("erased")) == [("crm", ""), ("erp", "")]
    with world.store() as store:
        assert store.audit.faults() == []


async def test_who_was_erased_does_not_come_back(tmp_path: Path) -> None:
    world = await known(tmp_path)
    ana = record_of(world, "crm.contacts", "Ana Canary")
    await erased(world, links(world, ana))
    erp = record_of(world, "erp.contacts", "Canary")
    for _ in range(2):
        await world.run(full=True)
    world.put("erp.contacts", erp, name="Ana Canary again", phone="+4722334455")
    for _ in range(2):
        await world.run(full=True)
    assert [record["name"] for record in world.records("crm.contacts").values()] == ["Bo Berg"]
    assert world.records("erp.contacts")[erp]["name"] == "Ana Canary again"
    assert not [canary for canary in CANARIES if canary.encode() in everything(world)]
    writes = world.writes
    await world.run()
    assert world.writes == writes


async def test_nothing_refers_to_a_record_that_was_deleted(tmp_path: Path) -> None:
    world = await known(tmp_path)
    ana = record_of(world, "crm.contacts", "Ana Canary")
    chosen = links(world, ana)
    await erased(world, chosen)
    await world.run(full=True)
    with world.store() as store:
        (link_id,) = chosen
        assert store.remotes_of("Customer", "crm", [link_id]) == {}
        assert list(store.remotes_of("Customer", "erp", [link_id])) == [link_id]


async def test_others_go_on_as_before(tmp_path: Path) -> None:
    world = await known(tmp_path)
    await erased(world, links(world, record_of(world, "crm.contacts", "Ana Canary")))
    bo = record_of(world, "crm.contacts", "Bo")
    world.put("crm.contacts", bo, name="Bo Berge")
    await world.run()
    assert record_of(world, "erp.contacts", "Bo Berge")


CLEARING = """  erase clear in crm
  erase clear in erp
  erase clear in shop"""
OPEN_FIELDS = SPEC.replace("email : email pii, name : text(100) pii", "email : email, name : text(100)").replace(
    "truncate(name, 20) -> vat", 'if phone is present then "known" else "unknown" -> vat'
)


async def test_personal_fields_are_emptied_and_computed_ones_with_them(tmp_path: Path) -> None:
    world = Installation(tmp_path, compiled(OPEN_FIELDS.format(clauses=CLEARING)))
    ana = world.put("crm.contacts", email="a@x.org", name="Ana", phone="+4722334455", rating=3)
    await world.run()
    found = await erased(world, links(world, ana))
    assert found.failed == []
    (erp,) = world.records("erp.contacts").values()
    assert (erp["phone"], erp["vat"], erp["name"]) == (None, None, "Ana")
    assert world.records("crm.contacts")[ana]["phone"] is None
    await world.run(full=True)
    await world.settled()


async def test_a_system_that_ignores_the_emptying_is_told(tmp_path: Path) -> None:
    world = Installation(tmp_path, compiled(OPEN_FIELDS.format(clauses=CLEARING)))
    ana = world.put("crm.contacts", email="a@x.org", name="Ana", phone="+4722334455", rating=3)
    await world.run()
    world.twins["erp"].tables["contacts"].normalise = lambda native: {**native, "phone": "+4722334455"}
    found = await erased(world, links(world, ana))
    assert len(found.failed) == 1
    assert "phone cannot be emptied" in found.failed[0]


@pytest.mark.parametrize("fault", ["down", "unknown", "refused"])
async def test_what_breaks_off_is_gone_on_with(tmp_path: Path, fault: str) -> None:
    world = await known(tmp_path)
    ana = record_of(world, "crm.contacts", "Ana Canary")
    chosen = links(world, ana)
    crm = world.twins["crm"]
    match fault:
        case "down":
            crm.failure = SystemFailure("crm", "down")
        case "unknown":
            crm.faults["delete"].append(UNKNOWN_BUT_LANDED)
        case _:
            crm.before = lambda operation: None
            crm.faults["delete"].append(type(UNKNOWN_BUT_LANDED)(Refused("no", "not today")))
    found = await erased(world, chosen)
    assert len(found.failed) == 1
    # Until it is done, no run takes what is missing for a deletion, or what is there for new.
    crm.failure = None
    for _ in range(2):
        await world.run(full=True)
    assert record_of(world, "erp.contacts", "Canary")
    assert sum("Canary" in str(one.get("name")) for one in world.records("crm.contacts").values()) <= 1
    assert (await erased(world, chosen)).failed == []
    assert not [one for one in world.records("crm.contacts").values() if "Canary" in str(one.get("name"))]
    assert not [canary for canary in CANARIES if canary.encode() in everything(world)]


async def test_it_is_said_before_it_is_done(tmp_path: Path) -> None:
    world = await known(tmp_path)
    chosen = links(world, record_of(world, "crm.contacts", "Ana Canary"))
    with world.store() as store:
        said = [step.said for step in steps_of(world.package, store, chosen)]
    assert said[0].endswith("is deleted")
    assert said[1].endswith("is kept (invoices are kept for ten years)")


@pytest.mark.parametrize(
    ("clauses", "found"),
    [
        (CLAUSES, []),
        ("", ["pii.no-erase"]),
        ("  erase purge in crm\n  erase purge in shop", ["pii.no-erase"]),
        (CLAUSES.replace("purge in crm", "clear in crm"), ["erase.not-possible"]),
        ("  erase purge in crm\n  erase keep in erp\n  erase purge in shop", ["erase.no-reason"]),
    ],
)
def test_the_check_holds_erasure_to_what_the_systems_can(clauses: str, found: list[str]) -> None:
    assert codes(SPEC.format(clauses=clauses)) == found


def test_a_system_that_takes_no_personal_data_is_sent_none() -> None:
    text = "extend shop { pii never }\n" + SPEC.format(clauses=CLAUSES)
    assert codes(text) == ["pii.not-cleared"]
    assert codes(text.replace("phone <-> phone, email <- email", "email <- email")) == []
