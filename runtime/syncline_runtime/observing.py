"""Observing: whether a reading is news, known or possibly stale; and the one place that updates what is known of a member."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from types import MappingProxyType
from typing import Final, NamedTuple

from syncline_runtime.aligning import landed
from syncline_runtime.declaration import Values
from syncline_runtime.normalising import normalisation
from syncline_runtime.policy import blank
from syncline_runtime.records import Member, MemberState, Observation
from syncline_runtime.values import ABSENT, Shown


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


_KNOWN: Final = Acceptance(Verdict.KNOWN)
_ACCEPTED: Final = Acceptance(Verdict.ACCEPTED)


def accept(member: Member, observation: Observation, lag_seconds: float) -> Acceptance:
    """Judge a reading; `lag_seconds` is how old the path it came by (get, list) may show things."""
    if _shows_nothing_new(member, observation):
        return _KNOWN
    if _is_later(member, observation) or observation.read_at - lag_seconds >= member.as_of:
        return _ACCEPTED
    return Acceptance(Verdict.DEFER, member.as_of + lag_seconds)


def changed(shadow: Values, shown: Values) -> tuple[str, ...]:
    """Return the fields that differ from the shadow, in the order shown; ABSENT is never a change."""
    if shadow == shown:
        return ()
    return tuple(name for name, value in shown.items() if value is not ABSENT and shadow.get(name, ABSENT) != value)


def observe(member: Member, observation: Observation, lag_seconds: float) -> Member:
    """Return what is known of `member` after a reading; the same member where `accept` defers it.

    A reading that shows nothing new moves no `as_of`: a guard read would reject itself for ever. A record that was gone or out
    of scope and shows again is live again; a released one is not.
    """
    if member.state is MemberState.RELEASED:
        return member
    verdict = accept(member, observation, lag_seconds).verdict
    if verdict is Verdict.DEFER:
        return member
    version, updated_at = _newest(member, observation, lag_seconds)
    if member.unseen and (verdict is Verdict.ACCEPTED or observation.read_at - lag_seconds >= member.as_of):
        member = absorb(member, observation.values)
    if verdict is Verdict.KNOWN:
        if version == member.version and updated_at == member.updated_at and member.missing_since is None:
            return member
        return replace(member, version=version, updated_at=updated_at, missing_since=None)
    return replace(
        member,
        state=MemberState.LIVE if observation.in_scope else MemberState.OUT_OF_SCOPE,
        seen=observation.values,
        version=version,
        updated_at=updated_at,
        as_of=max(member.as_of, observation.read_at),
        missing_since=None,
    )


def absorb(member: Member, shown: Values) -> Member:
    """Return what is known of `member` after the first reading since writes of which nobody said what they stored.

    What the system may have made of the value sent is its rendering of that. What it showed before the write it kept instead, so
    that the value is still to be written. Anything else is somebody's edit.
    """
    shadow, renders = dict(member.shadow), dict(member.renders)
    unseen: dict[str, Shown] = {}
    for name, before in member.unseen.items():
        sent, now = shadow.get(name, ABSENT), shown.get(name, ABSENT)
        if now is ABSENT:
            unseen[name] = before
        elif now != sent and sent is not ABSENT:
            if normalisation(sent, now) is not None:
                shadow[name], renders[name] = now, sent
            elif now == before or (blank(now) and blank(before)):
                shadow[name] = now
    return replace(member, shadow=shadow, renders=renders, unseen=unseen)


def proven(member: Member, shown: Values) -> Member:
    """Return what is known of `member` after a reading of whatever age: one that shows a value we sent where there was none tells
    that it was stored."""
    stored = {
        name
        for name, before in member.unseen.items()
        if blank(before) and not blank(sent := member.shadow.get(name, ABSENT)) and shown.get(name, ABSENT) == sent
    }
    if not stored:
        return member
    return replace(member, unseen={name: before for name, before in member.unseen.items() if name not in stored})


def acknowledge(
    member: Member,
    sent: Mapping[str, Shown],
    stored: Values | None,
    *,
    version: str | None,
    updated_at: datetime | None,
    acknowledged_at: float,
    at_once: bool = True,
) -> Member:
    """Return what is known of `member` after our acknowledged write of `sent` (the wanted value by field).

    The shadow becomes what the system stored, for the fields sent and no others; another field that differs is somebody's edit
    and becomes `seen`. What it stored otherwise than sent is a rendering of that, unless it is what it showed before: then it
    did not take the value. `stored` None: the system does not say, the value sent stands until it is seen. `version` and
    `updated_at` None: unknown. Not `at_once`: `stored` was read some time after the write, so that of the fields sent, too, one
    that shows nothing that the system may have made of its value was edited since.
    """
    answer: Values = {} if stored is None else stored
    if member.unseen and answer:
        member = absorb(member, {name: value for name, value in answer.items() if name not in sent})
    shadow, renders, unseen = dict(member.shadow), dict(member.renders), dict(member.unseen)
    edited: dict[str, Shown] = {}
    for name, value in sent.items():
        kept = answer.get(name, ABSENT)
        if kept is ABSENT:
            unseen.setdefault(name, member.shadow.get(name, ABSENT))
        else:
            unseen.pop(name, None)
        old = member.shadow.get(name, ABSENT)
        told = kept is not ABSENT and kept not in (value, old) and not (blank(kept) and blank(old))
        if told and not at_once and not may_render(value, kept):
            edited[name] = kept
            kept = ABSENT
        shadow[name] = value if kept is ABSENT else kept
        emptied = not at_once and blank(shadow[name]) and blank(old)
        if shadow[name] == value or emptied or _not_taken(member, name, value, shadow[name]):
            renders.pop(name, None)
        else:
            renders[name] = value
    seen = dict(shadow) if member.seen is None else {**member.seen, **{name: shadow[name] for name in sent}}
    seen.update((name, value) for name, value in answer.items() if name not in sent and value is not ABSENT)
    seen.update(edited)
    return replace(
        member,
        state=MemberState.LIVE,
        shadow=shadow,
        seen=seen if seen != shadow else None,
        renders=renders,
        unseen=unseen,
        version=version,
        updated_at=updated_at if updated_at is not None else member.updated_at,
        as_of=max(member.as_of, acknowledged_at),
        missing_since=None,
    )


def _not_taken(member: Member, name: str, sent: Shown, stored: Shown) -> bool:
    """Whether the system still shows what it showed before, and that is no rendering of what was sent."""
    return member.shadow.get(name, ABSENT) == stored and normalisation(sent, stored) is None


def may_render(sent: Shown, shown: Shown) -> bool:
    """Tell whether a system that was sent one value may show it as the other."""
    return sent == shown or normalisation(sent, shown) is not None


class Echo(NamedTuple):
    """What of a write without an answer a reading shows: the new `shadow` and `renders` of the fields that it explains, and
    whether that is the `whole` write."""

    shadow: dict[str, Shown]
    renders: dict[str, Shown]
    whole: bool


def echo(
    before: Values,
    sent: Values,
    shown: Values,
    keys: Mapping[str, str] = MappingProxyType({}),
    *,
    by_element: bool = True,
) -> Echo:
    """Explain what is `shown` by what was `sent` to a record that showed `before`: sets element by element, nested collections,
    whose `keys` are given by field, element by element and field by field, and a plausible rendering only where it is not what
    was there before."""
    found = Echo({}, {}, whole=True)
    whole = True
    for name, value in sent.items():
        stored, old = shown.get(name, ABSENT), before.get(name, ABSENT)
        if stored == value:
            found.shadow[name] = value
        elif stored is ABSENT or stored == old:
            whole = False
        elif (
            by_element
            and isinstance(value, frozenset)
            and isinstance(stored, frozenset)
            and isinstance(old, frozenset | None)
        ):
            base = old or frozenset()
            there = frozenset(element for element in value ^ base if (element in value) == (element in stored))
            whole = whole and there == value ^ base
            found.shadow[name] = base ^ there
        elif by_element and name in keys and isinstance(stored, tuple):
            found.shadow[name], all_of_it = landed(old, value, stored, keys[name])
            whole = whole and all_of_it
        elif normalisation(value, stored) is not None:
            found.shadow[name], found.renders[name] = stored, value
        else:
            whole = False
    return found._replace(whole=whole)


def missing(member: Member, now: float, lag_seconds: float) -> Member:
    """Return what is known of `member` after a 404: gone only after a second one, at least the lag later.

    `now` is when the reading began. A record out of scope that is gone is released: its deletion is nobody's business.
    """
    if member.state is MemberState.RELEASED:
        return member
    if member.state is MemberState.GONE:
        # What a person archived is not even that any more.
        return member if member.missing_since is not None else replace(member, missing_since=now)
    out_of_scope = member.state is MemberState.OUT_OF_SCOPE
    if member.missing_since is None:
        return replace(member, state=member.state if out_of_scope else MemberState.MISSING, missing_since=now)
    if now - member.missing_since < lag_seconds or now - lag_seconds < member.as_of:
        return member
    return replace(
        member, state=MemberState.RELEASED if out_of_scope else MemberState.GONE, as_of=max(member.as_of, now)
    )


def told(member: Member, now: float) -> Member:
    """Return `member` after its system told that it was deleted and a reading found nothing: one is enough."""
    if member.state in (MemberState.GONE, MemberState.RELEASED):
        return missing(member, now, 0.0)
    outside = member.state is MemberState.OUT_OF_SCOPE
    state = MemberState.RELEASED if outside else MemberState.GONE
    return replace(member, state=state, seen=None, as_of=max(member.as_of, now), missing_since=now)


def archived(member: Member, now: float) -> Member:
    """Return `member` after a reading that shows it archived: deleted, but still there."""
    return replace(member, state=MemberState.GONE, seen=None, as_of=max(member.as_of, now), missing_since=None)


def restored(member: Member, now: float) -> Member:
    """Return `member` after we have lifted its archive: in step again as it was, until it is read."""
    return replace(member, state=MemberState.LIVE, as_of=max(member.as_of, now), missing_since=None)


def deleted(member: Member, now: float) -> Member:
    """Return `member` after our own acknowledged delete."""
    return replace(member, state=MemberState.GONE, seen=None, as_of=max(member.as_of, now), missing_since=now)


def released(member: Member) -> Member:
    """Return `member` after our own acknowledged archive, or when unlinked: it stays in its system, no longer kept in step."""
    return replace(member, state=MemberState.RELEASED, seen=None, missing_since=None)


def _shows_nothing_new(member: Member, observation: Observation) -> bool:
    known = member.shadow if member.seen is None else member.seen
    shown = observation.values
    if known != shown and (changed(known, shown) or _hides(known, shown)):
        return False
    if member.state is MemberState.LIVE:
        return observation.in_scope
    return member.state is MemberState.OUT_OF_SCOPE and not observation.in_scope


def _hides(known: Values, shown: Values) -> bool:
    """Whether a field is no longer shown: no change, but it may not be written blindly."""
    return any(value is not ABSENT and shown.get(name, ABSENT) is ABSENT for name, value in known.items())


def _is_later(member: Member, observation: Observation) -> bool:
    """On the system's own clock. Only versions that are numbers are in an order."""
    old, new = member.version, observation.version
    if old is not None and new is not None and old.isdecimal() and new.isdecimal() and int(new) > int(old):
        return True
    return (
        member.updated_at is not None
        and observation.updated_at is not None
        and observation.updated_at > member.updated_at
    )


def _newest(member: Member, observation: Observation, lag_seconds: float) -> tuple[str | None, datetime | None]:
    """Version and time of the later of the two states; what a stale reading says of them is not taken over."""
    if not _is_later(member, observation) and observation.read_at - lag_seconds < member.as_of:
        return member.version, member.updated_at
    times = [time for time in (member.updated_at, observation.updated_at) if time is not None]
    version = observation.version if observation.version is not None else member.version
    return version, max(times, default=None)
