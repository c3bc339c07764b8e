"""A field that counts writes tells of those that nobody saw: those between our look and our write, and those that undid it."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import NativeField
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.executing.conftest import World

Make = Callable[..., World]


@pytest.fixture
async def counting(world: Make) -> World:
    """A customer in both systems, of which the ERP counts the writes to each record."""
    made = world("crm", "erp")
    declared = made.package.systems["erp"]
    resource = declared.resources["customers"]
    fields = {**resource.fields, "revision": NativeField(name="revision", kind="integer", writable=False)}
    erp = replace(declared, resources={"customers": replace(resource, counter="revision", fields=fields)})
    made.package = replace(made.package, systems={**made.package.systems, "erp": erp})
    made.twin("erp").tables["customers"].counter = "revision"
    made.twin("crm").put("customers", vat="A1", name="Ana", phone="1")
    await made.run()
    return made


def told(world: World, action: str) -> list[tuple[Any, ...]]:
    with world.store() as store:
        return [(row[2], row[6]) for row in store.review.journal_entries(action)]


def between(world: World, *edits: dict[str, Any]) -> None:
    """Somebody stores these in the ERP just before the engine's next update arrives there."""
    twin, waiting = world.twin("erp"), list(edits)

    def before(operation: str) -> None:
        while operation == "update" and waiting:
            twin.put("customers", "erp-1", **waiting.pop(0))

    twin.before = before


async def test_writes_between_look_and_write_are_told(counting: World) -> None:
    counting.twin("crm").put("customers", "crm-1", name="Ana B.")
    between(counting, {"title": "Anna"}, {"title": "Anne"})
    report = await counting.run()
    (summary,) = report.summaries
    assert summary.between == {"erp": 2}
    ((system, reason),) = told(counting, "unseen-edit")
    assert system == "erp"
    assert reason.startswith("erp-1 was written 2 times by others")
    await counting.settled()


async def test_our_own_write_is_not_told(counting: World) -> None:
    counting.twin("crm").put("customers", "crm-1", name="Ana B.")
    report = await counting.run()
    assert report.summaries[0].between == {}
    assert not told(counting, "unseen-edit")


async def test_what_was_put_back_after_a_write_without_an_answer_is_told(counting: World) -> None:
    counting.twin("crm").put("customers", "crm-1", name="Ana B.")
    counting.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await counting.run()
    counting.twin("erp").put("customers", "erp-1", title="Ana")
    report = await counting.run(later=600.0)
    assert report.summaries[0].undone == {"erp": 1}
    ((_, reason),) = told(counting, "maybe-undone")
    assert "may have landed and been undone" in reason
    assert counting.column("erp", "title") == ["Ana B."]
    await counting.settled()


async def test_an_edit_of_another_field_is_none_that_was_undone(counting: World) -> None:
    counting.twin("crm").put("customers", "crm-1", name="Ana B.")
    counting.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await counting.run()
    counting.twin("erp").put("customers", "erp-1", tel="2")
    report = await counting.run(later=600.0)
    assert report.summaries[0].undone == {}
    assert not told(counting, "maybe-undone")
    assert (counting.column("erp", "title"), counting.column("crm", "phone")) == (["Ana B."], ["2"])


async def test_a_record_that_was_not_written_since_settles_the_doubt(counting: World) -> None:
    counting.twin("crm").put("customers", "crm-1", name="Ana B.")
    counting.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await counting.run()
    with counting.store() as store:
        (intent,) = store.open_intents("Customer")
        assert intent.if_version == "1"
    await counting.run(later=600.0)
    assert counting.column("erp", "title") == ["Ana B."]
    await counting.settled()


async def test_of_a_lost_answer_what_came_before_it_is_told(counting: World) -> None:
    counting.twin("crm").put("customers", "crm-1", name="Ana B.")
    counting.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    between(counting, {"title": "Anna"})
    await counting.run()
    report = await counting.run(later=600.0)
    assert report.summaries[0].between == {"erp": 1}
    await counting.settled()
