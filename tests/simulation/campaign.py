"""Many schedules, by several processes."""

import multiprocessing
import tempfile
import traceback
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from syncline_runtime.simulation.schedule import Profile, simulate
from syncline_runtime.simulation.world import Violation
from tests.simulation.house import built, house

_PORTION = 10


@dataclass(slots=True)
class Tally:
    """What some schedules came to; `failing` maps a seed to what did not hold."""

    schedules: int = 0
    points: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    quiet: Counter[int] = field(default_factory=Counter)
    failing: dict[int, list[Violation]] = field(default_factory=dict)

    def add(self, other: "Tally") -> None:
        """Take another tally in."""
        self.schedules += other.schedules
        self.points += other.points
        self.faults.update(other.faults)
        self.quiet.update(other.quiet)
        self.failing.update(other.failing)


def shared_memory() -> Path | None:
    """Where files cost nothing, if there is such a place: what a state file survives is not tested by its disk."""
    place = Path("/dev/shm")
    return place if place.is_dir() else None


def tallied(seeds: Sequence[int], profile: Profile | None = None) -> Tally:
    """Run some schedules one after the other."""
    tally = Tally()
    with tempfile.TemporaryDirectory(dir=shared_memory(), prefix="syncline-campaign-") as folder:
        for seed in seeds:
            tally.schedules += 1
            try:
                result = simulate(house(seed), seed, profile, folder=Path(folder))
            except Exception:
                # A traceback out of the executor is a failure like any other.
                tally.failing[seed] = [Violation("traceback", traceback.format_exc(limit=-1).replace("\n", " "))]
                continue
            tally.points += result.points
            tally.faults.update(result.faults)
            tally.quiet[sum(map(bool, result.quiet_writes))] += 1
            if result.violations:
                tally.failing[seed] = list(result.violations)
    return tally


def campaign(count: int, start: int, processes: int = 2) -> Iterator[Tally]:
    """Run many schedules; a tally for each portion of them, as they end."""
    built()
    seeds = range(start, start + count)
    portions = [seeds[first : first + _PORTION] for first in range(0, count, _PORTION)]
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap_unordered(tallied, portions)
