"""What goes wrong stops nobody else, is told, loses nothing, and is finished by a later run."""

from typing import Any

import pytest

from syncline_runtime.ports import Refused, Stale, SystemFailure, Unavailable
from syncline_runtime.simulation.twin import UNKNOWN_AND_LOST, UNKNOWN_BUT_LANDED, Fault


class Crash(Exception):
    """The process dies."""


def crm_customers(two: Any, count: int) -> list[str]:
    return [two.twin("crm").put("customers", vat=f"A{number}", name=f"N{number}") for number in range(count)]


async def test_a_field_that_cannot_be_read_is_set_aside_with_its_line(two: Any) -> None:
    first, *_ = crm_customers(two, 3)
    two.twin("crm").put("customers", first, limit="broken")
    report = await two.run()
    assert report.exit_code == 1
    assert two.column("erp", "vat_no") == ["A0", "A1", "A2"]
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert (held.system, held.remote_id, held.field, held.place) == ("crm", first, "limit", "customers.sync:16")
    assert held.reason_code == "record.value.wrong-type"
    two.twin("crm").put("customers", first, limit=3)
    report = await two.run()
    assert report.exit_code == 0
    assert {one["vat_no"]: one.get("limit") for one in two.records("erp").values()}["A0"] == 3
    await two.settled()


async def test_a_key_that_is_a_number_where_a_text_belongs_sets_the_record_aside(two: Any) -> None:
    first, *_ = crm_customers(two, 2)
    two.twin("crm").put("customers", first, mail=4722)
    report = await two.run()
    assert report.exit_code == 1
    assert two.column("erp", "vat_no") == ["A1"]
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert (held.remote_id, held.field, held.place) == (first, "mail", "customers.sync:13")
    assert "4722" not in held.detail
    two.twin("crm").put("customers", first, mail="a@x.org")
    assert (await two.run()).exit_code == 0
    await two.settled()


async def test_a_name_is_the_same_however_its_accents_are_composed(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="Jos\u00e9")
    two.twin("erp").put("customers", vat_no="A1", title="Jose\u0301")
    report = await two.run()
    assert (report.summaries[0].linked, two.writes) == (1, 0)


async def test_nothing_is_created_for_the_key_of_a_record_that_cannot_be_mapped(two: Any) -> None:
    broken = two.twin("crm").put("customers", vat="A1", name="Ana", mail=1)
    two.twin("erp").put("customers", vat_no="A1", title="Ana")
    report = await two.run()
    assert (report.exit_code, two.writes) == (1, 0)
    with two.store() as store:
        told = {(row.system, row.reason_code): row.detail for row in store.review.quarantined()}
    assert told.keys() == {("crm", "record.value.wrong-type"), ("erp", "identity.ambiguous")}
    assert "is archived or cannot be read: crm" in told["erp", "identity.ambiguous"]
    await two.settled()
    two.twin("crm").put("customers", broken, mail="a@x.org")
    report = await two.run()
    assert (report.exit_code, report.summaries[0].linked) == (0, 1)
    assert (len(two.records("crm")), len(two.records("erp"))) == (1, 1)
    assert two.column("erp", "mail") == ["a@x.org"]
    await two.settled()


async def test_a_record_that_cannot_be_mapped_gives_up_the_key_that_it_no_longer_has(two: Any) -> None:
    broken = two.twin("crm").put("customers", vat="A1", name="Ana", mail=1)
    two.twin("crm").put("customers", vat="A1", name="Anna")
    await two.run()
    assert two.column("erp", "vat_no") == []
    two.twin("crm").put("customers", broken, vat="A2")
    report = await two.run()
    assert report.exit_code == 1
    assert two.column("erp", "vat_no") == ["A1"]
    two.twin("crm").drop("customers", broken)
    report = await two.run(full=True)
    assert report.exit_code == 0
    await two.settled()


async def test_a_refused_record_is_told_and_not_sent_again_until_it_changes(two: Any) -> None:
    ids = crm_customers(two, 3)

    def refuse(native: dict[str, Any]) -> Refused | None:
        return Refused("too-long", "rejected", {"vat_no": "too long"}) if native.get("vat_no") == "A1" else None

    two.twin("erp").tables["customers"].refuse = refuse
    report = await two.run()
    assert report.exit_code == 1
    assert two.column("erp", "vat_no") == ["A0", "A2"]
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert (held.system, held.reason_code, held.field, held.place) == (
        "erp",
        "refused.too-long",
        "vat",
        "customers.sync:10",
    )
    assert held.detail == "rejected: too long"
    await two.settled()
    two.twin("crm").put("customers", ids[1], vat="A3")
    report = await two.run()
    assert report.exit_code == 0
    assert two.column("erp", "vat_no") == ["A0", "A2", "A3"]
    await two.settled()


async def test_a_refused_field_keeps_no_other_from_going_through(two: Any) -> None:
    (crm,) = crm_customers(two, 1)
    await two.run()

    def refuse(native: dict[str, Any]) -> Refused | None:
        return Refused("invalid", "", {"tel": "no such number"}) if native.get("tel") == "bad" else None

    two.twin("erp").tables["customers"].refuse = refuse
    two.twin("crm").put("customers", crm, phone="bad", name="new", mail="new@x.org")
    report = await two.run()
    assert report.exit_code == 1
    (record,) = two.records("erp").values()
    assert (record["title"], record["mail"], record["tel"]) == ("new", "new@x.org", None)
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert (held.field, held.detail) == ("phone", "no such number")
    await two.settled()
    two.twin("crm").put("customers", crm, phone="good")
    report = await two.run()
    assert report.exit_code == 0
    assert next(iter(two.records("erp").values()))["tel"] == "good"
    await two.settled()


async def test_ambiguous_records_are_left_alone(two: Any) -> None:
    two.twin("crm").put("customers", vat="A1", name="One")
    two.twin("erp").put("customers", vat_no="A1", title="Uno")
    two.twin("erp").put("customers", vat_no="A1", title="Eins")
    two.twin("crm").put("customers", name="no key")
    report = await two.run()
    assert two.writes == 0
    assert report.exit_code == 1
    with two.store() as store:
        assert {held.reason_code for held in store.review.quarantined()} == {
            "identity.ambiguous",
            "identity.self-duplicate",
            "identity.no-key",
        }


@pytest.mark.parametrize("operation", ["create", "update"])
async def test_a_write_that_landed_unseen_is_recognised(two: Any, operation: str) -> None:
    ids = crm_customers(two, 3)
    if operation == "update":
        await two.run()
        for number, remote_id in enumerate(ids):
            two.twin("crm").put("customers", remote_id, name=f"M{number}")
    two.twin("erp").faults[operation].append(UNKNOWN_BUT_LANDED)
    report = await two.run()
    assert report.summaries[0].unknown == 1
    assert report.summaries[0].doubts.keys() == {"erp"}
    before = two.writes
    await two.run()
    assert two.writes == before
    assert len(two.records("erp")) == 3
    assert two.column("erp", "title") == two.column("crm", "name")
    await two.settled()


@pytest.mark.parametrize("operation", ["create", "update"])
async def test_a_write_that_got_lost_is_repeated_only_when_it_can_no_longer_land(two: Any, operation: str) -> None:
    ids = crm_customers(two, 3)
    if operation == "update":
        await two.run()
        for number, remote_id in enumerate(ids):
            two.twin("crm").put("customers", remote_id, name=f"M{number}")
    two.twin("erp").faults[operation].append(UNKNOWN_AND_LOST)
    await two.run()
    before = two.writes
    await two.run(later=1.0)
    assert two.writes == before
    await two.run(later=200.0)
    assert two.writes == before + 1
    assert two.column("erp", "title") == two.column("crm", "name")
    await two.settled()


async def test_nothing_passes_a_write_with_unknown_outcome(two: Any) -> None:
    (crm,) = crm_customers(two, 1)
    await two.run()
    two.twin("crm").put("customers", crm, name="second")
    two.twin("erp").faults["update"].append(UNKNOWN_AND_LOST)
    await two.run()
    two.twin("crm").put("customers", crm, name="third")
    before = two.writes
    await two.run(later=1.0)
    assert two.writes == before
    await two.run(later=200.0)
    assert two.column("erp", "title") == ["third"]
    await two.settled()


@pytest.mark.parametrize("operation", ["create", "update", "delete"])
async def test_a_crash_between_commit_and_effect_loses_nothing(two: Any, operation: str) -> None:
    ids = crm_customers(two, 5)
    if operation != "create":
        await two.run()
    for remote_id in ids if operation == "update" else ():
        two.twin("crm").put("customers", remote_id, name="new " + remote_id)
    if operation == "delete":
        two.twin("crm").drop("customers", ids[0])

    def crash(called: str) -> None:
        if called == operation:
            two.twin("erp").before = None
            raise Crash

    two.twin("erp").before = crash
    with pytest.raises(Crash):
        await two.run(full=True)
    await two.run(later=200.0, full=True)
    await two.run(later=200.0, full=True)
    assert two.column("erp", "vat_no") == two.column("crm", "vat")
    assert two.column("erp", "title") == two.column("crm", "name")
    await two.settled()


async def test_every_crash_point_of_a_run_is_recovered(world: Any, tmp_path: Any) -> None:
    """Die before the k-th call, for every k; the runs that follow finish the work without a duplicate."""
    k = 0
    while True:
        three = world("crm", "erp", "shop")
        three.path = tmp_path / f"crash-{k}.db"
        crm_customers(three, 4)
        three.twin("erp").put("customers", vat_no="A2", title="other")
        three.twin("shop").put("customers", tax="A9", name="shop only")
        calls = 0

        def count(operation: str, k: int = k, three: Any = three) -> None:
            nonlocal calls
            calls += 1
            if calls == k + 1:
                raise Crash

        for twin in three.twins.values():
            twin.before = count
        try:
            await three.run()
        except Crash:
            pass
        else:
            break
        for twin in three.twins.values():
            twin.before = None
        for _ in range(3):
            await three.run(later=200.0)
        assert three.column("crm", "vat") == three.column("erp", "vat_no") == three.column("shop", "tax"), k
        assert three.column("crm", "name") == three.column("erp", "title") == three.column("shop", "name"), k
        assert len(three.records("crm")) == 5, k
        await three.settled()
        k += 1
    assert k > 10


async def test_an_unreachable_system_is_told_and_others_go_on(world: Any) -> None:
    three = world("crm", "erp", "shop")
    crm_customers(three, 2)
    await three.run()
    three.twin("shop").failure = SystemFailure("shop", "cannot be reached", answer="connection refused")
    first = next(iter(three.records("crm")))
    three.twin("crm").put("customers", first, name="new")
    report = await three.run()
    assert report.exit_code == 2
    assert report.failures == {"shop": "shop: cannot be reached; the server answered: connection refused"}
    assert "new" in three.column("erp", "title")
    three.twin("shop").failure = None
    report = await three.run()
    assert report.exit_code == 0
    assert "new" in three.column("shop", "name")
    await three.settled()


async def test_nothing_is_created_in_a_system_that_was_never_listed_to_the_end(two: Any) -> None:
    crm_customers(two, 4)
    for number in range(4):
        two.twin("erp").put("customers", vat_no=f"A{number}", title=f"N{number}")
    calls = 0

    def fail_on_second_page(operation: str) -> None:
        nonlocal calls
        calls += operation == "list"
        if calls == 2:
            raise SystemFailure("erp", "the listing broke off")

    two.twin("erp").before = fail_on_second_page
    report = await two.run()
    assert report.exit_code == 2
    assert two.writes == 0
    two.twin("erp").before = None
    await two.run()
    assert len(two.records("erp")) == 4
    await two.settled()


async def test_a_busy_system_gets_the_rest_next_time(two: Any) -> None:
    crm_customers(two, 9)
    two.twin("erp").faults["create"].extend([Fault(Unavailable("busy"))] * 2)
    report = await two.run()
    assert report.exit_code == 2
    assert len(two.records("erp")) < 9
    report = await two.run()
    assert report.exit_code == 0
    assert two.column("erp", "vat_no") == two.column("crm", "vat")
    await two.settled()


async def test_a_stale_write_is_decided_again(two: Any) -> None:
    (crm,) = crm_customers(two, 1)
    await two.run()
    two.twin("crm").put("customers", crm, name="new")
    two.twin("erp").faults["update"].append(Fault(Stale("changed")))
    await two.run()
    assert two.column("erp", "title") == ["new"]
    await two.settled()


async def test_a_system_that_refuses_too_much_gets_no_more(two: Any) -> None:
    crm_customers(two, 60)
    two.twin("erp").tables["customers"].refuse = lambda native: Refused("no", "closed on Sundays")
    report = await two.run()
    assert two.twin("erp").writes < 60
    assert "writes failed" in report.summaries[0].held[0]


async def test_a_plan_says_what_the_run_then_does(two: Any) -> None:
    ids = crm_customers(two, 7)
    two.twin("erp").put("customers", vat_no="A1", title="other")
    two.twin("erp").put("customers", vat_no="B1", title="erp only")
    await plan_and_run(two)
    two.twin("crm").put("customers", ids[0], name="changed")
    two.twin("crm").drop("customers", ids[3])
    planned = await plan_and_run(two)
    assert planned == {("erp", "updated"): 1, ("erp", "deleted"): 1}


async def plan_and_run(two: Any) -> dict[tuple[str, str], int]:
    """What the plan announced, after checking that it wrote nothing and that the run did just that."""
    before = two.writes
    plan = await two.plan(full=True)
    assert two.writes == before
    announced = {
        (system, kind.value.removesuffix("e") + "ed"): count
        for (system, kind), count in plan.summaries[0].planned.items()
    }
    assert len(two.told.actions) == sum(announced.values())
    report = await two.run(later=0.0, full=True)
    assert report.summaries[0].done == announced
    assert two.writes - before == sum(announced.values())
    return announced
