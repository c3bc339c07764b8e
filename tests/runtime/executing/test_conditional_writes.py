"""An update that carries the version on which it was decided needs no look before it; one that comes too late loses nothing."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Call, Operation, Text
from tests.runtime.executing.conftest import World, system

LOCKED = Operation(call=Call(verb="PUT", target=Text("/{id}"), query={"version": Text("{version}")}), returns="record")


def locked(world: World, **changes: Any) -> World:
    """The world with a system that counts versions and refuses an update with another than the record's."""
    counted = {"lock": "version", "version_is_time": False, "version_spelling": "text", "update": LOCKED, **changes}
    world.package = replace(world.package, systems={**world.package.systems, "erp": system("erp", **counted)})
    world.twin("erp").tables["customers"].lock = True
    return world


@pytest.fixture
def two(world: Callable[..., World]) -> World:
    return locked(world("crm", "erp"))


def reads(world: World) -> int:
    return sum(number for operation, _, number in world.twin("erp").calls if operation == "read")


async def edited(two: World, count: int = 3) -> list[str]:
    """Records in step, then edited in crm; their ids there."""
    ids = [two.twin("crm").put("customers", vat=f"A{number}", name="old") for number in range(count)]
    await two.run()
    for remote_id in ids:
        two.twin("crm").put("customers", remote_id, name="new")
    return ids


async def test_nothing_is_read_before_an_update_that_carries_its_version(two: World) -> None:
    await edited(two)
    await two.run()
    assert two.column("erp", "title") == ["new"] * 3
    assert reads(two) == 0
    await two.settled()


@pytest.mark.parametrize(
    "changes",
    [
        {"lock": "none"},
        {"version_is_time": True, "version_spelling": "iso"},
        {"update": replace(LOCKED, many=2)},
        {"update": replace(LOCKED, call=Call(verb="PUT", target=Text("/{id}")))},
    ],
)
async def test_where_nothing_tells_the_system_what_was_known_it_is_read(
    world: Callable[..., World], changes: dict[str, Any]
) -> None:
    two = locked(world("crm", "erp"), **changes)
    await edited(two)
    await two.run()
    assert two.column("erp", "title") == ["new"] * 3
    assert reads(two) == 3


async def test_an_edit_that_came_between_is_neither_overwritten_nor_lost(two: World) -> None:
    await edited(two, 1)
    (remote_id,) = two.records("erp")

    def race(operation: str) -> None:
        if operation == "update":
            two.twin("erp").before = None
            two.twin("erp").put("customers", remote_id, memo="typed meanwhile")

    two.twin("erp").before = race
    await two.run()
    await two.run()
    assert two.column("erp", "title") == ["new"]
    assert two.column("erp", "memo") == ["typed meanwhile"]
    assert two.column("crm", "note") == ["typed meanwhile"]
    await two.settled()


async def test_a_record_that_was_deleted_meanwhile_is_found_to_be_gone(two: World) -> None:
    await edited(two, 1)
    (remote_id,) = two.records("erp")

    def race(operation: str) -> None:
        if operation == "update":
            two.twin("erp").before = None
            two.twin("erp").drop("customers", remote_id)

    two.twin("erp").before = race
    await two.run()
    for _ in range(3):
        await two.run(full=True, approved=frozenset({"delete"}))
    assert len(two.records("erp")) == len(two.records("crm"))
    await two.settled()
