"""A record that changes between two pages of a listing is shown by both: what the later one shows counts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.ports import NativeRecord, Page
from tests.runtime.executing.conftest import field_map


def edited_between(two: Any, remote_id: str, **fields: object) -> None:
    """Somebody edits a record after the first page of the next listing of the CRM, which goes by change."""
    twin = two.twin("crm")
    whole = type(twin).pages

    async def pages(resource: str, **asked: Any) -> AsyncIterator[Page]:
        first = [page async for page in whole(twin, resource, **asked)]
        yield replace(first[0], last=False)
        two.clock.time += 0.5
        twin.put(resource, remote_id, **fields)
        del twin.pages
        rest: list[NativeRecord] = [
            record for page in first[1:] for record in page.records if record.remote_id != remote_id
        ]
        record = twin._record(twin.tables[resource], remote_id)
        yield Page([*rest, record], record.version, two.clock.now(), last=True)

    twin.pages = pages


@pytest.mark.parametrize("changed", [{"name": "second"}, {"vat": "B1"}, {"name": "second", "vat": "B1"}])
async def test_a_new_record_is_as_the_later_page_shows_it(two: Any, changed: dict[str, str]) -> None:
    one = two.twin("crm").put("customers", vat="A1", name="first")
    edited_between(two, one, **changed)
    await two.run()
    shown = {"vat": "A1", "name": "first"} | changed
    assert (two.column("erp", "title"), two.column("erp", "vat_no")) == ([shown["name"]], [shown["vat"]])
    two.twin("erp").put("customers", vat_no="A1", title="another" if "vat" in changed else shown["name"])
    await two.run()
    assert len(two.records("crm")) == (2 if "vat" in changed else 1)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("what", ["archive", "scope"])
async def test_one_that_enters_or_leaves_meanwhile_is_where_it_was_last(world: Any, what: str, first: bool) -> None:
    two = world("crm", "erp", crm=field_map("crm", in_scope=lambda native: native.get("note") != "out"))
    there, gone = ({"archived": False}, {"archived": True}) if what == "archive" else ({"note": "in"}, {"note": "out"})
    one = two.twin("crm").put("customers", vat="A1", name="first", **(there if first else gone))
    edited_between(two, one, **(gone if first else there))
    await two.run()
    assert two.column("erp", "title") == ([] if first else ["first"])


async def test_a_known_record_is_as_the_later_page_shows_it(two: Any) -> None:
    one = two.twin("crm").put("customers", vat="A1", name="first")
    await two.run()
    two.twin("crm").put("customers", one, name="second")
    edited_between(two, one, name="third")
    await two.run()
    assert two.column("erp", "title") == ["third"]
    await two.settled()
