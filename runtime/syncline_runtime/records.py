"""The frozen records on which the pure core decides. Times are seconds since the epoch on the engine's clock."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum

from syncline_runtime.values import Shown, Value


class MemberState(Enum):
    """What is known of a record in one system."""

    LIVE = "live"
    MISSING = "missing"  # not found, not yet confirmed
    GONE = "gone"  # deletion confirmed
    OUT_OF_SCOPE = "out_of_scope"  # left the map's `where`
    RELEASED = "released"  # unlinked or archived by us: it stays in its system and never comes back into step


class LinkStatus(Enum):
    """Whether a link is in step, held as a whole, or closed."""

    LIVE = "live"
    HELD = "held"
    TOMBSTONE = "tombstone"


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """A record as one system showed it: `values` by field, output slots included; `version` and `updated_at` on that system's
    own scale; `read_at` when the reading began."""

    system: str
    remote_id: str
    values: Mapping[str, Shown]
    version: str | None
    updated_at: datetime | None
    read_at: float
    in_scope: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """One system's record in a link.

    `shadow` is what that system showed, field by field, when it was last accounted for; a field without a shadow has no base.
    `seen` is the last accepted observation not yet (wholly) accounted for, or None when nothing new was seen; held fields keep it.
    `renders` holds, by field, the value we sent where the system stored something else: the shadow is its rendering of that value.
    `unseen` holds, by field, what it showed before our last write of it, until a reading says what it made of that.
    """

    system: str
    remote_id: str
    state: MemberState = MemberState.LIVE
    shadow: Mapping[str, Shown] = field(default_factory=dict)
    seen: Mapping[str, Shown] | None = None
    version: str | None = None
    updated_at: datetime | None = None
    as_of: float = 0.0
    missing_since: float | None = None
    first_merge: bool = False  # linked in this run: its shadow is not a base yet
    renders: Mapping[str, Shown] = field(default_factory=dict)
    unseen: Mapping[str, Shown] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """The records of several systems that are one business record; `values` are the hub's agreed values."""

    link_id: int
    entity: str
    values: Mapping[str, Shown]
    members: Mapping[str, Member]
    status: LinkStatus = LinkStatus.LIVE
    generation: int = 1
    fresh: bool = False  # made in this run: no agreed values yet


@dataclass(frozen=True, slots=True, kw_only=True)
class Loser:
    """A value that was seen and did not win: written to the journal, never silently lost."""

    field: str
    system: str
    value: Shown
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Conflict:
    """A field that only a person can decide; `candidates` by system."""

    field: str
    candidates: Mapping[str, Shown]
    reason: str
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """How one field was decided, for the plan: the row of the decision table, the rule's spec line, both values."""

    field: str
    before: Shown
    after: Shown
    row: str  # F1 … F13, M0 (first merge)
    origin: str | None  # system whose value won
    rule: str  # in the language's words: `phone prefers crm then erp`, `only source`
    line: int = 0


class ActionKind(Enum):
    """What is done to a system, or to a link."""

    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    ARCHIVE = "archive"
    RESTORE = "restore"  # lift the archive of a record whose partner is back
    UNLINK = "unlink"
    HOLD = "hold"


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """One intended effect. `fields` maps each field to (value shown now, value wanted); a HOLD of one field has a reason `code`."""

    kind: ActionKind
    entity: str
    link_id: int
    system: str
    remote_id: str | None
    fields: Mapping[str, tuple[Shown, Shown]] = field(default_factory=dict)
    reason: str = ""
    line: int = 0
    code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What a link becomes: new agreed values, new shadows by system for what was accounted, and everything to be told.

    `actions` are derived (wanted value differs from shadow); executing them is the shell's.
    """

    link: Link
    changes: tuple[FieldChange, ...] = ()
    losers: tuple[Loser, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    actions: tuple[Action, ...] = ()
    drifts: tuple[Loser, ...] = ()  # what did not win and stays where it is: `drift keep` and `report`


class Situation(Enum):
    """Where an unlinked record stands (names as in OpenIDM)."""

    NO_KEY = "no-key"
    SELF_DUPLICATE = "self-duplicate"
    FOUND = "found"
    FOUND_ALREADY_LINKED = "found-already-linked"
    AMBIGUOUS = "ambiguous"
    REVIEW = "review"
    IN_FLIGHT_KEY = "in-flight-key"
    OWN_MARKER_DEAD = "orphan"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Correlation:
    """The answer for one unlinked record: link to `matches` (system -> remote id), create, wait or hold."""

    situation: Situation
    action: str  # link | create | wait | quarantine | review
    matches: Mapping[str, str] = field(default_factory=dict)
    rule: str = ""
    detail: str = ""


def value_text(value: Value) -> str:
    """A value for people: dates and instants in ISO, decimals plain, sets sorted, null as `—`."""
    match value:
        case None:
            return "—"
        case frozenset():
            return "{" + ", ".join(sorted(value_text(item) for item in value)) + "}"
        case Mapping():
            return ", ".join(f"{name} {value_text(item)}" for name, item in value.items())
        case tuple() if hasattr(value, "_fields"):
            return " ".join(value_text(item) for item in value)
        case tuple():
            return "[" + ", ".join(value_text(item) for item in value) + "]"
        case bytes():
            return f"{len(value)} bytes"
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
