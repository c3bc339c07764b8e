"""Systems that tell of their deletions, under the same faults as all others."""

from dataclasses import replace

import pytest

from syncline_runtime.declaration import Call, Listing, NativeField, Package, Resource, Since, System, Text
from syncline_runtime.simulation.schedule import simulate
from tests.simulation.house import house

FEED = Resource(
    name="deleted",
    identity="id",
    fields={name: NativeField(name=name, kind=kind) for name, kind in (("id", "text"), ("at", "instant"))},
    version="at",
    list=Listing(
        call=Call(verb="GET", target=Text("/gone")),
        since=Since(condition=Text("{since}"), field="at", lag_seconds=30.0),
    ),
)


def telling(package: Package) -> Package:
    """The package with a feed of deletions in every system."""

    def told(system: System) -> System:
        return replace(system, resources={name: replace(one, deleted=FEED) for name, one in system.resources.items()})

    return replace(package, systems={name: told(system) for name, system in package.systems.items()})


@pytest.mark.parametrize("seed", range(12))
def test_nothing_is_deleted_that_nobody_deleted(seed: int) -> None:
    result = simulate(telling(house(seed)), seed)
    assert not result.violations, result.story()
