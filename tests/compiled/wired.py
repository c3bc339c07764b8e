"""The example of Northwind, its connectors changed in some lines, run over HTTP against sandboxes."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from syncline.examples.loading import load_package
from syncline.pipeline import check_spec, generate
from syncline_runtime import executor
from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.simulation.sandbox import Sandbox
from syncline_runtime.state import SqliteStore
from tests.runtime.connectors.worlds import StillClock
from tests.runtime.executing.conftest import Told

NORTHWIND = Path(__file__).parents[2] / "specs" / "examples" / "northwind.sync"
CREDENTIALS = {"crm": {"key": "canary-key"}, "erp": {"user": "ana", "pass": "canary-pass"}}


def northwind(changes: Mapping[str, str]) -> Package:
    """The example's package, some of its lines being others."""
    text = NORTHWIND.read_text()
    for line, other in changes.items():
        assert line in text
        text = text.replace(line, other, 1)
    found = check_spec("northwind.sync", text.encode(), {}.get)
    assert found.model is not None, found.diagnostics
    return load_package(generate(found.model))


class Wired:
    """Sandboxes behind the connectors, and the state beside them."""

    def __init__(self, package: Package, sandboxes: dict[str, Sandbox], folder: Path) -> None:
        self.package, self.sandboxes, self.folder, self.clock = package, sandboxes, folder, StillClock()

    async def run(self, *, later: float = 60.0) -> executor.Report:
        """A run, some time after the last one."""
        self.clock.moment += later
        systems = {
            name: open_system(
                self.package.systems[name],
                {"url": box.url, **CREDENTIALS[name]},
                self.clock,
                TokenBucket(None, self.clock),
            )
            for name, box in self.sandboxes.items()
        }
        with SqliteStore(self.folder / "state.db", self.package.name) as store:
            return await executor.run(
                self.package,
                systems=systems,
                store=store,
                clock=self.clock,
                reporter=Told(),
                options=Options(apply_first=True),
            )


@asynccontextmanager
async def wired(package: Package, crm: type[Sandbox], folder: Path) -> AsyncIterator[Wired]:
    """Both systems on loopback, the CRM of a kind of its own."""
    kinds = {"crm": crm, "erp": Sandbox}
    boxes = {name: kind(package.systems[name], CREDENTIALS[name]).start() for name, kind in kinds.items()}
    try:
        yield Wired(package, boxes, folder)
    finally:
        for box in boxes.values():
            box.stop()
