"""Readings by id that are answered with something else than the record: nothing is concluded, and in the end all are in step."""

from collections.abc import Mapping, Sequence

import pytest

from syncline_runtime.executing import absence, apply, deletions, observe, recover
from syncline_runtime.executing.context import Context
from syncline_runtime.executing.sides import Side
from syncline_runtime.ports import NativeRecord, Unidentified
from syncline_runtime.simulation.schedule import Profile, simulate
from syncline_runtime.simulation.world import GARBLED, WIDE, Faults
from tests.simulation.campaign import Tally, tallied
from tests.simulation.house import house
from tests.simulation.test_schedules import told

FAULTS = Faults(edit=0.2, delete=0.04, lost=0.1, truncated=0.1, garbled=0.3)


def some(count: int = 10) -> Tally:
    tally = tallied(range(WIDE, WIDE + count), Profile(faults=FAULTS))
    assert tally.faults["garbled"] > count
    return tally


def test_the_trace_says_for_which_record() -> None:
    result = simulate(house(WIDE), WIDE, Profile(faults=Faults(edit=0.2, truncated=1.0, garbled=1.0)))
    assert any("; no record: " in event.detail for event in result.events)


def test_every_invariant_holds_where_readings_are_garbled() -> None:
    tally = some()
    assert not tally.failing, told(tally.failing)


def test_they_do_so_beside_all_other_faults() -> None:
    tally = tallied(range(WIDE + GARBLED, WIDE + GARBLED + 6))
    assert tally.faults["garbled"]
    assert not tally.failing, told(tally.failing)


def test_taking_such_an_answer_for_an_absence_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def careless(context: Context, side: Side, ids: Sequence[str]) -> Mapping[str, NativeRecord | None]:
        read = await context.systems[side.system].read(side.resource.name, ids, fields=side.fields) if ids else {}
        return {one: None if isinstance(record, Unidentified) else record for one, record in read.items()}

    for module in (absence, apply, deletions, observe, recover):
        monkeypatch.setattr(module, "read_many", careless)
    assert any(each.invariant == "I5" for found in some().failing.values() for each in found)
