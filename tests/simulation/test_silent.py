"""Systems that never say what they stored: with the reading that explains it nothing is invented, without it much is."""

from random import Random

import pytest

from syncline_runtime.declaration import Package
from syncline_runtime.executing.protections import Protections
from syncline_runtime.simulation.schedule import Profile, simulate
from tests.simulation.house import CAPABILITIES, able, built

SILENT = ({"lag": 0, "silent": True}, {"lag": 25, "silent": True}, {"lag": 15, "lock": "etag", "silent": True})


def house(seed: int) -> Package:
    """Two systems or three, most of which answer a write with nothing."""
    rng = Random(f"silent {seed}")
    systems = ("a", "b", "c") if rng.random() < 0.35 else ("a", "b")
    return able(built(), {name: rng.choice(SILENT if rng.random() < 0.6 else CAPABILITIES) for name in systems})


@pytest.mark.parametrize("seed", range(12))
def test_what_was_stored_is_told_by_the_next_reading(seed: int) -> None:
    assert not simulate(house(seed), seed).violations


def test_without_it_renderings_flow_back() -> None:
    off = Profile(protections=Protections(unseen=False))
    assert any(simulate(house(seed), seed, off).violations for seed in range(25))
