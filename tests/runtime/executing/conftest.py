"""A world of twins: a CRM, an ERP and, where asked for, a shop, that keep customers."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypedDict

import pytest

from syncline_runtime import executor
from syncline_runtime.codecs.refusal import refusal
from syncline_runtime.declaration import (
    Ask,
    Call,
    Connector,
    Creation,
    Deletion,
    Entity,
    FieldMap,
    Flow,
    Listing,
    MatchRule,
    Merged,
    NativeField,
    Newest,
    OnDelete,
    Operation,
    Owned,
    Package,
    Prefers,
    Resource,
    Rule,
    Since,
    Sync,
    System,
    Text,
)
from syncline_runtime.executing.context import Options
from syncline_runtime.records import Action, ActionKind, Correlation, Decision
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from syncline_runtime.values import ABSENT, Native


class CustomerShape(TypedDict, total=False):
    vat: str | None
    name: str | None
    phone: str | None
    mail: str | None
    note: str | None
    tags: frozenset[str]
    limit: int | None


FIELDS = ("vat", "name", "phone", "mail", "note", "tags", "limit")
NATIVE = {
    "crm": {name: name for name in FIELDS},
    "erp": {
        "vat": "vat_no",
        "name": "title",
        "phone": "tel",
        "mail": "mail",
        "note": "memo",
        "tags": "labels",
        "limit": "limit",
    },
    "shop": {"vat": "tax", "name": "name", "mail": "mail"},
}
LINES = {name: number for number, name in enumerate(FIELDS, start=10)}


def _read(system: str) -> Callable[[Native], dict[str, Any]]:
    names = NATIVE[system]

    def read(native: Native) -> dict[str, Any]:
        values = {name: native.get(own, ABSENT) for name, own in names.items()}
        if values.get("tags", ABSENT) is not ABSENT:
            values["tags"] = frozenset(values["tags"] or ())
        if values["limit" if "limit" in names else "name"] == "broken":
            raise refusal("value.wrong-type", "an integer", "broken")  # customers.sync:16
        return values

    return read


def _write(system: str) -> Callable[[Mapping[str, Any], Native | None], Native]:
    names = NATIVE[system]

    def write(values: Mapping[str, Any], old: Native | None) -> Native:
        native = {own: values[name] for name, own in names.items() if values.get(name, ABSENT) is not ABSENT}
        if names.get("tags") in native:
            native[names["tags"]] = sorted(values["tags"] or ())
        return native

    return write


def field_map(system: str, **changes: Any) -> FieldMap:
    """The two-way map of customers in one system."""
    flows = tuple(
        Flow(field=name, native=(own,), contributes=True, writes=True, line=LINES[name])
        for name, own in NATIVE[system].items()
    )
    made = FieldMap(
        entity="Customer",
        system=system,
        resource="customers",
        flows=flows,
        read=_read(system),
        write=_write(system),
        line=9,
    )
    return replace(made, **changes)


def system(name: str, **changes: Any) -> System:
    """A declared system whose resource offers everything, two records a write."""
    operation = Operation(call=Call(verb="POST", target=Text("/")), many=2, returns="record")
    resource = Resource(
        name="customers",
        identity="id",
        fields={own: NativeField(name=own, kind="text") for own in NATIVE[name].values()},
        version="updated",
        list=Listing(
            call=Call(verb="GET", target=Text("/")), since=Since(condition=None, field="updated", precision_ms=0)
        ),
        read=operation,
        create=operation,
        update=operation,
        delete=operation,
        archive=("archived", True),
    )
    return System(
        name=name,
        connector=Connector(name="twin", protocol="rest", timeout_seconds=10.0, concurrency=2),
        settings={},
        resources={"customers": replace(resource, **changes)},
    )


RULES: dict[str, Rule] = {
    "vat": Owned(by="erp", line=31),
    "name": Prefers(order=("crm", "erp"), line=32),
    "phone": Newest(otherwise=("crm",), line=33),
    "mail": Prefers(order=("crm", "erp", "shop"), line=34),
    "note": Ask(line=35),
    "tags": Merged(by="union", line=36),
    "limit": Prefers(order=("erp", "crm"), line=37),
}


def package(*systems: str, one_way: bool = False, sync: Mapping[str, Any] | None = None, **maps: FieldMap) -> Package:
    """Customers across `systems`; `one_way` from the first to the others."""
    mappings = {name: maps.get(name, field_map(name)) for name in systems}
    rules: Mapping[str, Rule] = RULES
    creates: dict[str, Creation] = {}
    deletes = {name: Deletion(policy=OnDelete.PROPAGATE, line=22) for name in systems}
    if one_way:
        for index, name in enumerate(systems):
            flows = tuple(replace(flow, contributes=index == 0, writes=index > 0) for flow in mappings[name].flows)
            mappings[name] = replace(mappings[name], flows=flows)
        rules = {}
        creates[systems[0]] = Creation(allowed=False, line=21)
        deletes[systems[0]] = Deletion(policy=OnDelete.NEVER, line=22)
    policy = Sync(entity="Customer", systems=systems, rules=rules, creates=creates, deletes=deletes, line=20)
    return Package(
        name="customers",
        source="customers.sync",
        spec_version=1,
        spec_sha256="0" * 64,
        systems={name: system(name) for name in systems},
        entities={
            "Customer": Entity(
                name="Customer",
                shape=CustomerShape,
                fields=FIELDS,
                kinds={name: {"tags": "set", "limit": "integer"}.get(name, "text") for name in FIELDS},
                match=(MatchRule(fields=("vat",)), MatchRule(fields=("mail",))),
            )
        },
        mappings=tuple(mappings.values()),
        syncs=(replace(policy, **(sync or {})),),
    )


class FakeClock:
    """Time that passes only when somebody says so."""

    def __init__(self) -> None:
        self.time = 1_700_000_000.0

    def now(self) -> float:
        return self.time

    async def sleep(self, seconds: float) -> None:
        self.time += seconds


@dataclass
class Told:
    """What a run told."""

    telling: bool = False
    decisions: list[Decision] = field(default_factory=list)
    placements: list[tuple[str, str, Correlation]] = field(default_factory=list)
    refusals: list[tuple[str, ...]] = field(default_factory=list)

    def phase(self, entity: str, phase: str, done: int) -> None:
        return None

    def decided(self, decision: Decision) -> None:
        self.decisions.append(decision)

    def placed(self, entity: str, system: str, remote_id: str, correlation: Correlation) -> None:
        self.placements.append((system, remote_id, correlation))

    def refused(
        self, entity: str, system: str, remote_id: str, reason: str, field: str, detail: str, place: str
    ) -> None:
        self.refusals.append((system, remote_id, reason, field, detail, place))

    @property
    def actions(self) -> list[Action]:
        return [action for decision in self.decisions for action in decision.actions]

    def shapes(self) -> list[tuple[Any, ...]]:
        """Actions without the ids that a plan and a run number alike."""
        return [(a.kind, a.system, a.remote_id, dict(a.fields)) for a in self.actions if a.kind is not ActionKind.HOLD]


class World:
    """Twins, a clock and a state file; `run` and `plan` as a person would, a minute apart."""

    def __init__(self, path: Path | str, spec: Package) -> None:
        self.clock = FakeClock()
        self.path = path
        self.package = spec
        self.twins = {
            name: Twin(name, self.clock, customers=Table(page_size=3, defaults=dict.fromkeys(NATIVE[name].values())))
            for name in spec.systems
        }
        self.told = Told()

    def twin(self, name: str) -> Twin:
        return self.twins[name]

    def records(self, name: str) -> dict[str, Native]:
        return self.twins[name].tables["customers"].records

    def column(self, name: str, own: str) -> list[Any]:
        return sorted(record.get(own) for record in self.records(name).values())

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

    async def plan(self, *, later: float = 60.0, **options: Any) -> executor.Report:
        self.clock.time += later
        self.told = Told()
        with self.store() as store:
            return await executor.plan(
                self.package,
                systems=self.twins,
                store=store,
                clock=self.clock,
                reporter=self.told,
                options=Options(**options),
            )

    async def settled(self) -> None:
        """Assert that a further run finds nothing to do."""
        before = self.writes
        report = await self.run()
        assert self.writes == before
        assert report.summaries[0].writes == 0


@pytest.fixture
def world(tmp_path: Path, database: Callable[[Path], Path | str]) -> Callable[..., World]:
    """Make a world: `world("crm", "erp")`."""

    def make(*systems: str, **changes: Any) -> World:
        return World(database(tmp_path / "state.db"), package(*systems, **changes))

    return make


@pytest.fixture
def two(world: Callable[..., World]) -> World:
    """A CRM and an ERP, both empty."""
    return world("crm", "erp")
