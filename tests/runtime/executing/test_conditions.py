"""`only on create`, `only into empty` and `only when present` hold on every path: create, update, drift, echo, together."""

from dataclasses import replace
from typing import Any

import pytest

from syncline_runtime.declaration import When
from tests.runtime.executing.conftest import field_map

CREATE, EMPTY, PRESENT = When.ON_CREATE, When.INTO_EMPTY, When.PRESENT


def erp_note(world: Any, when: When, *, one_way: bool = False) -> Any:
    """A CRM and an ERP; the ERP's note is written under the condition."""
    erp = field_map("erp")
    flows = tuple(
        replace(flow, when=when, contributes=not one_way) if flow.field == "note" else flow for flow in erp.flows
    )
    return world("crm", "erp", erp=replace(erp, flows=flows))


async def customer(two: Any, note: str | None) -> tuple[str, str]:
    crm = two.twin("crm").put("customers", vat="A1", name="Ana", mail="a@x.org", note=note, limit=1)
    await two.run()
    (erp,) = two.records("erp")
    return crm, erp


@pytest.mark.parametrize(
    ("when", "born", "created", "later", "shown"),
    [
        (CREATE, "n", "n", "m", "n"),
        (CREATE, None, None, "m", None),
        (EMPTY, "n", "n", "m", "n"),
        (EMPTY, None, None, "m", "m"),
        (PRESENT, "n", "n", None, "n"),
        (PRESENT, None, None, "m", "m"),
        (CREATE | PRESENT, None, None, "m", None),
        (CREATE | PRESENT, "n", "n", None, "n"),
        (EMPTY | PRESENT, None, None, "m", "m"),
        (EMPTY | PRESENT, "n", "n", None, "n"),
    ],
)
async def test_a_condition_holds_when_created_and_when_updated(
    world: Any, when: When, born: str | None, created: str | None, later: str | None, shown: str | None
) -> None:
    two = erp_note(world, when, one_way=True)
    crm, erp = await customer(two, born)
    assert two.records("erp")[erp].get("memo") == created
    two.twin("crm").put("customers", crm, note=later)
    await two.run()
    assert two.records("erp")[erp].get("memo") == shown
    await two.settled()


@pytest.mark.parametrize("when", [PRESENT, CREATE | PRESENT, EMPTY | PRESENT])
async def test_a_blank_is_not_sent_with_a_create(world: Any, when: When) -> None:
    two = erp_note(world, when, one_way=True)
    two.twin("erp").tables["customers"].defaults = {}
    _, erp = await customer(two, None)
    assert "memo" not in two.records("erp")[erp]


@pytest.mark.parametrize("when", [CREATE, EMPTY, CREATE | PRESENT, EMPTY | PRESENT])
async def test_an_edit_of_what_is_not_written_again_stays(world: Any, when: When) -> None:
    two = erp_note(world, when, one_way=True)
    crm, erp = await customer(two, "n")
    two.twin("erp").put("customers", erp, memo="own")
    await two.run()
    two.twin("crm").put("customers", crm, name="Anna")
    await two.run()
    assert two.records("erp")[erp]["memo"] == "own"
    assert two.records("crm")[crm]["note"] == "n"
    await two.settled()


@pytest.mark.parametrize("when", [PRESENT, EMPTY | PRESENT])
async def test_what_was_emptied_does_not_flow_back_and_is_filled_again(world: Any, when: When) -> None:
    two = erp_note(world, when)
    crm, erp = await customer(two, "n")
    two.twin("erp").put("customers", erp, memo=None)
    await two.run()
    assert two.records("crm")[crm]["note"] == "n"
    assert two.records("erp")[erp]["memo"] == "n"
    await two.settled()


async def test_a_value_that_the_system_rewrites_is_no_edit(world: Any) -> None:
    two = erp_note(world, EMPTY | PRESENT, one_way=True)
    two.twin("erp").tables["customers"].normalise = lambda native: {
        **native,
        "memo": (native.get("memo") or "").upper() or None,
    }
    crm, _ = await customer(two, "n")
    assert two.records("crm")[crm]["note"] == "n"
    two.twin("crm").put("customers", crm, note="m")
    await two.run()
    assert two.records("crm")[crm]["note"] == "m"
    await two.settled()
