"""A feed of deletions over HTTP: ids at their path, from the last moment on."""

from dataclasses import replace

from syncline_runtime.declaration import Call, Listing, NativeField, Resource, Since, Text, deletions_of
from tests.runtime.connectors.loopback import Asked, Loopback, Reply
from tests.runtime.connectors.worlds import CRM, contacts, system

GONE = [{"record": {"id": f"r{number}"}, "when": f"2026-01-0{number}T00:00:00Z"} for number in range(1, 5)]
FEED = Resource(
    name="deleted",
    identity="id",
    fields={
        "id": NativeField(name="id", kind="text", path=("record", "id")),
        "at": NativeField(name="at", kind="instant", path=("when",)),
    },
    version="at",
    list=Listing(
        call=Call(verb="GET", target=Text("/deleted")),
        items="events",
        since=Since(condition=Text("{since}"), field="at"),
        filter_parameter="after",
        filter_join=" ",
    ),
)


async def test_a_feed_names_what_went_since_the_last_time() -> None:
    def answer(asked: Asked) -> Reply:
        if not asked.path.endswith("/deleted"):
            return Reply(200, {"token": "t"})
        after = asked.query.get("after", "")
        return Reply(200, {"events": [one for one in GONE if one["when"] >= after]})

    async with Loopback(answer) as server:
        port = system(server.url, replace(contacts(), deleted=FEED), CRM)
        await port.open()
        name = deletions_of("contacts")
        first = [page async for page in port.pages(name, fields=("id", "at"))]
        then = [page async for page in port.pages(name, fields=("id", "at"), since=first[-1].cursor)]
        await port.close()
    assert [record.remote_id for page in first for record in page.records] == ["r1", "r2", "r3", "r4"]
    assert [record.remote_id for page in then for record in page.records] == ["r4"]
    assert first[-1].cursor is not None
