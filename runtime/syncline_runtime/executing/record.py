"""Record: what became of each write. The intent, the shadow and the link's mark change together."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from hashlib import blake2b
from typing import NamedTuple

from syncline_runtime import observing
from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.executing.context import Context, key_rows
from syncline_runtime.executing.counting import counted, operated, tell_between
from syncline_runtime.executing.place import readable
from syncline_runtime.executing.renders import ALL_UNSEEN, packed_renders
from syncline_runtime.executing.repeating import keyed, marked, packed
from syncline_runtime.executing.retaining import hold_contested, kept_otherwise, print_of
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.summary import DONE
from syncline_runtime.ports import Applied, Gone, Outcome, Refused, Stale, Unavailable, Unknown
from syncline_runtime.records import Action, ActionKind, Member
from syncline_runtime.rows import SAME, AuditEntry, MemberRow, Row
from syncline_runtime.values import ABSENT, Native, Shown


class Sent(NamedTuple):
    """One write on its way.

    `agreed` are the link's values, `values` the wanted ones by field, `document` the same packed. `only` says that it is all
    that is left to do for its link, `alike` that `document` is the link's. `left_out` are fields that the system refuses: what it
    shows in their place is its own doing. `action` is None for a record made as it stands. `counted` is how often the record had
    been written when it was last looked at, where its system says so.
    """

    link_id: int
    kind: ActionKind
    remote_id: str | None
    agreed: Mapping[str, Shown]
    values: Mapping[str, Shown]
    document: bytes
    row: MemberRow | None = None
    member: Member | None = None
    action: Action | None = None
    only: bool = False
    left_out: tuple[str, ...] = ()
    alike: bool = False
    counted: int | None = None

    def without(self, side: Side, names: Collection[str]) -> "Sent":
        """The same write but for some fields, which the system refuses."""
        values = {name: value for name, value in self.values.items() if name not in names}
        return self._replace(
            values=values,
            document=side.packing.pack(values),
            only=False,
            left_out=(*self.left_out, *(name for name in names if name not in self.left_out)),
            alike=False,
        )


def fingerprint(sent: Sent, field: str = "") -> bytes:
    """What tells this write, or that of one `field`, from another to the same record: a refused one is not sent again."""
    if field in sent.values:
        return print_of(field, sent.values[field])
    return blake2b(sent.kind.value.encode() + sent.document, digest_size=16).digest()


def may_lack(context: Context, side: Side, sent: Sent, names: Collection[str]) -> bool:
    """Whether the write makes sense without the fields `names`."""
    if len(sent.values) <= len(names):
        return False
    if sent.kind is ActionKind.CREATE:
        return not context.policy.sides[side.system].silent and context.policy.essential.isdisjoint(names)
    return sent.kind is ActionKind.UPDATE


def ahead(sent: Sent) -> Row:
    """What must be durable before the call: (remote_id, sent, pre, if_version); what counts the writes is worth more than what
    tells their time."""
    row = sent.row
    return (
        sent.remote_id,
        SAME if sent.alike else sent.document,
        None if row is None else row.shadow,
        str(sent.counted) if sent.counted is not None else None if row is None else row.version,
    )


def record_outcomes(
    context: Context,
    side: Side,
    kind: ActionKind,
    wave: int,
    sent_at: float,
    settle_at: float,
    sent: Sequence[Sent],
    natives: Sequence[Native],
    outcomes: Sequence[Outcome],
) -> int:
    """Record the outcomes of a wave in the caller's transaction; how many failed. Unknown ones become open intents."""
    store, name, system, summary = context.store, context.entity.name, side.system, context.summary
    unknown: list[Row] = []
    created: list[Row] = []
    fresh_keys: list[Row] = []
    stale_keys: list[Row] = []
    written: list[Row] = []
    accounted: list[Row] = []
    aged: list[Row] = []
    dirty: list[Row] = []
    refused: list[Row] = []
    released: list[Row] = []
    freed: list[Row] = []
    named: list[Row] = []
    journal: list[Row] = []
    lost: list[Row] = []
    settled: list[int] = []
    touched: list[int] = []
    failed = done = 0
    now = context.clock.now()
    holding, reviewed = store.review.any_held_writes(), context.options.reviewed
    again = kind is ActionKind.CREATE and keyed(side.resource)
    idempotency_keys = store.idempotency_keys(wave, len(sent)) if again else [None] * len(sent)
    for one, native, outcome, key in zip(sent, natives, outcomes, idempotency_keys, strict=True):
        link_id, remote_id = one.link_id, one.remote_id or ""
        match outcome:
            case Applied():
                done += 1
                if reviewed is not None:
                    reviewed.done(link_id, system)
                if holding:
                    if one.left_out:
                        freed.extend((name, system, remote_id, link_id, field) for field in ("", *one.values))
                    else:
                        released.append((name, system, remote_id, link_id))
                match kind:
                    case ActionKind.CREATE:
                        # It needs no keys of its own: it is found by those of its link, until it leaves that.
                        row = created_row(context, side, one, native, outcome, now)
                        created.append(row)
                        if one.left_out:
                            named.append((outcome.remote_id, name, system, link_id))
                        if row[3] is not None:
                            touched.append(link_id)
                        elif one.only:
                            settled.append(link_id)
                    case ActionKind.UPDATE if one.row is not None and one.member is not None:
                        member = acknowledged(context, side, one, one.member, outcome, now)
                        if one.counted is not None and not operated(side, native):
                            after = counted(side, outcome.record)
                            journal.extend(tell_between(context, side, link_id, remote_id, one.counted, after, now))
                        if outcome.record is not None and not outcome.as_sent:
                            lost.extend(unkept := kept_otherwise(context, side, link_id, member, one.values))
                        else:
                            unkept = []
                        written.append(_written_row(side, one.row, member))
                        if member.seen is not None:
                            touched.append(link_id)
                        elif one.only and not unkept:
                            settled.append(link_id)
                        before = set(key_rows(context, system, remote_id, one.member.shadow))
                        now_keys = set(key_rows(context, system, remote_id, member.shadow))
                        stale_keys.extend(sorted(before - now_keys))
                        fresh_keys.extend(sorted(now_keys - before))
                    case ActionKind.RESTORE if one.row is not None and one.member is not None:
                        back = observing.restored(one.member, now)
                        accounted.append((back.state.value, one.row.shadow, None, one.row.renders, one.row.member_id))
                        aged.append((back.state.value, None, back.version, now, None, one.row.member_id))
                        dirty.append((name, system, remote_id, now, "restored"))
                        touched.append(link_id)
                        journal.append(_journal_row(context, side, one, now))
                    case _ if one.row is not None and one.member is not None:
                        gone = kind is ActionKind.DELETE
                        left = observing.deleted(one.member, now) if gone else observing.released(one.member)
                        if not gone:
                            fresh_keys.extend(key_rows(context, system, remote_id, one.member.shadow))
                        accounted.append((left.state.value, one.row.shadow, None, one.row.renders, one.row.member_id))
                        # An older listing may still show it as it was.
                        aged.append((left.state.value, None, left.version, now, left.missing_since, one.row.member_id))
                        journal.append(_journal_row(context, side, one, now))
            case Refused(code, message, fields):
                failed += 1
                at_fault, why = next(iter(fields.items()), ("", message))
                detail = f"{message}: {why}" if message and why != message else why or message or "no reason given"
                field, line = _flow_of(side, at_fault)
                place = f"{context.package.source}:{line}" if line else ""
                refused.append(
                    (
                        name,
                        system,
                        remote_id,
                        link_id,
                        f"refused.{code}",
                        field,
                        detail,
                        place,
                        fingerprint(one, field),
                        context.run_id,
                    )
                )
                context.reporter.refused(name, system, remote_id, f"refused.{code}", field, detail, place)
            case Stale():
                dirty.append((name, system, remote_id, now, "changed since it was read"))
            case Gone():
                dirty.append((name, system, remote_id, now, "not found when written"))
            case Unavailable():
                pass
            case Unknown() if not context.options.protections.intents:
                summary.unknown += 1
            case Unknown(message):
                summary.doubts.setdefault(system, message)
                body = packed(marked(side.resource, native, None)) if again else None
                unknown.append(
                    (link_id, name, system, kind.value, *ahead(one), settle_at, context.run_id, sent_at, key, body)
                )
                context.barred.setdefault(link_id, set()).add(system)
                summary.unknown += 1
    store.end_wave(wave)
    if unknown:
        store.keep_intents(unknown)
    if created:
        store.add_members(name, system, created)
    if written:
        store.written(written)
    if stale_keys:
        store.drop_keys(stale_keys)
    if fresh_keys:
        store.add_keys(fresh_keys)
    if accounted:
        store.account(accounted)
        store.see(aged)
    if done and kind in (ActionKind.CREATE, ActionKind.UPDATE):
        batch = [
            (one.link_id, outcome.remote_id, one.document)
            for one, outcome in zip(sent, outcomes, strict=True)
            if isinstance(outcome, Applied)
        ]
        journal.append(AuditEntry(context.run_id, now, DONE[kind], name, 0, system, batch=batch))
    if journal:
        store.review.journal(journal)
    if touched:
        # What an answer shows beside our own write is news: decided upon before anything follows from it.
        store.unsettle(touched)
    if settled:
        store.settle(settled)
    if dirty:
        store.review.mark_dirty(dirty)
    if refused:
        store.review.quarantine(refused)
    if released:
        store.review.release(released)
    if freed:
        store.review.release_fields(freed)
    # After what is let go: a write that went through may all the same not have stayed.
    hold_contested(context, lost, drifted=False)
    if named:
        store.review.name_records(named)
    if done:
        summary.did(system, DONE[kind], done)
    if failed:
        summary.failed[system] = summary.failed.get(system, 0) + failed
    return failed


def acknowledged(context: Context, side: Side, sent: Sent, member: Member, outcome: Applied, now: float) -> Member:
    """The member after its acknowledged write; an answer that cannot be mapped counts as none.

    What the system filled in for a field that it refused in a create is a base, or it would pass for somebody's edit.
    """
    stored: Mapping[str, Shown] | None = None
    version, record = member.version, outcome.record
    if record is not None:
        version = record.version
        try:
            stored, _ = readable(side.mapping, record.native)
        except MAPPING_ERRORS:
            stored = None
    if sent.kind is ActionKind.CREATE and sent.left_out and stored is not None:
        member = replace(member, shadow={name: stored.get(name, ABSENT) for name in sent.left_out})
    values, protections = sent.values, context.options.protections
    if stored is not None and not protections.stored_shadow:
        stored = {**stored, **values}
    if stored is not None and not protections.sent_only:
        values = {**values, **{name: value for name, value in stored.items() if value is not ABSENT}}
    known = observing.acknowledge(
        member,
        values,
        stored,
        version=version,
        updated_at=side.updated_at(version),
        acknowledged_at=now,
        at_once=not outcome.read_back,
    )
    return known if protections.unseen or not known.unseen else replace(known, unseen={})


def created_row(context: Context, side: Side, sent: Sent, native: Native, outcome: Applied, now: float) -> Row:
    """The row of a record that we created as `native`, for `add_members`."""
    pack, record, remote_id = side.packing.pack, outcome.record, outcome.remote_id
    shadow = SAME if sent.alike else sent.document
    if record is None:
        # What is only sent is never shown.
        unseen = None if side.sends or not context.options.protections.unseen else ALL_UNSEEN
        return (remote_id, sent.link_id, shadow, None, unseen, None, now, now)
    if len(native) == side.natives and (outcome.as_sent or _shows(record.native, native)):
        return (remote_id, sent.link_id, shadow, None, None, record.version, now, now)
    member = acknowledged(context, side, sent, Member(system=side.system, remote_id=remote_id), outcome, now)
    kept_otherwise(context, side, sent.link_id, member, sent.values)
    return (
        remote_id,
        sent.link_id,
        pack(member.shadow),
        None if member.seen is None else pack(member.seen),
        packed_renders(side.packing, member),
        member.version,
        member.as_of,
        now,
    )


def _shows(stored: Native, native: Native) -> bool:
    return all(stored.get(name, ABSENT) == native[name] for name in native)


def _written_row(side: Side, row: MemberRow, member: Member) -> Row:
    pack = side.packing.pack
    return (
        pack(member.shadow),
        None if member.seen is None else pack(member.seen),
        packed_renders(side.packing, member),
        member.version,
        member.as_of,
        row.member_id,
    )


def _journal_row(context: Context, side: Side, sent: Sent, now: float) -> Row:
    kind = DONE[sent.kind]
    reason, line = (sent.action.reason, sent.action.line) if sent.action is not None else ("", 0)
    return (
        context.run_id,
        now,
        kind,
        context.entity.name,
        sent.link_id,
        side.system,
        "",
        None,
        None,
        f"{sent.remote_id}: {reason}",
        line,
    )


def _flow_of(side: Side, native: str) -> tuple[str, int]:
    """The entity's field and the spec line that write a native field."""
    for flow in side.mapping.flows:
        if native in flow.native:
            return flow.field, flow.line
    return native, 0
