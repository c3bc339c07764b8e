"""A record that we made bears our mark: by that it is found when there was no answer, whatever somebody has made of it since."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from tests.runtime.executing.conftest import World

Make = Callable[..., World]


@pytest.fixture
def marking(world: Make) -> World:
    """A customer in the CRM; the ERP takes marks."""
    made = world("crm", "erp")
    erp = made.package.systems["erp"]
    resource = replace(erp.resources["customers"], marker="reference")
    made.package = replace(
        made.package, systems={**made.package.systems, "erp": replace(erp, resources={"customers": resource})}
    )
    made.twin("crm").put("customers", vat="A1", name="Ana")
    return made


def held(world: World) -> list[tuple[str, str]]:
    with world.store() as store:
        return [(row.reason_code, row.detail) for row in store.review.quarantined()]


async def test_each_mark_is_another_one_and_stays(marking: World) -> None:
    marking.twin("crm").put("customers", vat="A2", name="Bo")
    await marking.run()
    marks = {record["reference"] for record in marking.records("erp").values()}
    assert len(marks) == 2
    assert all(len(mark) <= 64 for mark in marks)
    marking.twin("crm").put("customers", "crm-1", name="Ana B.")
    await marking.run()
    assert {record["reference"] for record in marking.records("erp").values()} == marks


async def test_what_somebody_copied_with_its_mark_waits_for_a_person(marking: World) -> None:
    marking.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await marking.run()
    (record,) = marking.records("erp").values()
    marking.twin("erp").put("customers", **{**record, "id": "copy", "vat_no": "A9"})
    marking.records("erp")["copy"] = marking.records("erp").pop("erp-2")
    await marking.run(later=600.0)
    assert "outcome.unknown" in [code for code, _ in held(marking)]
    assert any("several records bear its mark" in detail for _, detail in held(marking))
    assert len(marking.records("erp")) == 2


async def test_a_system_that_ignores_what_is_asked_shows_others_too(marking: World) -> None:
    twin = marking.twin("erp")
    pages = twin.pages

    def everything(resource: str, **options: Any) -> Any:
        return pages(resource, **{**options, "where": ()})

    twin.pages = everything  # type: ignore[method-assign]
    twin.put("customers", vat_no="A7", title="Somebody else")
    twin.faults["create"].append(UNKNOWN_AND_LOST)
    await marking.run()
    await marking.run(later=10.0)
    assert marking.column("erp", "vat_no") == ["A7"]
    await marking.run(later=600.0)
    assert marking.column("erp", "vat_no") == ["A1", "A7"]
    await marking.settled()


async def test_a_record_from_before_the_mark_was_declared_is_found_by_its_key(marking: World) -> None:
    marked = marking.package
    erp = marked.systems["erp"]
    bare = replace(erp.resources["customers"], marker="")
    marking.package = replace(marked, systems={**marked.systems, "erp": replace(erp, resources={"customers": bare})})
    marking.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await marking.run()
    marking.package = marked
    await marking.run(later=600.0)
    assert len(marking.records("erp")) == 1
    await marking.settled()


async def test_another_record_with_its_key_is_not_taken_for_it(marking: World) -> None:
    """Somebody made the customer there, too, while ours was on its way: both are there, and a person says which it is."""
    twin = marking.twin("erp")
    twin.faults["create"].append(UNKNOWN_BUT_LANDED)
    await marking.run()
    theirs = twin.put("customers", vat_no="A1", title="Ana of theirs")
    await marking.run(later=600.0)
    with marking.store() as store:
        known = store.members("Customer", "erp", list(marking.records("erp")))
    assert known[theirs].link_id is None
    assert sum(row.link_id is not None for row in known.values()) == 1


async def test_several_creates_in_doubt_are_found_by_their_marks_in_one_run(marking: World) -> None:
    marking.twin("crm").put("customers", vat="A2", name="Bo")
    marking.twin("erp").faults["create"].extend([UNKNOWN_BUT_LANDED, UNKNOWN_BUT_LANDED])
    report = await marking.run()
    assert report.summaries[0].unknown == 2
    report = await marking.run(later=10.0)
    assert report.summaries[0].unknown == 0
    with marking.store() as store:
        assert store.open_intents("Customer") == []
    assert marking.column("erp", "vat_no") == ["A1", "A2"]
    await marking.settled()


async def test_a_copy_is_told_at_once_and_forgotten_when_it_is_gone(marking: World) -> None:
    marking.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await marking.run()
    (record,) = marking.records("erp").values()
    marking.twin("erp").put("customers", "copy", **{**record, "id": "copy"})
    await marking.run(later=10.0)
    assert any("several records bear its mark" in detail for _, detail in held(marking))
    marking.twin("erp").drop("customers", "copy")
    await marking.run(later=600.0, full=True)
    await marking.run(later=600.0, full=True)
    assert held(marking) == []
    assert marking.column("erp", "vat_no") == ["A1"]
    await marking.settled()


async def test_where_a_person_is_to_say_what_happened_a_mark_that_nobody_bears_is_told(marking: World) -> None:
    (sync,) = marking.package.syncs
    marking.package = replace(marking.package, syncs=(replace(sync, unknown="hold"),))
    marking.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await marking.run()
    assert held(marking) == []
    await marking.run(later=600.0)
    [(code, detail)] = held(marking)
    assert code == "outcome.unknown"
    assert "none bears its mark" in detail
    assert marking.records("erp") == {}


async def test_a_record_that_left_the_scope_meanwhile_is_not_taken_in_by_its_mark(marking: World) -> None:
    mappings = tuple(
        replace(one, in_scope=lambda native: native.get("kind") != "lead") if one.system == "erp" else one
        for one in marking.package.mappings
    )
    marking.package = replace(marking.package, mappings=mappings)
    marking.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await marking.run()
    (remote_id,) = marking.records("erp")
    marking.twin("erp").put("customers", remote_id, kind="lead")
    report = await marking.run(later=10.0)
    assert report.summaries[0].unknown == 1
    assert any("the record with its mark is out of scope" in detail for _, detail in held(marking))
    marking.twin("erp").put("customers", remote_id, kind="customer")
    await marking.run(later=600.0)
    assert held(marking) == []
    await marking.settled()


async def test_from_the_second_on_in_which_it_cannot_land_any_more_a_create_that_bears_no_mark_is_made_again(
    marking: World,
) -> None:
    marking.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await marking.run()
    with marking.store() as store:
        (intent,) = store.open_intents("Customer")
    marking.clock.time = intent.resolve_after - 1.0
    assert (await marking.run(later=0.0)).summaries[0].unknown == 1
    marking.clock.time = intent.resolve_after
    assert (await marking.run(later=0.0)).summaries[0].unknown == 0
    assert marking.column("erp", "vat_no") == ["A1"]


async def test_a_field_of_it_that_cannot_be_read_still_waits_when_it_is_found_by_its_mark(marking: World) -> None:
    marking.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await marking.run()
    (remote_id,) = marking.records("erp")
    marking.twin("erp").put("customers", remote_id, limit="broken")
    marking.clock.time += 100.0
    marking.twin("erp").put("customers", vat_no="A7", title="newer")
    report = await marking.run(later=10.0)
    assert (report.summaries[0].done[("erp", "adopted")], report.exit_code) == (1, 1)
    assert [code for code, _ in held(marking)] == ["record.value.wrong-type"]
    marking.twin("erp").put("customers", remote_id, limit=7)
    report = await marking.run()
    assert (report.exit_code, held(marking), marking.records("crm")["crm-1"]["limit"]) == (0, [], 7)
