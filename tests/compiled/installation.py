"""A spec about the sample systems of the pages, compiled in memory and run by the real executor on twins."""

from pathlib import Path
from typing import Any

from syncline.diagnostics.pages import PRELUDE, sample
from syncline.examples.loading import load_package
from syncline.pipeline import Checked, check_spec, generate
from syncline_runtime import executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from syncline_runtime.values import Native
from tests.runtime.executing.conftest import FakeClock, Told

READABLE = sample().replace(
    '    create POST   "/contacts"', '    read   GET    "/contacts/{id}"\n    create POST   "/contacts"'
)
"""The sample systems, whose contacts can be read one by one: what is gone is noticed."""


def checked(text: str, library: str = "") -> Checked:
    """A spec without its header, checked; `library` stands in for the sample systems."""
    files = {"sample.sync": (library or READABLE).encode()}
    return check_spec("example.sync", (PRELUDE + text).encode(), files.get)


def codes(text: str, library: str = "") -> list[str]:
    """The findings of a spec, hints left out."""
    return [one.code for one in checked(text, library).diagnostics if one.severity.value != "hint"]


def compiled(text: str, library: str = "") -> Package:
    """The package of a spec, which must be sound."""
    found = checked(text, library)
    assert not [one for one in found.diagnostics if one.severity.value == "error"], found.diagnostics
    assert found.model is not None
    return load_package(generate(found.model))


class Installation:
    """Twins of the systems of a package, a clock and a state file; `run` is a run a minute later."""

    def __init__(self, folder: Path, package: Package) -> None:
        self.clock = FakeClock()
        self.path = folder / "state.db"
        self.package = package
        self.twins = {
            name: Twin(name, self.clock, **{resource: Table() for resource in system.resources})
            for name, system in package.systems.items()
        }
        shared: dict[tuple[str, str], Table] = {}
        for name, twin in self.twins.items():  # the places of a system show the same records
            for resource, table in twin.tables.items():
                twin.tables[resource] = shared.setdefault((package.systems[name].account, resource), table)
        self.told = Told()

    def put(self, place: str, remote_id: str | None = None, /, **fields: Any) -> str:
        """Create or edit a record of `system.resource` as a user would."""
        twin, resource = self._at(place)
        return twin.put(resource, remote_id, **fields)

    def drop(self, place: str, remote_id: str) -> None:
        twin, resource = self._at(place)
        twin.drop(resource, remote_id)

    def records(self, place: str) -> dict[str, Native]:
        twin, resource = self._at(place)
        return twin.tables[resource].records

    def _at(self, place: str) -> tuple[Twin, str]:
        """The twin and the resource of `system.resource`; of a system with places, that which is one of them."""
        system, _, resource = place.partition(".")
        named = [name for name in self.twins if name == place or name.startswith(f"{place}/")] or [system]
        return self.twins[named[0]], resource

    def only(self, place: str) -> str:
        """The id of the only record there."""
        (remote_id,) = self.records(place)
        return remote_id

    @property
    def writes(self) -> int:
        return sum(twin.writes for twin in self.twins.values())

    def store(self) -> SqliteStore:
        return SqliteStore(self.path, self.package.name)

    async def run(self, *, later: float = 60.0, **options: Any) -> executor.Report:
        self.clock.time += later
        self.told = Told()
        with self.store() as store:
            return await executor.run(
                self.package,
                systems=self.twins,
                store=store,
                clock=self.clock,
                reporter=self.told,
                options=Options(**{"apply_first": True, **options}),
            )

    async def settled(self) -> None:
        """Assert that a further run writes nothing."""
        before = self.writes
        await self.run()
        assert self.writes == before

    def journal(self, kind: str) -> list[tuple[str, str]]:
        """(system, field) of the journal's entries of a kind."""
        with self.store() as store:
            return [(entry[2], entry[3]) for entry in store.review.journal_entries(kind)]
