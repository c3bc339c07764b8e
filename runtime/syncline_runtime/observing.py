"""Observing: whether a reading is news, known, or possibly stale; and the one place that updates what is known of a member."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from syncline_runtime.declaration import Values
from syncline_runtime.records import Member, Observation
from syncline_runtime.values import Shown


class Verdict(Enum):
    """What a reading is worth."""

    KNOWN = "known"  # shows nothing new
    ACCEPTED = "accepted"
    DEFER = "defer"  # may be older than what is known: read again at `not_before`


@dataclass(frozen=True, slots=True)
class Acceptance:
    """The verdict on a reading; `not_before` (engine time) only with DEFER."""

    verdict: Verdict
    not_before: float | None = None


def accept(member: Member, observation: Observation, lag_seconds: float) -> Acceptance:
    """Judge a reading; `lag_seconds` is how old the path it came by (get, list) may show things."""
    raise NotImplementedError


def changed(shadow: Values, shown: Values) -> tuple[str, ...]:
    """Return the fields that differ from the shadow; ABSENT is never a change."""
    raise NotImplementedError


def observe(member: Member, observation: Observation, lag_seconds: float) -> Member:
    """Return what is known of `member` after a reading; the same member where it is deferred. Judges by `accept`."""
    raise NotImplementedError


def acknowledge(
    member: Member,
    sent: Mapping[str, Shown],
    stored: Values | None,
    *,
    version: str | None,
    updated_at: datetime | None,
    acknowledged_at: float,
) -> Member:
    """Return what is known of `member` after our acknowledged write of `sent` (the wanted value by field).

    The shadow becomes what the system stored, for the fields sent and no others; another field that differs is somebody's edit
    and becomes `seen`. `stored` None: the system does not say, the value sent stands.
    """
    raise NotImplementedError


def missing(member: Member, now: float, lag_seconds: float) -> Member:
    """Return what is known of `member` after a 404: gone only after a second one, at least the lag later."""
    raise NotImplementedError


def deleted(member: Member, now: float) -> Member:
    """Return `member` after our own acknowledged delete."""
    raise NotImplementedError


def released(member: Member) -> Member:
    """Return `member` after our own acknowledged archive, or when unlinked: it stays in its system, no longer kept in step."""
    raise NotImplementedError
