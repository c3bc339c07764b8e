"""`make simulate SEEDS=10000 START=0`: schedules by the thousand; or, with one seed, its story."""

import argparse
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial

from syncline_runtime.simulation.schedule import Result, simulate
from tests.simulation.campaign import Tally, campaign, shared_memory
from tests.simulation.house import house
from tests.simulation.sweeps import PAIRS, SCENARIOS, swept, swept_twice


def main() -> int:
    """0 if every invariant held in every schedule, else 1."""
    parser = argparse.ArgumentParser(prog="simulate", description=__doc__)
    parser.add_argument("schedules", type=int, nargs="?", default=10_000)
    parser.add_argument("--start", type=int, default=0, help="the first seed")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, help="run one seed and tell its story")
    parser.add_argument("--sweep", action="store_true", help="a crash at every point of I/O of each scenario")
    parser.add_argument(
        "--pairs", action="store_true", help="two crashes, at a sample of the pairs of points of some scenarios"
    )
    parser.add_argument("--sample", type=int, default=200, help="so many pairs of each scenario, from --start; 0: all")
    asked = parser.parse_args()
    if asked.sweep or asked.pairs:
        twice = partial(swept_twice, sample=asked.sample, seed=asked.start)
        return _swept(PAIRS if asked.pairs else tuple(SCENARIOS), twice if asked.pairs else swept, asked)
    if asked.seed is not None:
        result = simulate(house(asked.seed), asked.seed)
        print(result.story(last=10_000))
        return int(bool(result.violations))
    began, whole = time.monotonic(), Tally()
    for tally in campaign(asked.schedules, asked.start, asked.processes):
        for seed, violations in sorted(tally.failing.items()):
            print(f"seed {seed}: {violations[0].invariant}: {violations[0].text}", flush=True)
        whole.add(tally)
        if whole.schedules % 500 == 0:
            print(f"{whole.schedules} schedules, {len(whole.failing)} failing", flush=True)
    seconds = time.monotonic() - began
    print(
        f"seeds {asked.start} to {asked.start + asked.schedules - 1}: {len(whole.failing)} of {whole.schedules} failed"
    )
    print(f"{whole.points} points of I/O in {seconds:.0f} s")
    print("runs that still wrote, once all was quiet: " + _listed(whole.quiet))
    print("faults: " + _listed(whole.faults))
    if whole.failing:
        print(f"story of one: python -m tests.simulation --seed {min(whole.failing)}")
    return int(bool(whole.failing))


def _swept(
    names: Sequence[str], sweep: Callable[..., Iterator[tuple[tuple[int, ...], Result]]], asked: argparse.Namespace
) -> int:
    failing = 0
    for name in names:
        count = 0
        for points, result in sweep(name, shared_memory()):
            count += 1
            if result.violations:
                failing += 1
                print(f"{name}, crash at {points}: {result.violations[0]}", flush=True)
        drawn = f", drawn from {asked.start}" if asked.pairs and asked.sample else ""
        print(f"{name}: {count} schedules{drawn}", flush=True)
    print(f"{failing} failed")
    return int(bool(failing))


def _listed(counts: dict[str, int] | dict[int, int]) -> str:
    return ", ".join(f"{name} {count}" for name, count in sorted(counts.items()))


if __name__ == "__main__":
    sys.exit(main())
