"""A crash at every point of I/O of a scenario: the next run needs no person and loses nothing."""

from pathlib import Path

import pytest

from tests.simulation.campaign import shared_memory
from tests.simulation.sweeps import ANSWERED, SCENARIOS, swept


@pytest.mark.parametrize("name", ["two systems", "deletions", "lost answers"])
def test_a_crash_at_any_point_is_recovered_from(name: str, tmp_path: Path) -> None:
    count = 0
    for points, result in swept(name, shared_memory() or tmp_path):
        count += 1
        assert not result.violations, f"crash at {points}\n{result.story()}"
        assert result.faults["crash"] == 1, points
    assert count > 20


@pytest.mark.parametrize("name", SCENARIOS)
def test_each_scenario_is_sound_without_a_crash(name: str, tmp_path: Path) -> None:
    result = SCENARIOS[name].crashed(folder=shared_memory() or tmp_path)
    assert not result.violations, result.story()
    said = [event.detail for event in result.events if "one more is created" in event.detail]
    assert name not in ANSWERED or any(one.startswith(ANSWERED[name]) for one in said)
