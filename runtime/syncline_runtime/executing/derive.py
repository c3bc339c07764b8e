"""Derive: the work that is left in decided links. It is never stored, only found again."""

from asyncio import Semaphore, Task
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.deciding import actions, made_alike
from syncline_runtime.executing.context import Context, to_link, to_member
from syncline_runtime.executing.decide import decision_failure, held_row, refuse_decisions
from syncline_runtime.executing.doubling import Doubles, crowded, doubles_of, held_create, let_go, may_double
from syncline_runtime.executing.moving import may_have_moved
from syncline_runtime.executing.place import Failure
from syncline_runtime.executing.record import Sent, fingerprint, may_lack
from syncline_runtime.executing.referring import (
    Referred,
    outgoing,
    read_references,
    remote_ids,
    waiting_for,
)
from syncline_runtime.executing.sides import Side
from syncline_runtime.records import Action, ActionKind, Link
from syncline_runtime.rows import LinkRow, MemberRow, Row

REMOTE = (ActionKind.CREATE, ActionKind.RESTORE, ActionKind.UPDATE, ActionKind.DELETE, ActionKind.ARCHIVE)

DELETIONS = frozenset((ActionKind.DELETE, ActionKind.ARCHIVE))

Held = Mapping[str, frozenset[ActionKind]]
"""By system, the operations that a guard holds back."""

Refusal = tuple[str, bytes | None, str]
"""Of a write that was refused: remote id, fingerprint, field at fault ('' where it is not known)."""


@dataclass(slots=True)
class Queue:
    """Writes of one system that wait for a full batch, by operation; how many were tried and failed. `under_way` are its waves
    that are sent and not yet recorded, all of the kind `sending`; `gate` is passed by as many calls at once as the system takes."""

    gate: Semaphore
    waiting: dict[ActionKind, list[Sent]] = field(default_factory=lambda: {kind: [] for kind in REMOTE})
    under_way: list[Task[None]] = field(default_factory=list)
    sending: ActionKind | None = None
    tried: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Found:
    """What a batch of links came to, beside writes."""

    settled: list[int] = field(default_factory=list)
    holds: list[Row] = field(default_factory=list)
    stuck: list[tuple[MemberRow, Failure]] = field(default_factory=list)
    freed: list[Row] = field(default_factory=list)
    waits: list[Row] = field(default_factory=list)


class _Work(NamedTuple):
    """A link with what is left to do for it; `quiet`: nothing else keeps it from being settled."""

    row: LinkRow
    link: Link
    members: Sequence[MemberRow]
    todo: Sequence[Action]
    quiet: bool


def derive(
    context: Context,
    rows: Sequence[LinkRow],
    queues: Mapping[str, Queue],
    held: Held,
    refused: Mapping[tuple[int, str], Sequence[Refusal]],
) -> None:
    """Queue the writes that some unsettled links need; those that need none are settled."""
    among = crowded(context)
    alike: dict[str, tuple[str, ...] | None] = {}
    for name in context.sides:
        barred = context.down or context.unlisted or refused or context.refers or context.options.reviewed is not None
        # What is computed may have to be written where the record comes from.
        barred = barred or context.entity.compute is not None
        systems = None if barred else made_alike(context.policy, name)
        alike[name] = None if among and may_double(context, systems or (), among) else systems
    found = _Found()
    if any(systems is not None for systems in alike.values()):
        lone = context.store.lone([row.link_id for row in rows])
        rows = [
            row
            for row in rows
            if (systems := alike.get(lone.get(row.link_id, ""))) is None
            or not _made_as_it_stands(context, row, systems, queues, held, found)
        ]
    members = context.store.members_of([row.link_id for row in rows]) if rows else {}
    pairs = [(row, members.get(row.link_id, [])) for row in rows]
    referred: Sequence[Referred | None] = [None] * len(pairs)
    if context.refers:
        referred = read_references(context, pairs, [to_link(context, *pair) for pair in pairs])
    work: list[_Work] = []
    for (row, link_members), own in zip(pairs, referred, strict=True):
        link = to_link(context, row, link_members) if own is None else own.link
        if context.policy.placed and may_have_moved(context, link):
            continue
        bars = context.bars(row.link_id)
        try:
            todo = actions(context.policy_of(row.link_id), link, barred=bars if own is None else bars | own.bars)
        except MAPPING_ERRORS as error:
            found.stuck.append((link_members[0], decision_failure(context, error)))
            continue
        quiet = not bars and all(member.seen is None for member in link.members.values())
        if quiet and not todo:
            found.settled.append(row.link_id)
        for action in todo:
            if action.kind is ActionKind.HOLD and row.status != "held" and action.system not in context.stopped:
                found.holds.append(held_row(context, action))
        if todo:
            work.append(_Work(row, link, link_members, todo, quiet))
    creates = [
        (one.row.link_id, action.system, one.link.values)
        for one in work
        for action in one.todo
        if action.kind is ActionKind.CREATE
    ]
    doubles = doubles_of(context, creates, among) if among else {}
    if refused:
        found.freed += let_go(context, {row.link_id for row in rows}, doubles)
    _queue(context, work, queues, held, refused, doubles, found)
    if not context.options.protections.derived:
        found.settled.extend(one.row.link_id for one in work)
    if found.settled or found.holds or found.stuck or found.waits or found.freed:
        with context.store.transaction():
            context.store.wait(found.waits)
            context.store.review.release_fields(found.freed)
            context.store.settle(found.settled)
            context.store.review.quarantine(found.holds)
            refuse_decisions(context, found.stuck)
            if refused:
                context.store.review.release_links(context.entity.name, found.settled)


def _queue(
    context: Context,
    work: Sequence[_Work],
    queues: Mapping[str, Queue],
    held: Held,
    refused: Mapping[tuple[int, str], Sequence[Refusal]],
    doubles: Doubles,
    found: _Found,
) -> None:
    reviewed = context.options.reviewed
    remotes = (
        remote_ids(context, ((action.system, one.link.values) for one in work for action in one.todo))
        if context.refers
        else {}
    )
    for row, link, members, todo, quiet in work:
        waiting = 0
        for action in todo:
            if action.kind not in REMOTE or action.kind in context.later:
                continue
            if action.kind in held.get(action.system, ()) or action.system in context.stopped:
                continue
            if reviewed is not None and not reviewed.allows(link, action):
                continue
            if action.kind is ActionKind.CREATE and (beside := doubles.get((row.link_id, action.system))):
                if (told := held_create(context, action, beside)) is not None:
                    found.holds.append(told)
                continue
            own = next((member for member in members if member.system == action.system), None)
            side = context.sides[action.system]
            only = quiet and len(todo) == 1
            if side.refers and action.kind in (ActionKind.CREATE, ActionKind.UPDATE):
                sent, waits = _sent_in_own_form(context, link, action, own, remotes, only=only)
                found.waits += waits
                if sent is None:
                    waiting += 1
                    continue
            else:
                sent = _sent(context, link, action, own, only=only)
            unwritable = [name for one in todo if one.code and one.system == action.system for name in one.fields]
            if unwritable:
                sent = sent.without(side, unwritable)
            again = context.options.full and context.options.retry
            if refused and not again and (before := refused.get((row.link_id, action.system))):
                found.freed.extend(_no_longer(context, action.system, sent, before))
                reduced = _without_refused(context, side, sent, before)
                if reduced is None:
                    continue
                sent = reduced
            if reviewed is not None:
                reviewed.trying(row.link_id, action.system)
            queues[action.system].waiting[action.kind].append(sent)
        if quiet and waiting == len(todo):
            found.settled.append(row.link_id)


def _sent_in_own_form(
    context: Context,
    link: Link,
    action: Action,
    row: MemberRow | None,
    remotes: Mapping[tuple[str, str], Mapping[int, str]],
    *,
    only: bool,
) -> tuple[Sent | None, list[Row]]:
    """The write with remote ids for references, and rows for what it waits for; None where all of it waits.

    What is created without a reference shows none: that is its base, so that the reference is still to be written, and not
    taken for one that somebody removed.
    """
    side = context.sides[action.system]
    wanted = {name: value for name, (_, value) in action.fields.items()}
    values, deferred = outgoing(side, wanted, remotes)
    waits = waiting_for(context, link.link_id, action.system, deferred)
    creating = action.kind is ActionKind.CREATE
    if (deferred and not values) or (creating and side.needed & deferred.keys()):
        return None, waits
    if creating:
        values.update(dict.fromkeys(deferred))
    sent = Sent(
        link_id=link.link_id,
        kind=action.kind,
        remote_id=action.remote_id,
        agreed=outgoing(side, link.values, remotes).values,
        values=values,
        document=side.packing.pack(values),
        row=row,
        member=None if row is None else to_member(side, row),
        action=action,
        only=only and not deferred,
    )
    return sent, waits


def _made_as_it_stands(
    context: Context,
    row: LinkRow,
    systems: Sequence[str],
    queues: Mapping[str, Queue],
    held: Held,
    found: _Found,
) -> bool:
    """Queue the creation of a lone record without deciding it again; False where it must be decided after all.

    This is where the bulk of a first run passes, a record at a time.
    """
    if row.status != "live" or row.link_id in context.barred:
        return False
    agreed = context.hub.unpack(row.doc)
    for name in context.entity.required:
        if agreed.get(name) is None:
            return False
    if not systems:
        found.settled.append(row.link_id)
    for system in systems:
        if ActionKind.CREATE in held.get(system, ()) or system in context.stopped:
            continue
        side = context.sides[system]
        values, document, alike = agreed, row.doc, True
        if not side.writes_all or len(agreed) != side.written:
            values = {name: value for name, value in agreed.items() if name in side.writes}
            document, alike = side.packing.pack(values), False
        queues[system].waiting[ActionKind.CREATE].append(
            Sent(row.link_id, ActionKind.CREATE, None, agreed, values, document, only=len(systems) == 1, alike=alike)
        )
    return True


def _sent(context: Context, link: Link, action: Action, row: MemberRow | None, *, only: bool) -> Sent:
    values = {name: wanted for name, (_, wanted) in action.fields.items()}
    return Sent(
        link_id=link.link_id,
        kind=action.kind,
        remote_id=action.remote_id,
        agreed=link.values,
        values=values,
        document=context.sides[action.system].packing.pack(values),
        row=row,
        member=link.members.get(action.system),
        action=action,
        only=only,
    )


def _no_longer(context: Context, system: str, sent: Sent, refused: Sequence[Refusal]) -> list[Row]:
    """Refusals of fields that are not to be written any more."""
    return [
        (context.entity.name, system, remote_id, sent.link_id, name)
        for remote_id, print_, name in refused
        if print_ is not None and name and name not in sent.values
    ]


def _without_refused(context: Context, side: Side, sent: Sent, refused: Sequence[Refusal]) -> Sent | None:
    """The write as it may be sent after refusals: without the fields at fault that did not change; None where nothing is left."""
    again = [name for _, print_, name in refused if print_ is not None and print_ == fingerprint(sent, name)]
    if not again:
        return sent
    if "" in again or not may_lack(context, side, sent, again):
        return None
    return sent.without(side, again)
