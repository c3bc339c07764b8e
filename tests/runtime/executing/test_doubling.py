"""A create waits where records without a link have its key: they came while its system could not be reached."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.pending import Item, pending
from syncline_runtime.ports import Refused, SystemFailure
from syncline_runtime.records import Action, ActionKind
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST
from tests.runtime.executing.conftest import World
from tests.runtime.executing.holds import command
from tests.runtime.executing.references import COMPANY, REQUIRED, Refers, package
from tests.runtime.executing.test_applying import carry_out, review


def cut_off(world: World, system: str) -> None:
    world.twin(system).failure = SystemFailure(system, "cannot be reached")


async def held_up(world: Callable[..., World], *systems: str, fault: Any = None) -> World:
    """A link whose create in the shop was held up, since that could not be reached; `fault` struck the one in the erp."""
    three = world(*(systems or ("crm", "erp", "shop")))
    three.twin("crm").put("customers", vat="A1", name="Ana", mail="a@x.no")
    if fault is not None:
        three.twin("erp").faults["create"].append(fault)
    cut_off(three, "shop")
    await three.run()
    three.twin("shop").failure = None
    return three


async def beside_two(world: Callable[..., World], *systems: str) -> tuple[World, list[str]]:
    """A link whose create in the shop was held up, and the two records that the shop shows with its key."""
    three = await held_up(world, *systems)
    ids = [three.twin("shop").put("customers", tax="A1", name=name) for name in ("Ana", "Anna")]
    await three.run()
    return three, ids


def waiting(world: World) -> list[Item]:
    with world.store() as store:
        return pending(world.package, store)


def held_create(world: World) -> Item:
    [found] = [item for item in waiting(world) if item.code == "identity.would-double"]
    return found


async def test_nothing_is_created_beside_records_with_its_key_that_wait(world: Any) -> None:
    three, ids = await beside_two(world)
    assert set(three.records("shop")) == set(ids)
    item = held_create(three)
    assert item.reason.startswith(f"shop {ids[0]} and shop {ids[1]} have its key and no link")
    assert item.commands[-2:] == (f"review release {item.name}", f"review dismiss {item.name}")
    assert [one.split()[2] for one in item.commands[:-2]] == [f"shop:{one}" for one in ids]
    report = await three.run()
    assert (set(three.records("shop")), report.exit_code) == (set(ids), 1)


async def test_it_may_be_one_of_them(world: Any) -> None:
    three, ids = await beside_two(world)
    link = next(one for one in held_create(three).commands if f"shop:{ids[1]}" in one)
    assert command(three, *link.split())[0] == 0
    await three.run()
    assert set(three.records("shop")) == set(ids)
    assert three.records("shop")[ids[1]]["mail"] == "a@x.no"
    assert [item.remote_id for item in waiting(three)] == [ids[0]]
    await three.settled()


async def test_it_may_be_another_one(world: Any) -> None:
    three, ids = await beside_two(world)
    assert command(three, "review", "release", held_create(three).name)[0] == 0
    await three.run()
    assert len(three.records("shop")) == 3
    assert {item.remote_id for item in waiting(three)} == set(ids)
    await three.settled()


async def test_what_was_released_stays_so_while_the_system_cannot_be_reached(world: Any) -> None:
    three, _ = await beside_two(world)
    assert command(three, "review", "release", held_create(three).name)[0] == 0
    cut_off(three, "shop")
    await three.run()
    three.twin("shop").failure = None
    await three.run()
    assert len(three.records("shop")) == 3


async def test_of_a_record_that_came_after_the_answer_nobody_has_said_anything(world: Any) -> None:
    three, ids = await beside_two(world)
    assert command(three, "review", "release", held_create(three).name)[0] == 0
    new = three.twin("shop").put("customers", tax="A1", name="Anne")
    await three.run(later=60.0 * 60 * 24 * 365 * 10)
    assert set(three.records("shop")) == {*ids, new}
    assert held_create(three).reason.startswith(f"shop {new} has its key and no link: say which it is")


async def test_who_is_told_apart_stands_in_nobodys_way(world: Any) -> None:
    three, ids = await beside_two(world)
    assert command(three, "review", "release", f"shop:{ids[0]}")[0] == 0
    await three.run()
    assert set(three.records("shop")) == set(ids)
    assert held_create(three).reason.startswith(f"shop {ids[1]} has")
    assert command(three, "review", "release", f"shop:{ids[1]}")[0] == 0
    await three.run()
    assert (len(three.records("shop")), waiting(three)) == (3, [])
    await three.settled()


async def test_what_is_dismissed_is_left_as_it_is_and_nothing_is_made_beside_it(world: Any) -> None:
    three, ids = await beside_two(world)
    for item in waiting(three):
        assert command(three, "review", "dismiss", item.name)[0] == 0
    report = await three.run()
    assert (set(three.records("shop")), waiting(three), report.exit_code) == (set(ids), [], 0)
    three.twin("shop").put("customers", tax="A1", name="Anne")
    await three.run()
    assert held_create(three)


@pytest.mark.parametrize("way", ["deleted", "another key"])
async def test_it_goes_on_by_itself_when_nothing_has_its_key_any_more(world: Any, way: str) -> None:
    three, ids = await beside_two(world)
    for one in ids:
        if way == "deleted":
            three.twin("shop").drop("customers", one)
        else:
            three.twin("shop").put("customers", one, tax=f"B{one}")
    for _ in range(3):
        report = await three.run(later=400.0, full=True)
    assert three.column("shop", "tax").count("A1") == 1
    assert (waiting(three), report.exit_code) == ([], 0)
    await three.settled()


async def test_it_goes_on_by_itself_when_the_record_has_another_key(world: Any) -> None:
    three, ids = await beside_two(world)
    [erp] = three.records("erp")
    three.twin("erp").put("customers", erp, vat_no="C3")
    await three.run()
    await three.run()
    assert three.column("shop", "tax") == ["A1", "A1", "C3"]
    assert {item.remote_id for item in waiting(three)} == set(ids)
    await three.settled()


async def test_the_last_of_them_is_linked(world: Any) -> None:
    three, ids = await beside_two(world)
    three.twin("shop").drop("customers", ids[0])
    for _ in range(3):
        report = await three.run(later=400.0, full=True)
    assert set(three.records("shop")) == {ids[1]}
    assert (waiting(three), report.exit_code) == ([], 0)


async def test_nothing_is_told_any_more_of_what_is_deleted(world: Any) -> None:
    three, _ = await beside_two(world)
    for system in ("crm", "erp"):
        for one in list(three.records(system)):
            three.twin(system).drop("customers", one)
    for _ in range(3):
        await three.run(later=400.0, full=True)
    assert not [item for item in waiting(three) if item.link_id]


async def test_nothing_is_created_beside_what_is_archived_there(world: Any) -> None:
    three = await held_up(world)
    old = three.twin("shop").put("customers", tax="A1", name="Ana", archived=True)
    await three.run()
    assert set(three.records("shop")) == {old}
    item = held_create(three)
    assert item.commands == (f"review release {item.name}", f"review dismiss {item.name}")
    three.twin("shop").put("customers", old, archived=False)
    await three.run()
    assert (set(three.records("shop")), waiting(three)) == ({old}, [])


async def test_while_a_create_elsewhere_is_in_doubt_no_other_is_made_beside_what_has_its_key(world: Any) -> None:
    three = await held_up(world, fault=UNKNOWN_AND_LOST)
    there = three.twin("shop").put("customers", tax="A1", name="Ana")
    for _ in range(4):
        report = await three.run(later=400.0)
    assert (set(three.records("shop")), len(three.records("erp")), report.exit_code) == ({there}, 1, 0)
    await three.settled()


async def test_a_first_run_makes_nothing_beside_what_waits(world: Any) -> None:
    """Two systems: those whose key several have are taken out of their links, and held."""
    two, ids = await beside_two(world, "crm", "shop")
    assert set(two.records("shop")) == set(ids)
    assert not [item for item in waiting(two) if item.code == "identity.would-double"]


async def test_who_refers_to_a_create_that_waits_waits_with_it(tmp_path: Path) -> None:
    world = Refers(tmp_path / "state.db", package(COMPANY, REQUIRED))
    acme = world.put("crm", "Company", key="acme", parent=None)
    world.put("crm", "Contact", key="ana", company=acme)
    table = world.twins["erp"].tables["Company"]
    table.refuse = lambda native: Refused("invalid", "not today")
    await world.run()
    table.refuse = None
    for note in ("one", "two"):
        world.put("erp", "Company", key="acme", parent=None, note=note)
    await world.run(full=True)
    item = held_create(world)
    assert (len(table.records), world.by_key("erp", "Contact")) == (2, {})
    assert command(world, "review", "release", item.name)[0] == 0
    await world.run()
    assert (len(table.records), len(world.by_key("erp", "Contact"))) == (3, 1)
    await world.quiet()


# -- plans -------------------------------------------------------------------------------------------------------------


def told_in(world: World, system: str) -> list[Action]:
    return [action for action in world.told.actions if action.system == system]


async def test_a_plan_shows_a_create_that_waits_as_held_and_how_to_let_it_go(world: Any) -> None:
    three, ids = await beside_two(world)
    link = held_create(three).link_id
    report = await three.plan()
    [action] = told_in(three, "shop")
    assert (action.kind, action.code) == (ActionKind.HOLD, "identity.would-double")
    assert action.reason.startswith(f"shop {ids[0]} and shop {ids[1]} have its key and no link")
    assert action.reason.endswith(f": `review release {link}@shop`")
    assert report.summaries[0].planned.get(("shop", ActionKind.CREATE), 0) == 0
    assert command(three, "review", "release", f"{link}@shop")[0] == 0
    report = await three.plan()
    assert [action.kind for action in told_in(three, "shop")] == [ActionKind.CREATE]
    assert report.summaries[0].planned["shop", ActionKind.CREATE] == 1


async def test_a_plan_shows_a_create_as_held_that_no_run_has_held_yet(world: Any) -> None:
    three = await held_up(world)
    for name in ("Ana", "Anna"):
        three.twin("shop").put("customers", tax="A1", name=name)
    report = await three.plan()
    [action] = told_in(three, "shop")
    assert (action.kind, report.summaries[0].quarantined) == (ActionKind.HOLD, 3)
    assert action.reason.endswith("one more is created: once a run has held it, `review` says how")
    assert waiting(three) == []
    await three.run()
    assert held_create(three).reason.endswith("one more is created")


async def test_a_plan_leaves_out_what_waits_for_no_person(world: Any) -> None:
    """While a create elsewhere is in doubt, what has its key may be linked to that one."""
    three = await held_up(world, fault=UNKNOWN_AND_LOST)
    three.twin("shop").put("customers", tax="A1", name="Ana")
    report = await three.plan()
    assert (told_in(three, "shop"), report.summaries[0].planned.get(("shop", ActionKind.CREATE), 0)) == ([], 0)


async def test_what_is_new_is_planned_as_a_run_does_it(world: Any) -> None:
    """Matched by one key, and by the other beside two that wait: only all of them together show that."""
    three = world("crm", "erp", "shop")
    three.twin("crm").put("customers", vat="A1", name="Ana")
    three.twin("erp").put("customers", vat_no="A1", title="Ana", mail="a@x.no")
    for name in ("Ana", "Anna"):
        three.twin("shop").put("customers", name=name, mail="a@x.no")
    await three.plan()
    assert [action.kind for action in told_in(three, "shop")] == [ActionKind.HOLD]
    await three.run()
    assert (len(three.records("shop")), held_create(three).system) == (2, "shop")


async def test_a_saved_plan_holds_no_create_that_waits(world: Any) -> None:
    three, ids = await beside_two(world)
    [crm] = three.records("crm")
    three.twin("crm").put("customers", crm, name="Anne")
    plan = await review(three)
    assert [[(one.kind, one.system) for one in record.actions] for record in plan.records] == [[("update", "erp")]]
    done = await carry_out(three, plan)
    assert (done.changed, done.left, three.column("erp", "title")) == ({}, [], ["Anne"])
    assert (set(three.records("shop")), held_create(three).reason.endswith("one more is created")) == (set(ids), True)


async def test_a_saved_create_is_refused_where_it_would_be_held_by_now(world: Any) -> None:
    three = await held_up(world)
    plan = await review(three)
    for name in ("Ana", "Anna"):
        three.twin("shop").put("customers", tax="A1", name=name)
    done = await carry_out(three, plan)
    assert (done.report, len(three.records("shop"))) == (None, 2)
    [[difference]] = done.changed.values()
    assert (difference.before, difference.after) == ("create in shop", "nothing to do")
