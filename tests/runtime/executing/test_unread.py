"""Readings by id that are answered with something else than a record: it is told, nothing is concluded, and the others go on."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from syncline_runtime.ports import Reading, Unidentified
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.executing.test_unidentified import waits


def unreadable(two: Any, system: str, *names: str) -> None:
    """From now on, the system answers for these ids with something that is no record."""
    twin = two.twin(system)
    whole = type(twin).read

    async def read(resource: str, remote_ids: Sequence[str], **asked: Any) -> Mapping[str, Reading]:
        found: dict[str, Reading] = dict(await whole(twin, resource, remote_ids, **asked))
        return {
            one: Unidentified(f"what is answered for {one}", "has no id") if one in names else record
            for one, record in found.items()
        }

    twin.read = read


def mended(two: Any, system: str) -> None:
    del two.twin(system).read


async def customers(two: Any, count: int) -> list[tuple[str, str]]:
    """So many customers, linked: the ids of each in the CRM and the ERP."""
    crm = [two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}") for number in range(count)]
    await two.run()
    erp = {record["vat_no"]: one for one, record in two.records("erp").items()}
    return [(one, erp[f"A{number}"]) for number, one in enumerate(crm)]


async def test_it_is_not_written_and_told_and_the_others_go_on(two: Any) -> None:
    (bad, bad_erp), (good, _) = await customers(two, 2)
    unreadable(two, "erp", bad_erp)
    for one in (bad, good):
        two.twin("crm").put("customers", one, name="new")
    report = await two.run()
    assert two.column("erp", "title") == ["N0", "new"]
    assert (report.exit_code, report.failures) == (1, {})
    assert waits(two) == [(f"erp:{bad_erp}", "record.no-record")]
    told = two.told.refusals[0]
    assert told[:3] == ("erp", bad_erp, "no-record")
    assert told[4].startswith(f"what is answered for {bad_erp} has no id: see what erp has there")
    mended(two, "erp")
    report = await two.run()
    assert (two.column("erp", "title"), report.exit_code, waits(two)) == (["new", "new"], 0, [])
    await two.settled()


@pytest.mark.parametrize("where", ["crm", "erp"])
async def test_it_does_not_count_as_deleted(two: Any, where: str) -> None:
    pairs = await customers(two, 4)
    gone = pairs[0][where == "erp"]
    two.twin(where).drop("customers", gone)
    unreadable(two, where, gone)
    for _ in range(3):
        await two.run(full=True)
    assert (len(two.records("crm")), len(two.records("erp"))) == ((3, 4) if where == "crm" else (4, 3))
    assert waits(two) == [(f"{where}:{gone}", "record.no-record")]
    mended(two, where)
    await two.run(full=True)
    assert (len(two.records("crm")), len(two.records("erp"))) == (3, 3)
    assert waits(two) == []


@pytest.mark.parametrize("fault", [UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED])
async def test_a_write_in_doubt_stays_in_doubt_until_it_is_read(two: Any, fault: Any) -> None:
    ((crm, erp),) = await customers(two, 1)
    two.twin("crm").put("customers", crm, name="second")
    two.twin("erp").faults["update"].append(fault)
    await two.run()
    two.twin("crm").put("customers", crm, name="third")
    unreadable(two, "erp", erp)
    before = two.writes
    for _ in range(2):
        report = await two.run(later=400.0)
        assert (two.writes, report.exit_code) == (before, 1)
    mended(two, "erp")
    await two.run(later=400.0)
    assert two.column("erp", "title") == ["third"]
    await two.settled()


async def test_a_deletion_in_doubt_stays_in_doubt_until_it_is_read(two: Any) -> None:
    pairs = await customers(two, 3)
    crm, erp = pairs[0]
    two.twin("crm").drop("customers", crm)
    two.twin("erp").faults["delete"].append(UNKNOWN_AND_LOST)
    await two.run(full=True)
    unreadable(two, "erp", erp)
    for _ in range(2):
        await two.run(later=400.0)
    assert len(two.records("erp")) == 3
    with two.store() as store:
        assert len(store.open_intents("Customer")) == 1
    mended(two, "erp")
    await two.run(later=400.0)
    assert len(two.records("erp")) == 2
    await two.settled()
