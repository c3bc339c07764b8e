"""Systems that take marks: a create without an answer is found by its mark, also where somebody has changed its keys."""

from dataclasses import replace
from random import Random

import pytest

from syncline_runtime.declaration import NativeField, Package, Resource
from syncline_runtime.executing import recover
from syncline_runtime.executing.marking import Marked
from syncline_runtime.simulation.schedule import Profile, simulate
from syncline_runtime.simulation.world import Faults
from tests.simulation.house import able, built

ABLE = ({"lag": 0}, {"lag": 25}, {"lag": 15, "lock": "etag"}, {"lag": 0, "batch": 3})
LOSING = Profile(faults=Faults(edit=0.2, lost=0.3, zombie=0.2, crash=0.02, rekey=0.3))


def marking_house(seed: int) -> Package:
    """Two systems whose records take marks."""
    rng = Random(f"marking {seed}")

    def marking(one: Resource) -> Resource:
        mark = NativeField(name="mark", kind="text", writable=False)
        return replace(one, marker="mark", fields={**one.fields, "mark": mark})

    package = able(built(), {name: rng.choice(ABLE) for name in ("a", "b")})
    return replace(
        package,
        systems={
            name: replace(one, resources={key: marking(each) for key, each in one.resources.items()})
            for name, one in package.systems.items()
        },
    )


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_made_twice(seed: int) -> None:
    result = simulate(marking_house(seed), seed, LOSING)
    assert not result.violations, result.story()


def test_marks_that_nobody_finds_make_duplicates(monkeypatch: pytest.MonkeyPatch) -> None:
    async def nothing(context: object) -> dict[int, Marked]:
        return {}

    monkeypatch.setattr(recover, "ask_for_marks", nothing)
    results = [simulate(marking_house(seed), seed, LOSING) for seed in range(25)]
    assert any(one.invariant == "I1" for result in results for one in result.violations)
