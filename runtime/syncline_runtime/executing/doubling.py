"""Doubling: nothing is created beside a record without a link that has its key, until a person has said which that is."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace

from syncline_runtime.executing.context import Context
from syncline_runtime.identity import WOULD_DOUBLE, keys
from syncline_runtime.records import Action, ActionKind, Decision
from syncline_runtime.rows import MemberRow, Row
from syncline_runtime.values import Shown

Doubles = Mapping[tuple[int, str], Sequence[MemberRow]]
"""By link and system, the records beside which a create would make another one."""


def crowded(context: Context) -> frozenset[str]:
    """The systems that have records without a link."""
    name = context.entity.name
    return frozenset(side.system for side in context.observed if context.store.any_unlinked(name, side.system))


def may_double(context: Context, systems: Iterable[str], among: AbstractSet[str]) -> bool:
    """Whether a create in one of the systems may find a record without a link in it, or in another place of it."""
    return any(one in among or not among.isdisjoint(context.sync.beside(one)) for one in systems)


def doubles_of(
    context: Context, creates: Iterable[tuple[int, str, Mapping[str, Shown]]], among: AbstractSet[str]
) -> Doubles:
    """Of creates (link, system, values), those that have a key of a record without a link in that system, or in another place of
    it, that nobody has told apart from them; `among` are the systems that have any such record."""
    store, entity, sync = context.store, context.entity, context.sync
    wanted: dict[int, dict[str, list[tuple[int, str]]]] = {}
    for create_link, system, values in creates:
        if may_double(context, (system,), among):
            for rule, key in enumerate(keys(entity, values)):
                if key is not None:
                    wanted.setdefault(rule, {}).setdefault(key, []).append((create_link, system))
    hits: dict[str, dict[str, set[tuple[int, str]]]] = {}
    for rule, by_key in wanted.items():
        for key, where, remote_id, link_id, _ in store.holders(entity.name, rule, list(by_key)):
            for create in by_key[key] if link_id is None else ():
                if where == create[1] or where in sync.beside(create[1]):
                    hits.setdefault(where, {}).setdefault(remote_id, set()).add(create)
    found: dict[tuple[int, str], list[MemberRow]] = {}
    for where, by_id in sorted(hits.items()):
        for remote_id, row in sorted(store.members(entity.name, where, list(by_id)).items()):
            for create in by_id[remote_id] if row.link_id is None else ():
                found.setdefault(create, []).append(row)
    return _not_told_apart(context, found) if found else found


def told_apart(context: Context) -> dict[int, tuple[str, str, float]]:
    """By link, the record of it of which a person last said that it is one of its own, and when: (system, remote_id, at)."""
    store, name = context.store, context.entity.name
    found: dict[int, tuple[str, str, float]] = {}
    by_system: dict[str, dict[str, float]] = {}
    for system, remote_id, at in store.answers.told_apart(name):
        by_system.setdefault(system, {})[remote_id] = at
    for system, told in by_system.items():
        for remote_id, row in store.members(name, system, list(told)).items():
            known = None if row.link_id is None else found.get(row.link_id)
            if row.link_id is not None and (known is None or known[2] < told[remote_id]):
                found[row.link_id] = system, remote_id, told[remote_id]
    return found


def _not_told_apart(context: Context, found: Doubles) -> Doubles:
    """Less the records of which whoever said that the link is another one could see that they have its key."""
    apart, released = told_apart(context), context.store.answers.released(context.entity.name)
    left: dict[tuple[int, str], list[MemberRow]] = {}
    for (link_id, system), rows in found.items():
        times = [apart[link_id][2]] if link_id in apart else []
        times += [released[link_id, system]] if (link_id, system) in released else []
        since = max(times, default=None)
        if strangers := [row for row in rows if since is None or row.first_seen > since]:
            left[link_id, system] = strangers
    return left


def held_create(context: Context, action: Action, rows: Sequence[MemberRow]) -> Row | None:
    """What people are told of a create that waits; None where the records beside it wait for something else than a person."""
    name, review = context.entity.name, context.store.review
    told = [row for row in rows if row.state != "live" or review.held_records(name, row.system, [row.remote_id])]
    if not told:
        return None
    listed = " and ".join(f"{row.system} {row.remote_id}" for row in told)
    has, which, them = ("has", "which it is", "it") if len(told) == 1 else ("have", "which is it", "them")
    detail = (
        f"{listed} {has} its key and no link: say {which}, or delete or mend {them} in {action.system}, or release this, and "
        "one more is created"
    )
    place = f"{context.package.source}:{action.line}" if action.line else ""
    return (name, action.system, "", action.link_id, WOULD_DOUBLE, "", detail, place, None, context.run_id)


def foreseen(context: Context, decisions: Sequence[Decision]) -> tuple[Sequence[Decision], Sequence[Row]]:
    """Decisions as a plan tells them, and what people are told: a create that the run will hold is held, one that waits for
    something else than a person is left out."""
    creates = [
        (one.link.link_id, action.system, one.link.values)
        for one in decisions
        for action in one.actions
        if action.kind is ActionKind.CREATE
    ]
    among = crowded(context) if creates else frozenset[str]()
    doubles = doubles_of(context, creates, among) if among else {}
    if not doubles:
        return decisions, ()
    asked = {
        (row.link_id, row.system) for row, _ in context.store.review.quarantined_for(context.entity.name, WOULD_DOUBLE)
    }
    holds: list[Row] = []

    def foretold(action: Action) -> Action | None:
        where = (action.link_id, action.system)
        if action.kind is not ActionKind.CREATE or where not in doubles:
            return action
        row = held_create(context, action, doubles[where])
        if row is None:
            return None
        holds.append(row)
        way = "`review release {}@{}`".format(*where) if where in asked else "once a run has held it, `review` says how"
        return replace(action, kind=ActionKind.HOLD, fields={}, code=WOULD_DOUBLE, reason=f"{row[6]}: {way}")

    told = [replace(one, actions=tuple(filter(None, map(foretold, one.actions)))) for one in decisions]
    return told, holds


def let_go(context: Context, link_ids: Collection[int], doubles: Doubles) -> list[Row]:
    """Of the creates of some links that people were told of, those that are not held any more, for `release_fields`."""
    told = [row for row, _ in context.store.review.quarantined_for(context.entity.name, WOULD_DOUBLE)]
    return [
        (row.entity, row.system, "", row.link_id, "")
        for row in told
        if row.link_id in link_ids
        and (row.link_id, row.system) not in doubles
        and row.system not in context.bars(row.link_id)
    ]
