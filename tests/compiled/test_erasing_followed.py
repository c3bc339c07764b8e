"""Who is erased is erased from what follows from their records too, and what other records say of them is told."""

from pathlib import Path

from syncline_runtime.erasing import Erased, erase, shown_elsewhere, steps_of, together, wanted_of
from syncline_runtime.state import SqliteStore
from tests.compiled.installation import Installation, compiled
from tests.compiled.test_erasing import everything

SPEC = """
entity Person { email : email pii, name : text(100) pii, rank : integer?, match email }
entity Account { email : email pii, name : text(100)? pii, match email }
entity Remark { number : text(20)?, name : text(100), match number }
map Person to crm.contacts { email <-> email, name <-> name, rank <-> rating }
map Account to erp.contacts { email <-> email, name <-> name }
map Remark to shop.contacts { number <-> vat as trim, name <-> name, "a@b.org" -> email }
sync Person across crm { delete in crm never, empty propagates, erase purge in crm }
sync Account across erp { delete in erp never, empty propagates, erase purge in erp }
sync Remark across shop { delete in shop never, empty propagates }
derive Account from Person once when rank becomes 5 { email <- email, name <- name }
"""
CANARIES = ("ana.canary@x.org", "Ana Canary", "Ana Former-Canary")


async def known(folder: Path) -> tuple[Installation, str]:
    """Ana, who became a customer, had another name, and is spoken of in a remark; and Bo."""
    world = Installation(folder, compiled(SPEC))
    ana = world.put("crm.contacts", email="ana.canary@x.org", name="Ana Former-Canary", rating=1)
    bo = world.put("crm.contacts", email="bo@x.org", name="Bo Berg", rating=1)
    world.put("shop.contacts", vat="1", name="called Ana Canary back")
    said = world.put("shop.contacts", vat="2", name="wrote to ana.canary@x.org")
    await world.run()
    for one in (ana, bo):
        world.put("crm.contacts", one, rating=5)
    world.put("crm.contacts", ana, name="Ana Canary")
    world.put("shop.contacts", said, name="wrote to her")
    await world.run()
    assert len(world.records("erp.contacts")) == 2
    return world, ana


def chosen(world: Installation, store: SqliteStore, remote_id: str) -> dict[int, str]:
    row = store.members("Person", "crm", [remote_id])[remote_id]
    assert row.link_id is not None
    return together(world.package, store, {row.link_id: "Person"})


async def erased(world: Installation, remote_id: str) -> Erased:
    with world.store() as store:
        links = chosen(world, store, remote_id)
        return await erase(world.package, links, systems=world.twins, store=store, clock=world.clock, actor="tester")


async def test_what_was_derived_from_a_person_is_theirs(tmp_path: Path) -> None:
    world, ana = await known(tmp_path)
    with world.store() as store:
        links = chosen(world, store, ana)
        assert sorted(links.values()) == ["Account", "Person"]
        assert [(step.entity, step.system) for step in steps_of(world.package, store, links)] == [
            ("Person", "crm"),
            ("Account", "erp"),
        ]
    found = await erased(world, ana)
    assert found.failed == []
    assert [one["name"] for one in world.records("erp.contacts").values()] == ["Bo Berg"]
    for _ in range(2):
        await world.run(full=True)
    assert [one["name"] for one in world.records("erp.contacts").values()] == ["Bo Berg"], "it is not derived again"


async def test_what_other_records_show_is_told_and_what_they_showed_is_forgotten(tmp_path: Path) -> None:
    world, ana = await known(tmp_path)
    with world.store() as store:
        links = chosen(world, store, ana)
        before = shown_elsewhere(world.package, store, links, wanted_of(world.package, store, links))
    found = await erased(world, ana)
    (told,) = found.elsewhere
    assert before == [told]
    (first, *_) = world.records("shop.contacts")
    assert told == f"Remark in shop, record {first}: name shows a value of this person too"
    left = everything(world)
    assert left.count(b"Ana Canary") == 1, "as the shop shows it"
    assert not [canary for canary in ("ana.canary@x.org", "Former-Canary") if canary.encode() in left]


async def test_nothing_is_left_of_a_person_whom_nobody_speaks_of(tmp_path: Path) -> None:
    world, ana = await known(tmp_path)
    first = next(iter(world.records("shop.contacts")))
    world.put("shop.contacts", first, name="called her back")
    await world.run()
    before = everything(world)
    assert all(canary.encode() in before for canary in CANARIES)
    assert b"wrote to ana.canary@x.org" in before, "in the history of a remark"
    found = await erased(world, ana)
    assert found.elsewhere == []
    left = everything(world)
    assert not [canary for canary in CANARIES if canary.encode() in left]
    assert b"Bo Berg" in left
    with world.store() as store:
        assert store.audit.faults() == []
