"""Worlds in which records refer to one another: entities by their fields, each with a table of its own in each system."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypedDict

from syncline_runtime.codecs import wire_ref_number_get, wire_ref_number_put
from syncline_runtime.declaration import (
    Call,
    Connector,
    Deletion,
    Entity,
    FieldMap,
    Flow,
    Listing,
    MatchRule,
    NativeField,
    OnDelete,
    Operation,
    Package,
    Prefers,
    Resource,
    Since,
    Sync,
    System,
    Text,
)
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.values import ABSENT, Native, Reference
from tests.runtime.executing.conftest import World

SYSTEMS = ("crm", "erp")


@dataclass(frozen=True)
class Kind:
    """An entity with a key, a note, and references by field; `needed` are those without which no system creates a record."""

    name: str
    refers: Mapping[str, tuple[str, ...]]
    needed: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    after: tuple[str, ...] = ()
    systems: tuple[str, ...] = SYSTEMS
    numbers: bool = False  # ids in the ERP are numbers

    @property
    def fields(self) -> tuple[str, ...]:
        return ("key", "note", *self.refers)


COMPANY = Kind("Company", {"parent": ("Company",)})
CONTACT = Kind("Contact", {"company": ("Company",)})
REQUIRED = replace(CONTACT, needed=("company",), required=("company",))


def _read(kind: Kind, system: str) -> Callable[[Native], dict[str, Any]]:
    def read(native: Native) -> dict[str, Any]:
        values = {name: native.get(name, ABSENT) for name in kind.fields}
        if kind.numbers and system == "erp":
            values.update((name, wire_ref_number_get(values[name])) for name in kind.refers)
        return values

    return read


def _write(kind: Kind, system: str) -> Callable[[Mapping[str, Any], Native | None], Native]:
    def write(values: Mapping[str, Any], old: Native | None) -> Native:
        native = {name: values.get(name, ABSENT) for name in kind.fields}
        if kind.numbers and system == "erp":
            native.update((name, wire_ref_number_put(native[name])) for name in kind.refers)
        assert not any(type(value) is Reference for value in native.values()), "the hub's own form left the hub"
        return {name: value for name, value in native.items() if value is not ABSENT}

    return write


def _map(kind: Kind, system: str) -> FieldMap:
    flows = tuple(
        Flow(
            field=name,
            native=(name,),
            contributes=True,
            writes=True,
            refers=kind.refers.get(name, ()),
            needed=name in kind.needed,
            line=10 + position,
        )
        for position, name in enumerate(kind.fields)
    )
    return FieldMap(
        entity=kind.name,
        system=system,
        resource=kind.name,
        flows=flows,
        read=_read(kind, system),
        write=_write(kind, system),
        line=9,
    )


def _entity(kind: Kind) -> Entity:
    types: dict[str, Any] = {
        "key": str,
        "note": str | None,
        **dict.fromkeys(kind.refers, Reference | None),
    }
    return Entity(
        name=kind.name,
        shape=TypedDict(kind.name, types, total=False),  # type: ignore[operator]
        fields=kind.fields,
        kinds={"key": "text", "note": "text", **dict.fromkeys(kind.refers, "ref")},
        required=frozenset(("key", *kind.required)),
        match=(MatchRule(fields=("key",)),),
    )


def _sync(kind: Kind) -> Sync:
    return Sync(
        entity=kind.name,
        systems=kind.systems,
        rules={name: Prefers(order=SYSTEMS, line=32) for name in kind.fields},
        deletes={name: Deletion(policy=OnDelete.PROPAGATE, line=22) for name in kind.systems},
        after=kind.after,
        line=20,
    )


def _resource(kind: Kind) -> Resource:
    operation = Operation(call=Call(verb="POST", target=Text("/")), many=2)
    return Resource(
        name=kind.name,
        identity="id",
        fields={name: NativeField(name=name, kind="text") for name in kind.fields},
        version="updated",
        list=Listing(
            call=Call(verb="GET", target=Text("/")), since=Since(condition=None, field="updated", precision_ms=0)
        ),
        read=operation,
        create=operation,
        update=operation,
        delete=operation,
    )


def package(*kinds: Kind) -> Package:
    """Those entities across a CRM and an ERP, in the order given."""
    return Package(
        name="references",
        source="references.sync",
        spec_version=1,
        spec_sha256="0" * 64,
        systems={
            name: System(
                name=name,
                connector=Connector(name="twin", protocol="rest", timeout_seconds=10.0, concurrency=2),
                settings={},
                resources={kind.name: _resource(kind) for kind in kinds},
            )
            for name in SYSTEMS
        },
        entities={kind.name: _entity(kind) for kind in kinds},
        mappings=tuple(_map(kind, system) for kind in kinds for system in kind.systems),
        syncs=tuple(_sync(kind) for kind in kinds),
    )


class Refers(World):
    """A world of several entities."""

    def __init__(self, path: Path, spec: Package) -> None:
        super().__init__(path, spec)
        tables = {
            name: {
                entity: Table(page_size=3, defaults=dict.fromkeys(declared.fields))
                for entity, declared in spec.entities.items()
            }
            for name in spec.systems
        }
        self.twins = {name: Twin(name, self.clock, **found) for name, found in tables.items()}

    def put(self, system: str, entity: str, remote_id: str | None = None, /, **fields: Any) -> str:
        return self.twins[system].put(entity, remote_id, **{"note": None, **fields} if remote_id is None else fields)

    def by_key(self, system: str, entity: str) -> dict[str, Native]:
        return {record["key"]: record for record in self.twins[system].tables[entity].records.values()}

    def shape(self, system: str) -> dict[tuple[str, str], dict[str, Any]]:
        """What a system holds, with keys for ids: the same in all systems that are in step."""
        keys = {
            remote_id: record["key"]
            for table in self.twins[system].tables.values()
            for remote_id, record in table.records.items()
        }
        return {
            (entity, record["key"]): {
                name: keys.get(str(value), value) if value is not None else None
                for name, value in record.items()
                if name in self.package.entities[entity].fields
            }
            for entity, table in self.twins[system].tables.items()
            for record in table.records.values()
        }

    def in_step(self) -> bool:
        def full(system: str) -> dict[tuple[str, str], dict[str, Any]]:
            return {
                where: {name: record.get(name) for name in self.package.entities[where[0]].fields}
                for where, record in self.shape(system).items()
            }

        return full("crm") == full("erp")

    def deleting_companies(self, policy: OnDelete) -> None:
        """Say what becomes of the first entity's deletions."""
        deletes = {name: Deletion(policy=policy, line=22) for name in SYSTEMS}
        first, *rest = self.package.syncs
        self.package = replace(self.package, syncs=(replace(first, deletes=deletes), *rest))

    async def quiet(self, *, full: bool = True) -> None:
        """Assert that further runs, a full one among them, write nothing."""
        before = self.writes
        await self.run()
        if full:
            await self.run(full=True)
        assert self.writes == before
