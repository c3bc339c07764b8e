"""What is kept in step and who is right: syncs with their rules, limits and triggers."""

from collections.abc import Callable, Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from syncline_runtime.declaration.entities import Timed
from syncline_runtime.values import Value

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


class Drift(Enum):
    """What happens to an edit by a system that is not the field's owner."""

    OVERWRITE = "overwrite"
    KEEP = "keep"
    REPORT = "report"


@dataclass(frozen=True, slots=True, kw_only=True)
class Owned:
    """`owned by SYSTEM`; `places` are further places of that system, of which the one that has the record owns the field."""

    by: str
    places: tuple[str, ...] = ()
    drift: Drift = Drift.OVERWRITE
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Prefers:
    """`prefers A then B`: everybody may edit; when several did, the first listed that changed wins."""

    order: tuple[str, ...]
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Newest:
    """`newest else A`: the newest edit if the gap exceeds `skew_seconds`, else the tie-break's order."""

    otherwise: tuple[str, ...]
    skew_seconds: float = 2.0
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """`union`, `max`, `min` or a pure function of one's own: commutative, associative, idempotent."""

    by: Literal["union", "max", "min", "python"]
    function: Callable[[tuple[Value, ...]], Value] | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """`ask`: to the review queue; that field only is held."""

    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """`owned by SYSTEM when …`: the rule of the records for whose values `when` holds."""

    when: Callable[[Mapping[str, Any]], bool]
    rule: Owned


@dataclass(frozen=True, slots=True, kw_only=True)
class Cases:
    """The first case that holds decides, else `otherwise`. The conditions see the values agreed by then: the fields they ask
    about are decided before."""

    cases: tuple[Case, ...]
    otherwise: Owned | Prefers | Newest | Merged | Ask = Ask()
    line: int = 0


Rule: TypeAlias = Owned | Prefers | Newest | Merged | Ask | Cases


@dataclass(frozen=True, slots=True, kw_only=True)
class Creation:
    """`create in SYSTEM when …|never`; `when` None means always; `waits` is the same where it asks for the time."""

    allowed: bool
    when: Callable[[Mapping[str, Any]], bool] | None = None
    waits: Timed | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Updating:
    """`update in SYSTEM when …|never`."""

    allowed: bool
    when: Callable[[Mapping[str, Any]], bool] | None = None
    waits: Timed | None = None
    line: int = 0


class OnDelete(Enum):
    """What happens in a system when the record was deleted in another."""

    NEVER = "never"
    PROPAGATE = "propagate"
    ARCHIVE = "archive"
    UNLINK = "unlink"
    RECREATE = "recreate"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Deletion:
    """`delete in SYSTEM …`. `cases` come first, each with a condition on the values agreed before the deletion. `by` is the person
    who decided so about one link, whatever the spec says."""

    policy: OnDelete
    unless_edited: bool = False
    when: Callable[[Mapping[str, Any]], bool] | None = None
    cases: tuple["Deletion", ...] = ()
    by: str = ""
    line: int = 0

    @property
    def policies(self) -> frozenset[OnDelete]:
        """Every policy that may apply."""
        return frozenset((self.policy, *(case.policy for case in self.cases)))

    def of(self, values: Mapping[str, Any]) -> "Deletion":
        """The clause for a record with these values."""
        return next((case for case in self.cases if case.when is not None and case.when(values)), self)


@dataclass(frozen=True, slots=True, kw_only=True)
class GuardLimit:
    """`guard OP over N and P%`: held when both are exceeded, per system and run."""

    operation: Literal["create", "update", "delete"]
    count: int
    percent: float
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Erasure:
    """`erase purge|clear|keep in SYSTEM "why"`: what becomes of one person's data there. `clears` are the native fields that
    hold personal data, with how each is spelled when it is empty."""

    action: Literal["purge", "clear", "keep"]
    reason: str = ""
    clears: Mapping[str, Any] = field(default_factory=dict)
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """`run every …`, `run full every …`."""

    seconds: int
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Daily:
    """`run daily at "02:00" in "Europe/Oslo"`, `run full daily …`: `at` by the clocks of the zone."""

    at: str
    zone: str
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OnWebhook:
    """`run on webhook`."""


Trigger: TypeAlias = Every | Daily | OnWebhook


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The policy of one entity across systems. `systems` is in the order of the spec, which every tie falls back on.

    `rules` has an entry for each contested field; a field without one has a single contributing system.
    `together` lists groups of fields that are decided as one. `places` groups the systems that are places of one: of a link, one of
    each group at most has the record. `unknown`: a create without an answer is looked for, and sent again
    where it has not shown (`look`), or waits for a person instead (`hold`).
    """

    entity: str
    systems: tuple[str, ...]
    rules: Mapping[str, Rule]
    together: tuple[tuple[str, ...], ...] = ()
    creates: Mapping[str, Creation] = field(default_factory=dict)
    updates: Mapping[str, Updating] = field(default_factory=dict)
    deletes: Mapping[str, Deletion] = field(default_factory=dict)
    empty: Literal["propagates", "ignored"] = "propagates"
    out_of_scope: Literal["unlink", "keep", "archive"] = "unlink"
    merged: Literal["hold", "follow"] = "hold"
    unknown: Literal["look", "hold"] = "look"
    guards: tuple[GuardLimit, ...] = ()
    after: tuple[str, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    erases: Mapping[str, Erasure] = field(default_factory=dict)
    places: tuple[tuple[str, ...], ...] = ()
    line: int = 0

    def beside(self, system: str) -> tuple[str, ...]:
        """The other places of the system that `system` is a place of."""
        return tuple(other for group in self.places if system in group for other in group if other != system)
