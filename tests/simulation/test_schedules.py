"""The real executor in simulated worlds: whatever goes wrong, nothing is lost, invented or done twice."""

from pathlib import Path

import pytest

from syncline_runtime.simulation.schedule import Profile, simulate
from syncline_runtime.simulation.world import Faults
from tests.simulation.house import house


@pytest.mark.parametrize("first", range(0, 20, 5))
def test_calm_worlds_come_into_step(first: int, tmp_path: Path) -> None:
    for seed in range(first, first + 5):
        result = simulate(house(seed), seed, Profile(faults=Faults()), folder=tmp_path)
        assert not result.violations, result.story()


@pytest.mark.parametrize("seed", range(4))
def test_one_seed_is_one_story(seed: int, tmp_path: Path) -> None:
    first, again = (simulate(house(seed), seed, folder=tmp_path) for _ in range(2))
    assert [event.line() for event in first.events] == [event.line() for event in again.events]
    assert first.state == again.state
    assert first.points == again.points


def test_each_schedule_is_another() -> None:
    assert len({tuple(simulate(house(seed), seed).events) for seed in range(3)}) == 3
