"""Worlds that have more: webhooks, and more that goes wrong. Seeds from a million on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.executing import correlate
from syncline_runtime.records import Correlation, Situation
from syncline_runtime.simulation.schedule import Profile, simulate
from syncline_runtime.simulation.world import WIDE, Faults
from tests.simulation.campaign import tallied
from tests.simulation.house import able, built, house
from tests.simulation.mutants import MUTANTS
from tests.simulation.test_schedules import told

SCHEDULES, PORTION = 150, 25

# fmt: off
FAILED_ONCE = (
    1_000_089, 1_000_102, 1_000_149, 1_000_375, 1_001_083, 1_002_025, 1_010_200, 1_020_063, 1_020_252, 1_020_456,
    1_021_041, 1_021_310, 1_021_426, 1_021_601, 1_021_752, 1_022_131, 1_022_349, 1_040_138, 1_040_289,
)
# fmt: on
"""Seeds that found a mistake, of the executor or of who checks it."""


def test_seeds_that_failed_once_do_not_fail_again() -> None:
    tally = tallied(FAILED_ONCE)
    assert not tally.failing, told(tally.failing)


@pytest.mark.parametrize("first", range(WIDE, WIDE + SCHEDULES, PORTION))
def test_every_invariant_holds_in_wide_worlds(first: int) -> None:
    tally = tallied(range(first, first + PORTION))
    assert not tally.failing, told(tally.failing)


@pytest.mark.parametrize("channels", ["cursor", "full", "hooks"])
def test_each_channel_alone_comes_into_step(channels: str) -> None:
    faults = Faults(
        edit=0.2, delete=0.0 if channels == "cursor" else 0.05, hook_lost=0.2, hook_twice=0.2, hook_late=0.2
    )
    tally = tallied(range(WIDE, WIDE + 12), Profile(channels=channels, faults=faults))
    assert not tally.failing, told(tally.failing)
    assert bool(tally.faults["hooks"]) is (channels == "hooks")
    if channels == "hooks":
        assert all(tally.faults[each] for each in ("hook_lost", "hook_twice", "hook_late"))


def test_webhooks_alone_bring_every_edit_if_none_is_lost() -> None:
    """Not one listing after the first run: what is agreed in the end came by the inbox. (Where listings lag, what is to be made
    anew waits for one.)"""
    package = able(built(), {"a": {}, "b": {}})
    for seed in range(WIDE, WIDE + 10):
        result = simulate(package, seed, Profile(channels="hooks only", faults=Faults(edit=0.2)))
        assert not result.violations, result.story()


@pytest.mark.parametrize("seed", range(WIDE, WIDE + 4))
def test_one_seed_is_one_story_with_webhooks(seed: int, tmp_path: Path) -> None:
    first, again = (simulate(house(seed), seed, folder=tmp_path) for _ in range(2))
    assert [event.line() for event in first.events] == [event.line() for event in again.events]
    assert first.state == again.state
    assert first.points == again.points


def test_what_is_behind_the_cursor_unseen_is_told_at_once() -> None:
    tally = tallied([19, 20, 57], MUTANTS["no_overlap"])
    assert any("is behind the cursor" in each.text for found in tally.failing.values() for each in found)


def test_a_link_beside_another_record_of_its_key_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = correlate.correlate

    def careless(*about: Any) -> Correlation:
        answer = asked(*about)
        return replace(answer, action="create") if answer.situation is Situation.SELF_DUPLICATE else answer

    monkeypatch.setattr(correlate, "correlate", careless)
    tally = tallied(range(20), Profile(faults=Faults(edit=0.3, same_key=1.0)))
    assert any(each.invariant == "I6" for found in tally.failing.values() for each in found)
