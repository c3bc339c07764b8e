"""Settling: what one reading of a record tells of a write whose outcome nobody knew."""

from collections.abc import Mapping
from dataclasses import replace

from syncline_runtime import observing
from syncline_runtime.aligning import element_keys
from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.executing.context import Context, to_member
from syncline_runtime.executing.counting import counted, counted_ahead, tell_between, tell_undone
from syncline_runtime.executing.place import flow_of, readable
from syncline_runtime.executing.renders import packed_renders
from syncline_runtime.executing.sides import Side
from syncline_runtime.ports import NativeRecord
from syncline_runtime.records import Member, MemberState, Observation
from syncline_runtime.rows import IntentRow, MemberRow
from syncline_runtime.values import ABSENT, Shown


def settle(
    context: Context, side: Side, intent: IntentRow, row: MemberRow, record: NativeRecord | None, read_at: float
) -> bool:
    """Account for a reading (None: the record is not there), in the caller's transaction; whether the outcome is known now.

    The first reading taken when the write can no longer land settles it for good: what the record shows later is no echo. Only
    fields that it does not show wait for one that does.
    """
    store, member = context.store, to_member(side, row)
    after: Member | None = None
    late = read_at >= intent.resolve_after and context.options.protections.once
    match intent.op:
        case "delete":
            after = observing.deleted(member, read_at) if record is None else None
        case "archive":
            flag = side.resource.archive
            if record is not None and flag is not None and record.native.get(flag[0]) == flag[1]:
                after = observing.released(member)
        case "restore":
            flag = side.resource.archive
            if record is not None and flag is not None and record.native.get(flag[0]) != flag[1]:
                after = observing.restored(member, read_at)
        case _ if record is None:
            if late and side.resource.read is not None and member.state in (MemberState.LIVE, MemberState.MISSING):
                # Whether it is gone is yet to be confirmed; if it is found after all, it must tell what became of the write.
                store.review.mark_dirty([(context.entity.name, side.system, row.remote_id, read_at, "outcome unknown")])
                late = False
        # As it was before: it did not land so far. Though it carries its version, it may still overtake the next one, then the
        # stale one.
        case _ if not _is_as_before(side, intent, record) or _may_be_older(side, intent, read_at):
            try:
                after = _after_update(context, side, intent, member, record, read_at, late=late)
            except MAPPING_ERRORS:
                late = False  # what cannot be read tells nothing
    if intent.op == "update" and record is not None and (after is not None or late):
        _tell_unseen(context, side, intent, record, after)
    if after is None and not late:
        context.summary.unknown += 1
        return False
    if after is None:
        store.give_up_intents([intent.intent_id])
        if row.missing_since is not None and member.state is not MemberState.GONE:
            store.see([(row.state, row.seen, row.version, row.as_of, None, row.member_id)])
        if side.resource.read is not None:
            store.review.mark_dirty([(context.entity.name, side.system, row.remote_id, read_at, "outcome unknown")])
    else:
        pack = side.packing.pack
        seen = None if after.seen is None else pack(after.seen)
        renders = packed_renders(side.packing, after)
        store.written([(pack(after.shadow), seen, renders, after.version, after.as_of, row.member_id)])
        store.account([(after.state.value, pack(after.shadow), seen, renders, row.member_id)])
        store.close_intents([intent.intent_id])
    store.unsettle([intent.link_id])
    unbar(context, intent)
    return True


def _tell_unseen(context: Context, side: Side, intent: IntentRow, record: NativeRecord, after: Member | None) -> None:
    """Tell, in the caller's transaction, of writes that are seen only by their number."""
    before, now = counted_ahead(side, intent), counted(side, record)
    if before is None or now is None:
        return
    at, sent = context.clock.now(), side.packing.unpack(intent.sent)
    landed = after is not None and any(after.shadow.get(name, ABSENT) == value for name, value in sent.items())
    if landed:
        told = tell_between(context, side, intent.link_id, intent.remote_id or "", before, now, at)
    else:
        told = tell_undone(context, side, intent, before, now, at)
    context.store.review.journal(told)


def unbar(context: Context, intent: IntentRow) -> None:
    """Let the link's next write to the system pass."""
    context.awaiting.pop((intent.link_id, intent.system), None)
    systems = context.barred.get(intent.link_id, set())
    systems.discard(intent.system)
    if not systems:
        context.barred.pop(intent.link_id, None)


def not_shown(side: Side, sent: Mapping[str, Shown], shown: Mapping[str, Shown]) -> list[str]:
    """The fields that were sent, and that a reading should show and does not: their permission was lost, or their value cannot
    be read."""
    return [name for name in sent if shown.get(name, ABSENT) is ABSENT and flow_of(side.mapping, name).contributes]


def _is_as_before(side: Side, intent: IntentRow, record: NativeRecord) -> bool:
    """Whether the record was not written since, or has the version that it had before the write. A time proves nothing: our write
    may have fallen into the unit of the clock in which the record was changed before it."""
    before, now = counted_ahead(side, intent), counted(side, record)
    if before is not None and now is not None:
        return before == now
    version = record.version
    return version is not None and version == intent.if_version and side.updated_at(version) is None


def _may_be_older(side: Side, intent: IntentRow, read_at: float) -> bool:
    """Whether a reading may show the record as it was before the write was sent for the last time."""
    sent_until = intent.resolve_after - side.settle - side.lag
    return side.read_lag > 0 and read_at - side.read_lag < sent_until


def _after_update(
    context: Context, side: Side, intent: IntentRow, member: Member, record: NativeRecord, read_at: float, *, late: bool
) -> Member | None:
    """The member if the update is known to have landed, wholly or (once it can no longer land) as far as it did; else None. Raises
    MAPPING_ERRORS."""
    shown, _ = readable(side.mapping, record.native)
    before, sent = {} if intent.pre is None else side.packing.unpack(intent.pre), side.packing.unpack(intent.sent)
    protections = context.options.protections
    echo = observing.echo(before, sent, shown, element_keys(context.entity), by_element=protections.by_element)
    hidden = not_shown(side, sent, shown) if protections.unseen else []
    if not echo.whole and not late:
        return None
    read_at = max(read_at, member.as_of) if protections.echo_ages else member.as_of
    accounted = replace(
        member,
        shadow={**member.shadow, **echo.shadow, **{name: sent[name] for name in hidden}},
        seen=None,
        renders={name: value for name, value in member.renders.items() if name not in echo.shadow} | echo.renders,
        unseen={**member.unseen, **{name: before.get(name, ABSENT) for name in hidden}},
        as_of=read_at,
    )
    observation = Observation(
        system=side.system,
        remote_id=member.remote_id,
        values=shown,
        version=record.version,
        updated_at=side.updated_at(record.version),
        read_at=read_at,
    )
    return observing.observe(accounted, observation, 0.0)
