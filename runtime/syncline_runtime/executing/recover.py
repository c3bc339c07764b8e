"""Recover: settle writes whose outcome is not known. Until then no further write goes to that record."""

from collections.abc import Mapping, Sequence

from syncline_runtime import observing
from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.executing.context import Context, Side, to_member
from syncline_runtime.executing.place import readable
from syncline_runtime.executing.taking import read_many
from syncline_runtime.identity import keys
from syncline_runtime.observing import may_render
from syncline_runtime.policy import blank
from syncline_runtime.ports import NativeRecord, SystemFailure
from syncline_runtime.records import Member
from syncline_runtime.rows import IntentRow, MemberRow, Row
from syncline_runtime.values import ABSENT, Shown


async def recover(context: Context) -> None:
    """Read the records of open updates, archives and deletes, and bar what stays open."""
    with context.store.transaction():
        context.store.break_waves(context.entity.name, context.clock.now())
    intents = context.store.open_intents(context.entity.name)
    for intent in intents:
        context.barred.setdefault(intent.link_id, set()).add(intent.system)
    for side in context.sides.values():
        own = [intent for intent in intents if intent.system == side.system and intent.op != "create"]
        if not own or side.system in context.down:
            continue
        read_at = context.clock.now()
        try:
            found = await read_many(context.systems[side.system], side, [intent.remote_id or "" for intent in own])
        except SystemFailure as failure:
            context.down.add(side.system)
            context.summary.failures[side.system] = str(failure)
            continue
        with context.store.transaction():
            rows = context.store.members(context.entity.name, side.system, [intent.remote_id or "" for intent in own])
            for intent in own:
                remote_id = intent.remote_id or ""
                if remote_id in rows:
                    _settle(context, side, intent, rows[remote_id], found.get(remote_id), read_at)


def recover_creates(context: Context) -> None:
    """After observing: adopt the record that an open create made, or allow the create again once it can no longer land."""
    store, now = context.store, context.clock.now()
    intents = [intent for intent in store.open_intents(context.entity.name) if intent.op == "create"]
    with store.transaction():
        for intent in intents:
            side = context.sides.get(intent.system)
            if side is None or intent.system in context.down:
                continue
            wanted = side.packing.unpack(intent.sent)
            rows = _candidates(context, side, keys(context.entity, wanted))
            if len(rows) > 1:
                # Of several with its key, the one that shows just what was sent is ours.
                rows = [row for row in rows if row.seen == intent.sent] or rows
            ours = len(rows) == 1 and _is_ours(context, side, wanted, rows[0])
            if ours or (len(rows) == 1 and now >= intent.resolve_after):
                _adopt(context, side, intent, rows[0], now, ours=ours)
            elif not rows and now >= intent.resolve_after and any(keys(context.entity, wanted)):
                store.give_up_intents([intent.intent_id])
                _unbar(context, intent)
            else:
                context.summary.unknown += 1
                if now >= intent.resolve_after:
                    _ask(context, intent, "several records have its key" if rows else "it has no key to look for")


def _settle(
    context: Context, side: Side, intent: IntentRow, row: MemberRow, record: NativeRecord | None, read_at: float
) -> None:
    """Account for one reading of a record whose write has no known outcome."""
    store, member = context.store, to_member(side, row)
    after: Member | None = None
    late = read_at >= intent.resolve_after
    match intent.op:
        case "delete":
            after = observing.deleted(member, read_at) if record is None else None
        case "archive":
            flag = side.resource.archive
            if record is not None and flag is not None and record.native.get(flag[0]) == flag[1]:
                after = observing.released(member)
        case _ if record is not None:
            after = _after_update(side, intent, member, record, read_at, late=late)
    if after is None and not late:
        context.summary.unknown += 1
        return
    if after is None:
        store.give_up_intents([intent.intent_id])
        store.review.mark_dirty([(context.entity.name, side.system, row.remote_id, read_at, "outcome unknown")])
    else:
        pack = side.packing.pack
        seen = None if after.seen is None else pack(after.seen)
        renders = pack(after.renders) if after.renders else None
        store.written([(pack(after.shadow), seen, renders, after.version, after.as_of, row.member_id)])
        store.account([(after.state.value, pack(after.shadow), seen, renders, row.member_id)])
        store.close_intents([intent.intent_id])
    store.unsettle([intent.link_id])
    _unbar(context, intent)


def _after_update(
    side: Side, intent: IntentRow, member: Member, record: NativeRecord, read_at: float, *, late: bool
) -> Member | None:
    """The member if the update is known to have landed, wholly or (once it can no longer land) as far as it did; else None."""
    try:
        shown, _ = readable(side.mapping, record.native)
    except MAPPING_ERRORS:
        return None
    unpack = side.packing.unpack
    sent, before = unpack(intent.sent), {} if intent.pre is None else unpack(intent.pre)
    landed = {
        name: value
        for name, value in sent.items()
        if (now := shown.get(name, ABSENT)) == value or (now != before.get(name, ABSENT) and may_render(value, now))
    }
    if len(landed) < len(sent) and not late:
        return None
    return observing.acknowledge(
        member,
        landed,
        shown,
        version=record.version,
        updated_at=side.updated_at(record.version),
        acknowledged_at=read_at,
    )


def _candidates(context: Context, side: Side, wanted: Sequence[str | None]) -> list[MemberRow]:
    """Records of the system without a link that have a key of the create: by the first rule that finds any."""
    for rule, key in enumerate(wanted):
        if key is None:
            continue
        holders = context.store.holders(context.entity.name, rule, [key])
        ids = [remote_id for _, system, remote_id, link_id, _ in holders if system == side.system and link_id is None]
        if ids:
            rows = context.store.members(context.entity.name, side.system, ids)
            return [row for row in rows.values() if row.state == "live"]
    return []


def _is_ours(context: Context, side: Side, wanted: Mapping[str, Shown], row: MemberRow) -> bool:
    """Whether a record with the keys of an open create was made by it: but for its keys, it shows half of what was sent, at least.

    A person may have made another of the same key at the same time, and our create may still land.
    """
    matched = {name for rule in context.entity.match for name in rule.fields}
    told = [name for name, value in wanted.items() if name not in matched and not blank(value)]
    shown = {} if row.seen is None else side.packing.unpack(row.seen)
    same = sum(may_render(wanted[name], shown.get(name, ABSENT)) for name in told)
    return 2 * same >= len(told)


def _adopt(context: Context, side: Side, intent: IntentRow, row: MemberRow, now: float, *, ours: bool) -> None:
    """Take the record into the link. If it is `ours`, what was sent is the base, as the system may have rendered it: what it
    shows beyond that today may be a person's edit. Another's is merged without a base."""
    shadow: bytes | None = None
    renders: bytes | None = None
    seen = row.seen
    if ours and (row.seen is None or row.seen == intent.sent):
        shadow, seen = intent.sent, None
    elif ours and row.seen is not None:
        sent, shown = side.packing.unpack(intent.sent), side.packing.unpack(row.seen)
        made = {
            name: value
            for name, value in sent.items()
            if (now_shown := shown.get(name, value)) != value and may_render(value, now_shown)
        }
        shadow = side.packing.pack({**sent, **{name: shown[name] for name in made}})
        renders = side.packing.pack(made) if made else None
        seen = row.seen if row.seen != shadow else None
    adopted: Row = (
        row.remote_id,
        intent.link_id,
        shadow,
        seen,
        renders,
        row.version,
        row.as_of,
        now,
    )
    context.store.add_members(context.entity.name, side.system, [adopted])
    context.store.close_intents([intent.intent_id])
    context.store.unsettle([intent.link_id])
    context.store.review.release([(context.entity.name, side.system, "", intent.link_id)])
    context.summary.did(side.system, "adopted")
    _unbar(context, intent)


def _ask(context: Context, intent: IntentRow, why: str) -> None:
    context.store.review.quarantine(
        [
            (
                context.entity.name,
                intent.system,
                "",
                intent.link_id,
                "outcome.unknown",
                "",
                f"nobody knows whether the record was created, and {why}",
                "",
                None,
                context.run_id,
            )
        ]
    )


def _unbar(context: Context, intent: IntentRow) -> None:
    systems = context.barred.get(intent.link_id, set())
    systems.discard(intent.system)
    if not systems:
        context.barred.pop(intent.link_id, None)
