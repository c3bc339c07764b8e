"""The table of identity, situation by situation, in both directions; and the first merge of two that were found."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Ask, Entity, MatchRule, Newest, Owned, Prefers
from syncline_runtime.ports import Page, Refused
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.tables.conftest import PAIRS

BOTH = ("crm", "erp")
SITUATIONS = [
    "OWN_MARKER_LIVE",
    "OWN_MARKER_DEAD",
    "IN_FLIGHT_KEY",
    "NO_KEY",
    "SELF_DUPLICATE",
    "FOUND",
    "FOUND_ALREADY_LINKED",
    "AMBIGUOUS",
    "REVIEW",
    "ABSENT_FRESH",
    "ABSENT",
    "UNIQUE_REJECTED",
]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("situation", SITUATIONS)
async def test_situation(empty: Any, situation: str, one: str, other: str) -> None:
    table = empty(*BOTH)
    await globals()[f"_{situation.lower()}"](table, one, other)
    await table.settled()


async def _own_marker_live(table: Any, one: str, other: str) -> None:
    """No system here keeps our number: a record is known for ours by its key and what it shows."""
    table.put(one, vat="A1", name="Ana", phone="1")
    table.world.twin(other).faults["create"].append(UNKNOWN_BUT_LANDED)
    await table.run()
    table.edit(other, phone="2")
    for _ in range(2):
        report = await table.run(later=400.0)
    assert (table.count(other), table.shows(one, "phone"), report.exit_code) == (1, "2", 0), "adopted, and diffed"


async def _own_marker_dead(table: Any, one: str, other: str) -> None:
    table.put(one, vat="A1", name="Ana", phone="1")
    table.world.twin(other).faults["create"].append(UNKNOWN_AND_LOST)
    await table.run()
    table.drop(one)
    for _ in range(2):
        await table.run(later=400.0, full=True)
    table.put(other, vat="A1", name="Ana", phone="1")
    await table.run()
    assert (table.count(one), list(table.held())) == (0, ["identity.orphan"])


async def _in_flight_key(table: Any, one: str, other: str) -> None:
    table.put(one, vat="A1", name="Ana", phone="1", note="n")
    table.world.twin(other).faults["create"].append(UNKNOWN_AND_LOST)
    await table.run()
    table.put(other, vat="A1", name="Zoe", phone="2", note="n")
    await table.run(later=10.0)
    assert (table.wrote, table.count(one)) == (0, 1), "the open create reserves its key"
    report = await table.run(later=600.0)
    assert (table.count(one), table.count(other), report.exit_code) == (1, 1, 0)


async def _no_key(table: Any, one: str, other: str) -> None:
    table.put(one, vat=None, mail=None, name="Ana")
    await table.run()
    assert (table.wrote, list(table.held())) == (0, ["identity.no-key"])


async def _self_duplicate(table: Any, one: str, other: str) -> None:
    for name in ("Ana", "Anna"):
        table.put(one, vat="A1", name=name)
    await table.run()
    assert (table.wrote, table.count(other)) == (0, 0)
    assert list(table.held()) == ["identity.self-duplicate"]


async def _found(table: Any, one: str, other: str) -> None:
    table.put(one, vat="A1", name="Ana", phone="1")
    table.put(other, vat="A1", name="Ana")
    report = await table.run()
    assert (report.summaries[0].linked, table.count(one), table.count(other)) == (1, 1, 1)
    assert table.shows(other, "phone") == "1"


async def _found_already_linked(table: Any, one: str, other: str) -> None:
    table.put(one, vat="A1", name="Ana")
    await table.run()
    table.put(one, vat=None, mail=None, name="Anna")
    await table.run()
    later = next(key for key, record in table.world.records(one).items() if "Anna" in record.values())
    table.put(one, later, vat="A1")
    await table.run()
    assert (table.wrote, table.count(other)) == (0, 1)
    assert list(table.held()) in (["identity.self-duplicate"], ["identity.found-already-linked"])


async def _ambiguous(table: Any, one: str, other: str) -> None:
    for name in ("Ana", "Anna"):
        table.put(other, vat="A1", name=name)
    table.put(one, vat="A1", name="Ana")
    report = await table.run()
    assert (table.wrote, report.summaries[0].linked, report.exit_code) == (0, 0, 1)
    assert "identity.ambiguous" in table.held()


async def _review(table: Any, one: str, other: str) -> None:
    entity: Entity = table.world.package.entities["Customer"]
    rules = (*entity.match, MatchRule(fields=("name",), ask=True))
    table.world.package = replace(table.world.package, entities={"Customer": replace(entity, match=rules)})
    table.put(other, vat="B2", name="Ana")
    table.put(one, vat="A1", name="Ana")
    await table.run()
    assert "identity.review" in table.held()
    assert table.wrote == 0


async def _absent_fresh(table: Any, one: str, other: str) -> None:
    _lagging(table, other, 60.0)
    await table.run()
    table.put(one, vat="A1", name="Ana")
    report = await table.run(later=1.0)
    assert (table.wrote, report.summaries[0].waiting) == (0, 1)
    report = await table.run(later=200.0)
    assert table.count(other) == 1


async def _absent(table: Any, one: str, other: str) -> None:
    table.put(one, vat="A1", name="Ana")
    await table.run()
    assert (table.count(other), table.shows(other, "name")) == (1, "Ana")


async def _unique_rejected(table: Any, one: str, other: str) -> None:
    twin, native = table.world.twin(other), {"crm": "vat", "erp": "vat_no"}[other]
    table.put(one, vat="A1", name="Ana")
    there = table.put(other, vat="A1", name="Ana", phone="1")
    listed = twin.pages

    async def leaving_out(resource: str, **asked: Any) -> AsyncIterator[Page]:
        async for page in listed(resource, **asked):
            yield replace(page, records=[one for one in page.records if one.remote_id != there])

    twin.pages = leaving_out
    twin.tables["customers"].refuse = lambda record: (
        Refused("409", "already exists", {native: "taken"}) if record.get(native) == "A1" else None
    )
    await table.run()
    assert table.count(other) == 1
    twin.pages, twin.tables["customers"].refuse = listed, None
    report = await table.run(full=True)
    assert (table.count(other), table.shows(one, "phone"), report.exit_code) == (1, "1", 0)


def _lagging(table: Any, system: str, seconds: float) -> None:
    declared = table.world.package.systems[system].resources["customers"]
    since = replace(declared.list.since, lag_seconds=seconds)
    table.resource(system, list=replace(declared.list, since=since), version_is_time=False)


FIRST = ["equal", "blank", "blank of the owner", "owned", "prefers", "newest", "ask"]


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("row", FIRST)
async def test_first_merge(empty: Any, row: str, one: str, other: str) -> None:
    rules = {
        "blank of the owner": Owned(by=one),
        "owned": Owned(by=one),
        "newest": Newest(otherwise=(one,)),
        "ask": Ask(),
    }
    table = empty(*BOTH)
    table.rule(note=rules.get(row, Prefers(order=(one, other))))
    mine, theirs = {
        "equal": ("n", "n"),
        "blank": ("", "n"),
        "blank of the owner": ("", "n"),
    }.get(row, ("mine", "theirs"))
    table.put(other, vat="A1", name="Ana", note=theirs)
    table.put(one, vat="A1", name="Ana", note=mine)
    await table.run()
    shows = {table.shows(one, "note"), table.shows(other, "note")}
    match row:
        case "equal" | "blank":
            assert (shows, table.losers()) == ({"n"}, [])
        case "blank of the owner":
            assert shows == {""}
        case "owned" | "prefers" | "newest":
            assert (shows, table.losers()) == ({"mine"}, [(other, "note")])
        case "ask":
            assert (shows, table.conflicts()) == ({"mine", "theirs"}, ["note"])
    assert table.count(one) == table.count(other) == 1, "a first run deletes nothing"
    await table.settled()
