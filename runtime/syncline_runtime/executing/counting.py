"""Counting: what a field to which each write adds one tells of writes that nobody saw."""

from syncline_runtime.executing.context import Context
from syncline_runtime.executing.sides import Side
from syncline_runtime.ports import NativeRecord
from syncline_runtime.rows import AuditEntry, IntentRow
from syncline_runtime.values import Native


def counted(side: Side, record: NativeRecord | None) -> int | None:
    """How often a record was written; None where its system does not say."""
    name = side.resource.counter
    if not name or record is None:
        return None
    count = record.native.get(name)
    if type(count) is str and count.isdecimal():
        return int(count)
    return count if type(count) is int else None


def counted_ahead(side: Side, intent: IntentRow) -> int | None:
    """How often a record had been written before a write without an answer; None where that is not known."""
    known = side.resource.counter and intent.if_version is not None and intent.if_version.isdecimal()
    return int(intent.if_version or 0) if known else None


def operated(side: Side, native: Native) -> bool:
    """Whether a write may be sent as more than one: by operations that set states, or in turns around an archive."""
    archive = side.resource.archive
    return (archive is not None and archive[0] in native) or any(side.resource.fields[name].states for name in native)


def tell_between(
    context: Context, side: Side, link_id: int, remote_id: str, before: int | None, after: int | None, now: float
) -> list[AuditEntry]:
    """Tell of writes that came between our look at a record, when it had been written `before` times, and the answer to our one
    write; for the journal. Nobody knows what they were, but for what the record shows of them."""
    if before is None or after is None or after - before <= 1:
        return []
    between = after - before - 1
    summary = context.summary
    summary.between[side.system] = summary.between.get(side.system, 0) + between
    reason = (
        f"{remote_id} was written {_times(between)} by others between our look at it and our write: in the fields that we wrote, "
        f"what they stored is overwritten; the history of {side.system} has it, if it keeps one"
    )
    return [_entry(context, side, link_id, "unseen-edit", reason, now)]


def tell_undone(
    context: Context, side: Side, intent: IntentRow, before: int | None, after: int | None, now: float
) -> list[AuditEntry]:
    """W-ABA: a record shows, after a write without an answer, what it showed before, and was written more than once since; for the
    journal. Our write may have landed, and somebody put the old value back: it is sent again."""
    if before is None or after is None or after - before <= 1:
        return []
    summary = context.summary
    summary.undone[side.system] = summary.undone.get(side.system, 0) + 1
    reason = (
        f"{intent.remote_id} shows what it showed before our write without an answer, and was written {_times(after - before)} "
        "since: the write may have landed and been undone by somebody; it is sent again (W-ABA)"
    )
    return [_entry(context, side, intent.link_id, "maybe-undone", reason, now)]


def _times(count: int) -> str:
    return "once" if count == 1 else f"{count} times"


def _entry(context: Context, side: Side, link_id: int, action: str, reason: str, now: float) -> AuditEntry:
    line = side.mapping.line
    return AuditEntry(context.run_id, now, action, context.entity.name, link_id, side.system, reason=reason, line=line)
