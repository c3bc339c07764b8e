"""A system that never says what it stored: its next reading says what it made of our write, and is no edit of a person's."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Newest
from syncline_runtime.executing.protections import Protections
from syncline_runtime.values import Native


def silent(two: Any, *, readable: bool = True) -> None:
    """An ERP that answers writes with nothing but the id."""
    declared = two.package.systems["erp"]
    resource = declared.resources["customers"]
    said = {
        "create": replace(resource.create, returns="id"),
        "update": replace(resource.update, returns="nothing"),
        "read": resource.read if readable else None,
    }
    two.package = replace(
        two.package,
        systems={**two.package.systems, "erp": replace(declared, resources={"customers": replace(resource, **said)})},
    )
    two.twin("erp").tables["customers"].returns = False


def lagging(two: Any, seconds: float) -> None:
    """An ERP whose listing may show things as they were some time ago."""
    declared = two.package.systems["erp"]
    resource = declared.resources["customers"]
    listing = replace(resource.list, since=replace(resource.list.since, lag_seconds=seconds))
    two.package = replace(
        two.package,
        systems={
            **two.package.systems,
            "erp": replace(declared, resources={"customers": replace(resource, list=listing)}),
        },
    )


def upper(record: Native) -> Native:
    return {**record, "title": str(record.get("title") or "").strip().upper()}


async def linked(two: Any) -> tuple[str, str]:
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", phone="1")
    await two.run()
    (erp,) = two.records("erp")
    return crm, erp


@pytest.mark.parametrize("readable", [True, False], ids=["read by id", "only listed"])
@pytest.mark.parametrize("on", [True, False], ids=["on", "off"])
async def test_what_it_makes_of_a_created_value_never_flows_back(two: Any, on: bool, readable: bool) -> None:
    silent(two, readable=readable)
    two.twin("erp").tables["customers"].normalise = upper
    crm = two.twin("crm").put("customers", vat="A1", name=" Ana ")
    protections = Protections(unseen=on)
    await two.run(protections=protections)
    report = await two.run(protections=protections)
    assert (two.records("crm")[crm]["name"] == " Ana ") is on
    if on:
        assert report.summaries[0].normalised == {"erp.customers.title": (1, "trim, upper")}
        assert report.exit_code == 0
        await two.settled()


async def test_what_it_makes_of_an_updated_value_never_flows_back(two: Any) -> None:
    silent(two)
    two.twin("erp").tables["customers"].normalise = upper
    crm, erp = await linked(two)
    await two.run()
    two.twin("crm").put("customers", crm, name="Ben ")
    await two.run()
    assert two.records("erp")[erp]["title"] == "BEN"
    report = await two.run()
    assert two.records("crm")[crm]["name"] == "Ben "
    assert report.summaries[0].normalised == {"erp.customers.title": (1, "trim, upper")}
    await two.settled()


async def test_an_edit_before_the_first_reading_is_an_edit(two: Any) -> None:
    silent(two)
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, name="Ben", phone="2")
    await two.run()
    two.twin("erp").put("customers", erp, title="Zoe")
    await two.run()
    assert (two.records("crm")[crm]["name"], two.records("crm")[crm]["phone"]) == ("Zoe", "2")
    await two.settled()


async def test_a_rendering_is_absorbed_once(two: Any) -> None:
    """After the first reading the same spelling is what a person typed."""
    silent(two)
    crm, erp = await linked(two)
    await two.run()
    two.twin("erp").put("customers", erp, title="ANA")
    await two.run()
    assert two.records("crm")[crm]["name"] == "ANA"
    await two.settled()


async def test_the_second_write_before_a_reading_is_explained_too(two: Any) -> None:
    silent(two, readable=False)
    two.twin("erp").tables["customers"].normalise = upper
    two.package = replace(
        two.package,
        syncs=(
            replace(
                two.package.syncs[0], rules={**two.package.syncs[0].rules, "name": Newest(otherwise=("crm",), line=32)}
            ),
        ),
    )
    crm, _ = await linked(two)
    for name in ("Ben ", "Cleo ", "Dora "):
        two.twin("crm").put("customers", crm, name=name)
        await two.run()
    await two.run()
    assert two.records("crm")[crm]["name"] == "Dora "
    await two.settled()


async def test_a_field_that_ignores_writes_is_written_three_times_and_then_held(two: Any) -> None:
    """F13 where nothing is said: what the system kept is no edit, and is on record."""
    silent(two)
    crm, erp = await linked(two)
    await two.run()
    two.twin("erp").tables["customers"].normalise = lambda record: {**record, "tel": "1"}
    two.twin("crm").put("customers", crm, phone="22", name="Anna")
    for _ in range(6):
        report = await two.run()
    assert (two.records("crm")[crm]["phone"], two.records("erp")[erp]["title"]) == ("22", "Anna")
    with two.store() as store:
        (held,) = store.review.quarantined()
        lost = [entry[3:6] for entry in store.review.journal_entries("overwritten")]
    assert (held.system, held.field, held.reason_code) == ("erp", "phone", "write.not-retained")
    assert "run --full" in held.detail
    assert lost == [("phone", '"1"', '"22"')] * 3
    assert report.exit_code == 1
    updates = sum(count for operation, _, count in two.twin("erp").calls if operation == "update")
    assert updates == 3
    await two.settled()

    two.twin("erp").tables["customers"].normalise = None
    await two.run(full=True)
    report = await two.run()
    assert (two.records("erp")[erp]["tel"], report.exit_code) == ("22", 0)
    await two.settled()


async def test_a_field_that_a_create_ignores_does_not_empty_the_others(two: Any) -> None:
    silent(two)
    two.twin("erp").tables["customers"].normalise = lambda record: {**record, "tel": None}
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", phone="1")
    for _ in range(5):
        await two.run()
    assert two.records("crm")[crm]["phone"] == "1"
    await two.settled()


async def test_a_reading_that_may_be_older_than_the_write_says_nothing(two: Any) -> None:
    """A lagging listing shows the record as it was before: that is neither an edit nor a value that was not stored."""
    silent(two)
    crm, erp = await linked(two)
    declared = two.package.systems["erp"]
    resource = declared.resources["customers"]
    listing = replace(resource.list, since=replace(resource.list.since, lag_seconds=90.0))
    changed = replace(resource, list=listing, version_is_time=False)
    two.package = replace(
        two.package,
        systems={**two.package.systems, "erp": replace(declared, resources={"customers": changed})},
    )
    for _ in range(3):
        await two.run(later=100.0)
    two.twin("crm").put("customers", crm, name="Ben")
    await two.run(later=100.0)
    fresh, now = two.twin("erp").pages, two.records("erp")[erp]

    async def stale(resource: str, **asked: Any) -> Any:
        async for page in fresh(resource, **asked):
            records = [replace(one, native={**one.native, "title": "Ana"}) for one in page.records]
            yield replace(page, records=records)

    two.twin("erp").pages = stale
    await two.run(later=10.0, full=True)
    two.twin("erp").pages = fresh
    await two.run(later=200.0, full=True)
    assert (two.records("crm")[crm]["name"], now["title"]) == ("Ben", "Ben")
    await two.settled()


@pytest.mark.parametrize("edited", [False, True], ids=["as it was made", "edited since"])
async def test_a_listing_that_may_be_old_tells_all_the_same_that_a_created_value_was_stored(
    two: Any, edited: bool
) -> None:
    silent(two)
    lagging(two, 100.0)
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", tags=["x"])
    await two.run(later=200.0)
    (erp,) = two.records("erp")
    if edited:
        two.twin("erp").put("customers", erp, title="Eva")
    await two.run(later=10.0, full=True)
    two.twin("erp").put("customers", erp, labels=[])
    for _ in range(2):
        await two.run(later=200.0)
    assert (two.records("erp")[erp]["labels"], two.records("crm")[crm]["tags"]) == ([], [])
    await two.settled()


async def test_a_reading_before_a_write_tells_that_an_earlier_value_was_stored(two: Any) -> None:
    silent(two)
    two.twin("erp").put("customers", vat_no="A0", title="Zoe")
    await two.run()
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", tags=["x"])
    await two.run()
    erp = "erp-2"
    original = two.twin("erp").pages

    async def nothing(*arguments: Any, **options: Any) -> Any:
        async for page in original(*arguments, **options):
            yield replace(page, records=[])

    two.twin("erp").pages = nothing
    two.twin("crm").put("customers", crm, name="Eva")
    await two.run()
    assert two.records("erp")[erp]["title"] == "Eva"
    two.twin("erp").pages = original
    two.twin("erp").put("customers", erp, labels=[])
    for _ in range(2):
        await two.run()
    assert (two.records("erp")[erp]["labels"], two.records("crm")[crm]["tags"]) == ([], [])
    await two.settled()
