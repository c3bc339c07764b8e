"""What recovery does and tells, to the count: writes without an answer, systems that fail meanwhile, what a person is asked."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.executing.summary import Summary
from syncline_runtime.ports import Refused, SystemFailure, Unknown
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Fault
from tests.runtime.executing.test_outcomes_settled import Remembering, keyed, linked, offering
from tests.runtime.executing.test_unread import mended, unreadable

DOWN = SystemFailure("erp", "out of order")
LATE = 400.0
"""Seconds after which a write that was sent cannot land any more."""


def told(report: Any) -> Summary:
    summary: Summary = report.summaries[0]
    return summary


def waiting(two: Any) -> list[tuple[Any, ...]]:
    """What waits for a person."""
    with two.store() as store:
        return [
            (one.entity, one.system, one.remote_id, one.reason_code, one.field, one.detail)
            for one in store.review.quarantined()
        ]


def open_writes(two: Any) -> list[tuple[str, str]]:
    with two.store() as store:
        return [(intent.system, intent.op) for intent in store.open_intents("Customer")]


def calls(two: Any, system: str, *operations: str) -> list[tuple[str, int]]:
    return [(operation, count) for operation, _, count in two.twin(system).calls if operation in operations]


def failing(two: Any, system: str, operation: str) -> None:
    """From now on a system cannot be asked for one thing."""

    def before(asked: str) -> None:
        if asked == operation:
            raise SystemFailure(system, "out of order")

    two.twin(system).before = before


# -- reading by id -----------------------------------------------------------------------------------------------------


async def test_a_system_that_cannot_be_read_is_left_alone_and_the_others_go_on(world: Callable[..., Any]) -> None:
    three = world("crm", "erp", "shop")
    crm = three.twin("crm").put("customers", vat="A1", name="Ana", mail="a@x")
    await three.run()
    await three.run()
    three.twin("crm").put("customers", crm, name="Anna")
    for name in ("erp", "shop"):
        three.twin(name).faults["update"].append(UNKNOWN_AND_LOST)
    doubtful = told(await three.run())
    assert (doubtful.unknown, doubtful.failures) == (2, {})
    assert sorted(open_writes(three)) == [("erp", "update"), ("shop", "update")]
    failing(three, "erp", "read")
    report = await three.run(later=LATE)
    assert (told(report).failures, report.exit_code) == ({"erp": "erp: out of order"}, 2)
    assert three.column("shop", "name") == ["Anna"], "what the other one shows is known, and written again"
    assert open_writes(three) == [("erp", "update")]
    three.twin("erp").before = None
    assert told(await three.run()).unknown == 0
    assert three.column("erp", "title") == ["Anna"]
    assert open_writes(three) == []
    await three.settled()


@pytest.mark.parametrize(("fault", "updates"), [(UNKNOWN_AND_LOST, 2), (UNKNOWN_BUT_LANDED, 1)])
async def test_an_update_is_looked_for_once_and_sent_again_only_if_it_is_not_there(
    two: Any, fault: Fault, updates: int
) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, name="Anna")
    two.twin("erp").faults["update"].append(fault)
    await two.run()
    early = await two.run(later=1.0)
    assert told(early).unknown == int(fault is UNKNOWN_AND_LOST), "until it cannot land any more it may still do"
    two.twin("erp").calls.clear()
    report = await two.run(later=LATE)
    assert (told(report).unknown, report.exit_code, two.records("erp")[erp]["title"]) == (0, 0, "Anna")
    assert len(calls(two, "erp", "update")) == updates - 1
    await two.settled()


async def test_each_write_that_may_still_land_is_counted(two: Any) -> None:
    crms = [two.twin("crm").put("customers", vat=f"A{n}", name="Ana") for n in range(2)]
    await two.run()
    for crm in crms:
        two.twin("crm").put("customers", crm, name="Anna")
        two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    for _ in range(2):
        assert told(await two.run(later=1.0)).unknown == 2
    await two.run(later=LATE)
    assert two.column("erp", "title") == ["Anna", "Anna"]
    await two.settled()


async def test_a_deletion_in_doubt_is_read_twice_the_lag_apart_where_it_is_not_found(two: Any) -> None:
    offering(two, "erp", list=_lagging(two, 7.0))
    crms = [two.twin("crm").put("customers", vat=f"A{n}", name="Ana") for n in range(3)]
    await two.run()
    await two.run()
    erps = {record["vat_no"]: remote_id for remote_id, record in two.records("erp").items()}
    for crm in crms[:2]:
        two.twin("crm").drop("customers", crm)
    two.twin("erp").faults["delete"] += [UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED]
    await two.run(full=True)
    assert sorted(open_writes(two)) == [("erp", "delete")] * 2
    two.twin("erp").calls.clear()
    began = two.clock.time
    reads: list[tuple[float, int]] = []

    def reading(operation: str) -> None:
        if operation == "read":
            reads.append((two.clock.time - began, two.twin("erp").calls[-1][2]))

    two.twin("erp").before = reading
    report = await two.run(later=LATE)
    assert reads[:2] == [(LATE, 2), (LATE + 7.0, 1)], "the one that was not found, once more"
    assert list(two.records("erp")) == [erps["A2"]]
    assert report.exit_code == 0
    await two.settled()


def _lagging(two: Any, seconds: float) -> Any:
    listing = two.package.systems["erp"].resources["customers"].list
    return replace(listing, since=replace(listing.since, lag_seconds=seconds))


async def test_a_record_that_is_gone_when_its_update_is_looked_for_is_gone_for_good_only_when_confirmed(
    two: Any,
) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, name="Anna")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run()
    two.twin("erp").drop("customers", erp)
    first = told(await two.run(later=LATE))
    assert (first.unknown, open_writes(two)) == (1, [("erp", "update")])
    for _ in range(3):
        await two.run(later=LATE, full=True)
    assert (two.records("crm"), open_writes(two)) == ({}, [])
    await two.settled()


async def test_an_update_that_is_looked_for_and_answered_with_no_record_is_told_and_stays_in_doubt(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, name="Anna")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run()
    unreadable(two, "erp", erp)
    report = await two.run(later=LATE)
    detail = (
        f"what is answered for {erp} has no id: see what erp has there; it is read again in every run, and until it can be, "
        "it is not written and does not count as deleted"
    )
    assert two.told.refusals == [("erp", erp, "no-record", "", detail, "")]
    assert (told(report).unknown, report.exit_code, two.records("erp")[erp]["title"]) == (1, 1, "Ana")
    mended(two, "erp")
    report = await two.run(later=LATE)
    assert (two.told.refusals, report.exit_code, two.records("erp")[erp]["title"]) == ([], 0, "Anna")


# -- listings only -----------------------------------------------------------------------------------------------------


async def test_where_nothing_can_be_read_by_id_an_incremental_listing_settles_nothing(two: Any) -> None:
    offering(two, "erp", read=None)
    crm, _ = await linked(two)
    two.twin("crm").put("customers", crm, name="Anna")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run()
    listing = two.package.systems["erp"].resources["customers"].list
    offering(two, "erp", list=replace(listing, complete=False))
    lost = told(await two.run(later=LATE, full=True))
    assert (lost.unknown, two.column("erp", "title")) == (0, ["Anna"]), "it is shown as it was before"


async def test_what_a_listing_that_is_not_complete_leaves_out_stays_in_doubt(two: Any) -> None:
    offering(two, "erp", read=None)
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, name="Anna")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run()
    kept = two.records("erp").pop(erp)
    resource = two.package.systems["erp"].resources["customers"]
    offering(two, "erp", list=replace(resource.list, complete=False))
    for _ in range(2):
        assert told(await two.run(later=LATE, full=True)).unknown == 1
    assert open_writes(two) == [("erp", "update")]
    two.records("erp")[erp] = kept
    assert told(await two.run(later=LATE, full=True)).unknown == 0
    assert two.column("erp", "title") == ["Anna"]


async def test_a_listing_that_fails_settles_nothing(two: Any) -> None:
    crm, _ = await linked(two)
    offering(two, "erp", read=None, list=_lagging(two, 7.0))
    two.twin("crm").drop("customers", crm)
    two.twin("erp").faults["delete"].append(UNKNOWN_BUT_LANDED)
    await two.run(full=True)
    assert open_writes(two) == [("erp", "delete")]
    failing(two, "erp", "list")
    down = told(await two.run(later=LATE, full=True))
    assert (down.unknown, down.failures) == (1, {"erp": "erp: out of order"})
    two.twin("erp").before = None
    first = told(await two.run(later=LATE, full=True))
    assert (first.unknown, open_writes(two)) == (1, [("erp", "delete")]), "once not listed is not gone"
    second = told(await two.run(later=LATE, full=True))
    assert (second.unknown, open_writes(two)) == (0, [])
    await two.settled()


async def test_a_deletion_that_is_in_doubt_again_is_not_confirmed_by_what_was_left_out_before(two: Any) -> None:
    crm, erp = await linked(two)
    offering(two, "erp", read=None)
    two.twin("crm").drop("customers", crm)
    two.twin("erp").faults["delete"] += [UNKNOWN_AND_LOST] * 2
    await two.run(full=True)
    for _ in range(2):
        kept = two.records("erp").pop(erp)
        assert told(await two.run(later=LATE, full=True)).unknown == 1
        assert open_writes(two) == [("erp", "delete")], "once not listed is not gone"
        two.records("erp")[erp] = kept
        await two.run(later=LATE, full=True)
    assert two.records("erp") == {}
    await two.settled()


# -- creates -----------------------------------------------------------------------------------------------------------


async def in_doubt(two: Any, fault: Fault, **fields: Any) -> str:
    """A customer of the CRM whose create in the ERP had no answer."""
    crm: str = two.twin("crm").put("customers", **{"vat": "A1", "name": "Ana", "phone": "1"} | fields)
    two.twin("erp").faults["create"].append(fault)
    report = await two.run()
    assert told(report).unknown == 1
    return crm


async def test_a_create_that_landed_is_adopted_as_it_was_sent_and_told(two: Any) -> None:
    crm = await in_doubt(two, UNKNOWN_BUT_LANDED)
    (erp,) = two.records("erp")
    report = await two.run(later=1.0)
    assert (told(report).done, told(report).unknown, report.exit_code) == ({("erp", "adopted"): 1}, 0, 0)
    with two.store() as store:
        (row,) = store.members("Customer", "erp", [erp]).values()
    assert (row.seen, row.renders, row.state, row.version) == (None, None, "live", two.records("erp")[erp]["updated"])
    two.twin("crm").put("customers", crm, name="Anna")
    await two.run()
    assert two.records("erp")[erp]["title"] == "Anna"
    await two.settled()


async def test_what_a_person_did_to_it_before_it_was_adopted_is_an_edit(two: Any) -> None:
    crm = await in_doubt(two, UNKNOWN_BUT_LANDED, mail="a@x")
    (erp,) = two.records("erp")
    two.twin("erp").put("customers", erp, tel="2", title="ANA")
    await two.run(later=1.0)
    assert (two.records("crm")[crm]["phone"], two.records("crm")[crm]["name"]) == ("2", "Ana"), "a rendering is none"
    await two.settled()


async def test_a_clock_that_went_back_does_not_make_a_record_look_as_if_it_was_known_before(two: Any) -> None:
    """Ours landed, and is first seen by a clock that shows less than when it was sent."""
    await in_doubt(two, UNKNOWN_BUT_LANDED)
    two.clock.time -= 3600.0
    report = await two.run()
    assert told(report).done == {("erp", "adopted"): 1}
    assert len(two.records("erp")) == 1
    await two.settled()


@pytest.mark.parametrize(
    ("match", "sync", "why"),
    [((), {}, "it has no key to look for"), (None, {"unknown": "hold"}, "none shows its key")],
)
async def test_a_create_that_nobody_can_look_for_is_asked_about_once_it_cannot_land(
    world: Callable[..., Any], match: Any, sync: Any, why: str
) -> None:
    two = world("crm", "erp", sync=sync)
    if match is not None:
        entity = two.package.entities["Customer"]
        two.package = replace(two.package, entities={"Customer": replace(entity, match=match)})
    await in_doubt(two, UNKNOWN_AND_LOST)
    await two.run(later=1.0)
    assert waiting(two) == []
    report = await two.run(later=LATE)
    (asked,) = waiting(two)
    assert asked[-1].startswith(f"nobody knows whether the record was created, and {why}: ")
    assert (told(report).unknown, two.records("erp"), open_writes(two)) == (1, {}, [("erp", "create")])


async def test_before_a_create_is_made_again_its_key_is_asked_for_where_that_can_be_asked(two: Any) -> None:
    """A listing leaves out what is there; asked for its key, the system shows it."""
    listing = two.package.systems["erp"].resources["customers"].list
    offering(two, "erp", list=replace(listing, equals=listing.call))
    await in_doubt(two, UNKNOWN_BUT_LANDED)
    original, asked = two.twin("erp").pages, []

    async def pages(resource: str, **options: Any) -> Any:
        where = [(one.field, one.value) for one in options.get("where", ())]
        if where:
            asked.append(where)
        async for page in original(resource, **options):
            yield page if where else replace(page, records=())

    two.twin("erp").pages = pages
    await two.run(later=1.0)
    assert asked == [], "it may still land"
    report = await two.run(later=LATE)
    assert asked == [[("vat_no", "A1")]]
    assert (told(report).done, len(two.records("erp"))) == ({("erp", "adopted"): 1}, 1)


async def test_what_one_listing_left_out_is_not_made_again_where_its_key_cannot_be_asked_for(two: Any) -> None:
    """It breaks off as if it were whole, and all known records are in it: only what a create made is not."""
    two.twin("crm").put("customers", vat="B2", name="Bo")
    await two.run()
    await in_doubt(two, UNKNOWN_BUT_LANDED)
    original, listings = two.twin("erp").pages, []

    async def pages(resource: str, **options: Any) -> Any:
        listings.append(options.get("since"))
        broken = len(listings) == 1
        async for page in original(resource, **options):
            shown = tuple(one for one in page.records if not broken or one.native["vat_no"] != "A1")
            yield replace(page, records=shown)

    two.twin("erp").pages = pages
    report = await two.run(later=LATE, full=True)
    assert listings == [None, None]
    assert (told(report).done, two.column("erp", "vat_no")) == ({("erp", "adopted"): 1}, ["A1", "B2"])
    assert open_writes(two) == []
    await two.settled()


@pytest.mark.parametrize(("count", "sync", "listings"), [(3, {}, 2), (1, {"unknown": "hold"}, 1)])
async def test_a_system_lists_once_more_for_all_creates_that_are_given_up_and_for_no_other(
    world: Callable[..., Any], count: int, sync: Any, listings: int
) -> None:
    two = world("crm", "erp", sync=sync)
    for number in range(count):
        two.twin("crm").put("customers", vat=f"A{number}", name="Ana")
        two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    original, listed = two.twin("erp").pages, []

    async def pages(resource: str, **options: Any) -> Any:
        listed.append(resource)
        async for page in original(resource, **options):
            yield page

    two.twin("erp").pages = pages
    await two.run(later=LATE)
    assert len(listed) == listings
    assert len(two.records("erp")) == (0 if sync else count)


async def test_a_system_that_fails_when_asked_for_a_key_makes_nothing_again(two: Any) -> None:
    listing = two.package.systems["erp"].resources["customers"].list
    offering(two, "erp", list=replace(listing, equals=listing.call))
    await in_doubt(two, UNKNOWN_AND_LOST)
    original = two.twin("erp").pages

    async def pages(resource: str, **options: Any) -> Any:
        if options.get("where"):
            raise DOWN
        async for page in original(resource, **options):
            yield page

    two.twin("erp").pages = pages
    report = await two.run(later=LATE)
    assert (told(report).failures, two.records("erp")) == ({"erp": "erp: out of order"}, {})
    assert open_writes(two) == [("erp", "create")]
    two.twin("erp").pages = original
    await two.run()
    assert two.column("erp", "vat_no") == ["A1"]
    await two.settled()


# -- the same create under its key -------------------------------------------------------------------------------------


async def in_doubt_keyed(two: Any, count: int = 1) -> Remembering:
    erp = keyed(two)
    for number in range(count):
        two.twin("crm").put("customers", vat=f"A{number}", name="Ana")
        two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    await two.run()
    return erp


async def test_creates_are_sent_again_in_portions_and_told_as_adopted(two: Any) -> None:
    await in_doubt_keyed(two, count=53)
    two.twin("erp").calls.clear()
    report = await two.run(later=1.0)
    assert (told(report).done, told(report).unknown, report.exit_code) == ({("erp", "adopted"): 53}, 0, 0)
    assert len(two.records("erp")) == 53
    await two.settled()


async def test_a_create_sent_again_that_is_still_without_an_answer_stays_in_doubt(two: Any) -> None:
    await in_doubt_keyed(two, count=2)
    two.twin("erp").faults["create"].append(Fault(Unknown("time-out")))
    report = await two.run(later=1.0)
    assert (told(report).unknown, told(report).done) == (1, {("erp", "adopted"): 1})
    assert open_writes(two) == [("erp", "create")]
    await two.run(later=1.0)
    assert len(two.records("erp")) == 2
    await two.settled()


async def test_a_create_sent_again_that_is_refused_stays_in_doubt_while_the_first_may_still_land(two: Any) -> None:
    await in_doubt_keyed(two)
    two.twin("erp").tables["customers"].refuse = lambda native: Refused("full", "no more customers")
    report = await two.run(later=1.0)
    assert (told(report).unknown, open_writes(two)) == (1, [("erp", "create")])
    assert told(report).doubts == {"erp": "sent again, it is refused: no more customers"}
    two.twin("erp").tables["customers"].refuse = None
    two.twin("erp").put("customers", vat_no="A0", title="Ana")  # the first one, late
    report = await two.run(later=1.0)
    assert (report.exit_code, two.column("erp", "vat_no"), open_writes(two)) == (0, ["A0"], [])
    await two.settled()


async def test_a_create_sent_again_may_still_land_though_the_first_cannot_any_more(two: Any) -> None:
    await in_doubt_keyed(two)
    two.twin("erp").faults["create"].append(UNKNOWN_AND_LOST)
    assert told(await two.run(later=400.0, full=True)).unknown == 1
    two.twin("erp").tables["customers"].refuse = lambda native: Refused("full", "no more customers")
    report = await two.run(later=1.0, full=True)
    assert (told(report).unknown, open_writes(two)) == (1, [("erp", "create")])
    two.twin("erp").tables["customers"].refuse = None
    two.twin("erp").put("customers", vat_no="A0", title="Ana")  # the second one, late
    report = await two.run(later=1.0, full=True)
    assert (report.exit_code, two.column("erp", "vat_no"), open_writes(two)) == (0, ["A0"], [])
    await two.settled()


async def test_a_create_sent_again_that_is_refused_is_decided_and_told_anew(two: Any) -> None:
    await in_doubt_keyed(two)
    two.twin("erp").tables["customers"].refuse = lambda native: Refused("full", "no more customers")
    report = await two.run(later=400.0, full=True)
    assert (told(report).unknown, two.records("erp"), open_writes(two)) == (0, {}, [])
    assert report.exit_code == 1
    (held,) = waiting(two)
    assert "no more customers" in held[-1]
    two.twin("erp").tables["customers"].refuse = None
    await two.run(full=True)
    assert two.column("erp", "vat_no") == ["A0"]
    await two.settled()


async def test_a_system_that_fails_when_creates_are_sent_again_leaves_them_in_doubt(two: Any) -> None:
    await in_doubt_keyed(two, count=53)
    create, portions = two.twin("erp").create, []

    async def second_fails(resource: str, writes: Any) -> Any:
        portions.append(len(writes))
        if len(portions) == 2:
            raise DOWN
        return await create(resource, writes)

    two.twin("erp").create = second_fails
    report = await two.run(later=1.0)
    assert (portions[:2], told(report).unknown) == ([50, 3], 3)
    assert told(report).failures == {"erp": "erp: out of order"}
    assert len(two.records("erp")) == 50
    two.twin("erp").create = create
    await two.run(later=1.0)
    assert len(two.records("erp")) == 53
    await two.settled()
