"""A spec compiled and run: a twin for each of its systems, and runs a minute apart."""

from pathlib import Path
from typing import Any

from syncline.examples.loading import load_package
from syncline.pipeline import check_spec, generate
from syncline_runtime import executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import Quiet
from syncline_runtime.values import Native
from tests.runtime.executing.conftest import FakeClock


def compiled(text: str) -> Package:
    """The package of a spec that must be sound."""
    checked = check_spec("spec.sync", text.encode(), lambda name: None)
    assert checked.sound, [(one.code, one.span.text, one.facts) for one in checked.diagnostics]
    assert checked.model is not None
    return load_package(generate(checked.model))


class World:
    """Twins of all systems of a spec; every record shows every field, null where nothing was said."""

    def __init__(self, folder: Path, text: str) -> None:
        self.package = compiled(text)
        self.clock = FakeClock()
        self.path = folder / "state.db"
        self.twins = {
            name: Twin(
                name,
                self.clock,
                **{
                    resource.name: Table(
                        page_size=3,
                        version=resource.version,
                        since=resource.version is not None,
                        defaults=dict.fromkeys(resource.fields.keys() - {resource.identity}),
                    )
                    for resource in system.resources.values()
                },
            )
            for name, system in self.package.systems.items()
        }

    def put(self, system: str, resource: str, remote_id: str | None = None, /, **fields: Any) -> str:
        return self.twins[system].put(resource, remote_id, **fields)

    def records(self, system: str, resource: str) -> list[Native]:
        return list(self.twins[system].tables[resource].records.values())

    def only(self, system: str, resource: str) -> Native:
        (found,) = self.records(system, resource)
        return found

    @property
    def writes(self) -> int:
        return sum(twin.writes for twin in self.twins.values())

    def store(self) -> SqliteStore:
        return SqliteStore(self.path, self.package.name)

    async def run(self, **options: Any) -> executor.Report:
        self.clock.time += 60.0
        with self.store() as store:
            return await executor.run(
                self.package,
                systems=self.twins,
                store=store,
                clock=self.clock,
                reporter=Quiet(),
                options=Options(**{"apply_first": True, **options}),
            )

    async def quiet(self) -> None:
        """Assert that further runs, a full one among them, write nothing."""
        before = self.writes
        await self.run()
        await self.run(full=True)
        assert self.writes == before
