"""A value that one system cannot take, or that cannot be read, stops that field there and nothing else."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.codecs.refusal import refusal
from syncline_runtime.ports import Refused
from syncline_runtime.values import Native
from tests.runtime.executing.conftest import _read, _write, field_map


def picky(system: str, *, lossy: bool) -> Any:
    """A map whose system takes no name longer than five characters, and no note longer than three."""
    base = _write(system)

    def write(values: Mapping[str, Any], old: Native | None) -> Native:
        if isinstance(values.get("name"), str) and len(values["name"]) > 5:
            raise refusal("text.too-long", "at most 5 characters", values["name"])  # customers.sync:11
        if isinstance(values.get("note"), str) and len(values["note"]) > 3:
            raise refusal("text.too-long", "at most 3 characters", values["note"])  # customers.sync:14
        return base(values, old)

    made = field_map(system, write=write)
    fields = ("name", "note") if lossy else ()
    return replace(made, flows=tuple(replace(flow, exact=flow.field not in fields) for flow in made.flows))


async def told(two: Any) -> dict[tuple[str, str], str]:
    with two.store() as store:
        return {(row.system, row.field): row.reason_code for row in store.review.quarantined()}


def erp(two: Any) -> dict[str, dict[str, Any]]:
    return {record["vat_no"]: record for record in two.records("erp").values()}


@pytest.mark.parametrize("lossy", [True, False])
async def test_a_value_that_cannot_be_written_stops_its_field_only(world: Any, lossy: bool) -> None:
    three = world("crm", "erp", "shop", erp=picky("erp", lossy=lossy))
    one, two = (three.twin("crm").put("customers", vat=f"A{n}", name=f"N{n}", note="n") for n in range(2))
    await three.run()
    three.twin("crm").put("customers", one, name="far too long", note="long", phone="+49")
    three.twin("crm").put("customers", two, name="M1")
    report = await three.run()
    assert report.exit_code == 1
    assert (erp(three)["A0"]["title"], erp(three)["A0"]["memo"], erp(three)["A0"]["tel"]) == ("N0", "n", "+49")
    assert erp(three)["A1"]["title"] == "M1"
    assert three.column("shop", "name") == ["M1", "far too long"]
    codes = await told(three)
    assert codes == {("erp", "name"): "write.text.too-long", ("erp", "note"): "write.text.too-long"}
    await three.settled()

    three.twin("crm").put("customers", one, name="short")
    report = await three.run()
    assert erp(three)["A0"]["title"] == "short"
    assert await told(three) == {("erp", "note"): "write.text.too-long"}
    three.twin("crm").put("customers", one, note="n")
    report = await three.run()
    assert (report.exit_code, await told(three)) == (0, {})
    await three.settled()


@pytest.mark.parametrize("lossy", [True, False])
async def test_a_record_is_created_without_the_value_that_its_system_cannot_hold(world: Any, lossy: bool) -> None:
    two = world("crm", "erp", erp=picky("erp", lossy=lossy))
    two.twin("erp").tables["customers"].defaults["title"] = "unnamed"
    crm = two.twin("crm").put("customers", vat="A0", name="far too long", phone="+49")
    report = await two.run()
    assert report.exit_code == 1
    assert (erp(two)["A0"]["title"], erp(two)["A0"]["tel"]) == ("unnamed", "+49")
    assert await told(two) == {("erp", "name"): "write.text.too-long"}
    await two.settled()
    assert two.records("crm")[crm]["name"] == "far too long", "what the system filled in is nobody's edit"
    two.twin("crm").put("customers", crm, name="short")
    report = await two.run()
    assert (report.exit_code, erp(two)["A0"]["title"], await told(two)) == (0, "short", {})
    await two.settled()


async def test_nothing_is_created_without_its_key(world: Any) -> None:
    def write(values: Mapping[str, Any], old: Native | None) -> Native:
        if values.get("vat") == "bad":
            raise refusal("text.pattern", "a VAT number", "bad")  # customers.sync:10
        return _write("erp")(values, old)

    made = field_map("erp", write=write)
    two = world("crm", "erp", erp=replace(made, flows=tuple(replace(f, exact=f.field != "vat") for f in made.flows)))
    two.twin("crm").put("customers", vat="bad", name="Ana")
    report = await two.run()
    assert (report.exit_code, two.records("erp")) == (1, {})
    assert await told(two) == {("erp", "vat"): "write.text.pattern"}
    await two.settled()


async def test_two_fields_that_a_server_refuses_are_held_and_released_one_by_one(two: Any) -> None:
    crm = two.twin("crm").put("customers", vat="A0", name="N", phone="1")
    await two.run()

    def refuse(native: Native) -> Refused | None:
        for own in ("tel", "memo"):
            if native.get(own) == "bad":
                return Refused("invalid", "", {own: "not like this"})
        return None

    two.twin("erp").tables["customers"].refuse = refuse
    two.twin("crm").put("customers", crm, phone="bad", note="bad", name="M")
    await two.run()
    assert erp(two)["A0"]["title"] == "M"
    assert set(await told(two)) == {("erp", "phone"), ("erp", "note")}
    await two.settled()
    two.twin("crm").put("customers", crm, name="L")
    before = two.writes
    await two.run()
    assert (erp(two)["A0"]["title"], two.writes - before) == ("L", 1), (
        "a refused field is not tried with every other edit"
    )
    two.twin("crm").put("customers", crm, phone="1")
    await two.run()
    assert set(await told(two)) == {("erp", "note")}
    two.twin("crm").put("customers", crm, note="good")
    assert (await two.run()).exit_code == 0
    assert await told(two) == {}
    await two.settled()


async def test_a_create_that_is_refused_for_one_field_goes_through_without_it(two: Any) -> None:
    def refuse(native: Native) -> Refused | None:
        return Refused("invalid", "", {"tel": "no such number"}) if native.get("tel") == "bad" else None

    two.twin("erp").tables["customers"].refuse = refuse
    two.twin("erp").tables["customers"].defaults["tel"] = "0000"
    crm = two.twin("crm").put("customers", vat="A0", name="N", phone="bad")
    report = await two.run()
    assert (report.exit_code, erp(two)["A0"]["tel"]) == (1, "0000")
    with two.store() as store:
        (held,) = store.review.quarantined()
    assert (held.remote_id, held.field) == (next(iter(two.records("erp"))), "phone")
    await two.settled()
    assert two.records("crm")[crm]["phone"] == "bad"
    two.twin("crm").put("customers", crm, phone="good")
    assert (await two.run()).exit_code == 0
    assert erp(two)["A0"]["tel"] == "good"
    await two.settled()


async def test_a_field_that_can_no_longer_be_read_keeps_no_other_waiting(two: Any) -> None:
    crm = two.twin("crm").put("customers", vat="A0", name="N", limit=1)
    await two.run()
    (partner,) = two.records("erp")
    two.twin("crm").put("customers", crm, limit="broken", name="M")
    report = await two.run()
    assert (report.exit_code, erp(two)["A0"]["title"], erp(two)["A0"]["limit"]) == (1, "M", 1)
    assert await told(two) == {("crm", "limit"): "record.value.wrong-type"}
    await two.settled()
    two.twin("erp").put("customers", partner, tel="+49", limit=7)
    await two.run()
    assert two.records("crm")[crm]["phone"] == "+49", "its other fields are still written"
    assert two.records("crm")[crm]["limit"] == "broken", "what nobody can read is not overwritten"
    two.twin("crm").put("customers", crm, limit=7)
    report = await two.run()
    assert (report.exit_code, await told(two)) == (0, {})
    await two.settled()


async def test_two_unreadable_fields_are_told_and_released_one_by_one(world: Any) -> None:
    base = _read("crm")

    def read(native: Native) -> dict[str, Any]:
        values = base({**native, "limit": None})
        if native.get("note") == "broken":
            raise refusal("value.wrong-type", "a text", 1)  # customers.sync:14
        if native.get("phone") == "broken":
            raise refusal("value.wrong-type", "a text", 1)  # customers.sync:12
        return values

    two = world("crm", "erp", crm=field_map("crm", read=read))
    crm = two.twin("crm").put("customers", vat="A0", name="N", note="broken", phone="broken")
    await two.run()
    assert (set(await told(two)), erp(two)["A0"]["title"]) == ({("crm", "note"), ("crm", "phone")}, "N")
    await two.settled()
    two.twin("crm").put("customers", crm, note="n")
    await two.run()
    assert (set(await told(two)), erp(two)["A0"]["memo"]) == ({("crm", "phone")}, "n")
    two.twin("crm").put("customers", crm, phone="1")
    assert (await two.run()).exit_code == 0
    assert (await told(two), erp(two)["A0"]["tel"]) == ({}, "1")
    await two.settled()
