"""A reading by id that may be old, as declared: it is neither an edit, nor the end of a doubt, before its time is over."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.simulation.twin import UNKNOWN_BUT_LANDED
from syncline_runtime.values import Native
from tests.runtime.executing.conftest import World
from tests.runtime.executing.test_staleness import showing


@pytest.fixture
async def late(world: Any) -> World:
    """A customer in both systems; the ERP shows single records as they were up to 30 seconds before."""
    made: World = world("crm", "erp")
    erp = made.package.systems["erp"]
    resource = erp.resources["customers"]
    assert resource.read is not None
    resource = replace(resource, read=replace(resource.read, lag_seconds=30.0))
    made.package = replace(
        made.package, systems={**made.package.systems, "erp": replace(erp, resources={"customers": resource})}
    )
    made.twin("crm").put("customers", vat="A1", name="Ana")
    await made.run()
    return made


def now(world: World) -> Native:
    (record,) = world.records("erp").values()
    return dict(record)


async def test_an_old_state_before_a_write_is_no_edit(late: World) -> None:
    before = now(late)
    stale = showing(late, "erp")
    late.twin("crm").put("customers", "crm-1", name="Bo")
    await late.run(later=60.0)
    late.twin("crm").put("customers", "crm-1", name="Cy")
    stale[:] = [before]
    await late.run(later=5.0)
    assert late.column("crm", "name") == ["Cy"], "what the guard read shows was so before our own write"
    stale.clear()
    await late.run(later=60.0)
    assert (late.column("crm", "name"), late.column("erp", "title")) == (["Cy"], ["Cy"])
    await late.settled()


async def test_an_edit_is_still_seen_when_its_time_has_come(late: World) -> None:
    late.twin("erp").put("customers", "erp-1", title="Bo")
    late.twin("crm").put("customers", "crm-1", phone="1")
    await late.run(later=60.0)
    await late.run(later=60.0)
    assert (late.column("crm", "name"), late.column("erp", "tel")) == (["Bo"], ["1"])


async def test_an_old_version_does_not_settle_a_doubt(late: World) -> None:
    erp = late.package.systems["erp"]
    locked = replace(erp.resources["customers"], lock="version", version_is_time=False)
    late.package = replace(
        late.package, systems={**late.package.systems, "erp": replace(erp, resources={"customers": locked})}
    )
    before = now(late)
    stale = showing(late, "erp")
    late.twin("crm").put("customers", "crm-1", name="Bo")
    late.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await late.run(later=60.0)
    stale[:] = [before]
    report = await late.run(later=5.0)
    assert report.summaries[0].unknown, "it may have been read before the write landed"
    stale.clear()
    await late.run(later=600.0)
    assert late.column("erp", "title") == ["Bo"]
    await late.settled()
