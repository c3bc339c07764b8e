"""What all parts of a simulated world share: time, chance, what may go wrong, and what happened."""

import asyncio
import heapq
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from random import Random
from typing import Any, Final, NamedTuple, Self

from syncline_runtime.simulation.virtual import VirtualLoop

_TICK: Final = 1e-6
"""Seconds after something is due at which it has certainly become so."""

EPOCH: Final = 1_800_000_000.0
"""When every simulated world begins, in seconds since the epoch."""


WIDE: Final = 1_000_000
"""From this seed on, worlds have what those before do not: webhooks, and more that goes wrong."""

NAMELESS: Final = 40_000
"""Of the seeds of each kind of wide world, from this one on listings show records without an identity."""

GARBLED: Final = 80_000
"""And from this one on, readings by id are answered with something else than the record."""

NESTED: Final = 90_000
"""And from this one on, people edit nested records."""

PORTIONED: Final = 220_000
"""Of the seeds of every kind, from this one on the engine takes a few records at a time, as it takes thousands of many."""


class Crash(BaseException):
    """The process dies here. No handler of the engine may survive it."""


class Event(NamedTuple):
    """Something that happened: `at` seconds since the beginning, `who` did `what`, `detail` for people."""

    at: float
    who: str
    what: str
    detail: str = ""

    def line(self) -> str:
        """The event in one line."""
        return f"{self.at:10.3f}  {self.who:<8} {self.what:<10} {self.detail}".rstrip()


class Violation(NamedTuple):
    """An invariant that did not hold: which one, what shows it, and the field of an entity that it is about, if it is about one."""

    invariant: str
    text: str
    entity: str = ""
    field: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """How likely each fault is on each occasion, in one schedule. All zero: nothing goes wrong.

    `edit` is a person acting while the engine waits for an answer; from `undeclared` on, faults are drawn once for each field
    of a system.
    """

    edit: float = 0.0
    busy: float = 0.0  # a call fails before it is applied
    lost: float = 0.0  # applied, the answer is lost
    zombie: float = 0.0  # applied later than anybody waits
    partial: float = 0.0  # one item of a batch fails alone
    crash: float = 0.0
    unread: float = 0.0  # a listing or a reading fails
    truncated: float = 0.0
    empty: float = 0.0
    unauthorised: float = 0.0
    throttled: float = 0.0  # a Retry-After of an hour
    locked: float = 0.0
    full_disk: float = 0.0
    clock_back: float = 0.0
    workflow: float = 0.0
    same_key: float = 0.0
    delete: float = 0.0
    clear: float = 0.0
    undeclared: float = 0.0
    ignored: float = 0.0
    defaulted: float = 0.0
    hidden: float = 0.0
    unborn: float = 0.0  # a record that was just made is not found yet
    hook_lost: float = 0.0
    hook_twice: float = 0.0
    hook_late: float = 0.0
    shifted: float = 0.0  # between two pages of a listing a record is passed over, or shown twice
    shuffled: float = 0.0  # a batch is applied in another order, and some of its answers are missing
    snatched: float = 0.0  # somebody deletes a record that was made a moment ago
    fsync: float = 0.0  # a commit fails, whether it became durable or not
    merge: float = 0.0
    undelete: float = 0.0
    rekey: float = 0.0
    answer: float = 0.0  # a person settles something that waits for one
    plan: float = 0.0  # a plan is saved, and applied later
    state_lost: float = 0.0  # the state is lost, and a person begins anew
    nameless: float = 0.0  # for a while, listings show a record without its identity
    garbled: float = 0.0  # something else than the record is answered when it is read by id
    nested: float = 0.0  # who edits a record that has nested ones edits these

    @classmethod
    def drawn(cls, rng: Random, seed: int) -> Self:
        """Faults for one schedule; each is absent, rare or frequent by itself. Those of wide worlds are drawn last, and what people
        do at the engine from the seed alone, so that what a seed means without them does not change."""
        wide = seed >= WIDE
        often = {
            "edit": (0.03, 0.08, 0.2),
            "busy": (0.0, 0.03, 0.1),
            "lost": (0.0, 0.04, 0.12),
            "zombie": (0.0, 0.04, 0.12),
            "partial": (0.0, 0.1, 0.3),
            "crash": (0.0, 0.0, 0.005, 0.02, 0.05),
            "unread": (0.0, 0.02, 0.06),
            "truncated": (0.0, 0.1, 0.3),
            "empty": (0.0, 0.05, 0.1),
            "unauthorised": (0.0, 0.0, 0.02),
            "throttled": (0.0, 0.0, 0.04),
            "locked": (0.0, 0.0, 0.01),
            "full_disk": (0.0, 0.0, 0.01),
            "clock_back": (0.0, 0.0, 0.02),
            "workflow": (0.0, 0.05, 0.15),
            "same_key": (0.0, 0.1, 0.3),
            "delete": (0.0, 0.04, 0.1),
            "clear": (0.0, 0.0, 0.1),
            "undeclared": (0.0, 0.15),
            "ignored": (0.0, 0.0, 0.0, 0.1),
            "defaulted": (0.0, 0.0, 0.1),
            "hidden": (0.0, 0.0, 0.3),
            "unborn": (0.0, 0.3),
        }
        if wide:
            often |= {
                "hook_lost": (0.0, 0.1, 0.5),
                "hook_twice": (0.0, 0.2),
                "hook_late": (0.0, 0.1, 0.4),
                "shifted": (0.0, 0.0, 0.2),
                "shuffled": (0.0, 0.3),
                "snatched": (0.0, 0.0, 0.15),
                "fsync": (0.0, 0.0, 0.01),
                "merge": (0.0, 0.0, 0.08),
                "undelete": (0.0, 0.0, 0.1),
                "rekey": (0.0, 0.0, 0.08),
            }
        drawn = {name: rng.choice(choices) for name, choices in often.items()}
        if wide:
            engine = Random(f"at the engine {seed}")
            drawn |= {
                "answer": engine.choice((0.0, 0.5, 1.0)),
                "plan": engine.choice((0.0, 0.0, 0.4)),
                "state_lost": engine.choice((0.0, 0.0, 0.0, 0.15)),
            }
        if wide and seed % WIDE >= NAMELESS:
            drawn["nameless"] = Random(f"nameless {seed}").choice((0.0, 0.1, 0.3))
        if wide and seed % WIDE >= GARBLED:
            drawn["garbled"] = Random(f"garbled {seed}").choice((0.0, 0.1, 0.3))
        if wide and seed % WIDE >= NESTED:
            drawn["nested"] = Random(f"nested {seed}").choice((0.3, 0.7))
        return cls(**drawn)

    def quiet(self) -> "Faults":
        """The same fields of the same systems, with nobody acting and nothing failing."""
        lasting = ("undeclared", "ignored", "defaulted")
        return Faults(**{each.name: getattr(self, each.name) for each in fields(self) if each.name in lasting})


@dataclass(slots=True)
class World:
    """One simulated world. `points` counts I/O points; a crash comes at those in `crash_at` and by chance."""

    seed: int
    rng: Random
    loop: VirtualLoop
    faults: Faults
    crash_at: frozenset[int] = frozenset()
    points: int = 0
    dead: bool = False
    behind: float = 0.0
    events: list[Event] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    violations: list[Violation] = field(default_factory=list)
    act: Callable[[], None] = lambda: None
    _late: list[tuple[float, int, Callable[[], None]]] = field(default_factory=list)
    _serial: int = 0

    @property
    def elapsed(self) -> float:
        """Seconds since the beginning."""
        return self.loop.time()

    def now(self) -> float:
        """The engine's clock, which may be set back."""
        return EPOCH + self.loop.time() - self.behind

    def real(self) -> float:
        """The time that everybody else agrees on."""
        return EPOCH + self.loop.time()

    async def sleep(self, seconds: float) -> None:
        """The engine waits."""
        self.alive()
        await asyncio.sleep(seconds)
        self.land()
        self.alive()

    def tell(self, who: str, what: str, detail: str = "") -> None:
        """Write an event down."""
        self.events.append(Event(round(self.loop.time(), 3), who, what, detail))

    def happens(self, fault: str) -> bool:
        """Whether this fault strikes now; counted if so."""
        chance = getattr(self.faults, fault)
        if not chance or self.rng.random() >= chance:
            return False
        self.counts[fault] += 1
        return True

    def violate(self, invariant: str, text: str, entity: str = "", field: str = "") -> None:
        """Note that an invariant does not hold."""
        self.violations.append(Violation(invariant, text, entity, field))
        self.tell("CHECK", invariant, text)

    def alive(self) -> None:
        """Raise Crash if the process is dead already."""
        if self.dead:
            raise Crash

    def may_crash(self, where: str) -> None:
        """An I/O point: the process may die here."""
        self.alive()
        self.points += 1
        struck = self.points in self.crash_at
        if not struck and not self.faults.crash:
            return
        if struck or self.rng.random() < self.faults.crash:
            self.counts["crash"] += 1
            self.dead = True
            self.tell("engine", "CRASH", f"{where} (point {self.points})")
            raise Crash

    async def wait(self, who: str, what: str) -> None:
        """A request is on its way: time passes, late writes land, people act."""
        self.may_crash(f"before {who} {what}")
        await asyncio.sleep(self.rng.randint(10, 400) / 1000)
        self.alive()
        self.land()
        if self.happens("edit"):
            self.act()
        if self.happens("clock_back"):
            self.behind += self.rng.randint(1, 20)

    def later(self, seconds: float, effect: Callable[[], None]) -> None:
        """Let `effect` happen in some seconds, whoever waits for it, and however long everybody waits for something else."""
        self._serial += 1
        heapq.heappush(self._late, (self.loop.time() + seconds, self._serial, effect))
        self.loop.call_later(seconds + _TICK, self.land)

    def land(self) -> None:
        """Let everything happen that is due."""
        while self._late and self._late[0][0] <= self.loop.time():
            heapq.heappop(self._late)[2]()

    def is_expecting(self) -> bool:
        """Whether anything is on its way that will happen later."""
        return bool(self._late)

    def pass_time(self, seconds: float) -> None:
        """Nobody runs for some seconds."""
        end = self.loop.time() + seconds
        while self._late and self._late[0][0] <= end:
            self.loop.advance(max(0.0, self._late[0][0] - self.loop.time()))
            self.land()
        self.loop.advance(end - self.loop.time())


def short(value: Any) -> str:
    """A value for the story, in few characters; the elements of a set in one order, however this process hashes them."""
    text = _spelled(value)
    return text if len(text) <= 60 else text[:57] + "..."


def _spelled(value: Any) -> str:
    match value:
        case frozenset():
            return "{" + ", ".join(sorted(map(_spelled, value))) + "}"
        case dict():
            return "{" + ", ".join(f"{name!r}: {_spelled(one)}" for name, one in value.items()) + "}"
        case _:
            return repr(value)
