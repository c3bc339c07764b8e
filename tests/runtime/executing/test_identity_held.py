"""Records that are not created from yet, or never: young ones where listings lag, orphans of late creates, duplicates refused."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.ports import Refused
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST
from syncline_runtime.values import Native
from tests.runtime.executing.holds import command


def lagging(two: Any, name: str, seconds: float) -> None:
    declared = two.package.systems[name]
    resource = declared.resources["customers"]
    since = replace(resource.list.since, lag_seconds=seconds)
    changed = replace(resource, list=replace(resource.list, since=since))
    two.package = replace(
        two.package, systems={**two.package.systems, name: replace(declared, resources={"customers": changed})}
    )


def hiding(two: Any, name: str) -> set[str]:
    """Ids that the listings of a system leave out."""
    hidden: set[str] = set()
    original = two.twin(name).pages

    async def pages(*arguments: Any, **options: Any) -> Any:
        async for page in original(*arguments, **options):
            yield replace(page, records=[record for record in page.records if record.remote_id not in hidden])

    two.twin(name).pages = pages
    return hidden


async def test_a_young_record_waits_until_a_lagging_listing_must_show_its_like(two: Any) -> None:
    lagging(two, "erp", 30.0)
    hidden = hiding(two, "erp")
    await two.run()
    two.clock.time += 60.0
    two.twin("crm").put("customers", vat="A1", name="Ana")
    hidden.add(two.twin("erp").put("customers", vat_no="A1", title="Ana"))
    report = await two.run(later=1.0)
    assert (two.writes, report.summaries[0].waiting, report.exit_code) == (0, 1, 0)
    hidden.clear()
    report = await two.run(later=40.0)
    assert (two.writes, report.summaries[0].linked, report.summaries[0].waiting) == (0, 1, 0)
    two.twin("crm").put("customers", vat="A2", name="Bo")
    await two.run(later=1.0)
    assert two.writes == 0
    await two.run(later=40.0)
    assert two.column("erp", "vat_no") == ["A1", "A2"]
    await two.settled()


async def test_an_old_record_waits_for_no_listing(two: Any) -> None:
    lagging(two, "erp", 30.0)
    two.twin("crm").put("customers", vat="A1", name="Ana")
    await two.run(later=400.0)
    assert two.column("erp", "vat_no") == ["A1"]


async def test_what_a_late_create_made_for_a_record_that_is_gone_does_not_bring_it_back(two: Any) -> None:
    crm = two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    two.twin("crm").drop("customers", crm)
    for _ in range(2):
        await two.run(later=400.0, full=True)
    late = two.twin("erp").put("customers", vat_no="A1", title="Ana")
    for _ in range(2):
        report = await two.run()
    assert (two.records("crm"), report.exit_code) == ({}, 1)
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert (held.reason_code, held.remote_id) == ("identity.orphan", late)
    two.twin("erp").drop("customers", late)
    report = await two.run(full=True)
    assert report.exit_code == 0


async def test_a_person_may_make_anew_what_is_gone(two: Any) -> None:
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", phone="1", note="n")
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    two.twin("crm").drop("customers", crm)
    for _ in range(2):
        await two.run(later=400.0, full=True)
    two.twin("erp").put("customers", vat_no="A1", title="Another", tel="2", memo="m")
    report = await two.run()
    assert (two.column("crm", "name"), report.exit_code) == (["Another"], 0)


async def test_a_create_that_is_refused_because_it_is_there_is_matched_when_it_shows(two: Any) -> None:
    hidden = hiding(two, "erp")
    two.twin("crm").put("customers", vat="A1", name="Ana")
    there = two.twin("erp").put("customers", vat_no="A1", title="Ana", tel="1")
    hidden.add(there)

    def refuse(native: Native) -> Refused | None:
        return Refused("409", "already exists", {"vat_no": "taken"}) if native.get("vat_no") == "A1" else None

    two.twin("erp").tables["customers"].refuse = refuse
    report = await two.run()
    assert (report.exit_code, len(two.records("erp"))) == (1, 1)
    two.twin("erp").tables["customers"].refuse = None
    hidden.clear()
    report = await two.run(full=True)
    assert (report.exit_code, len(two.records("erp")), two.column("crm", "phone")) == (0, 1, ["1"])
    await two.settled()


@pytest.mark.parametrize("order", [("crm", "erp"), ("erp", "crm")])
async def test_neither_of_two_with_the_same_key_is_written(two: Any, order: tuple[str, str]) -> None:
    names = {"crm": "vat", "erp": "vat_no"}
    for _ in range(2):
        two.twin(order[0]).put("customers", **{names[order[0]]: "A1"})
    two.twin(order[1]).put("customers", **{names[order[1]]: "A1"})
    for _ in range(2):
        report = await two.run()
    assert (two.writes, report.exit_code) == (0, 1)


async def test_one_told_apart_does_not_take_the_place_of_the_other_when_that_is_deleted(world: Any) -> None:
    two = world("crm", "erp", sync={"deletes": {"erp": Deletion(policy=OnDelete.RECREATE, line=22)}})
    first, second = (two.twin("crm").put("customers", vat="A1", name=name) for name in ("Ana", "Bea"))
    await two.run()
    assert command(two, "review", "release", f"crm:{first}")[0] == 0
    await two.run()
    assert two.column("erp", "title") == ["Ana"]
    two.twin("crm").drop("customers", first)
    for _ in range(3):
        await two.run(full=True)
    assert two.records("crm")[second]["name"] == "Bea"
    assert sorted(two.column("crm", "name")) == ["Ana", "Bea"]
    assert "Ana" in two.column("erp", "title")
