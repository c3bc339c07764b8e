"""Declared systems and ports for the tests of the connectors."""

from dataclasses import dataclass, field
from typing import Any

from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import (
    Call,
    Connector,
    Errors,
    Listing,
    Login,
    NativeField,
    Operation,
    Paging,
    Resource,
    Since,
    Slot,
    System,
    Text,
)
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.ports import NativeRecord, Page
from syncline_runtime.ports import System as SystemPort
from syncline_runtime.settings import SecretText, Setting

CANARY = "canary-9f3e71-pass/word"
TOKEN = "token-canary-55aa"


@dataclass
class StillClock:
    """A clock that stands still but when slept on."""

    moment: float = 1_790_000_000.0
    slept: list[float] = field(default_factory=list)

    def now(self) -> float:
        return self.moment

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self.moment += seconds


RECORDS = "/records"

CRM = Connector(
    name="crm",
    protocol="rest",
    base=Text("{url}/api"),
    auth=Login(
        call=Call(verb="POST", target=Text("/login"), body={"identity": Slot("email"), "password": Slot("password")}),
        token="token",
    ),
    errors=Errors(message="message", fields="data.*.message", code="code"),
    timeout_seconds=0.3,
    concurrency=3,
)


def contacts(**changes: Any) -> Resource:
    """A resource as a REST back office has it."""
    values: dict[str, Any] = {
        "name": "contacts",
        "identity": "id",
        "fields": {
            name: NativeField(name=name, kind=kind)
            for name, kind in {"id": "text", "updated": "instant", "name": "text", "price": "decimal"}.items()
        },
        "version": "updated",
        "version_spelling": "spaced",
        "list": Listing(
            call=Call(verb="GET", target=Text(RECORDS)),
            items="items",
            paging=Paging(style="number", size=3, page_parameter="page", size_parameter="perPage"),
            since=Since(condition=Text("updated >= '{since}'"), field="updated", spelling="spaced", precision_ms=1),
            sort="updated,id",
            filter_join=" && ",
            equals=Text("{field} = '{value}'"),
        ),
        "read": Operation(call=Call(verb="GET", target=Text(RECORDS + "/{id}")), returns="record"),
        "create": Operation(call=Call(verb="POST", target=Text(RECORDS), body=Slot("values")), returns="record"),
        "update": Operation(
            call=Call(verb="PATCH", target=Text(RECORDS + "/{id}"), body=Slot("values")), returns="record"
        ),
        "delete": Operation(call=Call(verb="DELETE", target=Text(RECORDS + "/{id}"))),
    }
    return Resource(**{**values, **changes})


def system(
    url: str,
    resource: Resource,
    connector: Connector = CRM,
    clock: StillClock | None = None,
    **settings: Setting,
) -> SystemPort:
    """A port to `resource` of a server at `url`."""
    clock = clock or StillClock()
    declared = System(name="crm", connector=connector, settings={}, resources={resource.name: resource})
    values = {"url": url, "email": "ana@example.com", "password": SecretText(CANARY), **settings}
    return open_system(declared, values, clock, TokenBucket(connector.rate, clock), jitter=lambda: 0.5)


async def listed(port: SystemPort, resource: str = "contacts", **how: Any) -> tuple[list[NativeRecord], list[Page]]:
    """All records of a listing, and its pages."""
    pages = [page async for page in port.pages(resource, fields=("name",), **how)]
    return [record for page in pages for record in page.records], pages
