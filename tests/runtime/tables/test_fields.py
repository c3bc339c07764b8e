"""The table of a field, row by row, in both directions, with a third system that looks on, and without."""

from typing import Any

import pytest

from syncline_runtime.declaration import Ask, Drift, Merged, Newest, Owned, Prefers
from syncline_runtime.ports import Refused, Unavailable
from syncline_runtime.simulation.twin import Fault
from tests.runtime.tables.conftest import PAIRS

ROWS = [f"F{number}" for number in range(14)]
PARTIES = [("crm", "erp"), ("crm", "erp", "shop")]


async def in_step(table: Any, field: str, value: Any, *systems: str) -> None:
    """All systems that have the field show the value, and nothing is left to do."""
    for system in systems:
        assert table.shows(system, field) == value, system
    assert table.report.exit_code == 0
    await table.settled()


@pytest.mark.parametrize("systems", PARTIES, ids=["two", "three"])
@pytest.mark.parametrize(("one", "other"), PAIRS, ids=["crm-erp", "erp-crm"])
@pytest.mark.parametrize("row", ROWS)
async def test_row(linked: Any, row: str, one: str, other: str, systems: tuple[str, ...]) -> None:
    table = await linked(*systems)
    await globals()[f"_{row.lower()}"](table, one, other, systems)


async def _f0(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    await table.run(full=True)
    assert table.wrote == 0
    await in_step(table, "name", "Ana", *systems)


async def _f1(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.edit(one, name="Eva")
    table.world.twin(other).faults["update"].append(Fault(Unavailable("busy")))
    await table.run()
    assert table.shows(other, "name") == "Ana"
    await table.run()
    await in_step(table, "name", "Eva", *systems)


async def _f2(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.edit(one, name="Eva")
    await table.run()
    await in_step(table, "name", "Eva", *systems)
    for system in (one, other):
        table.edit(system, note="same")
    await table.run()
    assert (table.wrote, table.losers()) == (0, []), "the same edit in both is no conflict, even under `ask`"
    await in_step(table, "note", "same", one, other)


async def _f3(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    for value, drift in ((7, Drift.KEEP), (8, Drift.REPORT), (9, Drift.OVERWRITE)):
        table.rule(limit=Owned(by=one, drift=drift))
        table.edit(other, limit=value)
        report = await table.run()
        assert table.shows(other, "limit") == (5 if drift is Drift.OVERWRITE else value)
        assert table.shows(one, "limit") == 5
        assert report.exit_code == (1 if drift is Drift.REPORT else 0)
    assert (other, "limit") in table.losers()
    await in_step(table, "limit", 5, one, other)


async def _f4(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.rule(limit=Owned(by=one))
    table.edit(one, limit=6)
    table.edit(other, limit=7)
    await table.run()
    assert table.losers() == [(other, "limit")]
    await in_step(table, "limit", 6, one, other)


async def _f5(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.rule(mail=Prefers(order=(one, *(each for each in systems if each != one))))
    for system in systems:
        table.edit(system, mail=f"{system}@x.org")
    await table.run()
    assert sorted(table.losers()) == sorted((each, "mail") for each in systems if each != one)
    await in_step(table, "mail", f"{one}@x.org", *systems)


async def _f6(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.rule(phone=Newest(otherwise=(other,)))
    table.edit(other, phone="older")
    table.world.clock.time += 30.0
    table.edit(one, phone="newer")
    await table.run()
    assert table.losers() == [(other, "phone")]
    await in_step(table, "phone", "newer", one, other)


async def _f7(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.rule(phone=Newest(otherwise=(one,)))
    table.edit(one, phone="first")
    table.edit(other, phone="a moment later")
    await table.run()
    assert table.losers() == [(other, "phone")]
    await in_step(table, "phone", "first", one, other)


async def _f8(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.rule(limit=Merged(by="max"))
    table.edit(one, limit=8, tags=["x", "y"])
    table.edit(other, limit=7, tags=["z"])
    await table.run()
    assert (other, "limit") in table.losers()
    await in_step(table, "tags", ["y", "z"], one, other)
    await in_step(table, "limit", 8, one, other)


async def _f9(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.rule(note=Ask())
    table.edit(one, note="mine", phone="2")
    table.edit(other, note="theirs")
    await table.run()
    assert (table.shows(one, "note"), table.shows(other, "note")) == ("mine", "theirs"), "nobody is written"
    assert table.shows(other, "phone") == "2", "this field only"
    assert table.conflicts() == ["note"]
    await table.settled()
    table.edit(other, note="mine")
    await table.run()
    assert table.conflicts() == []
    await in_step(table, "note", "mine", one, other)


async def _f10(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    record = table.world.records(other)[table.only(other)]
    name = "tel" if other == "erp" else "phone"
    del record[name]
    table.edit(one, phone="2", name="Eva")
    await table.run(full=True)
    assert name not in record, "what is not shown is not written blindly"
    assert table.shows(one, "phone") == "2", "and is no change"
    await in_step(table, "name", "Eva", *systems)
    table.edit(other, phone="1")
    await table.run(full=True)
    await in_step(table, "phone", "2", one, other)


async def _f11(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    table.sync(empty="propagates")
    table.edit(one, phone=None)
    await table.run()
    await in_step(table, "phone", None, one, other)
    table.sync(empty="ignored")
    table.edit(one, name=None)
    await table.run()
    assert (one, "name") in table.losers()
    await in_step(table, "name", "Ana", *systems)


async def _f12(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    native = {"crm": "phone", "erp": "tel"}[other]

    def refuse(record: Any) -> Refused | None:
        return Refused("422", "too long", {native: "too long"}) if len(record.get(native) or "") > 3 else None

    table.world.twin(other).tables["customers"].refuse = refuse
    table.edit(one, phone="12345", name="Eva")
    for _ in range(2):
        await table.run()
    assert (table.shows(other, "phone"), table.shows(one, "phone"), table.shows(other, "name")) == ("1", "12345", "Eva")
    assert list(table.held()) == ["refused.422"]
    await table.settled()
    table.edit(one, phone="12")
    await table.run()
    await in_step(table, "phone", "12", one, other)


async def _f13(table: Any, one: str, other: str, systems: tuple[str, ...]) -> None:
    native = {"crm": "phone", "erp": "tel"}[other]
    table.world.twin(other).tables["customers"].normalise = lambda record: {**record, native: "1"}
    table.edit(one, phone="2")
    for _ in range(5):
        await table.run()
    assert (table.shows(one, "phone"), table.shows(other, "phone")) == ("2", "1")
    assert list(table.held()) == ["write.not-retained"]
    assert table.wrote == 0
    await table.settled()
