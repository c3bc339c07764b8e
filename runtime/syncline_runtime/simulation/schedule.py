"""A schedule: one seed, one world, the real executor in it, and what came of it."""

import asyncio
import sqlite3
import tempfile
from collections import Counter
from collections.abc import Callable, Collection, Coroutine, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random
from typing import Any, TypeAlias

from syncline_runtime import applying, executor
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import BATCH, Options
from syncline_runtime.executing.protections import ALL, Protections
from syncline_runtime.executing.reading import held_to_types
from syncline_runtime.planbook import Book, PlanFile, read_plan
from syncline_runtime.planned import PlanFailure
from syncline_runtime.ports import System
from syncline_runtime.simulation.answered import Answered
from syncline_runtime.simulation.cells import element_of, field_of
from syncline_runtime.simulation.hooks import Hooks
from syncline_runtime.simulation.invariants import settled
from syncline_runtime.simulation.keeping import Keeper, dump
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.people import People, drawn
from syncline_runtime.simulation.promised import Promised
from syncline_runtime.simulation.reality import Reality
from syncline_runtime.simulation.remote import Carelessness, SimulatedSystem
from syncline_runtime.simulation.reviewing import Reviewers
from syncline_runtime.simulation.server import Server
from syncline_runtime.simulation.virtual import VirtualLoop
from syncline_runtime.simulation.watching import Watch
from syncline_runtime.simulation.world import PORTIONED, WIDE, Crash, Event, Faults, Violation, World
from syncline_runtime.state import SqliteStore, StateFailure
from syncline_runtime.telling import Quiet

_MOST_QUIET_RUNS = 14

Work: TypeAlias = Callable[[Mapping[str, System], Keeper, Options], Coroutine[Any, Any, str]]
"""Something the engine does with systems and a state; what came of it, in a line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """How a schedule goes. `channels`: what the engine learns changes from, `cursor`, `full`, `both`, `hooks` (webhooks, and
    full listings now and then) or `hooks only` (no listing after the first run); None draws from the seed.

    `runs`, `records` and `faults` likewise. `crash_at` are I/O points at which the process dies; `carelessness` and
    `protections` take something away from the engine that it should have. `reality` is what systems do against their declaration,
    `trusted` are fields (entity, system, field) with a codec of one's own, `skipped` things that people would do and do not.
    """

    channels: str | None = None
    runs: int | None = None
    records: int | None = None
    faults: Faults | None = None
    crash_at: frozenset[int] = frozenset()
    carelessness: Carelessness | None = None
    protections: Protections = ALL
    reality: Reality | None = None
    trusted: frozenset[tuple[str, str, str]] = frozenset()
    skipped: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of a schedule: `violations` of invariants, the `events` in order, how often each fault struck, the I/O points
    (before all was quiet), the writes of each quiet run, and the state as SQL; how many things people did, and in which fields
    (entity, system, field) they stored values."""

    seed: int
    violations: tuple[Violation, ...]
    events: tuple[Event, ...]
    faults: Counter[str]
    points: int
    quiet_writes: tuple[int, ...]
    state: tuple[str, ...]
    acts: int = 0
    edited: frozenset[tuple[str, str, str]] = frozenset()

    def story(self, last: int = 400) -> str:
        """What happened, for people: the seed, what did not hold, and the events that led to it."""
        lines = [f"seed {self.seed}: {len(self.violations)} violations"]
        lines += [f"  {each.invariant}: {each.text}" for each in self.violations]
        return "\n".join([*lines, "", *(event.line() for event in self.events[-last:])])


def simulate(package: Package, seed: int, profile: Profile | None = None, *, folder: Path | None = None) -> Result:
    """Run one schedule of `package` against twins of its systems; the same seed gives the same result."""
    with tempfile.TemporaryDirectory(dir=folder, prefix="syncline-simulation-") as made:
        return Schedule(package, seed, profile or Profile(), Path(made) / "state.db").carried_out()


class Schedule:
    """One schedule under way; of its parts, `begin` and `close` are called once, the others in any order."""

    def __init__(self, package: Package, seed: int, profile: Profile, path: Path) -> None:
        # Who types, and who checks, knows what the executor takes for a value.
        held = tuple(held_to_types(one, package.entities[one.entity], package.source) for one in package.mappings)
        package = replace(package, mappings=held)
        self.package, self.seed, self.profile, self.path = package, seed, profile, path
        self.rng = Random(seed)
        self.loop = VirtualLoop()
        wide = seed >= WIDE
        faults = profile.faults or Faults.drawn(self.rng, seed)
        known = ("both", "both", "cursor", "full", *(("hooks", "hooks") if wide else ()))
        self.channels = profile.channels or self.rng.choice(known)
        if self.channels == "cursor":
            # Deletions, mergers, lies of a listing and permissions that are granted again only show in a full one.
            faults = replace(
                faults, delete=0.0, truncated=0.0, empty=0.0, hidden=0.0, shifted=0.0, snatched=0.0, merge=0.0
            )
        self.world = World(seed, Random(self.rng.random()), self.loop, faults, profile.crash_at)
        self.ledger = Ledger(package, self.world, profile.trusted)
        self.servers = {
            name: Server(declared, self.world, self.rng.choice((0.0, -37.0, 45.0)), profile.reality)
            for name, declared in package.systems.items()
        }
        self.watch = Watch(package, self.world, self.servers, self.ledger)
        habits = drawn(package, self.world, self.ledger.belonging)
        self.ledger.ignored, self.ledger.filled = habits.ignored, habits.filled
        self.people = People(package, self.world, self.servers, self.ledger, habits)
        self.people.skipped = profile.skipped
        self.reviewers = Reviewers(
            package, self.world, self.servers, self.ledger, self.people, Random(f"reviewers {seed}")
        )
        self.answered = Answered(package, self.world, self.servers, self.ledger, self.reviewers)
        self.portion = Random(f"portioned {seed}").choice((1, 2, 3, BATCH)) if seed % WIDE >= PORTIONED else BATCH
        self.lives = 0
        self.planned_at = 0.0
        self.hooks = Hooks(package, self.world, lambda: SqliteStore(self.path, package.name, create=False))
        self.calling = self.channels in ("hooks", "hooks only") or (wide and self.channels == "both")
        self.world.act = self.people.act
        self.settle = {
            name: max(2 * declared.connector.timeout_seconds, 120.0) for name, declared in package.systems.items()
        }
        self.longest = max(
            (
                table.conduct.lag(table.resource.list.since.lag_seconds)
                for server in self.servers.values()
                for table in server.tables.values()
                if table.resource.list is not None and table.resource.list.since is not None
            ),
            default=0.0,
        ) + max(self.settle.values())

    def carried_out(self) -> Result:
        """The whole of it, as the seed has it."""
        try:
            self.begin()
            runs = self.profile.runs if self.profile.runs is not None else self.rng.randint(4, 9)
            for _ in range(runs):
                for _ in range(self.rng.randint(0, 3)):
                    self.world.pass_time(self.rng.randint(1, 20))
                    self.people.act()
                self.people.permit()
                if self.world.happens("state_lost"):
                    self.begin_anew()
                self.answer()
                if self.world.happens("plan"):
                    self.apply(self.plan())
                self.run()
                self.world.pass_time(self.rng.choice((1, 5, 30, 200)))
            points = self.world.points
            quiet = self.calm_down()
            violations, state = self.checked(quiet)
        finally:
            self.close()
        return Result(
            seed=self.seed,
            violations=tuple(violations),
            events=tuple(self.world.events),
            faults=self.world.counts,
            points=points,
            quiet_writes=tuple(quiet),
            state=tuple(state),
            acts=self.people.acts,
            edited=frozenset(
                (one.entity, one.system, f"{field_of(one.field)}[]" if element_of(one.field) else one.field)
                for one in self.ledger.edits
                if one.by == "user" and one.value is not None
            ),
        )

    def begin(self) -> None:
        """Records that were there before us, some of them in several systems."""
        self.loop.set_exception_handler(lambda loop, context: None)
        asyncio.set_event_loop(self.loop)
        count = self.profile.records if self.profile.records is not None else self.rng.randint(1, 4)
        for _ in range(count):
            for sync in self.package.syncs:
                self.people.begin(sync, self.rng)
                self.world.pass_time(self.rng.randint(0, 3))
        if self.calling:
            self.hooks.connect(self.servers)

    def checked(self, quiet: Sequence[int]) -> tuple[list[Violation], list[str]]:
        """What does not hold at rest, after the writes of some `quiet` runs; and the state."""
        violations = [*self.world.violations]
        self.hooks.rest()
        with SqliteStore(self.path, self.package.name) as store:
            keeper = Keeper(store, self.world, self._identity(), self.ledger.waves, self.ledger.committed)
            violations += settled(self.package, self.servers, keeper, self.ledger)
            violations += self.answered.settled(keeper)
            state = dump(store)
        if len(quiet) >= _MOST_QUIET_RUNS:
            violations.append(Violation("C1", f"it never comes to rest: writes of quiet runs {[*quiet]}"))
        return violations, state

    def close(self) -> None:
        """Nothing happens any more."""
        self.hooks.rest()
        self.loop.close()
        asyncio.set_event_loop(None)

    def calm_down(self) -> list[int]:
        """Nobody acts and nothing fails any more: run until nothing is written; the writes of each run."""
        self.world.faults = self.world.faults.quiet()
        self.world.crash_at = frozenset()
        self.people.permit()
        self.world.tell("people", "go home")
        writes: list[int] = []
        while len(writes) < _MOST_QUIET_RUNS and (len(writes) < 4 or any(writes[-3:])):
            self.world.pass_time(self.longest + 60.0)
            writes.append(self.run(full=self.channels not in ("cursor", "hooks only")))
        return writes

    def _committed(self) -> None:
        self.ledger.committed()
        self.watch.committed()
        self.answered.committed()

    def _identity(self) -> str:
        return f"simulated{self.seed}" + (f".{self.lives}" if self.lives else "")

    # -- people at the engine ------------------------------------------------------------------------------------------

    def answer(self, *, all_of_it: bool = False) -> int:
        """Somebody looks into `review`; how many answers were given."""
        if not (self.world.faults.answer or all_of_it) or not self.path.exists():
            return 0
        self.hooks.rest()
        with SqliteStore(self.path, self.package.name) as store:
            return self.reviewers.answer(store, all_of_it=all_of_it)

    def plan(self) -> Path | None:
        """Somebody saves a plan, and others go on working; the file."""
        file = self.path.with_name("saved.plan")
        file.unlink(missing_ok=True)

        async def find(systems: Mapping[str, System], keeper: Keeper, options: Options) -> str:
            with closing(Book()) as book:
                report = await applying.find(
                    self.package,
                    book,
                    systems=systems,
                    store=keeper,
                    clock=self.world,
                    reporter=Quiet(),
                    options=options,
                )
                if report.failures or report.changed:
                    return "no plan could be made"
                head = applying.head_of(self.package, keeper, self.world, options, ())
                return f"{PlanFile(file).save(head, book, report.held)} records are to be changed"

        if self.path.exists():
            self._at_work("plans", "", Options(full=True), find)
            self.planned_at = self.world.elapsed
            for _ in range(self.reviewers.rng.randint(0, 2)):
                self.world.pass_time(self.reviewers.rng.randint(1, 60))
                self.people.act()
        return file if file.exists() else None

    def apply(self, file: Path | None) -> None:
        """Somebody applies a saved plan: just that is done, or nothing."""
        if file is None:
            return
        head, book = read_plan(file)
        promised = Promised(book, self.package, self.planned_at, self.world.elapsed)

        async def do(systems: Mapping[str, System], keeper: Keeper, options: Options) -> str:
            try:
                applied = await applying.apply_plan(
                    self.package, head, book, systems=systems, store=keeper, clock=self.world, reporter=Quiet()
                )
            except PlanFailure as failure:
                return str(failure)
            left = sum(1 for _ in book.left())
            if applied.report is None:
                if promised.sent:
                    self.world.violate("A4", f"{promised.sent} writes were sent of a plan that was refused")
                self.world.counts["plan refused"] += 1
                return f"refused: {sum(1 for _ in book.changes())} records changed"
            if missed := promised.missed(left):
                self.world.violate("A4", f"{missed} effects of a plan were neither sent nor told as left")
            self.world.counts["plan applied"] += 1
            return f"{promised.sent} writes, {left} left"

        self.ledger.promised, seen = promised, self.ledger.readings()
        with closing(book):
            self._at_work("applies", f"a plan of {len(book)} records", Options(), do)
        self.ledger.promised = None
        if self.ledger.keeper is not None and self.ledger.keeper.undone:
            self.ledger.put_back(seen)

    def begin_anew(self) -> None:
        """The state is lost. Once nothing is on its way any more, somebody begins anew with `rebase`."""
        if not self.path.exists():
            return
        self.hooks.rest()
        self.world.tell("state", "is lost", "the state was lost")
        self.world.pass_time(self.longest + 60.0)
        self.lives += 1
        self.path = self.path.with_name(f"state{self.lives}.db")
        for each in (self.watch, self.answered):
            each.forget()
        self.ledger.forget(self.servers)
        self.run(full=True, rebase=True)

    # -- runs ----------------------------------------------------------------------------------------------------------

    def run(self, *, full: bool | None = None, hinted: bool | None = None, rebase: bool = False) -> int:
        """One run of the real executor; how many records it wrote."""
        if full is None:
            lists = {"full": True, "cursor": False, "hooks only": False}
            full = lists.get(self.channels, self.rng.random() < 0.4)
        if hinted is None:
            hinted = self.channels in ("hooks", "hooks only") and not full
        written = [0]

        async def work(systems: Mapping[str, System], keeper: Keeper, options: Options) -> str:
            report = await executor.run(
                self.package, systems=systems, store=keeper, clock=self.world, reporter=Quiet(), options=options
            )
            written[0] = sum(summary.writes for summary in report.summaries)
            return f"{report.status}, {written[0]} writes"

        how = "with a full listing" if full else "by webhooks alone" if hinted else ""
        how = "anew, without its state" if rebase else how
        options = Options(
            apply_first=True,
            full=full,
            hinted=hinted,
            rebase=rebase,
            retry=False,
            protections=self.profile.protections,
        )
        self._at_work("runs", how, options, work)
        return written[0]

    def _at_work(self, what: str, how: str, options: Options, work: Work) -> None:
        """The engine over its state and the systems, until it is done, stopped or dead."""
        world = self.world
        options = replace(options, portion=self.portion)
        world.dead = False
        world.tell("engine", what, how)
        died = False
        self.hooks.rest()
        with SqliteStore(self.path, self.package.name) as store:
            self.hooks.begin(store)
            keeper = Keeper(store, world, self._identity(), self.ledger.waves, self._committed)
            self.ledger.keeper = keeper
            systems = {
                name: SimulatedSystem(
                    server, world, self.ledger, self.people, self.settle[name], self.profile.carelessness, self.hooks
                )
                for name, server in self.servers.items()
            }
            try:
                world.tell("engine", "is done", self.loop.run_until_complete(work(systems, keeper, options)))
            except Crash:
                died = True
                world.tell("engine", "is dead")
            except (StateFailure, sqlite3.Error) as error:
                world.tell("engine", "stops", str(error))
            finally:
                world.dead = True
                self._abandon(asyncio.all_tasks(self.loop))
                self.hooks.end(listening=not died)

    def _abandon(self, tasks: Collection["asyncio.Task[object]"]) -> None:
        """What was under way when the process died is never heard of again."""
        for task in tasks:
            task.cancel()
        if tasks:
            self.loop.run_until_complete(asyncio.gather(*tasks, return_exceptions=True))
        self.loop.run_until_complete(self.loop.shutdown_asyncgens())
