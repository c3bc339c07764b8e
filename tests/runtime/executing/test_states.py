"""A state that only operations set is asked for whenever it is not shown, and no create pretends to set it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.ports import Refused
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Fault
from tests.runtime.executing.conftest import World, field_map, package


@pytest.fixture
def world(tmp_path: Path) -> Callable[..., World]:
    """Customers from a CRM to an ERP, which begins each in the state `new` and has operations for the others."""

    def make() -> World:
        made = package("crm", "erp", one_way=True)
        erp = field_map("erp")
        flows = tuple(
            replace(flow, contributes=False, operated=flow.field == "note") for flow in made.mappings[1].flows
        )
        made = replace(made, mappings=(made.mappings[0], replace(erp, flows=flows)))
        world = World(tmp_path / "state.db", made)
        erp_twin = world.twin("erp")
        table = erp_twin.tables["customers"]
        table.defaults = {"memo": "new"}
        create = erp_twin.create

        async def creating(resource: str, writes: Any) -> Any:
            assert not any("memo" in write.native for write in writes)
            return await create(resource, writes)

        erp_twin.create = creating  # type: ignore[method-assign]
        return world

    return make


async def test_a_state_is_reached_after_the_record_was_made(world: Callable[..., World]) -> None:
    w = world()
    w.twin("crm").put("customers", vat="A1", name="Ana", note="won")
    report = await w.run()
    assert (w.column("erp", "memo"), report.exit_code) == (["won"], 0)
    await w.settled()


@pytest.mark.parametrize("fault", [UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED])
async def test_an_operation_without_an_answer_is_made_up_for(world: Callable[..., World], fault: Fault) -> None:
    w = world()
    w.twin("crm").put("customers", vat="A1", name="Ana", note="won")
    w.twin("erp").faults["update"].append(fault)
    await w.run()
    for _ in range(2):
        await w.run(later=400.0)
    assert w.column("erp", "memo") == ["won"]
    await w.settled()


async def test_a_state_that_was_undone_is_asked_for_again(world: Callable[..., World]) -> None:
    w = world()
    w.twin("crm").put("customers", vat="A1", name="Ana", note="won")
    await w.run()
    (customer,) = w.records("erp")
    w.twin("erp").put("customers", customer, memo="new")
    await w.run()
    assert w.column("erp", "memo") == ["won"]
    await w.settled()


async def test_an_operation_that_is_refused_waits_for_a_person(world: Callable[..., World]) -> None:
    w = world()
    w.twin("crm").put("customers", vat="A1", name="Ana", note="won")
    refused = Refused("409", "not now", {"memo": "not now"})
    w.twin("erp").faults["update"].append(Fault(refused))
    report = await w.run()
    assert report.exit_code == 1
    assert w.column("erp", "memo") == ["new"]
