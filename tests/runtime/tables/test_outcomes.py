"""The table of unknown outcomes: each operation, by what its system offers, landed or not, in both directions."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import OnDelete
from syncline_runtime.ports import Applied, Gone, Refused, Stale, Unavailable
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Fault
from tests.runtime.tables.conftest import PAIRS, deletes

BOTH = ("crm", "erp")
LANDED = pytest.mark.parametrize("landed", [True, False], ids=["landed", "lost"])
DIRECTIONS = pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])


def fault(landed: bool) -> Fault:
    return UNKNOWN_BUT_LANDED if landed else UNKNOWN_AND_LOST


@LANDED
@DIRECTIONS
async def test_create_by_unique_key(empty: Any, landed: bool, one: str, other: str) -> None:
    """Looked for by its key: adopted, or created once it can no longer land."""
    table = empty(*BOTH)
    table.put(one, vat="A1", name="Ana")
    table.world.twin(other).faults["create"].append(fault(landed))
    await table.run()
    await table.run(later=10.0)
    assert table.count(other) == int(landed), "not before the time is over"
    report = await table.run(later=600.0)
    assert (table.count(other), report.exit_code) == (1, 0)
    await table.settled()


@LANDED
@DIRECTIONS
async def test_create_by_idempotency_key(empty: Any, landed: bool, one: str, other: str) -> None:
    """Sent again at once under the same key: whether it is there or not, there is one."""
    table = empty(*BOTH)
    create = table.world.package.systems[other].resources["customers"].create
    table.resource(other, create=replace(create, many=1, idempotency="Idempotency-Key", idempotency_seconds=86_400.0))
    twin, made = table.world.twin(other), dict[str | None, str]()
    plain = twin.create

    async def keyed(resource: str, writes: Any) -> Any:
        (write,) = writes
        if write.idempotency_key in made:
            return [Applied(made[write.idempotency_key])]
        outcomes = await plain(resource, writes)
        for there in table.world.records(other):
            made[write.idempotency_key] = there
        return outcomes

    twin.create = keyed
    table.put(one, vat="A1", name="Ana")
    twin.faults["create"].append(fault(landed))
    await table.run()
    report = await table.run(later=10.0)
    assert (table.count(other), report.exit_code) == (1, 0)
    await table.settled()


@LANDED
@DIRECTIONS
async def test_create_by_marker(empty: Any, landed: bool, one: str, other: str) -> None:
    """Looked for by its mark: adopted, though somebody changed its key, or created once it can no longer land."""
    table = empty(*BOTH)
    table.resource(other, marker="reference")
    table.put(one, vat="A1", name="Ana")
    table.world.twin(other).faults["create"].append(fault(landed))
    await table.run()
    if landed:
        table.edit(other, vat="B2")
    await table.run(later=10.0)
    assert table.count(other) == int(landed), "not before the time is over"
    report = await table.run(later=600.0)
    assert (table.count(other), table.count(one), report.exit_code) == (1, 1, 0)
    assert table.shows(one, "vat") == ("B2" if landed and other == "erp" else "A1")
    assert table.world.records(other)[table.only(other)]["reference"]
    await table.settled()


@LANDED
@DIRECTIONS
async def test_create_at_most_once(empty: Any, landed: bool, one: str, other: str) -> None:
    """Nothing to tell it by, says the spec: a person is asked, and matching closes the question."""
    table = empty(*BOTH, sync={"unknown": "hold"})
    table.put(one, vat="A1", name="Ana", phone="1", note="n")
    table.world.twin(other).faults["create"].append(fault(landed))
    await table.run()
    for _ in range(2):
        report = await table.run(later=600.0)
    assert table.count(other) == int(landed)
    assert (report.exit_code, list(table.held())) == ((0, []) if landed else (1, ["outcome.unknown"]))
    if not landed:
        table.put(other, vat="A1", name="Ana", phone="1", note="n")
        report = await table.run(full=True)
        assert (report.exit_code, table.count(other), table.held()) == (0, 1, {})
    await table.settled()


@LANDED
@DIRECTIONS
@pytest.mark.parametrize("versions", [True, False], ids=["versions", "no versions"])
async def test_update(linked: Any, landed: bool, versions: bool, one: str, other: str) -> None:
    """Where the version is still the guard's it did not land; else field by field."""
    table = await linked(*BOTH)
    if not versions:
        table.world.twin(other).tables["customers"].version = None
        table.resource(other, version="", list=replace(_listing(table, other), since=None))
    table.edit(one, phone="2", name="Eva")
    table.world.twin(other).faults["update"].append(fault(landed))
    await table.run()
    table.edit(other, limit=9)
    for _ in range(2):
        report = await table.run(later=600.0)
    assert (table.shows(other, "phone"), table.shows(other, "name"), table.shows(one, "limit")) == ("2", "Eva", 9)
    assert (report.exit_code, table.losers()) == (0, [])
    await table.settled()


def _listing(table: Any, system: str) -> Any:
    return table.world.package.systems[system].resources["customers"].list


@LANDED
@DIRECTIONS
async def test_update_in_doubt_is_a_barrier(linked: Any, landed: bool, one: str, other: str) -> None:
    table = await linked(*BOTH)
    table.edit(one, phone="2")
    table.world.twin(other).faults["update"].append(fault(landed))
    await table.run()
    table.world.twin(other).before = None
    if landed:
        await table.run(later=1.0)
        assert table.shows(other, "phone") == "2"
        await table.settled()
        return
    table.edit(one, phone="3")
    await table.run(later=1.0)
    assert table.shows(other, "phone") == "1", "no write passes one that may still land"
    await table.run(later=600.0)
    assert table.shows(other, "phone") == "3"
    await table.settled()


@LANDED
@DIRECTIONS
async def test_delete(linked: Any, landed: bool, one: str, other: str) -> None:
    """Not found twice is a deletion; found once it can no longer land, it is sent again."""
    table = await linked(*BOTH, sync=deletes(OnDelete.PROPAGATE, *BOTH))
    table.drop(one)
    table.world.twin(other).faults["delete"].append(fault(landed))
    await table.run(full=True)
    for _ in range(2):
        report = await table.run(later=600.0)
    assert (table.count(one), table.count(other), report.exit_code) == (0, 0, 0)
    await table.settled()


@LANDED
@DIRECTIONS
async def test_batch(empty: Any, landed: bool, one: str, other: str) -> None:
    """Of a batch one item has no answer: the others are done, that one is looked at."""
    table = empty(*BOTH)
    for number in range(4):
        table.put(one, vat=f"A{number}", name=f"N{number}")
    table.world.twin(other).faults["create"].append(fault(landed))
    await table.run()
    assert table.count(other) == 3 + int(landed)
    report = await table.run(later=600.0)
    assert (table.count(other), report.exit_code) == (4, 0)
    await table.settled()


DEFINITE = {
    "4xx": Refused("422", "no"),
    "429": Unavailable("too many requests"),
    "412": Stale("changed"),
    "404": Gone(),
}


@DIRECTIONS
@pytest.mark.parametrize("answer", DEFINITE)
async def test_definitely_not_applied(linked: Any, answer: str, one: str, other: str) -> None:
    """Refused is told, busy is no failure of the record, changed is looked at again, gone is looked for."""
    table = await linked(*BOTH)
    table.edit(one, phone="2")
    table.world.twin(other).faults["update"].append(Fault(DEFINITE[answer]))
    report = await table.run()
    with table.world.store() as store:
        assert store.open_intents("Customer") == []
    assert list(table.held()) == (["refused.422"] if answer == "4xx" else [])
    assert report.exit_code == {"4xx": 1, "429": 2}.get(answer, 0)
    await table.run(full=True)
    assert table.shows(other, "phone") == "2"
    await table.settled()
