"""Recover: settle writes whose outcome is not known. Until then no further write goes to that record."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Final

from syncline_runtime import observing
from syncline_runtime.aligning import element_keys, landed
from syncline_runtime.declaration import Condition
from syncline_runtime.executing.context import Context, to_member
from syncline_runtime.executing.doubling import crowded, doubles_of, told_apart
from syncline_runtime.executing.marking import Marked, ask_for_marks, is_marked
from syncline_runtime.executing.record import Sent, created_row
from syncline_runtime.executing.renders import packed_renders
from syncline_runtime.executing.repeating import lasts, marked, unpacked
from syncline_runtime.executing.repointing import without_aliases
from syncline_runtime.executing.settling import not_shown, settle, unbar
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.taking import read_many, take
from syncline_runtime.identity import keys, made_by
from syncline_runtime.observing import may_render
from syncline_runtime.ports import Applied, NativeRecord, Refused, SystemFailure, Unknown, Write
from syncline_runtime.records import ActionKind, Member, MemberState
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
        if side.resource.read is None:
            context.awaiting.update(((intent.link_id, intent.system), intent) for intent in own)
            continue
        ids = [intent.remote_id or "" for intent in own]
        read_at = context.clock.now()
        try:
            read = await _read_twice(context, side, own, ids)
        except SystemFailure as failure:
            context.down.add(side.system)
            context.summary.failures[side.system] = str(failure)
            continue
        with context.store.transaction():
            found = without_aliases(context, side, read)
            rows = context.store.members(context.entity.name, side.system, ids)
            for intent in own:
                remote_id = intent.remote_id or ""
                if remote_id in rows and remote_id in found:
                    settle(context, side, intent, rows[remote_id], found[remote_id], read_at)
                elif remote_id not in read:
                    context.summary.unknown += 1
                elif read_at >= intent.resolve_after:
                    # Its record was merged into another meanwhile, which is read for itself.
                    context.store.give_up_intents([intent.intent_id])
                    context.store.unsettle([intent.link_id])
                    unbar(context, intent)


async def _read_twice(
    context: Context, side: Side, intents: Sequence[IntentRow], ids: Sequence[str]
) -> Mapping[str, NativeRecord | None]:
    """Read records; one that was to be deleted and is not found is read once more after the lag."""
    found = dict(await read_many(context, side, ids))
    deleted = [one.remote_id for one in intents if one.op == "delete" and one.remote_id is not None]
    gone = [remote_id for remote_id in deleted if remote_id in found and found[remote_id] is None]
    if gone:
        await context.clock.sleep(side.lag)
        again = await read_many(context, side, gone)
        found = {one: record for one, record in {**found, **again}.items() if one in again or one not in gone}
    return found


def recover_listed(context: Context) -> None:
    """After observing, where records cannot be read by id: what a complete listing did not show twice is not there."""
    for intent in list(context.awaiting.values()):
        side, listing = context.sides[intent.system], context.sides[intent.system].resource.list
        read_at = context.looked.get(intent.system)
        unsure = intent.system in context.down or intent.system in context.partial
        if read_at is None or unsure or listing is None or not listing.complete:
            context.summary.unknown += 1
            continue
        for row in context.store.members(context.entity.name, side.system, [intent.remote_id or ""]).values():
            member = observing.missing(to_member(side, row), read_at, side.list_lag)
            with context.store.transaction():
                if member.state is MemberState.MISSING and intent.op == "delete":
                    context.store.see(
                        [(row.state, row.seen, row.version, row.as_of, member.missing_since, row.member_id)]
                    )
                    context.summary.unknown += 1
                else:
                    settle(context, side, intent, row, None, read_at)


async def recover_creates(context: Context) -> None:
    """After observing: adopt the record that an open create made, send it again under its key, or allow it again once it can no
    longer land."""
    store = context.store
    again: dict[str, list[IntentRow]] = {}
    await _ask_for_keys(context)
    marks = await ask_for_marks(context)
    with store.transaction():
        made = _may_have_made(context)
        for side, intent in context.open_creates():
            if intent.intent_id in marks:
                _by_mark(context, side, intent, marks[intent.intent_id])
                continue
            values = side.packing.unpack(intent.sent)
            wanted = keys(context.entity, values)
            rows = _candidates(context, side, intent, wanted)
            # Of several with its key, the one that shows just what was sent is ours; what shows what another create sent is not.
            rows = [row for row in rows if row.seen == intent.sent] or [
                row for row in rows if not any(other.sent == row.seen for other in made.get(row.member_id, ()))
            ]
            shared = any(row.seen != intent.sent and len(made.get(row.member_id, ())) > 1 for row in rows)
            now = context.clock.now()
            late = _can_no_longer_land(context, side, intent)
            ours = len(rows) == 1 and _is_ours(context, side, values, rows[0])
            asked = not ours and _is_asked_about(context, side, rows)
            if len(rows) == 1 and not shared and not asked and (ours or late):
                _adopt(context, side, intent, rows[0], now, ours=ours)
            elif not rows and _is_sent_again(context, side, intent, values):
                again.setdefault(intent.system, []).append(intent)
            elif not rows and late and _is_known_to_lack(context, side, values) and context.sync.unknown != "hold":
                store.give_up_intents([intent.intent_id])
                unbar(context, intent)
            else:
                context.summary.unknown += 1
                if late:
                    lacking = side.system in context.lacking
                    _ask(context, intent, _why(rows, wanted, shared=shared, asked=asked, lacking=lacking))
    for system, intents in again.items():
        await _send_again(context, context.sides[system], intents)


async def _ask_for_keys(context: Context) -> None:
    """A listing may leave out what is there: before a create is given up, a system that can be asked for its key is asked, and
    another one lists once more."""
    listed: set[str] = set()
    for side, intent in context.open_creates():
        if is_marked(side, intent):
            continue
        values = side.packing.unpack(intent.sent)
        late = context.looked.get(intent.system, 0.0) >= intent.resolve_after
        if not late or _candidates(context, side, intent, keys(context.entity, values)):
            continue
        asked = _question(context, side, values)
        if asked is not None:
            await _search(context, side, asked)
        elif side.system not in listed and _is_to_be_given_up(context, side, intent, values):
            listed.add(side.system)
            await _search(context, side, side.mapping.where)


def _is_to_be_given_up(context: Context, side: Side, intent: IntentRow, values: Mapping[str, Shown]) -> bool:
    """Whether a late create of which no record shows is given up, rather than sent again, asked about, or waited for."""
    lost = not side.sends and side.system not in context.partial and context.sync.unknown != "hold"
    again = _is_sent_again(context, side, intent, values)
    return lost and not again and _is_known_to_lack(context, side, values)


def _is_sent_again(context: Context, side: Side, intent: IntentRow, values: Mapping[str, Shown]) -> bool:
    """Whether a create of which no record shows is sent again: its system knows it by its key, and it would make none beside one
    without a link that has got its keys meanwhile."""
    if context.telling or not lasts(intent, side.resource.create, context.clock.now()):
        return False
    return not doubles_of(context, [(intent.link_id, side.system, values)], crowded(context))


def _by_mark(context: Context, side: Side, intent: IntentRow, found: Marked) -> None:
    """Adopt, in the caller's transaction, the record that bears the mark of an open create; or allow the create again where none
    does and it can no longer land."""
    store, name = context.store, context.entity.name
    rows = list(store.members(name, side.system, found.ids).values())
    free = [row for row in rows if row.link_id is None and row.state == "live"]
    late = found.asked_at >= intent.resolve_after or not context.options.protections.lag
    if len(found.ids) == 1 and free:
        _adopt(context, side, intent, free[0], context.clock.now(), ours=True)
    elif not found.ids and late and context.sync.unknown != "hold":
        store.give_up_intents([intent.intent_id])
        unbar(context, intent)
    else:
        context.summary.unknown += 1
        if found.ids or late:
            several = "several records bear its mark"
            elsewhere = "the record with its mark is out of scope, or another one's"
            _ask(context, intent, several if len(found.ids) > 1 else elsewhere if found.ids else "none bears its mark")


def _is_known_to_lack(context: Context, side: Side, values: Mapping[str, Shown]) -> bool:
    """Whether a record that a create of `values` made would have shown: the system was asked for its key, or its listing can be
    believed."""
    if side.sends:
        return True
    has_key = any(keys(context.entity, values))
    return has_key and (side.system not in context.lacking or _question(context, side, values) is not None)


_ASKED_FREELY: Final = frozenset(("sql", "files"))
"""Protocols that look for any value without their connector saying how."""


def _question(context: Context, side: Side, values: Mapping[str, Shown]) -> Sequence[Condition] | None:
    """How a system is asked for the records that have the first key of a create; None where it cannot be."""
    listing, named = side.resource.list, zip(context.entity.match, keys(context.entity, values), strict=True)
    rule = next((rule for rule, key in named if key is not None), None)
    protocol = context.package.systems[side.system].connector.protocol
    if listing is None or rule is None or (listing.equals is None and protocol not in _ASKED_FREELY):
        return None
    native = side.mapping.write({**dict.fromkeys(context.entity.fields, ABSENT), **values}, None)
    names = [name for flow in side.mapping.flows if flow.field in rule.fields for name in flow.native if name in native]
    if any(side.resource.fields[name].child is not None for name in names):
        return None  # a value in an embedded record is none that a system can be asked for
    return [*side.mapping.where, *(Condition(field=name, value=native[name]) for name in dict.fromkeys(names))]


async def _search(context: Context, side: Side, where: Sequence[Condition]) -> None:
    """Ask the system for the records of which the conditions hold, and take them in."""
    try:
        async for page in context.systems[side.system].pages(side.resource.name, fields=side.fields, where=where):
            with context.store.transaction():
                take(context, side, page.records, page.read_at, side.list_lag)
            if page.unidentified:
                context.partial.add(side.system)
    except SystemFailure as failure:
        context.down.add(side.system)
        context.summary.failures[side.system] = str(failure)


async def _send_again(context: Context, side: Side, intents: Sequence[IntentRow]) -> None:
    """The same creates under the same keys: the system makes each once, whether it heard of it before or not."""
    for start in range(0, len(intents), _AT_ONCE):
        portion = intents[start : start + _AT_ONCE]
        writes = [
            Write(
                marked(side.resource, unpacked(one.body or b"{}"), one.idempotency_key), None, None, one.idempotency_key
            )
            for one in portion
        ]
        # This one, too, may be carried out after nobody waits for it any more.
        until = context.clock.now() + side.settle + side.lag
        with context.store.transaction():
            context.store.postpone_intents((until, one.intent_id) for one in portion)
        try:
            outcomes = await context.systems[side.system].create(side.resource.name, writes)
        except SystemFailure as failure:
            context.summary.failures.setdefault(side.system, str(failure))
            context.summary.unknown += len(intents) - start
            return
        with context.store.transaction():
            for intent, write, outcome in zip(portion, writes, outcomes, strict=True):
                match outcome:
                    case Applied():
                        _made(context, side, intent, write, outcome)
                    case Refused() if _can_no_longer_land(context, side, intent):
                        # Definitely not there: it is decided, and told, anew.
                        context.store.give_up_intents([intent.intent_id])
                        context.store.unsettle([intent.link_id])
                        unbar(context, intent)
                    case _:
                        if not isinstance(outcome, Unknown):
                            context.store.postpone_intents([(intent.resolve_after, intent.intent_id)])
                        # A refusal says nothing of the ones before, if those may still be under way.
                        if isinstance(outcome, Refused):
                            context.summary.doubts.setdefault(
                                side.system, f"sent again, it is refused: {outcome.message}"
                            )
                        context.summary.unknown += 1


def _can_no_longer_land(context: Context, side: Side, intent: IntentRow) -> bool:
    """Whether a create would show by now in what was observed, had it been made."""
    if side.system in context.partial:
        return False  # it may be one of those without identity
    looked = context.clock.now() if side.sends else context.looked.get(intent.system, 0.0)
    return looked >= intent.resolve_after or not context.options.protections.lag


_AT_ONCE = 50


def _made(context: Context, side: Side, intent: IntentRow, write: Write, outcome: Applied) -> None:
    values = side.packing.unpack(intent.sent)
    sent = Sent(intent.link_id, ActionKind.CREATE, None, values, values, intent.sent)
    # It may have been made long ago: what it shows now, somebody may have edited since.
    outcome = replace(outcome, read_back=True)
    now = context.clock.now()
    context.store.add_members(
        context.entity.name, side.system, [created_row(context, side, sent, write.native, outcome, now)]
    )
    _closed(context, intent)


def _is_asked_about(context: Context, side: Side, rows: Sequence[MemberRow]) -> bool:
    """Whether a person is to say which record one of these is."""
    return bool(
        rows and context.store.review.held_records(context.entity.name, side.system, [row.remote_id for row in rows])
    )


def _may_have_made(context: Context) -> Mapping[int, Sequence[IntentRow]]:
    """By the record's number, the open creates that may have made it: if one alone was, it is that one's."""
    found: dict[int, list[IntentRow]] = {}
    creates = list(context.open_creates())
    for side, intent in creates if len(creates) > 1 else ():
        for row in _candidates(context, side, intent, keys(context.entity, side.packing.unpack(intent.sent))):
            found.setdefault(row.member_id, []).append(intent)
    return found


def _candidates(context: Context, side: Side, intent: IntentRow, wanted: Sequence[str | None]) -> list[MemberRow]:
    """Records of the system without a link that have a key of the create, and that it may have made: by the first rule that finds
    any."""
    for rule, key in enumerate(wanted):
        if key is None:
            continue
        holders = context.store.holders(context.entity.name, rule, [key])
        ids = [remote_id for _, system, remote_id, link_id, _ in holders if system == side.system and link_id is None]
        if ids:
            rows = context.store.members(context.entity.name, side.system, ids)
            return [row for row in rows.values() if row.state == "live" and not _was_known(context, intent, row)]
    return []


_SKEW_SECONDS: Final = 5.0


def _was_known(context: Context, intent: IntentRow, row: MemberRow) -> bool:
    """Whether a record was seen before a create was sent, so that it is not what that made: well before it, or before a person said
    of who was to be created that it is a record of its own. Where our clock was set back since, or may have been, nothing is told:
    what the create made would be made twice."""
    if row.first_seen >= intent.sent_at - _SKEW_SECONDS:
        apart = told_apart(context).get(intent.link_id)
        if apart is None or not row.first_seen <= apart[2] <= intent.sent_at:
            return False
    earliest = context.store.review.earliest_after(intent.run_id)
    return earliest is None or earliest >= intent.sent_at


def _is_ours(context: Context, side: Side, sent: Mapping[str, Shown], row: MemberRow) -> bool:
    shown = {} if row.seen is None else side.packing.unpack(row.seen)
    return made_by(context.entity, sent, shown, keys(context.entity, shown))


def adopt_named(context: Context, intent: IntentRow, row: MemberRow) -> None:
    """Take the record into the link of an open create, in the caller's transaction, for a person says that it is the one."""
    side = context.sides[intent.system]
    ours = _is_ours(context, side, side.packing.unpack(intent.sent), row)
    _adopt(context, side, intent, row, context.clock.now(), ours=ours)


def _adopt(context: Context, side: Side, intent: IntentRow, row: MemberRow, now: float, *, ours: bool) -> None:
    """Take the record into the link. If it is `ours`, what was sent is the base, as the system may have rendered it: what it
    shows beyond that today may be a person's edit. Another's is merged without a base, but for what it shows just as it was
    sent: whoever typed that, it is no news, and must not overrule what was agreed since."""
    shadow: bytes | None = None
    renders: bytes | None = None
    seen = row.seen
    if ours and (row.seen is None or row.seen == intent.sent):
        shadow, seen = intent.sent, None
    elif not context.options.protections.recovered_base:
        shadow, seen = row.seen, None
    elif ours and row.seen is not None:
        sent, shown = side.packing.unpack(intent.sent), side.packing.unpack(row.seen)
        made = {
            name: value
            for name, value in sent.items()
            if (now_shown := shown.get(name, value)) != value and may_render(value, now_shown)
        }
        base = {**sent, **{name: shown[name] for name in made}}
        hidden = dict.fromkeys(not_shown(side, sent, shown), ABSENT)
        member = Member(system=side.system, remote_id=row.remote_id, shadow=base, renders=made, unseen=hidden)
        shadow, renders = side.packing.pack(base), packed_renders(side.packing, member)
        seen = row.seen if row.seen != shadow else None
    elif row.seen is not None:
        sent, shown = side.packing.unpack(intent.sent), side.packing.unpack(row.seen)
        known = {
            name: value for name, value in sent.items() if value is not ABSENT and shown.get(name, ABSENT) == value
        }
        for name, key in element_keys(context.entity).items():
            if name not in known and (same := landed((), sent.get(name, ABSENT), shown.get(name, ABSENT), key)[0]):
                known[name] = same
        shadow = side.packing.pack(known) if known else None
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
    context.store.review.release_records(context.entity.name, side.system, [row.remote_id], "identity")
    _closed(context, intent)


def _closed(context: Context, intent: IntentRow) -> None:
    context.store.close_intents([intent.intent_id])
    context.store.unsettle([intent.link_id])
    context.store.review.release([(context.entity.name, intent.system, "", intent.link_id)])
    context.summary.did(intent.system, "adopted")
    unbar(context, intent)


def _why(rows: Sequence[MemberRow], wanted: Sequence[str | None], *, shared: bool, asked: bool, lacking: bool) -> str:
    if len(rows) == 1 and asked:
        return "of the record with its key a person is to say which it is"
    if len(rows) == 1 and shared:
        return "the record with its key may be that of another create"
    if rows:
        return "several records have its key"
    if lacking:
        return "none shows its key, in a listing that left out records which are there"
    return "none shows its key" if any(wanted) else "it has no key to look for"


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
                f"nobody knows whether the record was created, and {why}: look for it, and say with `review` what happened",
                "",
                None,
                context.run_id,
            )
        ]
    )
