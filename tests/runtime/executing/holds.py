"""Worlds in which something waits for a person: one for each kind of it."""

import io
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

from syncline_runtime.cli import execute
from syncline_runtime.declaration import Deletion, Drift, OnDelete, Owned
from syncline_runtime.pending import Item, pending
from syncline_runtime.ports import Refused, Unknown
from syncline_runtime.simulation.twin import Fault
from syncline_runtime.values import Native
from tests.runtime.executing.conftest import World, package

HELD = {name: Deletion(policy=OnDelete.HOLD, line=22) for name in ("crm", "erp")}


async def a_conflict(world: World) -> None:
    """Both edit a field that the spec leaves to a person."""
    one = world.twin("crm").put("customers", vat="1", name="Ana", note="old")
    await world.run()
    [other] = world.records("erp")
    world.twin("crm").put("customers", one, note="from crm")
    world.twin("erp").put("customers", other, memo="from erp")


async def reported_drift(world: World) -> None:
    """A system that does not own a field edits it, and the spec says report."""
    sync = world.package.syncs[0]
    rules = {**sync.rules, "name": Owned(by="crm", drift=Drift.REPORT, line=32)}
    world.package = replace(world.package, syncs=(replace(sync, rules=rules),))
    world.twin("crm").put("customers", vat="1", name="Ana")
    await world.run()
    [other] = world.records("erp")
    world.twin("erp").put("customers", other, title="Annie")


async def a_deletion(world: World) -> None:
    """Deleted in one system, and the spec says hold."""
    one = world.twin("crm").put("customers", vat="1", name="Ana")
    await world.run()
    world.twin("crm").drop("customers", one)


async def an_archive_lifted(world: World) -> None:
    """Archived for a deletion's sake, and a person takes the deletion back on one side only."""
    sync = world.package.syncs[0]
    deletes = {name: Deletion(policy=OnDelete.ARCHIVE, line=22) for name in ("crm", "erp")}
    world.package = replace(world.package, syncs=(replace(sync, deletes=deletes),))
    declared = world.package.systems["erp"]
    # the flag is one of several words: nobody knows which one lifts it
    resource = replace(declared.resources["customers"], archive=("state", "archived"))
    systems = {**world.package.systems, "erp": replace(declared, resources={"customers": resource})}
    world.package = replace(world.package, systems=systems)
    one = world.twin("crm").put("customers", vat="1", name="Ana")
    await world.run()
    kept = dict(world.records("crm")[one])
    world.twin("crm").drop("customers", one)
    await world.run(full=True)
    world.twin("crm").put("customers", one, **{name: value for name, value in kept.items() if name != "updated"})


async def duplicates(world: World) -> None:
    """Two records of one system with one key, and one of another that has it too."""
    for name in ("Ana", "Anna"):
        world.twin("crm").put("customers", vat="1", name=name)
    world.twin("erp").put("customers", vat_no="1", title="Ana")


async def several_matches(world: World) -> None:
    """A record that matches two of the other system."""
    world.twin("crm").put("customers", vat="1", name="Ana")
    for title in ("Ana", "Anna"):
        world.twin("erp").put("customers", vat_no="1", title=title)


async def no_key(world: World) -> None:
    world.twin("crm").put("customers", name="Ana")


async def already_linked(world: World) -> None:
    """The match belongs to another record of the same system."""
    world.twin("crm").put("customers", vat="1", name="Ana", mail="a@x.org")
    await world.run()
    world.twin("crm").put("customers", name="Anna", mail="a@x.org")


async def unreadable(world: World) -> None:
    world.twin("crm").put("customers", vat="1", name="Ana", limit="broken")


async def a_refused_create(world: World) -> None:
    world.twin("erp").tables["customers"].refuse = too_long
    world.twin("crm").put("customers", vat="1", name="Bo")


def too_long(native: Native) -> Refused | None:
    return Refused("400", "no", {"title": "too long"}) if native.get("title") == "Bo" else None


async def a_refused_update(world: World) -> None:
    one = world.twin("crm").put("customers", vat="1", name="Ana")
    await world.run()
    world.twin("erp").tables["customers"].refuse = too_long
    world.twin("crm").put("customers", one, name="Bo")


async def something_required(world: World) -> None:
    """What must not be empty where it is to be created is."""
    customer = replace(world.package.entities["Customer"], required=frozenset({"phone"}))
    world.package = replace(world.package, entities={"Customer": customer})
    world.twin("crm").put("customers", vat="1", name="Ana")


async def an_unknown_update(world: World) -> None:
    one = world.twin("crm").put("customers", vat="1", name="Ana")
    await world.run()
    world.twin("crm").put("customers", one, name="Bo")
    world.twin("erp").faults["update"] = deque([Fault(Unknown("timed out"))])


async def an_unknown_create(world: World) -> None:
    """Nobody knows whether it was created, and it has no key to look for."""
    one = world.twin("crm").put("customers", name="Ana")
    await world.run()
    assert command(world, "review", "release", f"crm:{one}")[0] == 0
    world.twin("erp").faults["create"] = deque([Fault(Unknown("timed out"), lands=True)])
    await world.run()
    world.clock.time += 3600


async def a_guard(world: World) -> None:
    ids = [world.twin("crm").put("customers", vat=str(number), name="Ana") for number in range(30)]
    await world.run()
    for one in ids:
        world.twin("crm").put("customers", one, name="Bo")


async def a_short_listing(world: World) -> None:
    ids = [world.twin("crm").put("customers", vat=str(number), name="Ana") for number in range(30)]
    await world.run()
    for one in ids[:25]:
        world.twin("crm").drop("customers", one)


async def many_failures(world: World) -> None:
    """So many writes fail that no more are tried."""
    for number in range(60):
        world.twin("crm").put("customers", vat=str(number), name="Ana")
    world.twin("erp").faults["create"] = deque(Fault(Refused("400", "no")) for _ in range(60))


SCENARIOS: list[Callable[[World], Awaitable[None]]] = [
    a_conflict,
    reported_drift,
    a_deletion,
    an_archive_lifted,
    duplicates,
    several_matches,
    no_key,
    already_linked,
    unreadable,
    a_refused_create,
    a_refused_update,
    something_required,
    an_unknown_update,
    an_unknown_create,
    a_guard,
    a_short_listing,
    many_failures,
]


async def held(folder: Path, scenario: Callable[[World], Awaitable[None]]) -> tuple[World, list[Item], list[str]]:
    """A world in which something waits: the items, and the lines of the run that held it."""
    world = World(folder.with_suffix(".db"), package("crm", "erp", sync={"deletes": HELD}))
    await scenario(world)
    report = await world.run(full=True)
    with world.store() as store:
        items = pending(world.package, store)
    return world, items, report.summaries[0].held


def command(world: World, *argv: str) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    code = execute(world.package, [*argv, "--state", str(world.path)], stdout=out, stderr=err)
    return code, out.getvalue(), err.getvalue()
