"""Records that a listing shows without an identity: each is told by its place, nothing is made of it, and the others go on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.pending import pending
from syncline_runtime.ports import Page, Unidentified, Unknown
from syncline_runtime.simulation.twin import Fault

WHY = "has no id"


def nameless(two: Any, system: str, *shown: Any) -> None:
    """From now on, the first page of the system's listing shows these as well, nobody knows as whose."""
    twin = two.twin(system)
    pages = type(twin).pages

    async def spoiled(resource: str, **asked: Any) -> AsyncIterator[Page]:
        found = [Unidentified(f"page 1, record {number}", WHY, one) for number, one in enumerate(shown, 7)]
        async for page in pages(twin, resource, **asked):
            yield replace(page, unidentified=found) if resource == "customers" else page
            found = []

    twin.pages = spoiled


def mended(two: Any, system: str) -> None:
    del two.twin(system).pages


def waits(two: Any) -> list[tuple[str, str]]:
    with two.store() as store:
        return [(one.name, one.code) for one in pending(two.package, store)]


async def test_the_others_go_on_and_it_is_told_with_its_place_and_the_way_out(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").put("customers", vat_no="B1", title="Bo")
    nameless(two, "crm", {"vat": "X1", "name": "nobody"}, None)
    report = await two.run()
    assert two.column("erp", "vat_no") == ["A1", "B1"]
    assert two.column("crm", "vat") == ["A1", "B1"]
    assert (report.exit_code, report.failures) == (1, {})
    assert waits(two) == [
        ("crm:page-1-record-7", "listing.unidentified"),
        ("crm:page-1-record-8", "listing.unidentified"),
    ]
    system, name, reason, _, detail, _ = two.told.refusals[0]
    assert (system, name, reason) == ("crm", "page-1-record-7", "unidentified")
    assert detail.startswith("page 1, record 7 of the listing of customers has no id: mend it in crm")
    with two.store() as store:
        assert pending(two.package, store)[0].commands == ("run", "review dismiss crm:page-1-record-7")


async def test_it_is_gone_from_the_list_when_it_is_mended(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana")
    nameless(two, "crm", {"vat": "X1", "name": "nobody"})
    await two.run()
    mended(two, "crm")
    two.twin("crm").put("customers", vat="X1", name="somebody")
    report = await two.run()
    assert (report.exit_code, waits(two)) == (0, [])
    assert two.column("erp", "title") == ["Ana", "somebody"]
    await two.settled()


async def test_it_is_seen_again_by_a_listing_of_changes_though_nobody_touches_it(two: Any) -> None:
    """Mended by a permission, say: no stamp of it is new."""
    twin = two.twin("crm")
    one = twin.put("customers", vat="X1", name="somebody")
    hidden = twin.tables["customers"].records.pop(one)
    two.clock.time += 600
    twin.put("customers", vat="A1", name="Ana")
    nameless(two, "crm", {"vat": "X1", "name": "somebody"})
    await two.run()
    await two.run()
    mended(two, "crm")
    twin.tables["customers"].records[one] = hidden
    await two.run()
    assert two.column("erp", "title") == ["Ana", "somebody"]
    assert waits(two) == []
    await two.settled()


async def test_nothing_is_created_for_what_is_there_without_an_id(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana")
    nameless(two, "crm", {"vat": "X1", "name": "nobody"})
    await two.run()
    one = two.twin("erp").put("customers", vat_no="X1", title="the same")
    await two.run()
    assert two.column("crm", "vat") == ["A1"]
    assert ("crm:page-1-record-7", "listing.unidentified") in waits(two)
    assert (f"erp:{one}", "identity.ambiguous") in waits(two)
    mended(two, "crm")
    two.twin("crm").put("customers", vat="X1", name="the same")
    await two.run()
    assert (two.column("crm", "vat"), two.column("erp", "vat_no")) == (["A1", "X1"], ["A1", "X1"])
    assert waits(two) == []


@pytest.mark.parametrize("where", ["crm", "erp"])
async def test_no_deletion_is_concluded_from_such_a_listing(two: Any, where: str) -> None:
    for number in range(4):
        two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}")
    await two.run()
    gone = next(iter(two.records(where)))
    two.twin(where).drop("customers", gone)
    nameless(two, where, {})
    two.twin(where).calls.clear()
    await two.run(full=True)
    assert (len(two.records("crm")), len(two.records("erp"))) == ((3, 4) if where == "crm" else (4, 3))
    assert not [call for call in two.twin(where).calls if call[0] == "read"], "absence there is no hint"
    mended(two, where)
    await two.run(full=True)
    assert (len(two.records("crm")), len(two.records("erp"))) == (3, 3)
    await two.settled()


async def test_a_known_record_that_loses_its_id_keeps_its_partner(two: Any) -> None:
    twin = two.twin("crm")
    one = twin.put("customers", vat="A1", name="Ana")
    twin.put("customers", vat="A2", name="Bo")
    await two.run()
    record = twin.tables["customers"].records.pop(one)
    nameless(two, "crm", {name: value for name, value in record.items() if name != "id"})
    for _ in range(2):
        await two.run(full=True)
    assert two.column("erp", "vat_no") == ["A1", "A2"]
    mended(two, "crm")
    twin.tables["customers"].records[one] = record
    report = await two.run(full=True)
    assert (report.exit_code, waits(two)) == (0, [])
    await two.settled()


async def test_a_create_in_doubt_is_not_sent_again_while_it_may_be_one_of_them(two: Any) -> None:
    two.twin("erp").put("customers", vat_no="B0", title="there")
    await two.run()
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(Fault(Unknown("no answer"), lands=False))
    await two.run()
    nameless(two, "erp", {})
    await two.run(later=3600)
    assert two.column("erp", "vat_no") == ["B0"]
    mended(two, "erp")
    await two.run(later=3600)
    assert two.column("erp", "vat_no") == ["A1", "B0"]
    await two.settled()


async def test_a_plan_tells_of_it_and_keeps_nothing(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Ana")
    nameless(two, "crm", {"vat": "X1"})
    await two.plan()
    assert [one[1] for one in two.told.refusals] == ["page-1-record-7"]
    assert waits(two) == []
