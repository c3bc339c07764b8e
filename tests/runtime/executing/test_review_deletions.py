"""What people answer to a deletion that is held: it is carried out, undone, or left as it is."""

from collections import deque
from pathlib import Path

import pytest

from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.pending import pending
from syncline_runtime.ports import Unknown
from syncline_runtime.simulation.twin import Fault
from tests.runtime.executing.conftest import World, package
from tests.runtime.executing.holds import a_deletion, command, held


async def _held_by_an_edit(tmp_path: Path, *systems: str, policy: OnDelete) -> World:
    """A customer that the CRM deleted after the ERP had edited it."""
    deletes = {name: Deletion(policy=policy, unless_edited=True, line=22) for name in systems}
    world = World(tmp_path / "state.db", package(*systems, sync={"deletes": deletes}))
    one = world.twin("crm").put("customers", vat="1", name="Ana")
    await world.run()
    [other] = world.records("erp")
    world.twin("erp").put("customers", other, title="Annie")
    world.twin("crm").drop("customers", one)
    await world.run(full=True)
    return world


@pytest.mark.parametrize(
    ("way", "crm", "erp"), [("delete", [], []), ("keep", [], ["Ana"]), ("recreate", ["Ana"], ["Ana"])]
)
async def test_a_held_deletion_is_decided(tmp_path: Path, way: str, crm: list[str], erp: list[str]) -> None:
    world, [item], _ = await held(tmp_path, a_deletion)
    assert command(world, "review", "resolve", item.name, f"--{way}", "--by", "Kari")[0] == 0
    await world.run()
    assert (world.column("crm", "name"), world.column("erp", "title")) == (crm, erp)
    if way == "delete":
        with world.store() as store:
            [entry] = store.audit.entries(action="deleted")
        assert "Kari decided: propagate in erp" in entry.reason
    await world.settled()
    with world.store() as store:
        assert pending(world.package, store) == []


@pytest.mark.parametrize("early", [True, False])
@pytest.mark.parametrize(
    ("system", "native", "many"),
    [("crm", {"vat": "1", "name": "New"}, 1), ("erp", {"vat_no": "1", "title": "New"}, 2)],
)
async def test_what_is_created_again_is_still_found_by_its_key(
    tmp_path: Path, system: str, native: dict[str, str], many: int, early: bool
) -> None:
    """A newcomer with its key takes the place of what is gone, or waits for a person; it makes no second one elsewhere."""
    world = await _held_by_an_edit(tmp_path, "crm", "erp", "shop", policy=OnDelete.PROPAGATE)
    if early:
        world.twin(system).put("customers", **native)
        await world.run()
    with world.store() as store:
        [item] = [one for one in pending(world.package, store) if one.kind == "deletion"]
    assert command(world, "review", "resolve", item.name, "--recreate")[0] == 0
    await world.run()
    if not early:
        world.twin(system).put("customers", **native)
    for _ in range(2):
        await world.run()
    counts = {name: len(world.records(name)) for name in ("crm", "erp", "shop")}
    assert counts == {"crm": 1, "erp": 1, "shop": 1} | {system: many if early else 2}


@pytest.mark.parametrize("policy", [OnDelete.ARCHIVE, OnDelete.UNLINK, OnDelete.PROPAGATE])
async def test_a_deletion_that_an_edit_held_is_let_through_as_the_spec_says(tmp_path: Path, policy: OnDelete) -> None:
    world = await _held_by_an_edit(tmp_path, "crm", "erp", policy=policy)
    with world.store() as store:
        [item] = pending(world.package, store)
    assert command(world, "review", "resolve", item.name, "--delete")[0] == 0
    await world.run()
    await world.settled()
    assert world.column("erp", "title") == ([] if policy is OnDelete.PROPAGATE else ["Annie"])
    assert ("delete", "customers", 1) not in world.twin("erp").calls or policy is OnDelete.PROPAGATE
    with world.store() as store:
        assert pending(world.package, store) == []


async def test_a_deletion_decided_is_carried_out_though_the_first_try_fails(tmp_path: Path) -> None:
    world, [item], _ = await held(tmp_path, a_deletion)
    assert command(world, "review", "resolve", item.name, "--delete")[0] == 0
    world.twin("erp").faults["delete"] = deque([Fault(Unknown("timed out"))])
    await world.run()
    assert world.column("erp", "title") == ["Ana"]
    await world.run(later=3600)
    await world.run(later=3600)
    assert world.column("erp", "title") == []


async def test_a_record_edited_after_its_deletion_was_decided_is_not_deleted(tmp_path: Path) -> None:
    world, [item], _ = await held(tmp_path, a_deletion)
    assert command(world, "review", "resolve", item.name, "--delete")[0] == 0
    [other] = world.records("erp")
    world.twin("erp").put("customers", other, title="Bo")
    report = await world.run()
    assert world.column("erp", "title") == ["Bo"]
    assert "changed since" in report.summaries[0].held[0]
