"""Following: what the derivations from an entity make of its decided links, stored in the transaction that decides them."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from syncline_runtime import observing
from syncline_runtime.declaration import Derivation
from syncline_runtime.executing.context import Context, to_member
from syncline_runtime.executing.sides import Follower
from syncline_runtime.identity import keys
from syncline_runtime.records import Link, LinkStatus, Member, MemberState, Observation
from syncline_runtime.rows import Row
from syncline_runtime.values import Reference


@dataclass(frozen=True, slots=True, kw_only=True)
class Follows:
    """What one rule makes of one link: a record that shows `values`, or (None) the end of the one that it made."""

    follower: Follower
    link_id: int
    values: Mapping[str, Any] | None


def follow(context: Context, before: Link, after: Link, looked_at: float | None = None) -> list[Follows]:
    """What follows from a link that was `before` and is decided to be `after`. Raises what the rules' expressions raise.

    `once`: only from the edge, and what is seen for the first time has none: neither a new link, nor a field that no system has
    shown so far, nor a state in which a changed spec finds a link. `while`: as long as the condition holds. `looked_at` says
    when the conditions were judged last, of a link that waits for a date: the coming of that date is an edge, too.
    """
    found: list[Follows] = []
    then = context.instant if looked_at is None else datetime.fromtimestamp(looked_at, UTC)
    values, earlier = after.values, before.values
    for follower in context.followers:
        rule = follower.rule
        open_ = after.status is not LinkStatus.TOMBSTONE
        if not rule.once:
            holds = open_ and rule.holds(values, values, context.instant)
            found.append(
                Follows(follower=follower, link_id=after.link_id, values=_made(rule, after) if holds else None)
            )
        elif open_ and rule.holds(values, earlier, context.instant):
            if before.fresh or any(name not in earlier for name in rule.asks):
                context.summary.pass_over(rule.entity)
            elif not rule.holds(earlier, earlier, then):
                found.append(Follows(follower=follower, link_id=after.link_id, values=_made(rule, after)))
    return found


def _made(rule: Derivation, source: Link) -> Mapping[str, Any]:
    """What the record shows that a rule makes of a link."""
    shown = rule.read(source.values)
    return {**shown, **dict.fromkeys(rule.itself, Reference(rule.origin, source.link_id))} if rule.itself else shown


def store_following(context: Context, following: Iterable[Follows]) -> None:
    """Store what follows, in the caller's transaction. There is one record for each rule and link, however often it follows."""
    by_rule: dict[str, list[Follows]] = {}
    for one in following:
        by_rule.setdefault(one.follower.rule.entity, []).append(one)
    for each in by_rule.values():
        _store(context, each[0].follower, each)


def _store(context: Context, follower: Follower, following: list[Follows]) -> None:
    store, entity, side, now = context.store, follower.entity, follower.side, context.clock.now()
    known = store.members(entity.name, side.system, [str(one.link_id) for one in following])
    staged: list[Row] = []
    seen: list[Row] = []
    touched: list[int] = []
    forgotten: list[int] = []
    fresh_keys: list[Row] = []
    stale_keys: list[Row] = []
    journal: list[Row] = []
    for one in following:
        remote_id = str(one.link_id)
        row = known.get(remote_id)
        if row is None:
            if one.values is not None:
                own = _keys(follower, remote_id, one.values)
                staged.append((remote_id, side.packing.pack(one.values), None, now, now, "live"))
                fresh_keys.extend(own)
                journal.append(_entry(context, follower, one, "derived", now))
            continue
        if follower.rule.once:
            continue
        member = to_member(side, row)
        if one.values is None and row.link_id is None:
            forgotten.append(row.member_id)
            stale_keys.extend(_keys(follower, remote_id, _shown(member)))
            continue
        after = _standing(member, one.values, now)
        if after == member:
            continue
        document = None if after.seen is None else side.packing.pack(after.seen)
        seen.append((after.state.value, document, after.version, after.as_of, after.missing_since, row.member_id))
        if row.link_id is not None:
            touched.append(row.link_id)
        if one.values is None:
            journal.append(_entry(context, follower, one, "no longer derived", now))
        else:
            old, new = _keys(follower, remote_id, _shown(member)), _keys(follower, remote_id, one.values)
            stale_keys.extend(key for key in old if key not in new)
            fresh_keys.extend(key for key in new if key not in old)
    if staged:
        store.stage(entity.name, side.system, staged)
        context.summary.derive(entity.name, len(staged))
    if stale_keys:
        store.drop_keys(stale_keys)
    if fresh_keys:
        store.add_keys(fresh_keys)
    if seen:
        store.see(seen)
    if touched:
        store.unsettle(touched)
    if forgotten:
        store.forget_members(forgotten)
    if journal:
        store.review.journal(journal)


def _standing(member: Member, values: Mapping[str, Any] | None, now: float) -> Member:
    """The derived record after another look at the condition: what it shows, or that it left."""
    if member.state is MemberState.OUT_OF_SCOPE and values is None:
        return member
    observation = Observation(
        system=member.system,
        remote_id=member.remote_id,
        values=_shown(member) if values is None else values,
        version=None,
        updated_at=None,
        read_at=max(now, member.as_of),
        in_scope=values is not None,
    )
    return observing.observe(member, observation, 0.0)


def _shown(member: Member) -> Mapping[str, Any]:
    return member.shadow if member.seen is None else member.seen


def _keys(follower: Follower, remote_id: str, values: Mapping[str, Any]) -> list[Row]:
    return [
        (follower.entity.name, rule, key, follower.side.system, remote_id)
        for rule, key in enumerate(keys(follower.entity, values))
        if key is not None
    ]


def _entry(context: Context, follower: Follower, one: Follows, kind: str, now: float) -> Row:
    rule = follower.rule
    said = f"{rule.entity} {'once when' if rule.once else 'while'} {rule.text}"
    return (context.run_id, now, kind, context.entity.name, one.link_id, "", "", None, None, said, rule.line)
