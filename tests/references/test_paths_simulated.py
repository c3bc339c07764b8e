"""Paths in simulated worlds: what is written of another record is what that one was agreed on, and a world can tell."""

from collections.abc import Mapping
from functools import cache
from typing import Any

import pytest

from syncline_runtime.declaration import Look, Package
from syncline_runtime.executing import decide, referring
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


def test_what_stands_behind_the_first_of_two_references_only_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = referring.looked

    def short(looks: Mapping[str, Look], values: Any, known: Any) -> dict[str, Any]:
        return asked({path: Look(ways=look.ways[:1], field=look.field) for path, look in looks.items()}, values, known)

    monkeypatch.setattr(referring, "looked", short)
    assert "P4" in failed()


def test_what_an_empty_reference_leaves_behind_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = referring.looked

    def forgetful(looks: Any, values: Any, known: Any) -> dict[str, Any]:
        return {path: value for path, value in asked(looks, values, known).items() if value is not None}

    monkeypatch.setattr(referring, "looked", forgetful)
    assert "P4" in failed()
