"""Systems of which a reading by id may be old by a declared time: nothing old passes for an edit, nothing is doubted for ever."""

from dataclasses import replace
from random import Random

import pytest

from syncline_runtime.declaration import Operation, Package, Resource
from syncline_runtime.executing.protections import Protections
from syncline_runtime.simulation.schedule import Profile, simulate
from tests.simulation.house import able, built

ABLE = ({"lag": 0}, {"lag": 15}, {"lag": 15, "lock": "etag"}, {"lag": 0, "batch": 3}, {"lag": 0, "silent": True})


def late_house(seed: int) -> Package:
    """Two systems, the first of which shows single records as they were up to 30 seconds before."""
    rng = Random(f"late readings {seed}")

    def late(one: Resource) -> Resource:
        read: Operation | None = one.read
        assert read is not None
        return replace(one, read=replace(read, lag_seconds=30.0))

    package = able(built(), {name: rng.choice(ABLE) for name in ("a", "b")})
    first = package.systems["a"]
    first = replace(first, resources={name: late(one) for name, one in first.resources.items()})
    return replace(package, systems={**package.systems, "a": first})


@pytest.mark.parametrize("seed", range(12))
def test_old_readings_are_known_for_what_they_are(seed: int) -> None:
    result = simulate(late_house(seed), seed)
    assert not result.violations, result.story()


def test_without_care_they_pass_for_edits() -> None:
    off = Profile(protections=Protections(fresh_only=False))
    results = [simulate(late_house(seed), seed, off) for seed in range(20)]
    assert any(result.faults.get("stale reading") for result in results)
    assert any(result.violations for result in results)
