"""Crash sweeps: the process dies at every point of I/O of a scenario, in turn, and is started again."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path
from random import Random
from typing import Any

from syncline_runtime.declaration import Package
from syncline_runtime.simulation.schedule import Profile, Result, simulate
from syncline_runtime.simulation.world import Faults
from tests.simulation.house import SHOP, SPEC, able, built

_PLAIN: Mapping[str, Any] = {}
_EDITS = 0.1


@dataclass(frozen=True, slots=True)
class Scenario:
    """A small world: what its systems can do, and what goes on in it beside the crash."""

    capabilities: Mapping[str, Mapping[str, Any]]
    faults: Faults
    seed: int = 1
    runs: int = 2
    channels: str = "full"
    records: int = 2
    spec: Path = SPEC

    @property
    def package(self) -> Package:
        """What is run."""
        return able(built(self.spec), self.capabilities)

    def crashed(self, *points: int, folder: Path | None = None) -> Result:
        """The scenario with crashes at these points of I/O."""
        profile = Profile(
            faults=self.faults, runs=self.runs, records=self.records, channels=self.channels, crash_at=frozenset(points)
        )
        return simulate(self.package, self.seed, profile, folder=folder)


def _two(**both: Any) -> Mapping[str, Mapping[str, Any]]:
    return {"a": both, "b": both}


_THREE: Mapping[str, Mapping[str, Any]] = {"a": _PLAIN, "b": _PLAIN, "c": _PLAIN}
_CROWDED = Faults(edit=0.15, same_key=1.0, unauthorised=0.1, answer=0.7)
"""While a system cannot be used, people make records in it with the key of one that is to be created there."""

SCENARIOS: Mapping[str, Scenario] = {
    "two systems": Scenario(_two(), Faults(edit=_EDITS)),
    "by the cursor alone": Scenario(_two(lag=25), Faults(edit=_EDITS), channels="cursor"),
    "three systems": Scenario(_THREE, Faults(edit=_EDITS), seed=2),
    "a lagging index": Scenario(_two(lag=80), Faults(edit=_EDITS, same_key=0.3), seed=3),
    "etags": Scenario(_two(lock="etag"), Faults(edit=0.3), seed=4),
    "idempotency keys": Scenario(_two(idempotency="Idempotency-Key"), Faults(edit=_EDITS), seed=5),
    "batches": Scenario(_two(batch=3), Faults(edit=_EDITS), seed=6),
    "answers that show nothing": Scenario(_two(batch=2, silent=True), Faults(edit=_EDITS), seed=7),
    "deletions": Scenario(_two(), Faults(edit=0.3, delete=0.5), seed=8, runs=3),
    "lost answers": Scenario(_two(lag=25), Faults(edit=_EDITS, lost=0.3), seed=9),
    "late requests": Scenario(_two(lag=25), Faults(edit=_EDITS, zombie=0.3), seed=10),
    "undeclared normalisation": Scenario(_two(), Faults(edit=_EDITS, undeclared=0.7), seed=11),
    "workflows and defaults": Scenario(_two(), Faults(edit=_EDITS, workflow=0.5, defaulted=0.5), seed=12),
    "webhooks": Scenario(_two(), Faults(edit=0.3, hook_lost=0.2, hook_twice=0.2), seed=14, runs=3, channels="hooks"),
    "a deal is won": Scenario({"a": {}, "b": {}, "post": {}}, Faults(edit=0.15), seed=17, records=1, spec=SHOP),
    "a deal is won, in silence": Scenario(
        {"a": {}, "b": {}, "post": {}}, Faults(edit=0.15, lost=0.2, zombie=0.1), seed=10, records=1, spec=SHOP
    ),
    "one key in several records": Scenario(_two(lag=25), Faults(edit=0.3, same_key=1.0), seed=13),
    "a create that waits is released": Scenario(_THREE, _CROWDED, seed=21, runs=4, records=1),
    "a create that waits is linked": Scenario(_THREE, _CROWDED, seed=14, runs=4, records=1),
}
"""The scenarios of the long sweep; the first ones are in the tests."""

ANSWERED: Mapping[str, str] = {
    "a create that waits is released": "review release",
    "a create that waits is linked": "review link",
}
"""Scenarios in which a create waits beside records without a link, and what a person says of it."""

PAIRS = ("two systems", "lost answers", "deletions")
"""Scenarios that are also swept by two crashes."""


def swept(name: str, folder: Path | None = None) -> Iterator[tuple[tuple[int, ...], Result]]:
    """One crash at every point of I/O: the points and what came of it."""
    scenario = SCENARIOS[name]
    for point in range(1, scenario.crashed(folder=folder).points + 1):
        yield (point,), scenario.crashed(point, folder=folder)


def swept_twice(
    name: str, folder: Path | None = None, *, sample: int = 0, seed: int = 0
) -> Iterator[tuple[tuple[int, ...], Result]]:
    """Two crashes, at every pair of points, or at a `sample` of them, drawn from `seed`."""
    scenario = SCENARIOS[name]
    whole = scenario.crashed(folder=folder).points
    pairs = list(combinations(range(1, whole + 1), 2))
    if 0 < sample < len(pairs):
        pairs = sorted(Random(f"{name} {seed}").sample(pairs, sample))
    for points in pairs:
        yield points, scenario.crashed(*points, folder=folder)
