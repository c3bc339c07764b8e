"""The table of a record, cell by cell, in both directions: unchanged, edited, deleted, not known, out of scope."""

from typing import Any

import pytest

from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.ports import SystemFailure
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.tables.conftest import PAIRS, deletes, scoped

BOTH = ("crm", "erp")
CELLS = [f"{one}{other}" for one in "PMD?" for other in "PMD?X"]


def becomes(table: Any, system: str, state: str) -> None:
    """Bring the record of a system into a state of the table."""
    match state:
        case "M":
            table.edit(system, **{"crm": {"phone": "2"}, "erp": {"limit": 6}}[system])
        case "D":
            table.drop(system)
        case "?":
            table.world.twin(system).failure = SystemFailure(system, "cannot be reached")
        case "X":
            table.edit(system, kind="lead", mail="other@x.org")


def in_step(table: Any) -> bool:
    names = ("name", "phone", "limit", "mail")
    return all(table.shows("crm", name) == table.shows("erp", name) for name in names)


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("cell", CELLS)
async def test_cell(linked: Any, cell: str, one: str, other: str) -> None:
    unless = deletes(OnDelete.PROPAGATE, *BOTH, unless_edited=True)
    table = await linked(*BOTH, sync=unless, **scoped(BOTH))
    becomes(table, one, cell[0])
    becomes(table, other, cell[1])
    report = await table.run(full=True)
    match "".join(sorted(cell)):
        case "PP":
            assert (table.wrote, report.exit_code) == (0, 0)
        case "MP" | "MM":
            assert (in_step(table), report.exit_code) == (True, 0)
            assert {table.shows(one, "phone"), table.shows(one, "limit")} & {"2", 6}
        case "DP":
            assert (table.count("crm"), table.count("erp"), report.exit_code) == (0, 0, 0)
        case "DM":
            assert (table.wrote, table.conflicts()) == (0, [""])
            assert table.count("crm") + table.count("erp") == 1
        case "DD":
            assert (table.wrote, report.exit_code) == (0, 0)
            with table.world.store() as store:
                assert store.count_links("Customer") == 0
        case "?D" | "?M" | "?P" | "??" | "?X":
            assert (table.wrote, report.exit_code) == (0, 2), "wait"
        case "PX" | "MX" | "DX":
            assert (table.wrote, report.exit_code) == (0, 0)
            assert table.count(other) == 1, "what is out of scope stays"
            assert table.shows(other, "mail") == "other@x.org"
    await back(table, cell, one, other)


async def back(table: Any, cell: str, one: str, other: str) -> None:
    """Whatever was not known shows again, what was out of scope is back: the rest follows."""
    if "?" in cell:
        for system in BOTH:
            table.world.twin(system).failure = None
        await table.run(full=True)
        if "M" in cell:
            assert in_step(table)
        if "D" in cell:
            assert (table.count("crm"), table.count("erp")) == (0, 0)
    if "X" in cell:
        table.edit(other, kind="customer")
        report = await table.run(full=True)
        if "D" in cell:
            assert table.count(other) == 1, "a closed link deletes nothing any more"
        else:
            assert (in_step(table), report.exit_code) == (True, 0)
            assert table.shows(one, "mail") == "other@x.org", "what was edited meanwhile is an edit"
    await table.settled()


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize(
    "policy", [each for each in OnDelete if each is not OnDelete.NEVER], ids=lambda each: each.value
)
async def test_on_delete(linked: Any, policy: OnDelete, one: str, other: str) -> None:
    table = await linked(*BOTH, sync=deletes(policy, *BOTH))
    table.drop(one)
    report = await table.run(full=True)
    there = (table.count(one), table.count(other))
    match policy:
        case OnDelete.PROPAGATE:
            assert (there, report.exit_code) == ((0, 0), 0)
        case OnDelete.ARCHIVE:
            assert (there, report.exit_code) == ((0, 1), 0)
            assert table.world.records(other)[table.only(other)]["archived"] is True
        case OnDelete.UNLINK:
            assert (there, table.wrote, report.exit_code) == ((0, 1), 0, 0)
        case OnDelete.RECREATE:
            assert (there, report.exit_code, table.shows(one, "name")) == ((1, 1), 0, "Ana")
        case OnDelete.HOLD:
            assert (there, table.conflicts(), report.exit_code) == ((0, 1), [""], 1)
    await table.settled()


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("row", ["hold", "edit wins", "delete wins"])
async def test_delete_against_edit(linked: Any, row: str, one: str, other: str) -> None:
    policy = {"hold": OnDelete.HOLD, "edit wins": OnDelete.RECREATE, "delete wins": OnDelete.PROPAGATE}[row]
    table = await linked(*BOTH, sync=deletes(policy, *BOTH))
    table.drop(one)
    table.edit(other, phone="2")
    await table.run(full=True)
    match row:
        case "hold":
            assert (table.wrote, table.conflicts()) == (0, [""])
        case "edit wins":
            assert (table.shows(one, "phone"), table.shows(other, "phone")) == ("2", "2")
        case "delete wins":
            assert (table.count(one), table.count(other), table.losers()) == (0, 0, [(other, "phone")])
    await table.settled()


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("policy", ["unlink", "keep", "archive"])
async def test_out_of_scope(linked: Any, policy: str, one: str, other: str) -> None:
    table = await linked(*BOTH, sync={"out_of_scope": policy}, **scoped(BOTH))
    table.edit(one, kind="lead", phone="2")
    report = await table.run(full=True)
    assert (report.exit_code, table.count(one), table.count(other)) == (0, 1, 1)
    match policy:
        case "unlink":
            assert (table.wrote, table.shows(other, "phone")) == (0, "1")
        case "keep":
            assert table.shows(other, "phone") == "2"
        case "archive":
            assert table.world.records(other)[table.only(other)]["archived"] is True
    await table.settled()
    table.edit(one, kind="customer")
    await table.run(full=True)
    assert (table.shows(other, "phone"), table.world.records(other)[table.only(other)].get("archived") or False) == (
        "2",
        False,
    )
    await table.settled()


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("row", ["undelete", "re-creation"])
async def test_what_was_deleted_is_back(linked: Any, row: str, one: str, other: str) -> None:
    table = await linked(*BOTH)
    was, record = table.only(one), dict(table.world.records(one)[table.only(one)])
    table.drop(one)
    await table.run(full=True)
    assert (table.count(one), table.count(other)) == (0, 0)
    fields = {name: value for name, value in record.items() if name not in ("id", "updated")}
    table.world.twin(one).put("customers", was if row == "undelete" else None, **fields)
    table.edit(one, name="Back")
    await table.run(full=True)
    assert (table.count(one), table.count(other), table.shows(other, "name")) == (1, 1, "Back")
    await table.settled()


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("limit", [5, 9], ids=["let-go", "archived"])
async def test_what_was_deleted_is_back_where_only_some_are_archived(
    linked: Any, limit: int, one: str, other: str
) -> None:
    """`delete in … archive when limit > 7`, else `unlink`: what was merely let go is not restored, nor is its archive lifted."""
    table = await linked(*BOTH)
    if limit != 5:
        table.edit("erp", limit=limit)
        await table.run()
    archive = Deletion(policy=OnDelete.ARCHIVE, when=lambda values: values["limit"] > 7, line=23)
    table.sync(deletes={name: Deletion(policy=OnDelete.UNLINK, cases=(archive,), line=22) for name in BOTH})
    was, record = table.only(one), dict(table.world.records(one)[table.only(one)])
    table.drop(one)
    await table.run(full=True)
    assert table.count(one) == 0
    assert bool(table.world.records(other)[table.only(other)].get("archived")) is (limit == 9)
    if limit == 5:
        table.edit(other, name="Its own now")
        report = await table.run(full=True)
        assert (report.exit_code, table.held(), table.wrote) == (0, {}, 0), "nobody has lifted anything"
    fields = {name: value for name, value in record.items() if name not in ("id", "updated")}
    table.world.twin(one).put("customers", was, **fields)
    table.edit(one, name="Back")
    report = await table.run(full=True)
    assert report.exit_code == 0
    assert report.summaries[0].total("restored") == (1 if limit == 9 else 0)
    assert table.shows(other, "name") == ("Back" if limit == 9 else "Its own now")
    assert not table.world.records(other)[table.only(other)].get("archived")
    await table.settled()


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("landed", [True, False], ids=["landed", "lost"])
async def test_a_source_is_deleted_while_its_create_is_unknown(empty: Any, landed: bool, one: str, other: str) -> None:
    table = empty(*BOTH)
    table.put(one, vat="A1", name="Ana")
    table.world.twin(other).faults["create"].append(UNKNOWN_BUT_LANDED if landed else UNKNOWN_AND_LOST)
    await table.run()
    table.drop(one)
    for _ in range(4):
        await table.run(later=400.0, full=True)
    assert (table.count(one), table.count(other)) == (0, 0), "the orphan brings nothing back"
    await table.settled()


@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("row", ["free", "linked elsewhere"])
async def test_merger_inside_a_system(linked: Any, row: str, one: str, other: str) -> None:
    table = await linked(*BOTH, sync={"merged": "follow"})
    table.resource(one, merged="into")
    loser, partner = table.only(one), table.only(other)
    key = "A2" if row == "linked elsewhere" else None
    winner = table.put(one, vat=key, mail=None, name="Bo", tags=[])
    await table.run()
    table.put(one, loser, into=winner)
    table.put(one, winner, name="Left over")
    await table.run()
    if row == "free":
        assert table.world.records(other)[partner][{"crm": "name", "erp": "title"}[other]] == "Left over"
        assert (table.count(other), table.held()) == (1, {})
    else:
        assert (table.wrote, table.count(other)) == (0, 2)
        assert list(table.held()) == ["identity.merged"]
    await table.settled()
