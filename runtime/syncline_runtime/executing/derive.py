"""Derive: the work that is left in decided links. It is never stored, only found again."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.deciding import actions, made_alike
from syncline_runtime.executing.context import Context, Side, to_link
from syncline_runtime.executing.decide import decision_failure, held_row, refuse_decisions
from syncline_runtime.executing.place import Failure
from syncline_runtime.executing.record import Sent, fingerprint, may_lack
from syncline_runtime.records import Action, ActionKind, Link
from syncline_runtime.rows import LinkRow, MemberRow, Row

REMOTE = (ActionKind.CREATE, ActionKind.UPDATE, ActionKind.DELETE, ActionKind.ARCHIVE)

Held = Mapping[str, frozenset[ActionKind]]
"""By system, the operations that a guard holds back."""

Refusal = tuple[str, bytes | None, str]
"""Of a write that was refused: remote id, fingerprint, field at fault ('' where it is not known)."""


@dataclass(slots=True)
class Queue:
    """Writes of one system that wait for a full batch, by operation; how many were tried and failed."""

    waiting: dict[ActionKind, list[Sent]] = field(default_factory=lambda: {kind: [] for kind in REMOTE})
    tried: int = 0
    failed: int = 0


@dataclass(slots=True)
class _Found:
    """What a batch of links came to, beside writes."""

    settled: list[int] = field(default_factory=list)
    holds: list[Row] = field(default_factory=list)
    stuck: list[tuple[MemberRow, Failure]] = field(default_factory=list)
    freed: list[Row] = field(default_factory=list)


def derive(
    context: Context,
    rows: Sequence[LinkRow],
    queues: Mapping[str, Queue],
    held: Held,
    refused: Mapping[tuple[int, str], Sequence[Refusal]],
) -> None:
    """Queue the writes that some unsettled links need; those that need none are settled."""
    alike: dict[str, tuple[str, ...] | None] = {}
    for name in context.sides:
        barred = context.down or context.unlisted or refused or context.options.reviewed is not None
        alike[name] = None if barred else made_alike(context.policy, name)
    reviewed = context.options.reviewed
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
    for row in rows:
        link_members = members.get(row.link_id, [])
        link = to_link(context, row, link_members)
        bars = context.bars(row.link_id)
        try:
            todo = actions(context.policy_of(row.link_id), link, barred=bars)
        except MAPPING_ERRORS as error:
            found.stuck.append((link_members[0], decision_failure(context, error)))
            continue
        quiet = not bars and all(member.seen is None for member in link_members)
        if quiet and not todo:
            found.settled.append(row.link_id)
        for action in todo:
            if action.kind in held.get(action.system, ()) or action.system in context.stopped:
                continue
            if action.kind is ActionKind.HOLD and row.status != "held":
                found.holds.append(held_row(context, action))
            elif action.kind in REMOTE:
                if reviewed is not None and not reviewed.allows(link, action):
                    continue
                own = next((member for member in link_members if member.system == action.system), None)
                side = context.sides[action.system]
                sent = _sent(context, link, action, own, only=quiet and len(todo) == 1)
                unwritable = [name for one in todo if one.code and one.system == action.system for name in one.fields]
                if unwritable:
                    sent = sent.without(side, unwritable)
                if refused and not context.options.full and (before := refused.get((row.link_id, action.system))):
                    found.freed.extend(_no_longer(context, action.system, sent, before))
                    reduced = _without_refused(context, side, sent, before)
                    if reduced is None:
                        continue
                    sent = reduced
                queues[action.system].waiting[action.kind].append(sent)
    if found.settled or found.holds or found.stuck or found.freed:
        with context.store.transaction():
            context.store.review.release_fields(found.freed)
            context.store.settle(found.settled)
            context.store.review.quarantine(found.holds)
            refuse_decisions(context, found.stuck)
            if refused:
                context.store.review.release_links(context.entity.name, found.settled)


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
        values, document = agreed, row.doc
        if not side.writes_all or len(agreed) != side.written:
            values = {name: value for name, value in agreed.items() if name in side.writes}
            document = side.packing.pack(values)
        queues[system].waiting[ActionKind.CREATE].append(
            Sent(row.link_id, ActionKind.CREATE, None, agreed, values, document, None, None, None, len(systems) == 1)
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
