"""`kill -9` of the commands of a generated package at moments drawn from a seed, people at work meanwhile, and what must hold."""

import random
import resource
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Protocol

from tests.systems.command import CHANGED, FAILED, IN_STEP, Command, Ended
from tests.systems.forked import Forked

RUN = ("run", "--apply-first", "--json", "--settle", "0.3")
"""What is killed. These servers carry a request out at once or never, so that an outcome is soon known."""

APPLY = ("apply", "reviewed.plan", "--json", "--settle", "0.3")
REBASE = ("rebase", "--apply", "--json", "--settle", "0.3")

_CONVERGES_SECONDS = 90.0
_ROUNDS_AT_MOST = 12
_TRIES = 4
_AT_ONCE = (2, 6)


class World(Protocol):
    """Two systems and the package between them.

    `fields` names what people write, and in which systems they do; `key` alone is not theirs to change. `asked` is one of which
    people are asked who is right, '' where there is none.
    """

    command: Command
    sides: Sequence[str]
    fields: Mapping[str, Sequence[str]]
    asked: str

    def create(self, side: str, key: str, values: Mapping[str, str]) -> None:
        """A person makes a record."""

    def edit(self, side: str, key: str, name: str, value: str) -> None:
        """A person changes a field."""

    def shown(self, side: str) -> list[tuple[str, Mapping[str, str | None]]]:
        """Every record of a system by its own account: its key, and what it shows."""

    def stamps(self) -> object:
        """Equal to an earlier answer if nothing was written in between."""


@dataclass(slots=True)
class Tally:
    """What happened, and what should not have; `found` is a line for each of the latter."""

    happened: Counter[str] = field(default_factory=Counter)
    found: list[str] = field(default_factory=list)

    @property
    def kills(self) -> int:
        """How many runs were killed."""
        return sum(count for what, count in self.happened.items() if what.startswith("kill"))


@dataclass(slots=True)
class Campaign:
    """Kills in one world. What people wrote is told apart by its number, so that a loss can be named."""

    world: World
    seed: int
    tally: Tally = field(default_factory=Tally)
    stored: dict[str, dict[str, str]] = field(default_factory=dict)
    _random: random.Random = field(init=False)
    _busy: set[tuple[str, str]] = field(default_factory=set)
    _settled: list[str] = field(default_factory=list)
    _number: int = 0
    _seconds: float = 0.3
    _startup: dict[bool, float] = field(default_factory=lambda: {True: 0.5, False: 0.1})
    _head: str = ""

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)

    # -- people --------------------------------------------------------------------------------------------------------

    def populate(self, count: int) -> None:
        """Records in either system, before there is a state."""
        for _ in range(count):
            self._create()

    def _create(self) -> None:
        self._number += 1
        key, side = f"K{self._number:04d}", self._random.choice(self.world.sides)
        values = {name: self._unique(name) for name, sides in self.world.fields.items() if side in sides}
        self.world.create(side, key, values)
        self.stored[key] = values
        self.tally.happened["records made by people"] += 1

    def _edit(self) -> None:
        """An edit of a field that nobody else has changed since all was in step: who is right is no question here."""
        free = [(key, name) for key in self._settled for name in self.world.fields if (key, name) not in self._busy]
        if not free:
            return
        key, name = self._random.choice(free)
        value = self._unique(name)
        self._busy.add((key, name))
        self.world.edit(self._random.choice(self.world.fields[name]), key, name, value)
        self.stored[key][name] = value
        self.tally.happened["edits"] += 1

    def _unique(self, name: str) -> str:
        self._number += 1
        return f"{name} {self.seed}.{self._number}"

    def people_work(self) -> None:
        """A few new records and edits."""
        for _ in range(self._random.randint(*_AT_ONCE)):
            self._edit()
        for _ in range(self._random.randint(0, 3)):
            self._create()

    # -- violence ------------------------------------------------------------------------------------------------------

    def kill(self) -> None:
        """Start a run and kill it; one in six in a new interpreter from its start on, the others spread over what it does."""
        self._strike(RUN, "a run")

    def kill_apply(self) -> None:
        """Save a plan of what people did and kill its application; a second one completes it, or says what changed or is left."""
        self.people_work()
        planned = self.world.command("plan", "-o", "reviewed.plan")
        self._told(planned)
        self._strike(APPLY, "an apply")
        again = self.world.command(*APPLY)
        self._told(again, CHANGED)
        if again.code == FAILED:
            self._hold(False, f"an apply after a kill failed: {again}")
            return
        told = again.document["changed"] or again.document["left"]
        self._hold((again.code == CHANGED) == bool(told), f"ended with {again.code}, and told {told}")
        self.tally.happened["applies that said what changed or was left" if told else "applies that completed"] += 1

    def kill_rebase(self) -> None:
        """People make records, the state is lost or only doubted, and its rebase is killed; what a second one holds is let pass."""
        for _ in range(self._random.randint(1, 4)):
            self._create()
        if self._random.random() < 0.5:
            for ending in ("", "-wal", "-shm"):
                self.state.with_name(f"{self.state.name}{ending}").unlink(missing_ok=True)
            self._head = ""
            self.tally.happened["states lost"] += 1
        self._strike(REBASE, "a rebase")
        self._told(self.world.command(*REBASE))
        self._told(self.world.command(*RUN, "--approve", "create"))

    def kill_answers(self) -> None:
        """Two people disagree, a third one decides and is killed while that is written down, and says it again."""
        asked = self.world.asked
        if not asked:
            return
        chosen = self._random.sample(self._settled, min(3, len(self._settled)))
        said = {key: {side: self._unique(asked) for side in self.world.fields[asked]} for key in chosen}
        for key, values in said.items():
            for side, value in values.items():
                self.world.edit(side, key, asked, value)
        self._told(self.world.command(*RUN))
        waiting = [one["item"] for one in self.world.command("review", "--json").document["items"]]
        items = [item for item in waiting if item.endswith(f"/{asked}")]
        self._hold(len(items) == len(chosen), f"{len(chosen)} conflicts, and {waiting} wait")
        side = self._random.choice(list(self.world.fields[asked]))
        for item in items:
            answer = ("review", "resolve", item, "--take", side)
            afresh = self._afresh()
            process = self.world.command.start(*answer, afresh=afresh)
            if not self._ends(process, self._random.random() * 1.5 * self._startup[afresh]):
                process.kill()
                process.communicate()
                self.tally.happened["kills of an answer"] += 1
            self._told(self.world.command(*answer))
        for key, values in said.items():
            self.stored[key][asked] = values[side]

    def _strike(self, arguments: Sequence[str], what: str) -> None:
        early, share, meanwhile = self._afresh(), self._random.random(), self._random.random()
        process = self.world.command.start(*arguments, afresh=True) if early else self._begun(arguments)
        opened, moment = time.monotonic(), share * (self._startup[True] if early else self._seconds)
        ended = self._ends(process, moment * meanwhile)
        if not ended:
            if arguments != REBASE:  # which of two values that differ was the later, nobody knows without a state
                self._edit()
            ended = self._ends(process, moment * (1 - meanwhile))
        if ended:
            self._seconds = 0.8 * min(self._seconds, time.monotonic() - opened)
            return
        process.kill()
        process.communicate()
        self.tally.happened[f"kills before {what} began" if early else f"kills of {what}"] += 1

    def pause(self) -> bool:
        """Stop a run for a while (SIGSTOP), as a laptop that sleeps does: beside it another is refused, or goes in its place."""
        process = self._begun(RUN)
        if self._ends(process, self._random.random() * self._seconds):
            return False
        process.send_signal(signal.SIGSTOP)
        try:
            other = self.world.command(*RUN)
            self.people_work()
        finally:
            process.send_signal(signal.SIGCONT)
        self._told(other)
        self._told(_ended(process))
        self.tally.happened["pauses"] += 1
        self.tally.happened["runs beside a paused one that were refused"] += other.code == FAILED
        return True

    def fill_disk(self) -> bool:
        """A run that may not enlarge a file beyond a few pages, as on a full disk."""
        room = self._random.randint(1, 12) * 4096

        def limited() -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))

        ended = _ended(self.world.command.start(*RUN, before=limited))
        self._told(ended)
        self.tally.happened["full disks"] += ended.code == FAILED
        return ended.code == FAILED

    def lock(self) -> bool:
        """Hold the state locked in the middle of a run for longer than it waits."""
        process = self._begun(RUN)
        with closing(sqlite3.connect(self.state, timeout=5.0, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            ended = _ended(process)
            other.execute("ROLLBACK")
        self._told(ended)
        self.tally.happened["locked states"] += ended.code == FAILED
        return ended.code == FAILED

    def _begun(self, arguments: Sequence[str], *, afresh: bool = False) -> subprocess.Popen[str] | Forked:
        """Start a run, and wait until it has opened its state, which is when its write-ahead log appears or grows."""
        log, deadline = self.state.with_name(f"{self.state.name}-wal"), time.monotonic() + 60
        before = _looks(log)
        process = self.world.command.start(*arguments, afresh=afresh)
        while _looks(log) == before and process.poll() is None:
            if time.monotonic() > deadline:
                raise AssertionError("a run does not begin")
            time.sleep(0.002)
        return process

    def _ends(self, process: subprocess.Popen[str] | Forked, within: float) -> bool:
        """Whether a run ends by itself; if so it is told."""
        try:
            text, problems = process.communicate(timeout=within)
        except subprocess.TimeoutExpired:
            return False
        self._told(Ended(process.returncode, text, problems), CHANGED)
        self.tally.happened["runs that ended before they were killed"] += 1
        return True

    def _afresh(self) -> bool:
        """Whether the next command has an interpreter of its own, in which it may be killed while it is imported."""
        return self._random.random() < 1 / 6

    def patience(self) -> int:
        """After how many kills in a row a run may end."""
        return self._random.randint(1, 8)

    # -- what must be true ---------------------------------------------------------------------------------------------

    @property
    def state(self) -> Path:
        """The state file."""
        return self.world.command.folder / f"{self.world.command.package}.db"

    def converge(self) -> None:
        """Run until nothing is left to do, and hold everything that is promised to be so."""
        deadline = time.monotonic() + _CONVERGES_SECONDS
        rounds, code = 0, FAILED
        while code != IN_STEP and rounds < _ROUNDS_AT_MOST and time.monotonic() < deadline:
            code = self._measured().code
            rounds += 1
        self.tally.happened["restarts"] += 1
        self.tally.happened[f"converged in {rounds} runs"] += 1
        before = self.world.stamps()
        quiet = self.world.command(*RUN)
        self._hold(quiet.code == IN_STEP, f"unrecovered after {rounds} runs: {quiet}")
        self._hold(self.world.stamps() == before, f"a run wrote though nothing was left: {quiet.text}")
        status = self.world.command("status", "--json").document
        self._hold(not status["waiting"], f"a person is needed: {status['waiting']}")
        self._hold(not status["deferred"], f"work is left over: {status['deferred']}")
        self._hold(
            not any("an unknown outcome" in due for due in status["due"].values()), f"open intents: {status['due']}"
        )
        self._hold_state()
        self._hold_records()
        self._settled = list(self.stored)
        self._busy.clear()

    def _measured(self) -> Ended:
        """Run to the end, and remember how long it takes: kills are spread over that."""
        afresh, began = self._afresh(), time.monotonic()
        process = self._begun(RUN, afresh=afresh)
        opened = time.monotonic()
        ended = _ended(process)
        self._startup[afresh], self._seconds = opened - began, time.monotonic() - opened
        self._told(ended)
        return ended

    def _hold_state(self) -> None:
        with closing(sqlite3.connect(f"file:{self.state}?mode=ro", uri=True)) as database:
            verdict = database.execute("PRAGMA integrity_check").fetchall()
            broken = database.execute("PRAGMA foreign_key_check").fetchall()
        self._hold(verdict == [("ok",)], f"integrity_check: {verdict}")
        self._hold(not broken, f"foreign_key_check: {broken}")
        audit = self.world.command("audit", "verify", "--json", *(("--head", self._head) if self._head else ()))
        self._hold(audit.code == IN_STEP, f"audit verify: {audit}")
        self._head = audit.document["head"]

    def _hold_records(self) -> None:
        for side in self.world.sides:
            shown = self.world.shown(side)
            counts = Counter(key for key, _ in shown)
            for key in self.stored.keys() | counts.keys():
                self._hold(counts[key] == 1, f"{side} has {counts[key]} records {key}")
            for key, values in shown:
                for name, value in self.stored.get(key, {}).items():
                    self._hold(values[name] == value, f"{side} shows {values[name]!r} for {key} {name}, not {value!r}")

    def _told(self, ended: Ended, *codes: int) -> None:
        """However a command ends, it says so in lines for people, and without a guess about whose fault it is."""
        self._hold("Traceback" not in ended.problems, f"a traceback: {ended.problems}")
        self._hold(0 <= ended.code <= FAILED or ended.code in codes, f"ended with {ended.code}: {ended.problems}")

    def _hold(self, holds: bool, what: str) -> None:
        if not holds:
            self.tally.found.append(f"seed {self.seed}: {what}")


def campaign(world: World, seed: int, kills: int, *, population: int) -> Tally:
    """So many kills, the first ones of the first run; a convergence after every few, and then in turn those of a plan's
    application, of a rebase and of answers; at last a pause, a full disk, a locked state."""
    at = Campaign(world, seed)
    at.populate(population)
    others = cycle((at.kill_apply, at.kill_rebase, at.kill_answers))
    while at.tally.kills < kills and not at.tally.found:
        until = min(kills, at.tally.kills + at.patience())
        while at.tally.kills < until and not at.tally.found:
            at.kill()
            at.people_work()
        at.converge()
        if not at.tally.found:
            next(others)()
            at.converge()
    for trouble in (at.pause, at.fill_disk, at.lock):
        for _ in range(_TRIES):
            at.people_work()
            if trouble():
                break
    at.converge()
    return at.tally


def _ended(process: subprocess.Popen[str] | Forked) -> Ended:
    text, problems = process.communicate(timeout=120)
    return Ended(process.returncode, text, problems)


def _looks(path: Path) -> tuple[int, ...]:
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_ino, found.st_size, found.st_mtime_ns
