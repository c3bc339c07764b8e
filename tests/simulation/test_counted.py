"""Systems that count the writes to their records: what is overwritten unseen is told."""

from dataclasses import replace
from random import Random

import pytest

from syncline_runtime.declaration import NativeField, Package, Resource
from syncline_runtime.executing import counting
from syncline_runtime.simulation.schedule import Profile, simulate
from syncline_runtime.simulation.world import Faults
from tests.simulation.house import able, built

ABLE = ({"lag": 0}, {"lag": 25}, {"lag": 0, "batch": 3})
BUSY = Profile(faults=Faults(edit=0.3, lost=0.1, zombie=0.05, crash=0.01))


def counting_house(seed: int) -> Package:
    """Two systems, each of whose records has a number that goes up with each write."""
    rng = Random(f"counting {seed}")

    def counted(one: Resource) -> Resource:
        revision = NativeField(name="revision", kind="integer", writable=False)
        return replace(one, counter="revision", fields={**one.fields, "revision": revision})

    package = able(built(), {name: rng.choice(ABLE) for name in ("a", "b")})
    return replace(
        package,
        systems={
            name: replace(one, resources={key: counted(each) for key, each in one.resources.items()})
            for name, one in package.systems.items()
        },
    )


@pytest.mark.parametrize("seed", range(12))
def test_what_is_overwritten_in_the_window_is_counted(seed: int) -> None:
    result = simulate(counting_house(seed), seed, BUSY)
    assert not result.violations, result.story()


def test_it_happens_and_is_missed_without_counting(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "_entry", lambda *about: None)
    monkeypatch.setattr(counting, "counted", lambda side, record: None)
    from syncline_runtime.executing import apply, record, settling

    for module in (apply, record, settling):
        monkeypatch.setattr(module, "counted", lambda side, record: None)
    results = [simulate(counting_house(seed), seed, BUSY) for seed in range(12)]
    assert any("not counted" in str(one) for result in results for one in result.violations)
