"""Settling: what one reading of a record tells of a write whose outcome nobody knew."""

from dataclasses import replace

from syncline_runtime import observing
from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.executing.context import Context, to_member
from syncline_runtime.executing.place import readable
from syncline_runtime.executing.renders import packed_renders
from syncline_runtime.executing.sides import Side
from syncline_runtime.ports import NativeRecord
from syncline_runtime.records import Member, Observation
from syncline_runtime.rows import IntentRow, MemberRow


def settle(
    context: Context, side: Side, intent: IntentRow, row: MemberRow, record: NativeRecord | None, read_at: float
) -> bool:
    """Account for a reading (None: the record is not there), in the caller's transaction; whether the outcome is known now.

    The first reading taken when the write can no longer land settles it for good: what the record shows later is no echo.
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
        case _ if record is not None:
            if record.version is not None and record.version == intent.if_version:
                # It did not land; where writes are conditional, it cannot overtake the next one either.
                late = late or side.resource.lock != "none"
            else:
                after = _after_update(context, side, intent, member, record, read_at, late=late)
    if after is None and not late:
        context.summary.unknown += 1
        return False
    if after is None:
        store.give_up_intents([intent.intent_id])
        if row.missing_since is not None:
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


def unbar(context: Context, intent: IntentRow) -> None:
    """Let the link's next write to the system pass."""
    context.awaiting.pop((intent.link_id, intent.system), None)
    systems = context.barred.get(intent.link_id, set())
    systems.discard(intent.system)
    if not systems:
        context.barred.pop(intent.link_id, None)


def _after_update(
    context: Context, side: Side, intent: IntentRow, member: Member, record: NativeRecord, read_at: float, *, late: bool
) -> Member | None:
    """The member if the update is known to have landed, wholly or (once it can no longer land) as far as it did; else None."""
    try:
        shown, _ = readable(side.mapping, record.native)
    except MAPPING_ERRORS:
        return None
    before = {} if intent.pre is None else side.packing.unpack(intent.pre)
    protections = context.options.protections
    echo = observing.echo(before, side.packing.unpack(intent.sent), shown, by_element=protections.by_element)
    if not echo.whole and not late:
        return None
    read_at = max(read_at, member.as_of) if protections.echo_ages else member.as_of
    accounted = replace(
        member,
        shadow={**member.shadow, **echo.shadow},
        seen=None,
        renders={name: value for name, value in member.renders.items() if name not in echo.shadow} | echo.renders,
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
