"""Writes without an answer: looked for, sent again under their key, or left to a person; never done twice."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.ports import Applied, Unknown, Write
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED
from syncline_runtime.values import Native


def offering(two: Any, name: str, **changes: Any) -> None:
    """Change what the resource of a system offers."""
    declared = two.package.systems[name]
    resource = replace(declared.resources["customers"], **changes)
    systems = {**two.package.systems, name: replace(declared, resources={"customers": resource})}
    two.package = replace(two.package, systems=systems)


async def linked(two: Any) -> tuple[str, str]:
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", tags=["a", "b"])
    await two.run()
    (erp,) = two.records("erp")
    return crm, erp


class Remembering:
    """A system that knows creates by their key."""

    def __init__(self, twin: Any) -> None:
        self.twin, self.create_, self.keys = twin, twin.create, {}
        self.bodies: list[tuple[str | None, Native]] = []
        twin.create = self.create

    async def create(self, resource: str, writes: list[Write]) -> list[Any]:
        self.bodies += [(write.idempotency_key, dict(write.native)) for write in writes]
        outcomes = []
        for write in writes:
            if write.idempotency_key in self.keys:
                remote_id = self.keys[write.idempotency_key]
                outcomes.append(Applied(remote_id, self.twin._record(self.twin.tables[resource], remote_id)))
                continue
            before = set(self.twin.tables[resource].records)
            outcomes += await self.create_(resource, [write])
            made = set(self.twin.tables[resource].records) - before
            if made:
                self.keys[write.idempotency_key] = made.pop()
        return outcomes


def keyed(two: Any, seconds: float = 86_400.0) -> Remembering:
    create = two.package.systems["erp"].resources["customers"].create
    again = replace(create, many=1, idempotency="Idempotency-Key", idempotency_seconds=seconds)
    offering(two, "erp", create=again)
    return Remembering(two.twin("erp"))


@pytest.mark.parametrize("fault", [UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED])
async def test_a_create_is_sent_again_under_its_key_with_its_body(two: Any, fault: Any) -> None:
    erp = keyed(two)
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", limit=1)
    two.twin("erp").faults["create"].append(fault)
    hidden = {"no": True}
    original = two.twin("erp").pages

    def pages(resource: str, **options: Any) -> Any:
        return original(resource, **{**options, "since": "9999"} if hidden["no"] else options)

    two.twin("erp").pages = pages  # its listing does not show what was created
    await two.run()
    two.twin("crm").put("customers", crm, name="Anna")
    report = await two.run(later=5.0)
    assert len(two.records("erp")) == 1
    first, second = erp.bodies[:2]
    assert first == second, "the same key, the same body, whatever happened since"
    assert report.exit_code == 0
    assert two.column("erp", "title") == ["Anna"]
    hidden["no"] = False
    await two.settled()


async def test_what_a_person_did_before_a_create_was_answered_is_an_edit(two: Any) -> None:
    """Sent again under its key, the create is answered with the record as it is by then."""
    keyed(two)
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", limit=1)
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    (erp,) = two.records("erp")
    two.twin("erp").put("customers", erp, title="Berta")
    pages, two.twin("erp").pages = two.twin("erp").pages, unlisted(two.twin("erp").pages)
    await two.run(later=5.0)
    two.twin("erp").pages = pages
    await two.run()
    assert (two.records("crm")[crm]["name"], two.column("erp", "title")) == ("Berta", ["Berta"])
    await two.settled()


def unlisted(pages: Any) -> Any:
    """A listing that does not show what there is."""
    return lambda resource, **options: pages(resource, **{**options, "since": "9999"})


async def test_a_key_that_has_run_out_is_not_used_again(two: Any) -> None:
    erp = keyed(two, seconds=100.0)
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    await two.run(later=400.0)
    first, second = erp.bodies
    assert first[0] != second[0]
    assert len(two.records("erp")) == 1
    await two.settled()


@pytest.mark.parametrize(("fault", "left"), [(UNKNOWN_AND_LOST, 1), (UNKNOWN_BUT_LANDED, 2)])
async def test_no_create_is_sent_again_beside_a_record_that_got_its_key_meanwhile(
    two: Any, fault: Any, left: int
) -> None:
    """One that was there before, and is none that the create made: whether that landed, what the system shows will tell."""
    erp = keyed(two)
    there = two.twin("erp").put("customers", title="Ana")
    await two.run()
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(fault)
    await two.run()
    two.twin("erp").put("customers", there, vat_no="A1")
    await two.run(later=5.0)
    for _ in range(4):
        await two.run(later=400.0, full=True)
    assert (len(two.records("erp")), len(erp.bodies)) == (left, 1)
    await two.settled()


async def test_a_plan_sends_nothing_again(two: Any) -> None:
    erp = keyed(two)
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    await two.plan(later=5.0)
    assert len(erp.bodies) == 1


@pytest.mark.parametrize("fault", [UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED])
async def test_where_nothing_can_be_read_by_id_a_listing_tells_what_became_of_an_update(two: Any, fault: Any) -> None:
    offering(two, "erp", read=None)
    crm, _ = await linked(two)
    two.twin("crm").put("customers", crm, name="Anna")
    two.twin("erp").faults["update"].append(fault)
    await two.run()
    report = await two.run(later=400.0)
    assert (two.column("erp", "title"), report.exit_code) == (["Anna"], 0)
    two.twin("crm").put("customers", crm, name="Hanna")
    await two.run()
    assert two.column("erp", "title") == ["Hanna"]
    await two.settled()


@pytest.mark.parametrize("fault", [UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED])
async def test_where_nothing_can_be_read_by_id_a_listing_tells_what_became_of_a_delete(two: Any, fault: Any) -> None:
    offering(two, "erp", read=None)
    crm, _ = await linked(two)
    two.twin("crm").drop("customers", crm)
    two.twin("erp").faults["delete"].append(fault)
    await two.run(full=True)
    for _ in range(4):
        report = await two.run(later=400.0)
    assert (two.records("erp"), two.records("crm"), report.exit_code) == ({}, {}, 0)
    await two.settled()


async def test_an_element_that_we_added_is_no_edit_and_one_that_a_person_added_is(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, tags=["a", "c"])
    two.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    two.twin("erp").put("customers", erp, labels=["a", "c", "d"])
    await two.run(later=400.0)
    assert sorted(two.records("crm")[crm]["tags"]) == ["a", "c", "d"]
    two.twin("crm").put("customers", crm, tags=["a", "d"])
    await two.run()
    assert sorted(two.records("erp")[erp]["labels"]) == ["a", "d"]
    await two.settled()


async def test_a_rendering_of_a_write_without_an_answer_does_not_flow_back(two: Any) -> None:
    crm, _ = await linked(two)
    two.twin("erp").tables["customers"].normalise = lambda record: {**record, "title": str(record["title"]).upper()}
    two.twin("crm").put("customers", crm, name="Anna")
    two.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    await two.run(later=400.0)
    assert (two.column("erp", "title"), two.records("crm")[crm]["name"]) == (["ANNA"], "Anna")
    await two.settled()


async def test_a_rendering_of_a_create_without_an_answer_does_not_flow_back(two: Any) -> None:
    two.twin("erp").tables["customers"].normalise = lambda record: {**record, "title": str(record["title"]).upper()}
    crm = two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    await two.run(later=400.0)
    assert (two.column("erp", "title"), two.records("crm")[crm]["name"]) == (["ANA"], "Ana")
    await two.settled()


async def test_a_value_that_a_person_put_back_is_no_echo(two: Any) -> None:
    """The write landed, was seen to have landed, and is accounted for: its value may come again as an edit."""
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, name="sent")
    two.twin("erp").faults["update"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    await two.run(later=1.0)
    two.twin("erp").put("customers", erp, title="other")
    await two.run()
    assert two.records("crm")[crm]["name"] == "other"
    two.twin("erp").put("customers", erp, title="sent")
    await two.run(later=400.0)
    assert two.records("crm")[crm]["name"] == "sent"
    await two.settled()


async def test_a_delete_without_an_answer_is_believed_after_two_readings(two: Any) -> None:
    crm, _ = await linked(two)
    two.twin("crm").drop("customers", crm)
    two.twin("erp").faults["delete"].append(UNKNOWN_AND_LOST)
    await two.run(full=True)
    original, lies = two.twin("erp").read, [1]

    async def read(resource: str, remote_ids: Any, **options: Any) -> Any:
        found = await original(resource, remote_ids, **options)
        return dict.fromkeys(found) if lies and lies.pop() else found

    two.twin("erp").read = read
    await two.run(later=400.0)
    assert two.records("erp") == {}, "one 404 was a lie: the record was deleted all the same, once"
    assert two.twin("erp").calls.count(("delete", "customers", 1)) == 2
    await two.settled()


async def test_a_late_listing_alone_lets_a_create_be_made_again(two: Any) -> None:
    """The listing began before the create could no longer land, though it is over later."""
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    before = two.writes

    def slowly(operation: str) -> None:
        if operation == "list":
            two.clock.time += 100.0

    two.twin("erp").before = slowly
    await two.run(later=30.0)
    two.twin("erp").before = None
    assert two.writes == before
    await two.run(later=300.0)
    assert two.column("erp", "vat_no") == ["A1"]
    await two.settled()


async def test_a_database_is_asked_for_its_key_before_a_create_is_given_up(two: Any) -> None:
    """Its listing breaks off just before the record that we made."""
    erp = two.package.systems["erp"]
    two.package = replace(
        two.package,
        systems={**two.package.systems, "erp": replace(erp, connector=replace(erp.connector, protocol="sql"))},
    )
    original = two.twin("erp").pages

    def pages(resource: str, **options: Any) -> Any:
        return original(resource, **(options if options.get("where") else {**options, "since": "9999"}))

    two.twin("erp").pages = pages
    two.twin("crm").put("customers", vat="A1", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_BUT_LANDED)
    await two.run()
    await two.run(later=400.0)
    assert len(two.records("erp")) == 1
    await two.settled()


async def test_a_create_without_a_key_waits_for_a_person_who_can_release_it(world: Any) -> None:
    two = world("crm", "erp")
    entity = two.package.entities["Customer"]
    two.package = replace(two.package, entities={"Customer": replace(entity, match=())})
    two.twin("crm").put("customers", name="Ana")
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    report = await two.run(later=400.0)
    assert (report.exit_code, two.records("erp")) == (1, {})
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert held.reason_code == "outcome.unknown"
    assert "review" in held.detail
    assert isinstance(UNKNOWN_AND_LOST.outcome, Unknown)
