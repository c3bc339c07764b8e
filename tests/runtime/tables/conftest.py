"""Worlds for the decision tables: a customer in two systems or three, edited and looked at by the entity's names."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.executor import Report
from syncline_runtime.values import Native
from tests.runtime.executing.conftest import NATIVE, World, field_map, package
from tests.simulation.campaign import shared_memory

PAIRS = [("crm", "erp"), ("erp", "crm")]
"""Both directions: where it happens, and the other."""


class Table:
    """A world in which one customer is linked everywhere."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.before = 0
        self.report: Report | None = None

    def put(self, system: str, remote_id: str | None = None, /, **fields: Any) -> str:
        """Store fields of the entity in a system as a person would; a new record without an id."""
        native = {NATIVE[system].get(name, name): value for name, value in fields.items()}
        return self.world.twin(system).put("customers", remote_id, **native)

    def edit(self, system: str, **fields: Any) -> None:
        """Edit the only record of a system."""
        self.put(system, self.only(system), **fields)

    def drop(self, system: str) -> None:
        """Delete the only record of a system."""
        self.world.twin(system).drop("customers", self.only(system))

    def only(self, system: str) -> str:
        """The id of the only record of a system."""
        (remote_id,) = self.world.records(system)
        return remote_id

    def shows(self, system: str, field: str) -> Any:
        """What the only record of a system shows of a field."""
        record: Native = self.world.records(system)[self.only(system)]
        return record.get(NATIVE[system][field])

    def count(self, system: str) -> int:
        """How many records a system has."""
        return len(self.world.records(system))

    def rule(self, **rules: Any) -> None:
        """Change rules of the sync."""
        sync = self.world.package.syncs[0]
        self.sync(rules={**sync.rules, **rules})

    def sync(self, **changes: Any) -> None:
        """Change the sync."""
        self.world.package = replace(self.world.package, syncs=(replace(self.world.package.syncs[0], **changes),))

    def resource(self, system: str, **changes: Any) -> None:
        """Change what a system offers."""
        declared = self.world.package.systems[system]
        resource = replace(declared.resources["customers"], **changes)
        self.world.package = replace(
            self.world.package,
            systems={**self.world.package.systems, system: replace(declared, resources={"customers": resource})},
        )

    async def run(self, **options: Any) -> Report:
        """A run; `wrote` counts from its beginning."""
        self.before = self.world.writes
        self.report = await self.world.run(**options)
        return self.report

    @property
    def wrote(self) -> int:
        """How many records the last run sent."""
        return self.world.writes - self.before

    async def settled(self) -> None:
        """A further run finds nothing to do."""
        await self.world.settled()

    def losers(self) -> list[tuple[str, str]]:
        """Which values were overwritten, by system and field."""
        with self.world.store() as store:
            return [(entry[2], entry[3]) for entry in store.review.journal_entries("overwritten")]

    def held(self) -> dict[str, str]:
        """What waits in quarantine: reason code and detail."""
        with self.world.store() as store:
            return {row.reason_code: row.detail for row in store.review.quarantined()}

    def conflicts(self) -> list[str]:
        """The fields in conflict, "" for a whole record."""
        with self.world.store() as store:
            return [row.field for row in store.review.conflicts()]


@pytest.fixture
def folder() -> Iterator[Path]:
    """Where files cost little: these tests are about decisions."""
    with tempfile.TemporaryDirectory(dir=shared_memory(), prefix="syncline-tables-") as name:
        yield Path(name)


@pytest.fixture
def empty(folder: Path) -> Callable[..., Table]:
    """Make a world without any record: `empty("crm", "erp")`."""

    def make(*systems: str, **changes: Any) -> Table:
        return Table(World(folder / "state.db", package(*systems, **changes)))

    return make


@pytest.fixture
def linked(empty: Callable[..., Table]) -> Callable[..., Any]:
    """Make a world in which one customer is in step everywhere."""

    async def make(*systems: str, **changes: Any) -> Table:
        table = empty(*systems, **changes)
        table.put("crm", vat="A1", name="Ana", phone="1", mail="a@x.org", note="n", limit=5, tags=["x"])
        await table.run()
        await table.settled()
        return table

    return make


def scoped(systems: tuple[str, ...]) -> dict[str, Any]:
    """Maps with a `where`: a record whose `kind` is `lead` is out of scope."""
    return {name: field_map(name, in_scope=lambda native: native.get("kind") != "lead") for name in systems}


def deletes(policy: OnDelete, *systems: str, unless_edited: bool = False) -> dict[str, Any]:
    """A `delete in …` clause for each system."""
    return {"deletes": {name: Deletion(policy=policy, unless_edited=unless_edited, line=22) for name in systems}}
