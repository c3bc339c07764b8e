"""Many schedules of one package, what they came to, and the shortest schedule found that still fails as one of them did."""

import traceback
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

from syncline_runtime.declaration import Package
from syncline_runtime.simulation.reality import Reality
from syncline_runtime.simulation.recipe import Recipe, drawn_faults
from syncline_runtime.simulation.schedule import Result, simulate
from syncline_runtime.simulation.world import Violation

ERROR: Final = "error"
"""The name under which an error out of the executor counts as a violation."""

MOST_TRIALS: Final = 60
_NEIGHBOURS = 6
_SIZES = ((1, 1), (2, 1), (1, 2), (3, 1), (2, 2), (4, 2), (6, 3))


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What is verified: a package, what its systems do against their declaration, and the fields (entity, system, field) with a
    codec of one's own. `folder` is where state files stand while a schedule runs."""

    package: Package
    reality: Reality | None = None
    trusted: frozenset[tuple[str, str, str]] = frozenset()
    folder: Path | None = None

    def run(self, recipe: Recipe) -> Result:
        """One schedule. An error that the executor lets out is a violation like any other."""
        profile = recipe.profile(self.reality, self.trusted)
        try:
            return simulate(self.package, recipe.seed, profile, folder=self.folder)
        except Exception as error:
            last = traceback.extract_tb(error.__traceback__)[-1]
            text = f"{type(error).__name__}: {error} (in {last.name}, {Path(last.filename).name}:{last.lineno})"
            return Result(
                seed=recipe.seed,
                violations=(Violation(ERROR, text),),
                events=(),
                faults=Counter(),
                points=0,
                quiet_writes=(),
                state=(),
            )


@dataclass(slots=True)
class Tally:
    """What schedules came to. `failing` has the violations of each seed that failed; `edited` the fields in which people stored
    values; `sent` the writes by (system, operation)."""

    schedules: int = 0
    points: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    failing: dict[int, tuple[Violation, ...]] = field(default_factory=dict)
    edited: set[tuple[str, str, str]] = field(default_factory=set)
    sent: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, result: Result) -> None:
        """Take what came of one more schedule in."""
        self.schedules += 1
        self.points += result.points
        self.faults.update(result.faults)
        self.edited |= result.edited
        self.sent.update((event.who, event.detail.split(" ", 2)[1]) for event in result.events if event.what == "asked")
        if result.violations:
            self.failing[result.seed] = result.violations

    def failures(self) -> Mapping[str, int]:
        """In how many schedules each invariant failed."""
        return Counter(code for found in self.failing.values() for code in {one.invariant for one in found})


def verified(subject: Subject, schedules: int, start: int) -> Iterator[Tally]:
    """Run schedules one after the other; the tally after each, always the same one."""
    tally = Tally()
    for seed in range(start, start + schedules):
        tally.add(subject.run(Recipe(seed=seed)))
        yield tally


def shortened(subject: Subject, seed: int, invariant: str, trials: int = MOST_TRIALS) -> Recipe:
    """The smallest schedule that was found in which `invariant` fails as in that of `seed`: fewer rounds and records, then faults
    off one by one, then fewer things that people do. The same every time."""
    return _Shortening(subject, seed, invariant, trials).found()


class _Shortening:
    """A search under way; `left` are the schedules that may still be tried."""

    def __init__(self, subject: Subject, seed: int, invariant: str, trials: int) -> None:
        self.subject, self.seed, self.invariant, self.left = subject, seed, invariant, trials

    def found(self) -> Recipe:
        best = self._smaller(Recipe(seed=self.seed))
        if best.faults is None:
            return best
        for name in list(best.faults):
            rest = {other: chance for other, chance in (best.faults or {}).items() if other != name}
            best = self._first(replace(best, faults=rest), _NEIGHBOURS // 2) or best
        while best.runs and best.runs > 1 and (fewer := self._first(replace(best, runs=best.runs - 1), _NEIGHBOURS)):
            best = fewer
        return self._idle(best)

    def _smaller(self, recipe: Recipe) -> Recipe:
        faults = drawn_faults(self.seed)
        for channels in ("full", "cursor", "both"):
            calm = replace(recipe, runs=1, records=1, channels=channels, faults={})
            if shorter := self._first(calm, 2):
                return shorter
        for runs, records in _SIZES:
            for channels in ("full", "cursor"):
                tried = replace(recipe, runs=runs, records=records, channels=channels, faults=faults)
                if shorter := self._first(tried, _NEIGHBOURS):
                    return shorter
        return recipe

    def _idle(self, best: Recipe) -> Recipe:
        """With fewer things that people do: halves first, then one by one."""
        result = self._failing(best)
        if result is None:
            return best
        acts = list(range(1, result.acts + 1))
        size = len(acts)
        while size:
            for at in range(0, len(acts), size):
                without = replace(best, skipped=best.skipped | set(acts[at : at + size]))
                if without.skipped != best.skipped and self._failing(without):
                    best = without
            size //= 2
        return best

    def _first(self, recipe: Recipe, neighbours: int) -> Recipe | None:
        for seed in range(recipe.seed, recipe.seed + neighbours):
            if self._failing(tried := replace(recipe, seed=seed)):
                return tried
        return None

    def _failing(self, recipe: Recipe) -> Result | None:
        if self.left <= 0:
            return None
        self.left -= 1
        result = self.subject.run(recipe)
        return result if any(one.invariant == self.invariant for one in result.violations) else None
