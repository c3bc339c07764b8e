"""Random edits, deletions, faults and crashes over three twins: whatever happened, quiet runs bring them into step."""

import asyncio
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline_runtime.ports import Refused, SystemFailure, Unavailable
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Fault
from tests.runtime.executing.conftest import NATIVE, World, package


class Crash(Exception):
    """The process dies."""


names = st.sampled_from(["crm", "erp", "shop"])
vats = st.integers(0, 4).map(lambda number: f"A{number}")
edits = st.tuples(
    st.just("edit"),
    names,
    st.integers(0, 9),
    st.sampled_from(["name", "mail", "phone", "tags", "limit"]),
    st.integers(0, 9),
)
creations = st.tuples(st.just("create"), names, vats, st.integers(0, 9))
deletions = st.tuples(st.just("delete"), names, st.integers(0, 9))
faults = st.tuples(
    st.just("fault"),
    names,
    st.sampled_from(["create", "update", "delete"]),
    st.sampled_from(
        [
            UNKNOWN_AND_LOST,
            UNKNOWN_BUT_LANDED,
            Fault(Unavailable("busy")),
            Fault(Refused("no", "not today")),
        ]
    ),
)
crashes = st.tuples(st.just("crash"), names, st.integers(1, 8))
outages = st.tuples(st.just("outage"), names)
races = st.tuples(st.just("race"), names, st.integers(1, 6), edits)
runs = st.tuples(st.just("run"), st.sampled_from([1.0, 30.0, 400.0]), st.booleans())
steps = st.lists(st.one_of(creations, edits, deletions, faults, crashes, outages, races, runs, runs), max_size=25)


class Schedule:
    """Carries the steps out; users' values are unique, so that a value tells who wrote it."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.serial = 0

    async def step(self, step: tuple[Any, ...]) -> None:
        world = self.world
        match step:
            case ("create", name, vat, _):
                self.serial += 1
                own = NATIVE[name]
                world.twin(name).put("customers", None, **{own["vat"]: vat, own["name"]: f"user {self.serial}"})
            case ("edit", *_):
                self.edit(step)
            case ("delete", name, index):
                ids = sorted(world.records(name))
                if ids:
                    world.twin(name).drop("customers", ids[index % len(ids)])
            case ("fault", name, operation, fault):
                world.twin(name).faults[operation].append(fault)
            case ("crash", name, count):
                self.after(name, count, Crash())
            case ("outage", name):
                world.twin(name).failure = SystemFailure(name, "cannot be reached")
            case ("race", name, count, edit):
                self.after(name, count, edit)
            case ("run", later, full):
                await self.run(later, full)

    def edit(self, step: tuple[Any, ...]) -> None:
        _, name, index, field, value = step
        ids, own = sorted(self.world.records(name)), NATIVE[name]
        if not ids or field not in own:
            return
        self.serial += 1
        changed: Any = f"user {self.serial}"
        if field == "tags":
            changed = [f"tag {value}", f"tag {value + 1}"]
        if field == "limit":
            changed = self.serial
        self.world.twin(name).put("customers", ids[index % len(ids)], **{own[field]: changed})

    def after(self, name: str, count: int, event: Any) -> None:
        twin = self.world.twin(name)
        left = count

        def happen(operation: str) -> None:
            nonlocal left
            left -= 1
            if left == 0:
                twin.before = None
                if isinstance(event, Crash):
                    raise event
                self.edit(event)

        twin.before = happen

    async def run(self, later: float, full: bool) -> None:
        with suppress(Crash):
            await self.world.run(later=later, full=full)
        for twin in self.world.twins.values():
            twin.failure = None

    def quiet(self) -> None:
        for twin in self.world.twins.values():
            twin.before = twin.failure = None
            for queue in twin.faults.values():
                queue.clear()


def linked(world: World) -> list[dict[str, str]]:
    """The live links, as system -> remote id."""
    with world.store() as store:
        ids = [row.link_id for row in store.links([*range(1, store.reserve_links(1))]) if row.status == "live"]
        return [
            {member.system: member.remote_id for member in members if member.state == "live"}
            for members in store.members_of(ids).values()
        ]


@settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
@given(steps)
def test_quiet_runs_bring_everything_into_step(schedule: list[tuple[Any, ...]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(carry_out(Path(folder) / "state.db", schedule))


async def carry_out(path: Path, schedule: list[tuple[Any, ...]]) -> None:
    world = World(path, package("crm", "erp", "shop"))
    play = Schedule(world)
    for step in schedule:
        await play.step(step)
    play.quiet()
    for _ in range(4):
        await world.run(later=400.0, full=True)
    before = world.writes
    await world.run(later=400.0, full=True)
    assert world.writes == before, "a quiet run writes"
    with world.store() as store:
        held = {row.link_id for row in store.review.conflicts()} | {row.link_id for row in store.review.quarantined()}
        asked = sum(row.reason_code == "outcome.unknown" for row in store.review.quarantined())
        assert store.review.counts().get("Customer", {}).get("unknown", 0) == asked
    links = linked(world)
    for name in world.twins:
        ids = [link[name] for link in links if name in link]
        assert len(ids) == len(set(ids)), "a record in two links"
    for link in links:
        shown = {}
        for name, remote_id in link.items():
            record = world.records(name)[remote_id]
            for field, own in NATIVE[name].items():
                value = record.get(own)
                shown.setdefault(field, set()).add(tuple(sorted(value or ())) if field == "tags" else value)
        if not held:
            assert all(len(values) == 1 for values in shown.values()), (link, shown)
