"""Edits on both sides, by every truth rule, end in one value on both; nobody's value is lost without a trace."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.state.packing import unpack_value


async def linked(two: Any) -> tuple[str, str]:
    """One customer, known on both sides."""
    crm = two.twin("crm").put(
        "customers", vat="A1", name="Ana", phone="+491", mail="a@x.org", note="n", tags=["old"], limit=1
    )
    await two.run()
    (erp,) = two.records("erp")
    return crm, erp


@pytest.mark.parametrize(
    ("field", "crm_edit", "erp_edit", "agreed", "loser"),
    [
        ("vat", "B2", "C3", "C3", "crm"),
        ("name", "Anna", "Annie", "Anna", "erp"),
        ("limit", 5, 7, 7, "crm"),
        ("tags", ["old", "red"], ["old", "blue"], ["blue", "old", "red"], None),
        ("tags", ["red"], ["old", "blue"], ["blue", "red"], None),
    ],
)
async def test_both_sides_edit(
    two: Any, field: str, crm_edit: Any, erp_edit: Any, agreed: Any, loser: str | None
) -> None:
    crm, erp = await linked(two)
    native = {"vat": "vat_no", "name": "title", "tags": "labels"}.get(field, field)
    two.twin("crm").put("customers", crm, **{field: crm_edit})
    two.twin("erp").put("customers", erp, **{native: erp_edit})
    report = await two.run()
    assert two.records("crm")[crm][field] == agreed
    assert two.records("erp")[erp][native] == agreed
    with two.store() as store:
        lost = store.review.journal_entries("overwritten")
    if loser is None:
        assert lost == []
    else:
        assert [(entry[2], entry[3]) for entry in lost] == [(loser, field)]
        assert unpack_value(lost[0][4]) == (crm_edit if loser == "crm" else erp_edit)
    assert report.exit_code == 0
    await two.settled()


async def test_the_owner_alone_decides(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, vat="WRONG")
    await two.run()
    assert two.records("crm")[crm]["vat"] == two.records("erp")[erp]["vat_no"] == "A1"
    await two.settled()


async def test_the_newer_edit_wins_if_it_is_newer_by_more_than_the_skew(two: Any) -> None:
    crm, erp = await linked(two)
    two.clock.time += 100
    two.twin("crm").put("customers", crm, phone="+crm")
    two.clock.time += 100
    two.twin("erp").put("customers", erp, tel="+erp")
    await two.run()
    assert two.records("crm")[crm]["phone"] == two.records("erp")[erp]["tel"] == "+erp"
    two.clock.time += 100
    two.twin("erp").put("customers", erp, tel="+erp2")
    two.clock.time += 1
    two.twin("crm").put("customers", crm, phone="+crm2")
    await two.run()
    assert two.records("crm")[crm]["phone"] == two.records("erp")[erp]["tel"] == "+crm2"
    await two.settled()


async def test_ask_holds_one_field_and_closes_itself(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, note="crm says", name="Anna")
    two.twin("erp").put("customers", erp, memo="erp says")
    report = await two.run()
    assert report.exit_code == 1
    assert two.records("crm")[crm]["note"] == "crm says"
    assert two.records("erp")[erp]["memo"] == "erp says"
    assert two.records("erp")[erp]["title"] == "Anna"
    with two.store() as store:
        (conflict,) = store.review.conflicts()
    assert (conflict.field, conflict.line) == ("note", 35)
    assert '"crm says"' in conflict.candidates
    await two.settled()
    two.twin("erp").put("customers", erp, memo="crm says")
    report = await two.run()
    assert report.exit_code == 0
    with two.store() as store:
        assert store.review.conflicts() == []
    await two.settled()


async def test_a_cleared_field_is_cleared_on_the_other_side(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, phone=None)
    await two.run()
    assert two.records("erp")[erp]["tel"] is None
    await two.settled()


async def test_where_empty_is_ignored_a_cleared_field_comes_back(world: Any) -> None:
    two = world("crm", "erp", sync={"empty": "ignored"})
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, phone=None)
    await two.run()
    assert two.records("crm")[crm]["phone"] == two.records("erp")[erp]["tel"] == "+491"
    await two.settled()


async def test_three_systems_agree(world: Any) -> None:
    three = world("crm", "erp", "shop")
    three.twin("crm").put("customers", vat="A1", name="Ana", mail="a@x.org")
    three.twin("erp").put("customers", vat_no="A1", title="Ana")
    three.twin("shop").put("customers", tax="A1", name="ANA", mail=None)
    three.twin("shop").put("customers", tax="A2", name="Bob", mail="b@x.org")
    await three.run()
    assert three.column("crm", "name") == three.column("erp", "title") == three.column("shop", "name") == ["Ana", "Bob"]
    assert three.column("crm", "mail") == three.column("erp", "mail") == ["a@x.org", "b@x.org"]
    await three.settled()
    (shop,) = [key for key, record in three.records("shop").items() if record["tax"] == "A1"]
    three.twin("shop").put("customers", shop, name="Ana Maria")
    await three.run()
    assert three.column("crm", "name") == three.column("erp", "title") == ["Ana Maria", "Bob"]
    await three.settled()


async def test_an_echo_is_no_edit(two: Any) -> None:
    """The ERP trims and capitalises what it stores; that rendering is not taken for somebody's edit."""

    def normalise(record: dict[str, Any]) -> dict[str, Any]:
        return {**record, "title": str(record.get("title") or "").strip().upper()}

    two.twin("erp").tables["customers"].normalise = normalise
    crm = two.twin("crm").put("customers", vat="A1", name=" Ana ")
    await two.run()
    assert two.column("erp", "title") == ["ANA"]
    await two.settled()
    assert two.records("crm")[crm]["name"] == " Ana "
    two.twin("crm").put("customers", crm, name="Ann")
    await two.run(full=True)
    assert two.column("erp", "title") == ["ANN"]
    assert two.records("crm")[crm]["name"] == "Ann"
    await two.settled()


async def test_an_edit_that_falls_between_reading_and_writing_is_not_overwritten(two: Any) -> None:
    crm, erp = await linked(two)
    two.twin("crm").put("customers", crm, name="Anna")
    erp_twin = two.twin("erp")

    def race(operation: str) -> None:
        if operation == "read":
            erp_twin.before = None
            erp_twin.put("customers", erp, tel="+999")

    erp_twin.before = race
    await two.run()
    assert two.records("erp")[erp]["title"] == "Anna"
    assert two.records("crm")[crm]["phone"] == "+999"
    await two.settled()


async def test_a_changed_spec_looks_at_every_record_again(two: Any) -> None:
    await linked(two)
    two.package = replace(two.package, spec_sha256="1" * 64)
    report = await two.run()
    assert report.summaries[0].observed == {"crm": 1, "erp": 1}
    assert report.summaries[0].writes == 0
