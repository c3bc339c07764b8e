"""Two entities in one resource: each record is judged by the map to which it belongs."""

from pathlib import Path

import pytest

from syncline_runtime.declaration import Package
from syncline_runtime.simulation.belonging import Belonging
from syncline_runtime.simulation.schedule import Profile, Schedule, simulate
from syncline_runtime.simulation.world import WIDE, Faults
from tests.simulation.house import built
from tests.simulation.mutants import MUTANTS

DIARY = Path(__file__).parents[1] / "verifying" / "specs" / "diary.sync"


@pytest.fixture(scope="module")
def diary() -> Package:
    return built(DIARY)


def test_what_a_record_shows_tells_its_map(diary: Package) -> None:
    belonging, event = Belonging(diary), {"code": "c1", "kind": "leave"}
    leave, visit = diary.mapping("Leave", "book"), diary.mapping("Visit", "book")
    assert belonging.told_by("book", "events", event) is leave
    assert belonging.told_by("book", "events", {**event, "kind": "visit"}) is visit
    assert belonging.told_by("book", "events", {**event, "kind": "party"}) is None
    assert belonging.told_by("hr", "leaves", {"code": "c1"}) is diary.mapping("Leave", "hr")
    assert belonging.told_by("hr", "nothing", {}) is None
    assert belonging.telling("book") == {"kind"}
    assert not belonging.telling("hr")


def test_a_record_stays_with_its_map(diary: Package) -> None:
    belonging = Belonging(diary)
    leave, visit = diary.mapping("Leave", "book"), diary.mapping("Visit", "book")
    belonging.made("1", leave)
    belonging.made("1", visit)
    belonging.made("2", visit)
    assert belonging.of("book", "events", "1") is leave
    assert belonging.of("book", "events", "3") is None
    assert belonging.own(leave, ["3", "2", "1"]) == ["1"]
    assert belonging.own(diary.mapping("Leave", "hr"), ["2", "1"]) == ["2", "1"]


def test_people_make_and_edit_records_of_both(diary: Package, tmp_path: Path) -> None:
    edited: set[tuple[str, str]] = set()
    profile = Profile(runs=3, faults=Faults(edit=0.2, rekey=0.2, clear=0.2))
    for seed in (WIDE, WIDE + 1):
        schedule = Schedule(diary, seed, profile, tmp_path / f"{seed}.db")
        result = schedule.carried_out()
        assert not result.violations, result.story()
        edited |= {(entity, system) for entity, system, _ in result.edited}
        table = schedule.servers["book"].tables["events"]
        for states in table.history.values():
            assert len({state.native["kind"] for state in states if state.native is not None}) == 1
    assert edited == {("Visit", "book"), ("Visit", "emr"), ("Leave", "book"), ("Leave", "hr")}


@pytest.mark.parametrize("name", ["no_intent", "delete_on_absence"])
def test_a_protection_that_is_off_is_missed(diary: Package, name: str) -> None:
    assert any(simulate(diary, seed, MUTANTS[name]).violations for seed in range(WIDE, WIDE + 5))
