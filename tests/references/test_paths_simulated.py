"""Paths in simulated worlds: what is written of another record is what that one was agreed on, and a world can tell."""

from functools import cache

import pytest

from syncline_runtime.declaration import Package
from syncline_runtime.executing import decide
from syncline_runtime.simulation.recipe import Recipe
from syncline_runtime.simulation.verification import Subject
from tests.references.test_paths import LOOKING, along
from tests.references.worlds import compiled

SEEDS = range(1_000_000, 1_000_005)


@cache
def package() -> Package:
    return compiled(along(LOOKING))


def failed() -> set[str]:
    """The invariants that did not hold in some worlds."""
    subject = Subject(package=package())
    return {one.invariant for seed in SEEDS for one in subject.run(Recipe(seed=seed)).violations}


def test_what_stands_behind_references_is_what_was_agreed_on() -> None:
    assert failed() == set()


def test_what_is_left_as_it_was_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decide, "note_looks", lambda context, moved: None)
    assert "P4" in failed()
