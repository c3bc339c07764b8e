"""The guarantee report as data: statements, each with the declarations that it follows from."""

from collections.abc import Mapping
from enum import Enum
from typing import TYPE_CHECKING

from syncline.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


class Topic(Enum):
    """What a statement is about."""

    RESUMING = "resuming"
    DELETIONS = "deletions"
    ECHO = "echo"
    DUPLICATES = "duplicates"
    LOST_UPDATES = "lost-updates"
    UNKNOWN_OUTCOMES = "unknown-outcomes"
    FOLLOWING = "following"
    TRIGGERS = "triggers"
    PERSONAL_DATA = "personal-data"
    ASSUMPTIONS = "assumptions"


@dataclass(frozen=True, slots=True)
class Guarantee:
    """One statement. `verdict` is a word for programs, stable within a format version; `because` are the declarations it
    follows from, none where it follows from how the runtime works."""

    topic: Topic
    verdict: str
    statement: str
    because: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Share:
    """What one system costs: calls over HTTP by occasion, as numbers and as formulas."""

    system: str
    counted: bool  # False: not over HTTP, so that there are no calls to count
    login: int
    quiet: int  # calls of a run in which nothing changed, the login included; None of its records where all are listed
    lists_all: bool  # every run lists every record
    formulas: Mapping[str, str]
    because: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Thousand:
    """Calls by system when a thousand records change in `changed_in`: in the run that carries them, and in the next one, which
    sees what it wrote."""

    changed_in: str
    calls: Mapping[str, int]
    afterwards: Mapping[str, int]

    @property
    def total(self) -> int:
        """All calls together."""
        return sum(self.calls.values()) + sum(self.afterwards.values())


@dataclass(frozen=True, slots=True)
class Budget:
    """A schedule against the declared rate of a system: `calls` that fit between two runs, `quiet` what a run costs at least,
    `capacity` the most records that may change between two runs (None: no limit found below a million)."""

    system: str
    seconds: int
    calls: float
    quiet: int
    capacity: int | None
    because: tuple[Span, ...]


@dataclass(frozen=True, slots=True)
class SideReport:
    """What holds for one system in one sync."""

    system: str
    resource: str
    guarantees: tuple[Guarantee, ...]
    cost: Share
    span: Span


@dataclass(frozen=True, slots=True)
class SyncReport:
    """What holds for one sync."""

    entity: str
    span: Span
    sides: tuple[SideReport, ...]
    guarantees: tuple[Guarantee, ...]
    thousands: tuple[Thousand, ...]
    budgets: tuple[Budget, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """The guarantee report of a spec. `sha256` is of its text and all it imports."""

    spec: str
    version: int
    file: str
    sha256: str
    syncs: tuple[SyncReport, ...]
