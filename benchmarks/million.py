"""A run with nothing changed over COUNT linked records of two systems that tell what changed: `python million.py [COUNT]`.

The state is made by the store itself; the systems are twins that have nothing to tell. Processor seconds are those of a process of
its own, from its start to its end and without its imports; memory is its peak.
"""

import asyncio
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

from measured import peak

from syncline_runtime import executor
from syncline_runtime.declaration import (
    Call,
    Connector,
    Deletion,
    Entity,
    FieldMap,
    Flow,
    Listing,
    MatchRule,
    OnDelete,
    Operation,
    Package,
    Resource,
    Since,
    Sync,
    System,
    Text,
)
from syncline_runtime.executing.context import Options
from syncline_runtime.rows import SAME
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from syncline_runtime.values import ABSENT, Native

BATCH = 1000
FIELDS = ("limit", "mail", "name", "note", "phone", "vat")
Customer = TypedDict("Customer", dict.fromkeys(FIELDS, str | None), total=False)


class StillClock:
    """Time that stands."""

    time = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


class Silent:
    """A reporter that nobody listens to."""

    telling = False

    def phase(self, *_: Any) -> None: ...

    decided = placed = refused = phase


def read(native: Native) -> dict[str, Any]:
    return {name: native.get(name, ABSENT) for name in FIELDS}


def write(values: Mapping[str, Any], old: Native | None) -> Native:
    return {name: values[name] for name in FIELDS if values.get(name, ABSENT) is not ABSENT}


def package(*systems: str) -> Package:
    """Customers, the same in each of the systems."""
    operation = Operation(call=Call(verb="POST", target=Text("/")), returns="record")
    resource = Resource(
        name="customers",
        identity="id",
        fields={},
        version="updated",
        list=Listing(
            call=Call(verb="GET", target=Text("/")), since=Since(condition=None, field="updated", precision_ms=0)
        ),
        read=operation,
        create=operation,
        update=operation,
    )
    connector = Connector(name="twin", protocol="rest")
    flows = tuple(Flow(field=name, native=(name,), contributes=True, writes=True) for name in FIELDS)
    return Package(
        name="customers",
        source="customers.sync",
        spec_version=1,
        spec_sha256="0" * 64,
        systems={
            name: System(name=name, connector=connector, settings={}, resources={"customers": resource})
            for name in systems
        },
        entities={
            "Customer": Entity(
                name="Customer",
                shape=Customer,
                fields=FIELDS,
                kinds=dict.fromkeys(FIELDS, "text"),
                match=(MatchRule(fields=("vat",)),),
            )
        },
        mappings=tuple(
            FieldMap(entity="Customer", system=name, resource="customers", flows=flows, read=read, write=write)
            for name in systems
        ),
        syncs=(
            Sync(
                entity="Customer",
                systems=systems,
                rules={},
                deletes={name: Deletion(policy=OnDelete.HOLD) for name in systems},
            ),
        ),
    )


def make(path: Path, count: int) -> None:
    """A state of `count` links with a record in each of two systems, listed to the end."""
    clock = StillClock()
    with SqliteStore(path, "customers") as store:
        for start in range(0, count, BATCH):
            numbers = range(start, start + BATCH)
            with store.transaction():
                first = store.reserve_links(0)
                rows = [(f"c{number}", document(number), str(number), clock.time) for number in numbers]
                store.add_keys([("Customer", 0, f'["A{number}"]', "crm", f"c{number}") for number in numbers])
                store.link_as_seen("Customer", "crm", rows, 1)
                made = [(f"e{n}", first + n - start, SAME, None, None, str(n), clock.time, clock.time) for n in numbers]
                store.add_members("Customer", "erp", made)
                store.settle(range(first, first + BATCH))
        with store.transaction():
            for system in ("crm", "erp"):
                store.save_cursor("Customer", system, str(clock.time), 1, clock.time)
            store.save_setting("applied:Customer", "1")


def document(number: int) -> bytes:
    """What a record of some 350 bytes shows."""
    return (
        b'{"limit":"1","mail":"ana.%d@example.org","name":"Ana Trujillo %d","note":"%s","phone":"+4722%06d","vat":"A%d"}'
        % (
            number,
            number,
            b"a note as people write them, " * 7,
            number % 1000000,
            number,
        )
    )


async def run(path: Path) -> None:
    """One run; nothing is written."""
    spec = package("crm", "erp")
    clock = StillClock()
    clock.time += 3600.0
    twins = {name: Twin(name, clock, customers=Table()) for name in spec.systems}
    with SqliteStore(path, spec.name) as store:
        report = await executor.run(
            spec, systems=twins, store=store, clock=clock, reporter=Silent(), options=Options(apply_first=True)
        )
    assert report.exit_code == 0, report
    assert all(twin.writes == 0 for twin in twins.values())


def main(count: int) -> dict[str, float]:
    """Processor seconds and peak memory of a run with nothing changed, and the size of the state."""
    with tempfile.TemporaryDirectory(prefix="syncline-bench-") as folder:
        path = Path(folder, "state.db")
        make(path, count)
        done = subprocess.run(
            [sys.executable, __file__, "--run", str(path)], capture_output=True, text=True, check=True
        )
        whole, seconds, memory = map(float, done.stdout.split()[-3:])
        return {
            "linked records": count,
            "nothing changed": whole,
            "without imports": seconds,
            "MB": memory,
            "state MB": path.stat().st_size / 1e6,
            "making MB": peak(),
        }


if __name__ == "__main__":
    if "--run" in sys.argv:
        imported = time.process_time()
        asyncio.run(run(Path(sys.argv[2])))
        print(time.process_time(), time.process_time() - imported, peak())
    else:
        for name, figure in main(int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000).items():
            print(f"{name:>16} {figure:12.2f}")
