"""Scenarios for the protections that random schedules seldom need: with each it goes right, without it wrong."""

from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.executing.protections import Protections
from syncline_runtime.ports import NativeRecord, Page, SystemFailure
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED

ON_AND_OFF = pytest.mark.parametrize("on", [True, False], ids=["on", "off"])


def without(name: str, on: bool) -> Protections:
    return Protections() if on else Protections(**{name: False})


def lagging(two: Any, system: str, seconds: float) -> None:
    """A system whose listing lags, and whose versions are in no order."""
    declared = two.package.systems[system]
    resource = declared.resources["customers"]
    since = replace(resource.list.since, lag_seconds=seconds)
    changed = replace(resource, list=replace(resource.list, since=since), version_is_time=False)
    systems = {**two.package.systems, system: replace(declared, resources={"customers": changed})}
    two.package = replace(two.package, systems=systems)


def stale(twin: Any, as_shown: Callable[[Sequence[NativeRecord]], Sequence[NativeRecord]]) -> Callable[[], None]:
    """Let the listing show something older than there is; the answer ends that."""
    fresh = twin.pages

    async def pages(resource: str, **asked: Any) -> AsyncIterator[Page]:
        async for page in fresh(resource, **asked):
            yield replace(page, records=as_shown(page.records))

    def end() -> None:
        twin.pages = fresh

    twin.pages = pages
    return end


@ON_AND_OFF
async def test_sets_in_doubt_are_explained_element_by_element(two: Any, on: bool) -> None:
    protections = without("by_element", on)
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana", tags=["x"])
    party = erp.put("customers", vat_no="A1", title="Ana", labels=["y"])
    for twin in (crm, erp):
        twin.faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run(protections=protections)
    erp.put("customers", party, labels=["x"])  # our `x` has landed, and somebody took `y` away
    crm.put("customers", customer, tags=["x", "y", "z"])
    for _ in range(3):
        await two.run(later=400.0, protections=protections)
    assert ("y" in crm.shows("customers", customer)["tags"]) is not on, "what was taken away comes back"


@ON_AND_OFF
async def test_a_late_write_is_no_edit_while_its_outcome_is_unknown(two: Any, on: bool) -> None:
    protections = without("early_echo", on)
    crm, erp = two.twin("crm"), two.twin("erp")
    erp.tables["customers"].normalise = lambda native: {**native, "title": native["title"][:8]}
    customer = crm.put("customers", vat="A1", name="Ana")
    await two.run(protections=protections)
    crm.put("customers", customer, name="Ana Maria Ek")
    erp.faults["update"].append(UNKNOWN_AND_LOST)
    await two.run(protections=protections)
    (party,) = two.records("erp")

    def lands(operation: str) -> None:
        if operation == "list":  # recovery has looked, and did not find it yet
            erp.before = None
            erp.put("customers", party, title="Ana Maria Ek")

    erp.before = lands
    await two.run(protections=protections)
    await two.run(later=400.0, protections=protections)
    assert (crm.shows("customers", customer)["name"] == "Ana Maria Ek") is on, "what was cut short flows back"


@ON_AND_OFF
async def test_what_could_not_be_read_is_read_again(two: Any, on: bool) -> None:
    protections = without("failed_again", on)
    lagging(two, "erp", 30.0)
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana")
    await two.run(protections=protections)
    await two.run(later=100.0, protections=protections)
    (party,) = two.records("erp")
    two.clock.time += 5.0
    erp.put("customers", party, tel="1")
    two.clock.time += 1.0
    erp.put("customers", None, vat_no="A2", title="Berta")  # the cursor goes past the first
    await two.run(later=5.0, protections=protections)

    def fails(operation: str) -> None:
        if operation == "read":
            raise SystemFailure("erp", "cannot be reached")

    erp.before = fails
    await two.run(later=100.0, protections=protections)
    erp.before = None
    for _ in range(2):
        await two.run(later=100.0, protections=protections)
    assert (crm.shows("customers", customer)["phone"] == "1") is on, "an edit is never seen"


@ON_AND_OFF
async def test_a_create_in_doubt_reserves_its_keys(two: Any, on: bool) -> None:
    protections = without("reserved", on)
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana", phone="1", note="n")
    erp.faults["create"].append(UNKNOWN_AND_LOST)
    await two.run(protections=protections)
    crm.drop("customers", customer)
    await two.run(later=10.0, full=True, protections=protections)
    erp.put(
        "customers", None, vat_no="A1", title="Zoe", tel="2", memo="z"
    )  # ours, landed and edited, or somebody's own
    await two.run(later=10.0, protections=protections)
    assert (not two.records("crm")) is on, "a deleted record comes back"


@ON_AND_OFF
async def test_a_create_that_lands_after_its_link_was_closed_is_an_orphan(two: Any, on: bool) -> None:
    protections = without("orphans", on)
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana", phone="1", note="n")
    erp.faults["create"].append(UNKNOWN_AND_LOST)
    await two.run(protections=protections)
    crm.drop("customers", customer)
    for _ in range(2):
        await two.run(later=400.0, full=True, protections=protections)
    erp.put("customers", None, vat_no="A1", title="Ana", tel="1", memo="n", labels=[])
    await two.run(protections=protections)
    assert (not two.records("crm")) is on, "a deleted record comes back"


@ON_AND_OFF
async def test_recognising_an_echo_is_news_of_when_the_record_was_seen(two: Any, on: bool) -> None:
    protections = without("echo_ages", on)
    lagging(two, "erp", 60.0)
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana")
    await two.run(protections=protections)
    await two.run(later=100.0, protections=protections)
    crm.put("customers", customer, name="Berta")
    erp.faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run(later=300.0, protections=protections)
    end = stale(erp, lambda shown: [replace(one, native={**one.native, "title": "Ana"}) for one in shown])
    await two.run(later=10.0, full=True, protections=protections)
    end()
    assert (crm.shows("customers", customer)["name"] == "Berta") is on, "a value that was superseded comes back"


@ON_AND_OFF
async def test_a_young_record_waits_for_listings_that_lag(two: Any, on: bool) -> None:
    protections = without("hold_off", on)
    lagging(two, "erp", 60.0)
    crm, erp = two.twin("crm"), two.twin("erp")
    await two.run(protections=protections)
    crm.put("customers", None, vat="A1", name="Ana")
    erp.put("customers", None, vat_no="A1", title="Ana")
    end = stale(erp, lambda shown: [])
    await two.run(later=1.0, full=True, protections=protections)
    end()
    await two.run(later=200.0, full=True, protections=protections)
    assert (len(two.records("erp")) == 1) is on, "the same record is made twice"


async def test_a_record_that_we_deleted_does_not_come_back_by_an_older_listing(two: Any) -> None:
    lagging(two, "erp", 60.0)
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana")
    await two.run()
    await two.run(later=100.0)
    (shown,) = [page async for page in erp.pages("customers", fields=())]
    crm.drop("customers", customer)
    await two.run(later=100.0, full=True)
    assert (two.records("crm"), two.records("erp")) == ({}, {})
    end = stale(erp, lambda now: shown.records)
    await two.run(later=5.0, full=True)
    end()
    assert (two.records("crm"), two.records("erp")) == ({}, {})


@ON_AND_OFF
async def test_what_a_listing_leaves_out_is_looked_for_by_id(two: Any, on: bool) -> None:
    crm = two.twin("crm")
    ids = [crm.put("customers", vat=f"A{number}", name="Ana") for number in range(4)]
    await two.run()
    end = stale(crm, lambda shown: [one for one in shown if one.remote_id != ids[0]])
    await two.run(full=True, protections=without("confirmed", on))
    end()
    assert ("A0" in two.column("erp", "vat_no")) is on, "what is there is deleted elsewhere"


@ON_AND_OFF
async def test_what_is_not_found_once_is_not_gone(two: Any, on: bool) -> None:
    protections = without("twice", on)
    crm = two.twin("crm")
    customer = crm.put("customers", vat="A1", name="Ana")
    await two.run(protections=protections)
    crm.put("customers", customer, limit="broken")  # so that it is read again in every run
    await two.run(protections=protections)
    (party,), kept = two.records("erp"), two.records("crm").pop(customer)
    await two.run(protections=protections)
    two.records("crm")[customer] = kept
    await two.run(protections=protections)
    assert (party in two.records("erp")) is on, "what is there is deleted elsewhere"


async def test_what_a_lagging_listing_shows_is_news_at_once_where_its_time_is_later(two: Any) -> None:
    lagging(two, "erp", 30.0)
    declared = two.package.systems["erp"]
    timed = replace(declared.resources["customers"], version_is_time=True)
    two.package = replace(
        two.package, systems={**two.package.systems, "erp": replace(declared, resources={"customers": timed})}
    )
    crm, erp = two.twin("crm"), two.twin("erp")
    customer = crm.put("customers", vat="A1", name="Ana")
    for _ in range(2):
        await two.run()
    crm.put("customers", customer, name="Berta")
    await two.run()
    (party,) = two.records("erp")
    two.clock.time += 4.0
    erp.put("customers", party, tel="1")
    await two.run(later=1.0)
    assert crm.shows("customers", customer)["phone"] == "1"
