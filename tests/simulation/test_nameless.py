"""Listings that show a record without its identity: nothing is made of it or concluded, and once it is mended all are in step."""

from typing import Any

import pytest

from syncline_runtime.executing import observe, unidentified
from syncline_runtime.simulation.schedule import Profile, simulate
from syncline_runtime.simulation.telling import told as story
from syncline_runtime.simulation.world import NAMELESS, WIDE, Faults
from tests.simulation.campaign import Tally, tallied
from tests.simulation.house import house
from tests.simulation.test_schedules import told

FAULTS = Faults(edit=0.2, delete=0.04, same_key=0.3, nameless=0.4)


def some(count: int = 10) -> Tally:
    tally = tallied(range(WIDE, WIDE + count), Profile(faults=FAULTS))
    assert tally.faults["nameless"] > count
    return tally


def test_the_story_says_whose_identity_is_not_shown() -> None:
    result = simulate(house(WIDE), WIDE, Profile(faults=Faults(edit=0.2, nameless=1.0)))
    assert any(line.startswith("the listings of a no longer showed the identity of a") for line in story(result.events))


def test_every_invariant_holds_where_records_lose_their_identity_for_a_while() -> None:
    tally = some()
    assert not tally.failing, told(tally.failing)


@pytest.mark.parametrize("first", [WIDE + NAMELESS, 2 * WIDE + NAMELESS])
def test_they_do_so_beside_all_other_faults(first: int) -> None:
    tally = tallied(range(first, first + 4))
    assert tally.faults["nameless"]
    assert not tally.failing, told(tally.failing)


def test_a_record_made_beside_one_without_identity_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(unidentified, "set_nameless_aside", lambda *about: None)
    assert any("without its identity" in each.text for found in some().failing.values() for each in found)


def test_a_cursor_that_goes_past_one_without_identity_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    aside = observe.set_aside

    def forgetful(*about: Any) -> list[str]:
        aside(*about)
        return []

    monkeypatch.setattr(observe, "set_aside", forgetful)
    assert any(each.invariant == "I10" for found in some().failing.values() for each in found)
