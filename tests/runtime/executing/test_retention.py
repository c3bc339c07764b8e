"""A system that keeps values otherwise than sent, not at all, or for a moment: told, stopped after three times, released."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import Newest, Prefers, Rule
from syncline_runtime.telling import summary_lines
from syncline_runtime.values import Native


async def linked(two: Any) -> tuple[str, str]:
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", phone="1")
    await two.run()
    (erp,) = two.records("erp")
    return crm, erp


async def told(two: Any) -> dict[tuple[str, str], str]:
    with two.store() as store:
        return {(row.system, row.field): row.reason_code for row in store.review.quarantined()}


async def test_a_normalisation_that_nobody_declared_is_told_with_its_declaration(two: Any) -> None:
    def normalise(record: Native) -> Native:
        return {**record, "title": str(record.get("title") or "").strip().upper()}

    two.twin("erp").tables["customers"].normalise = normalise
    crm = two.twin("crm").put("customers", vat="A1", name=" Ana ")
    report = await two.run()
    assert report.summaries[0].normalised == {"erp.customers.title": (1, "trim, upper")}
    assert any(
        "erp.customers.title was stored otherwise than sent" in line and "normalises(trim, upper)" in line
        for line in summary_lines(report.summaries[0], {}, planned=False)
    )
    assert report.exit_code == 0
    await two.settled()
    two.twin("crm").put("customers", crm, name="Ben")
    report = await two.run()
    assert report.summaries[0].normalised == {"erp.customers.title": (1, "upper")}
    assert two.records("crm")[crm]["name"] == "Ben", "a rendering never flows back"
    await two.settled()


async def test_a_field_that_ignores_writes_is_written_three_times_and_then_no_more(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("erp").tables["customers"].normalise = lambda record: {**record, "tel": "1"}
    two.twin("crm").put("customers", crm, phone="22", name="Anna")
    for _ in range(3):
        report = await two.run()
    assert two.records("erp")[erp]["title"] == "Anna"
    assert two.records("crm")[crm]["phone"] == "22", "what the system kept is not taken for an edit"
    assert (report.exit_code, await told(two)) == (1, {("erp", "phone"): "write.not-retained"})
    assert sum(count for operation, _, count in two.twin("erp").calls if operation == "update") == 3
    await two.settled()

    two.twin("erp").tables["customers"].normalise = None
    report = await two.run(full=True)
    assert (two.records("erp")[erp]["tel"], report.exit_code, await told(two)) == ("22", 0, {})
    await two.settled()


async def test_a_value_that_does_not_stay_is_tried_again_when_it_is_another(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("erp").tables["customers"].normalise = lambda record: {
        **record,
        "tel": "1" if record["tel"] == "22" else record["tel"],
    }
    two.twin("crm").put("customers", crm, phone="22")
    for _ in range(3):
        await two.run()
    assert await told(two) == {("erp", "phone"): "write.not-retained"}
    two.twin("crm").put("customers", crm, phone="33")
    report = await two.run()
    assert (two.records("erp")[erp]["tel"], report.exit_code, await told(two)) == ("33", 0, {})
    await two.settled()


async def test_a_workflow_that_changes_a_field_after_each_write_is_not_fought_for_ever(two: Any) -> None:
    """The ERP owns the VAT number; a rule of the CRM writes its own over it after each of our writes."""
    crm, erp = await linked(two)
    two.twin("erp").put("customers", erp, vat_no="B2")
    await two.run()
    before = two.writes
    for _ in range(6):
        two.twin("crm").put("customers", crm, vat="OWN")
        report = await two.run()
    assert two.writes - before == 2, "the third time it is held instead"
    assert (report.exit_code, await told(two)) == (1, {("crm", "vat"): "write.contested"})
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert "run --full" in held.detail
    await two.settled()

    two.twin("erp").put("customers", erp, vat_no="C3")
    report = await two.run()
    assert (two.records("crm")[crm]["vat"], report.exit_code, await told(two)) == ("C3", 0, {})
    await two.settled()


async def test_edits_by_people_that_are_overwritten_now_and_then_are_no_fight(two: Any) -> None:
    crm, _ = await linked(two)
    for number in range(6):
        two.twin("crm").put("customers", crm, vat=f"W{number}")
        for _ in range(3):
            report = await two.run()
        assert (two.records("crm")[crm]["vat"], report.exit_code) == ("A1", 0)


async def fight(two: Any, rounds: int) -> Any:
    """An automation on both sides: each sets its own name again as soon as it finds another."""
    report = None
    for _ in range(rounds):
        for name, own, wanted in (("crm", "name", "X"), ("erp", "title", "Y")):
            (record,) = two.records(name)
            if two.records(name)[record][own] != wanted:
                two.twin(name).put("customers", record, **{own: wanted})
            report = await two.run()
    return report


@pytest.mark.parametrize(
    "rule", [Prefers(order=("crm", "erp")), Prefers(order=("erp", "crm")), Newest(otherwise=("crm",))]
)
async def test_two_systems_that_overwrite_each_other_are_stopped(two: Any, rule: Rule) -> None:
    """Each of the changes is an edit that flows (F2); the third time the same value comes back, it is written no more."""
    sync = two.package.syncs[0]
    two.package = replace(two.package, syncs=(replace(sync, rules={**sync.rules, "name": rule}),))
    crm, _ = await linked(two)
    before = two.writes
    report = await fight(two, 8)
    assert two.writes - before <= 6
    assert report.exit_code == 1
    assert list((await told(two)).values()) == ["write.fought-over"]
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert "crm" in held.detail
    assert "erp" in held.detail
    assert "run --full" in held.detail
    await two.settled()

    two.twin("crm").put("customers", crm, phone="5")
    await two.run()
    assert two.column("erp", "tel") == ["5"], "all else goes on"
    two.twin("crm").put("customers", crm, name="Zoe")
    report = await two.run()
    assert (two.column("erp", "title"), report.exit_code, await told(two)) == (["Zoe"], 0, {})
    await two.settled()


async def test_a_fight_goes_on_where_a_person_says_so_and_is_stopped_again(two: Any) -> None:
    await linked(two)
    await fight(two, 8)
    before = two.writes
    report = await two.run(full=True)
    assert (two.writes - before, report.exit_code, await told(two)) == (1, 0, {})
    report = await fight(two, 4)
    assert two.writes - before <= 3
    assert report.exit_code == 1


async def test_a_fight_in_one_field_of_many_stops_that_field(two: Any) -> None:
    crm, _ = await linked(two)
    for number in range(8):
        two.twin("crm").put("customers", crm, limit=number)
        await fight(two, 1)
    assert two.column("erp", "limit") == [7]
    assert list((await told(two)).values()) == ["write.fought-over"]


async def test_people_who_change_their_minds_are_not_stopped(two: Any) -> None:
    """The same two values in turn, by one side, or with a third between."""
    crm, erp = await linked(two)
    for number in range(12):
        two.twin("crm").put("customers", crm, name="XY"[number % 2])
        report = await two.run()
        assert report.exit_code == 0
    for number in range(12):
        name, own, record = [("crm", "name", crm), ("erp", "title", erp)][number % 2]
        two.twin(name).put("customers", record, **{own: f"N{number}"})
        report = await two.run()
        assert (two.column("crm", "name"), report.exit_code) == ([f"N{number}"], 0)


async def test_the_same_two_values_now_and_then_are_no_fight(two: Any) -> None:
    await linked(two)
    for _ in range(6):
        report = await fight(two, 1)
        two.clock.time += 86_400.0
        for _ in range(10):
            report = await two.run()
        assert report.exit_code == 0
