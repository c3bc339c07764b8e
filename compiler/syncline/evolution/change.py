"""A change is data: a code, both places, facts, and what it reaches. Its classes and words stand in `kinds`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import TypeAlias

from syncline.source import Span

Fact: TypeAlias = str | int | tuple[str, ...]


class Impact(Enum):
    """Who is hurt by a change, the worst first."""

    DATA = "data"  # records would be overwritten, lost, relinked or rewritten
    STATE = "state"  # stored cursors, links or shadows no longer fit
    API = "api"  # names or types of the generated package
    BEHAVIOUR = "behaviour"  # retries, rate, order, schedule, guards
    SAFE = "safe"


class Need(Enum):
    """What must happen for a change."""

    APPROVAL = "approval"  # somebody looks at the plan of the first run
    BACKFILL = "backfill"  # every record is read once more
    RELINK = "relink"  # links are made anew by the match rules
    MIGRATION = "migration"  # stored state is carried over or thrown away
    CALLERS = "callers"  # code that uses the generated package is changed
    DEPLOYMENT = "deployment"  # settings or resources of the installation are looked at
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class Effect:
    """A place that is written differently. `native` is a field of the resource, or empty when whole records appear, stay away
    or are met otherwise. `field` is the entity's field through which it happens, or empty."""

    system: str
    resource: str
    native: str = ""
    field: str = ""

    def __str__(self) -> str:
        place = f"{self.system}.{self.resource}"
        return f"{place}.{self.native}" if self.native else f"records of {place}"


@dataclass(frozen=True, slots=True)
class Change:
    """One difference between two specs. `old` and `new` are its places in them; None where there is none."""

    code: str
    subject: str
    old: Span | None
    new: Span | None
    facts: Mapping[str, Fact] = field(default_factory=dict)
    effects: tuple[Effect, ...] = ()
