"""A feed of deletions over HTTP: ids at their path, from the last moment on."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Call, Listing, NativeField, Resource, Since, Text
from syncline_runtime.ports import Deletions, SystemFailure
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
        first = [page async for page in port.deletions("contacts")]
        then = [page async for page in port.deletions("contacts", since=first[-1].cursor)]
        await port.close()
    assert [one for page in first for one in page.ids] == ["r1", "r2", "r3", "r4"]
    assert [one for page in then for one in page.ids] == ["r4"]
    assert first[-1].cursor is not None


BARE = Resource(
    name="deleted",
    identity="id",
    fields={"id": NativeField(name="id", kind="text", path=("id",))},
    list=Listing(call=Call(verb="GET", target=Text("/deleted")), items="ids"),
)


async def fed(feed: Resource, document: Any) -> list[Deletions]:
    """What a feed that answers so tells."""

    def answer(asked: Asked) -> Reply:
        return Reply(200, document if asked.path.endswith("/deleted") else {"token": "t"})

    async with Loopback(answer) as server:
        port = system(server.url, replace(contacts(), deleted=feed), CRM)
        await port.open()
        try:
            return [page async for page in port.deletions("contacts")]
        finally:
            await port.close()


async def test_a_feed_may_be_a_list_of_ids() -> None:
    [page] = await fed(BARE, {"ids": ["r1", 2, "r3", 10**18]})
    assert (page.ids, page.unidentified) == (["r1", "2", "r3", str(10**18)], [])


async def test_an_item_that_names_nothing_is_told_by_its_place() -> None:
    [page] = await fed(BARE, {"ids": ["r1", None, "", ["r2"], {"id": "r3"}, {"uid": 4}, True]})
    assert page.ids == ["r1", "r3"]
    assert [(one.place, one.why) for one in page.unidentified] == [
        ("page 1, record 2", "has no id"),
        ("page 1, record 3", "has no id"),
        ("page 1, record 4", "is no record but list"),
        ("page 1, record 6", "has no id"),
        ("page 1, record 7", "has no id"),
    ]


async def test_a_feed_in_which_nothing_is_named_is_refused() -> None:
    with pytest.raises(SystemFailure, match="could not list deleted: none of its records can be told from others"):
        await fed(BARE, {"ids": [{"uid": 4}, {"uid": 5}]})


async def test_a_resource_without_a_feed_says_so() -> None:
    async with Loopback(lambda asked: Reply(200, {"token": "t"})) as server:
        port = system(server.url, contacts(), CRM)
        await port.open()
        with pytest.raises(SystemFailure, match="contacts has no feed of deletions"):
            await anext(aiter(port.deletions("contacts")))
        await port.close()
