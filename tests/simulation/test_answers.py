"""People at the engine: what they answer comes to be, a plan that is applied does what it says; and checks that can fail."""

from typing import Any

import pytest

from syncline_runtime import reviewed
from syncline_runtime.executing import resolve, turns
from syncline_runtime.reviewed import Reviewed
from syncline_runtime.simulation.world import WIDE
from tests.simulation.campaign import tallied
from tests.simulation.test_schedules import told

SEEDS = tuple(WIDE + number for number in (2, 4, 7, 12, 15, 31, 49, 56))
"""Worlds in which people resolve, link, release, approve, apply plans, and begin anew after a lost state."""


def failed(*seeds: int) -> set[str]:
    """The invariants that did not hold."""
    return {each.invariant for found in tallied(seeds).failing.values() for each in found}


def test_people_at_the_engine_get_what_they_decide() -> None:
    tally = tallied(SEEDS)
    assert not tally.failing, told(tally.failing)
    for each in ("answer resolve", "answer link", "answer release", "answers done", "plan refused", "state_lost"):
        assert tally.faults[each], each


def test_a_choice_that_is_forgotten_is_missed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resolve.deciding, "resolve", lambda link, field, value: link)
    assert "A1" in failed(WIDE + 2)


def test_what_is_deleted_unapproved_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "guard", lambda *about: ())
    assert "A3" in failed(WIDE + 7)


def test_a_plan_that_is_applied_whatever_has_changed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def yes(*about: Any) -> bool:
        return True

    monkeypatch.setattr(reviewed, "differences", lambda *about: ())
    monkeypatch.setattr(Reviewed, "allows", yes)
    monkeypatch.setattr(Reviewed, "check", yes)
    assert "A4" in failed(WIDE + 4, WIDE + 9)
