"""A system that tells what was deleted: no full listing is needed, one reading confirms, and a feed alone deletes nothing."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Call, Listing, NativeField, Resource, Since, Text, deletions_of
from syncline_runtime.ports import Deletions, Unidentified
from syncline_runtime.simulation.twin import Table

FEED = deletions_of("customers")


def telling(two: Any, *systems: str, since: bool = True) -> None:
    """Systems with a feed of deletions, by the moment or whole."""
    fields = {name: NativeField(name=name, kind=kind) for name, kind in (("id", "text"), ("at", "instant"))}
    moment = Since(condition=None, field="at", precision_ms=0) if since else None
    feed = Resource(
        name="deleted",
        identity="id",
        fields=fields,
        version="at",
        list=Listing(call=Call(verb="GET", target=Text("/gone")), since=moment),
    )
    for name in systems:
        declared = two.package.systems[name]
        resource = replace(declared.resources["customers"], deleted=feed)
        two.package = replace(
            two.package, systems={**two.package.systems, name: replace(declared, resources={"customers": resource})}
        )
        two.twin(name).tables[FEED] = Table(version="at", page_size=2)


def drop(two: Any, system: str, remote_id: str, *, told: bool = True) -> None:
    two.twin(system).drop("customers", remote_id)
    if told:
        two.twin(system).put(FEED, remote_id)


async def linked(two: Any, count: int = 4) -> list[str]:
    ids = [two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}") for number in range(count)]
    await two.run()
    return ids


def listed(two: Any, system: str, resource: str) -> int:
    return sum(one == ("list", resource, 0) for one in two.twin(system).calls)


@pytest.mark.parametrize("since", [True, False], ids=["since", "whole"])
async def test_a_deletion_is_carried_over_without_a_full_listing(two: Any, since: bool) -> None:
    telling(two, "crm", since=since)
    ids = await linked(two)
    drop(two, "crm", ids[0])
    drop(two, "crm", ids[1])
    drop(two, "crm", ids[2], told=False)
    report = await two.run()
    assert (two.column("erp", "vat_no"), report.exit_code) == (["A2", "A3"], 0), "what is not told is not known"
    await two.settled()


@pytest.mark.parametrize("system", ["crm", "erp"])
async def test_both_directions(two: Any, system: str) -> None:
    telling(two, "crm", "erp")
    await linked(two)
    first = next(iter(two.records(system)))
    drop(two, system, first)
    await two.run()
    assert (len(two.records("crm")), len(two.records("erp"))) == (3, 3)
    await two.settled()


async def test_what_is_told_and_shows_all_the_same_is_not_deleted(two: Any) -> None:
    telling(two, "crm")
    ids = await linked(two)
    two.twin("crm").put(FEED, ids[0])
    for _ in range(3):
        report = await two.run()
    assert (len(two.records("erp")), report.exit_code) == (4, 0)
    two.twin("crm").put("customers", ids[0], name="still here")
    await two.run()
    assert "still here" in two.column("erp", "title")


async def test_what_a_reading_still_shows_for_a_while_is_read_again(two: Any) -> None:
    """The feed is faster than the record's own page."""
    telling(two, "crm")
    ids = await linked(two)
    kept = dict(two.records("crm")[ids[0]])
    two.twin("crm").put(FEED, ids[0])
    await two.run()
    assert kept["vat"] in two.column("erp", "vat_no")
    two.twin("crm").drop("customers", ids[0])
    for _ in range(2):
        await two.run()
    assert kept["vat"] not in two.column("erp", "vat_no")
    await two.settled()


async def test_a_mass_deletion_that_is_told_is_held_all_the_same(two: Any) -> None:
    telling(two, "crm")
    ids = await linked(two, 30)
    for one in ids[:14]:
        drop(two, "crm", one)
    report = await two.run()
    assert (len(two.records("erp")), report.exit_code) == (30, 1)
    assert "run --approve delete" in report.summaries[0].held[0]


async def test_the_feed_is_asked_once_a_run_and_unknown_ids_are_not_read(two: Any) -> None:
    telling(two, "crm")
    await linked(two)
    two.twin("crm").put(FEED, "somebody else's")
    before = listed(two, "crm", FEED)
    two.twin("crm").calls.clear()
    await two.run()
    assert before >= 1
    assert listed(two, "crm", FEED) == 1
    assert not [one for one in two.twin("crm").calls if one[0] == "read"]


async def test_an_item_that_names_no_record_is_told_and_the_feed_asked_again(two: Any) -> None:
    telling(two, "crm")
    ids = await linked(two)
    twin = two.twin("crm")
    feed = type(twin).deletions
    nameless = [Unidentified("page 1, record 2", "has no id")]

    async def spoiled(resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        async for page in feed(twin, resource, since=since):
            yield replace(page, ids=[one for one in page.ids if one != ids[1]], unidentified=nameless)

    drop(two, "crm", ids[0])
    drop(two, "crm", ids[1])
    twin.deletions = spoiled
    report = await two.run()
    assert two.column("erp", "vat_no") == ["A1", "A2", "A3"]
    assert report.exit_code == 1
    assert "of which record (page 1, record 2 of its feed has no id)" in report.summaries[0].held[0]
    del twin.deletions
    report = await two.run()
    assert (two.column("erp", "vat_no"), report.exit_code) == (["A2", "A3"], 0)
    await two.settled()


async def test_a_record_that_is_told_and_made_again_under_its_id_is_in_step(two: Any) -> None:
    telling(two, "crm")
    ids = await linked(two)
    drop(two, "crm", ids[0])
    await two.run()
    two.twin("crm").put("customers", ids[0], vat="A0", name="back")
    for _ in range(2):
        await two.run()
    assert "back" in two.column("erp", "title")
    assert len(two.records("erp")) == 4
    await two.settled()
