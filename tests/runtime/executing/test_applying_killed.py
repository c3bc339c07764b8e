"""Killed while a plan is applied: the second apply completes it or says what is left, and never does half of it in silence."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.state.database import Sqlite
from tests.runtime.executing.conftest import World, package
from tests.runtime.executing.test_applying import Saved, carry_out, review, snapshot


class Killed(BaseException):
    """The process is killed."""


@contextmanager
def killed_at(world: World, point: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """Kill at the nth point, counted in the list: before each call of a system, before and after each commit."""
    seen = [0]

    def reached(*_: object) -> None:
        seen[0] += 1
        if seen[0] == point:
            raise Killed

    commit = Sqlite.commit

    def committing(database: Sqlite) -> None:
        reached()
        commit(database)
        reached()

    with monkeypatch.context() as patched:
        patched.setattr(Sqlite, "commit", committing)
        for twin in world.twins.values():
            twin.before = reached
        try:
            yield seen
        finally:
            for twin in world.twins.values():
                twin.before = None


async def planned(state: Path) -> tuple[World, Saved]:
    """Three customers in step; then one is new, one is edited on each side, one is deleted."""
    state.parent.mkdir()
    world = World(state, package("crm", "erp"))
    ids = [world.twin("crm").put("customers", vat=f"{at}", name=f"N{at}") for at in range(4)]
    await world.run()
    erp = sorted(world.records("erp"))
    world.twin("crm").put("customers", vat="9", name="new")
    world.twin("crm").put("customers", ids[0], name="edited")
    world.twin("erp").put("customers", erp[1], title="edited there")
    world.twin("crm").drop("customers", ids[2])
    plan = await review(world, full=True)
    assert len(plan.records) == 4
    return world, plan


def shown(world: World) -> list[tuple[str, str, str]]:
    """What the systems show, whatever the ids."""
    names = {"crm": ("vat", "name"), "erp": ("vat_no", "title")}
    return sorted(
        (system, str(one.get(names[system][0])), str(one.get(names[system][1])))
        for system, records in snapshot(world).items()
        for one in records.values()
    )


@pytest.mark.in_a_file
async def test_the_second_apply_completes_the_first_or_says_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world, plan = await planned(tmp_path / "whole" / "state.db")
    with killed_at(world, 0, monkeypatch) as points:
        whole = await carry_out(world, plan)
    assert (whole.changed, whole.left) == ({}, [])
    wanted = shown(world)
    said: list[str] = []
    for point in range(1, points[0] + 1, 2):
        world, plan = await planned(tmp_path / f"{point}" / "state.db")
        with killed_at(world, point, monkeypatch), pytest.raises(Killed):
            await carry_out(world, plan)
        again = await carry_out(world, plan)
        complete = shown(world) == wanted
        told: Any = again.changed or again.left or again.failures
        assert complete or told, f"killed at {point}: neither done nor told"
        said.append("done" if not told else "told")
        for _ in range(2):
            await world.run(later=600, full=True)
        assert shown(world) == wanted, f"killed at {point}"
    assert {"done", "told"} <= set(said)
    assert len(said) > 15
