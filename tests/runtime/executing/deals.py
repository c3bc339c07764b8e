"""A CRM with deals and an ERP with the orders that follow from them: by an edge, once, or while a deal is won."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TypedDict

from syncline_runtime import executor
from syncline_runtime.codecs.refusal import refusal
from syncline_runtime.declaration import (
    Call,
    Connector,
    Creation,
    Deletion,
    Derivation,
    Entity,
    FieldMap,
    Flow,
    Listing,
    MatchRule,
    NativeField,
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
from syncline_runtime.simulation.twin import Table, Twin
from syncline_runtime.state import SqliteStore
from syncline_runtime.values import Native
from tests.runtime.executing.conftest import FakeClock, Told


class DealShape(TypedDict, total=False):
    number: str
    stage: str | None
    title: str | None


class OrderShape(TypedDict, total=False):
    number: str
    title: str | None


ENTITIES = {"Deal": (DealShape, ("number", "stage", "title")), "Order": (OrderShape, ("number", "title"))}
OPERATION = Operation(call=Call(verb="POST", target=Text("/")), many=2)


def entity(name: str) -> Entity:
    shape, fields = ENTITIES[name]
    return Entity(
        name=name,
        shape=shape,
        fields=fields,
        kinds=dict.fromkeys(fields, "text"),
        match=(MatchRule(fields=("number",)),),
    )


def field_map(name: str, system: str, *, both: bool) -> FieldMap:
    fields = ENTITIES[name][1]

    def read(native: Native) -> dict[str, Any]:
        return {field: native.get(field) for field in fields}

    def write(values: Mapping[str, Any], old: Native | None) -> Native:
        return {field: values[field] for field in fields if field in values}

    return FieldMap(
        entity=name,
        system=system,
        resource=name.lower(),
        flows=tuple(Flow(field=field, native=(field,), contributes=both, writes=True, line=5) for field in fields),
        read=read,
        write=write,
    )


def resource(name: str) -> Resource:
    return Resource(
        name=name.lower(),
        identity="id",
        fields={field: NativeField(name=field, kind="text") for field in ENTITIES[name][1]},
        version="updated",
        list=Listing(
            call=Call(verb="GET", target=Text("/")), since=Since(condition=None, field="updated", precision_ms=0)
        ),
        read=OPERATION,
        create=OPERATION,
        update=OPERATION,
        delete=OPERATION,
        archive=("archived", True),
    )


def system(name: str, *entities: str) -> System:
    return System(
        name=name,
        connector=Connector(name="twin", protocol="rest", timeout_seconds=10.0, concurrency=2),
        settings={},
        resources={one.lower(): resource(one) for one in entities},
    )


def becomes_won(deal: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> bool:
    return deal.get("stage") == "won" and before.get("stage") != "won"


def is_won(deal: Mapping[str, Any], before: Mapping[str, Any], now: datetime) -> bool:
    return bool(deal.get("stage") == "won")


def order_of(deal: Mapping[str, Any]) -> dict[str, Any]:
    if deal["title"] == "broken":
        raise refusal("expression.missing", "a title", "broken")  # deals.sync:40
    return {"number": deal["number"], "title": deal["title"]}


def package(*, once: bool = True, both: bool = False, out_of_scope: str = "unlink") -> Package:
    rule = Derivation(
        entity="Order",
        origin="Deal",
        once=once,
        holds=becomes_won if once else is_won,
        read=order_of,
        flows=(
            Flow(field="number", native=("number",), contributes=True, writes=False, line=39),
            Flow(field="title", native=("title",), contributes=True, writes=False, line=40),
        ),
        asks=("stage",),
        text="stage becomes won" if once else "stage is won",
        line=38,
    )
    order: Any = Sync(
        entity="Order",
        systems=("erp",),
        rules={},
        deletes={"erp": Deletion(policy=OnDelete.NEVER, line=31)},
        line=30,
    )
    return Package(
        name="deals",
        source="deals.sync",
        spec_version=1,
        spec_sha256="0" * 64,
        systems={"crm": system("crm", "Deal"), "erp": system("erp", "Order")},
        entities={"Deal": entity("Deal"), "Order": entity("Order")},
        mappings=(field_map("Deal", "crm", both=True), field_map("Order", "erp", both=both)),
        # The order of the spec is against that of the derivation.
        syncs=(
            replace(order, out_of_scope=out_of_scope),
            Sync(entity="Deal", systems=("crm",), rules={}, creates={"crm": Creation(allowed=False)}, line=20),
        ),
        derivations=(rule,),
    )


class World:
    """A CRM with deals, an ERP with orders."""

    def __init__(self, path: Path, spec: Package) -> None:
        self.path, self.package, self.clock = path, spec, FakeClock()
        self.crm = Twin("crm", self.clock, deal=Table(page_size=3))
        self.erp = Twin("erp", self.clock, order=Table(page_size=3))
        self.told = Told()

    def store(self) -> SqliteStore:
        return SqliteStore(self.path, self.package.name)

    async def run(self, *, later: float = 60.0, planned: bool = False, **options: Any) -> executor.Report:
        self.clock.time += later
        self.told = Told()
        work = executor.plan if planned else executor.run
        with self.store() as store:
            return await work(
                self.package,
                systems={"crm": self.crm, "erp": self.erp},
                store=store,
                clock=self.clock,
                reporter=self.told,
                options=Options(**{"apply_first": True, **options}),
            )

    def deal(self, remote_id: str | None = None, /, **fields: object) -> str:
        return self.crm.put("deal", remote_id, **fields)

    @property
    def orders(self) -> list[tuple[Any, Any]]:
        return sorted((one.get("number"), one.get("title")) for one in self.erp.tables["order"].records.values())

    @property
    def writes(self) -> int:
        return self.crm.writes + self.erp.writes

    async def settled(self) -> None:
        before = self.writes
        for _ in range(2):
            await self.run()
        assert self.writes == before
