"""The checks between records can fail: parents before children, computed fields, a record wherever it is to be."""

from typing import Any

import pytest

from syncline_runtime import outstanding
from syncline_runtime.executing import decide, derive
from syncline_runtime.executing.referring import outgoing
from syncline_runtime.simulation.schedule import Profile
from syncline_runtime.simulation.world import Faults
from tests.simulation.campaign import tallied
from tests.simulation.house import SHOPS

BUSY = Profile(faults=Faults(edit=0.3, busy=0.5), runs=4, records=2)


def failed(*seeds: int) -> set[str]:
    """The invariants that did not hold."""
    return {each.invariant for found in tallied(seeds, BUSY).failing.values() for each in found}


def test_a_child_before_its_parent_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = outgoing

    def guessed(*about: Any) -> Any:
        found = asked(*about)
        return found._replace(values={**found.values, **dict.fromkeys(found.deferred, "77777")}, deferred={})

    monkeypatch.setattr(derive, "outgoing", guessed)
    assert "P1" in failed(*range(SHOPS, SHOPS + 8))


def test_a_record_that_is_not_made_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outstanding, "_create", lambda *about: ())
    assert "P2" in failed(0)


def test_a_computed_field_that_is_left_as_it_was_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "computed", lambda policy, decision, *about: decision)
    assert "P3" in failed(SHOPS)
