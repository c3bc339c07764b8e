"""Apply: what is left to do is derived from the state, written ahead, sent in full batches, and recorded."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.declaration import Operation
from syncline_runtime.executing.context import Context, key_rows, to_link
from syncline_runtime.executing.counting import counted
from syncline_runtime.executing.decide import living_keys, tomb
from syncline_runtime.executing.derive import REMOTE, Held, Queue, derive
from syncline_runtime.executing.place import Failure, mapping_failure, natives_of, readable
from syncline_runtime.executing.record import Sent, ahead, fingerprint, may_lack, record_outcomes
from syncline_runtime.executing.renders import seen_of
from syncline_runtime.executing.repeating import keyed, marked, packed
from syncline_runtime.executing.repointing import without_aliases
from syncline_runtime.executing.sides import Side, restorable
from syncline_runtime.executing.taking import note_missing, read_many, take
from syncline_runtime.ports import NativeRecord, Outcome, SystemFailure, Unavailable, Unknown, Write
from syncline_runtime.records import ActionKind
from syncline_runtime.rows import Row
from syncline_runtime.values import Native, Shown

_BUDGET_SHARE, _BUDGET_LEAST = 0.2, 10
"""A system that fails more than this share of its writes gets no more of them in this run."""

_LEAST_WAVE = 50
"""Writes between two commits, at least: after a crash, so many outcomes may be unknown."""

_BESIDE = 1
"""Waves of a system that may still be under way when its next one is prepared and sent: it never waits for us."""


async def apply(context: Context, held: Held) -> None:
    """Do what is left to do in every unsettled link; what fails stays unsettled and is found again by the next run."""
    queues = {name: Queue(asyncio.Semaphore(_at_once(context, side))) for name, side in context.sides.items()}
    refused = context.store.review.held_writes(context.entity.name)
    after, done, many = 0, 0, context.options.portion
    try:
        while rows := context.store.unsettled(context.entity.name, after, many):
            after = rows[-1].link_id
            derive(context, rows, queues, held, refused)
            await _send_all(context, queues, last=len(rows) < many)
            done += len(rows)
            context.reporter.phase(context.entity.name, "apply", done)
        await _send_all(context, queues, last=True)
    finally:
        await _abandon(queues)


# -- sending -----------------------------------------------------------------------------------------------------------


async def _send_all(context: Context, queues: Mapping[str, Queue], *, last: bool) -> None:
    await asyncio.gather(
        *(_send_system(context, context.sides[name], queue, last=last) for name, queue in queues.items())
    )


async def _send_system(context: Context, side: Side, queue: Queue, *, last: bool) -> None:
    """Send the full batches of one system, and at the end the rest, in waves: write-ahead, calls, outcomes."""
    most = context.options.portion
    for kind in REMOTE:
        many = batch_size(side, kind)
        wave = max(min(_LEAST_WAVE, most), min(10 * many, most), many)
        while (waiting := queue.waiting[kind]) and (last or len(waiting) >= wave):
            portion = waiting[:wave]
            # A system that refuses too much is told by a wave of its own.
            trusted = queue.tried and not queue.failed
            beside = _BESIDE if trusted and _overlaps(context, side, kind, portion) else 0
            await _until(queue, beside if queue.sending is kind else 0)
            if side.system in context.stopped:
                break
            queue.waiting[kind] = waiting[wave:]
            queue.sending = kind
            queue.under_way.append(asyncio.create_task(_send_wave(context, side, kind, portion, many, queue)))
            if not beside:
                await _until(queue, 0)
    await _until(queue, 0 if last else _BESIDE)


def _overlaps(context: Context, side: Side, kind: ActionKind, portion: Sequence[Sent]) -> bool:
    """Whether a wave may be under way together with another: it depends on no outcome, and relies on no reading that would grow
    older while it waits for the other's calls."""
    if context.refers:
        return False
    if kind is ActionKind.UPDATE:
        return side.unguarded and len(_decided_upon(portion)) == len(portion)
    return kind is ActionKind.CREATE


def _at_once(context: Context, side: Side) -> int:
    return context.package.systems[side.system].connector.concurrency if side.remote else 1


async def _until(queue: Queue, most: int) -> None:
    """Wait until at most so many waves are under way. Raises what one of them raised."""
    while len(queue.under_way) > most:
        await asyncio.wait(queue.under_way, return_when=asyncio.FIRST_COMPLETED)
        ended = [wave for wave in queue.under_way if wave.done()]
        queue.under_way = [wave for wave in queue.under_way if not wave.done()]
        for wave in ended:
            wave.result()


async def _abandon(queues: Mapping[str, Queue]) -> None:
    """After a failure: what is still under way is left as it was written ahead, for the next run to look at."""
    left = [wave for queue in queues.values() for wave in queue.under_way]
    for wave in left:
        wave.cancel()
    await asyncio.gather(*left, return_exceptions=True)


async def _send_wave(
    context: Context, side: Side, kind: ActionKind, portion: Sequence[Sent], many: int, queue: Queue
) -> None:
    try:
        await _wave(context, side, kind, portion, many, queue)
    except SystemFailure as failure:
        context.down.add(side.system)
        context.summary.failures[side.system] = str(failure)
        context.stopped.add(side.system)


def operation_of(side: Side, kind: ActionKind) -> Operation | None:
    """The operation of the resource that does `kind`."""
    match kind:
        case ActionKind.CREATE:
            return side.resource.create
        case ActionKind.DELETE:
            return side.resource.delete
        case _:
            return side.resource.update


def batch_size(side: Side, kind: ActionKind) -> int:
    """How many records the system takes in one call."""
    operation = operation_of(side, kind)
    if operation is None:
        return 1
    return max(operation.many, operation.batch.many if operation.batch is not None else 1)


async def _wave(
    context: Context, side: Side, kind: ActionKind, portion: Sequence[Sent], many: int, queue: Queue
) -> None:
    store = context.store
    shown: Mapping[str, NativeRecord] = {}
    protections = context.options.protections
    versions: dict[str, str | None] = {}
    if kind is not ActionKind.CREATE and protections.guard:
        decided = _decided_upon(portion) if kind is ActionKind.UPDATE and side.unguarded else {}
        guarded = [sent for sent in portion if sent.remote_id not in decided]
        same, shown = await _guard_read(context, side, guarded) if guarded else ([], {})
        portion = [*(sent for sent in portion if sent.remote_id in decided), *same]
        versions = {**decided, **{remote_id: record.version for remote_id, record in shown.items()}}
    natives: list[Native] = []
    sending: list[Sent] = []
    broken: list[tuple[Sent, Failure]] = []
    write = side.mapping.write
    whole = kind is ActionKind.CREATE and not side.mapping.where
    if side.resource.counter:
        portion = [sent._replace(counted=counted(side, shown.get(sent.remote_id or ""))) for sent in portion]
    for sent in portion:
        if whole and not sent.left_out and len(sent.values) >= side.written:
            # All lines of a record that is made as it stands: what `_ready` comes to where nothing is refused.
            try:
                native = write(sent.agreed, None)
            except MAPPING_ERRORS:
                pass
            else:
                sending.append(sent)
                natives.append(native)
                continue
        ready = _ready(context, side, sent, shown.get(sent.remote_id or ""), broken)
        if ready is not None:
            sending.append(ready[0])
            natives.append(ready[1])
    if not sending and not broken:
        return
    now, grace = context.clock.now(), side.settle + side.lag
    again = kind is ActionKind.CREATE and keyed(side.resource)
    with store.transaction():
        wave = store.write_ahead(
            (context.entity.name, side.system, kind.value),
            [
                (sent.link_id, *ahead(sent), packed(marked(side.resource, native, None)) if again else None)
                for sent, native in zip(sending, natives, strict=True)
            ],
            now,
            now + grace,
            context.run_id,
        )
        _refuse_unmappable(context, side, broken)
        if not protections.intents:
            store.end_wave(wave)
    if kind is ActionKind.CREATE:
        keys = store.idempotency_keys(wave, len(natives))
        bodies = natives
        if side.resource.marker:
            bodies = [marked(side.resource, native, key) for native, key in zip(natives, keys, strict=True)]
        writes = [Write(native, None, None, key) for native, key in zip(bodies, keys, strict=True)]
    else:
        locked = side.resource.lock != "none"
        ids = [sent.remote_id or "" for sent in sending]
        writes = [
            Write(native, remote_id, versions.get(remote_id) if locked else None)
            for native, remote_id in zip(natives, ids, strict=True)
        ]
    chunks = [writes[start : start + many] for start in range(0, len(writes), many)]
    answers = await asyncio.gather(*(_call(context, side, kind, chunk, queue.gate) for chunk in chunks))
    outcomes = [outcome for answer in answers for outcome in answer]
    with store.transaction():
        # Only now is it certain that nothing is sent any more.
        settle_at = context.clock.now() + grace
        failed = record_outcomes(context, side, kind, wave, now, settle_at, sending, natives, outcomes)
    queue.tried += len(sending) + len(broken)
    queue.failed += failed + len(broken)
    if any(isinstance(outcome, Unavailable) for outcome in outcomes):
        context.stopped.add(side.system)
        message = next(outcome.message for outcome in outcomes if isinstance(outcome, Unavailable))
        context.summary.failures.setdefault(side.system, f"{side.system}: {message}")
    elif queue.failed >= _BUDGET_LEAST and queue.failed > queue.tried * _BUDGET_SHARE:
        context.stopped.add(side.system)
        context.summary.held.append(
            f"{side.system}: {queue.failed} of {queue.tried} writes failed, so no more were tried in this run: "
            "`review` says why; when that is mended, `run` goes on"
        )


async def _call(
    context: Context, side: Side, kind: ActionKind, writes: Sequence[Write], gate: asyncio.Semaphore
) -> Sequence[Outcome]:
    system, resource = context.systems[side.system], side.resource.name
    try:
        async with gate:
            match kind:
                case ActionKind.CREATE:
                    outcomes = await system.create(resource, writes)
                case ActionKind.DELETE:
                    outcomes = await system.delete(resource, writes)
                case _:
                    outcomes = await system.update(resource, writes)
    except SystemFailure as failure:
        # Other calls of the wave may have gone through, and this one in part: it is looked at before it is repeated.
        context.stopped.add(side.system)
        context.summary.failures.setdefault(side.system, str(failure))
        return [Unknown(failure.problem)] * len(writes)
    if len(outcomes) != len(writes):
        raise SystemFailure(side.system, f"{len(writes)} records were sent and {len(outcomes)} outcomes came back")
    return outcomes


def _ready(
    context: Context, side: Side, sent: Sent, shown: NativeRecord | None, broken: list[tuple[Sent, Failure]]
) -> tuple[Sent, Native] | None:
    """A write with its native fields, those left out that cannot be mapped and are `broken`; None where nothing is left."""
    old = None if shown is None else shown.native
    failing: list[str] = list(sent.left_out)
    while True:
        agreed = {name: value for name, value in sent.agreed.items() if name not in failing} if failing else sent.agreed
        try:
            return sent, _native(side, sent, agreed, old)
        except MAPPING_ERRORS as error:
            failure = mapping_failure(error, side.mapping)
        name = failure.field
        if name in sent.values:
            broken.append((sent, failure))
            if not may_lack(context, side, sent, (name,)):
                return None
            sent = sent.without(side, (name,))
        elif name in failing or name not in sent.agreed:
            broken.append((sent, failure))
            return None
        failing.append(name)
        if old is not None:
            old = {native: value for native, value in old.items() if native not in natives_of(side.mapping, name)}


def _native(side: Side, sent: Sent, agreed: Mapping[str, Shown], old: Native | None) -> Native:
    """The native fields of one write: all lines for a create, those of the changed fields for an update."""
    mapping = side.mapping
    match sent.kind:
        case ActionKind.DELETE:
            return {}
        case ActionKind.ARCHIVE:
            if side.resource.archive is None:
                raise LookupError("the resource has no archive field")
            name, value = side.resource.archive
            return {name: value}
        case ActionKind.RESTORE:
            if not restorable(side.resource):
                raise LookupError("the resource has no archive field that can be lifted")
            assert side.resource.archive is not None
            name, value = side.resource.archive
            return {name: not value}
        case _:
            native = mapping.write(agreed, old)
            if len(sent.values) < side.written:
                names = {name for flow in mapping.flows if flow.field in sent.values for name in flow.native}
                native = {name: value for name, value in native.items() if name in names}
            if sent.kind is ActionKind.CREATE and mapping.where:
                native.update((condition.field, condition.value) for condition in mapping.where)
            return native


def _decided_upon(portion: Sequence[Sent]) -> dict[str, str | None]:
    """The version of each record as it was when its update was decided upon, where there is one."""
    return {
        sent.remote_id: sent.row.version
        for sent in portion
        if sent.remote_id is not None and sent.row is not None and sent.row.version is not None
    }


async def _guard_read(
    context: Context, side: Side, portion: Sequence[Sent]
) -> tuple[list[Sent], Mapping[str, NativeRecord]]:
    """Read just before writing: a record that shows something new is observed and decided again instead of overwritten."""
    store, pack = context.store, side.packing.pack
    if side.resource.read is None:
        return list(portion), {}
    ids = [sent.remote_id for sent in portion if sent.remote_id is not None]
    read_at = context.clock.now()
    found = await read_many(context, side, ids)
    lifting = {sent.remote_id for sent in portion if sent.remote_id is not None and sent.kind is ActionKind.RESTORE}
    if lifting:
        found = await _purged_aside(context, side, portion, found)
    found = without_aliases(context, side, found, lifting)
    same: list[Sent] = []
    news: list[NativeRecord] = []
    lost: list[str] = []
    rendered: list[Row] = []
    for sent in portion:
        remote_id, row = sent.remote_id, sent.row
        record = found.get(remote_id) if remote_id is not None else None
        if remote_id is None or row is None or remote_id not in found:
            continue
        if record is None:
            lost.append(remote_id)
            continue
        if sent.kind is ActionKind.RESTORE:  # what was edited meanwhile is read when it is back
            same.append(sent)
            continue
        try:
            known = pack(readable(side.mapping, record.native)[0]) == (row.seen if row.seen is not None else row.shadow)
        except MAPPING_ERRORS:
            known = False
        if not known:
            news.append(record)
        elif _settles(side, sent, read_at) and row.renders is not None and sent.member is not None:
            # What was written before, and nobody had seen since, is seen now.
            rendered.append((seen_of(row.renders), row.member_id))
            same.append(sent._replace(member=replace(sent.member, unseen={})))
        else:
            same.append(sent)
    if news or lost or rendered:
        with store.transaction():
            store.render(rendered)
            take(context, side, news, read_at, side.read_lag, placing=False)
            note_missing(context, side, lost)
    return same, {remote_id: record for remote_id, record in found.items() if record is not None}


def _settles(side: Side, sent: Sent, read_at: float) -> bool:
    """Whether a reading that shows the record as it is known was taken after every write to it."""
    row, member = sent.row, sent.member
    fresh = row is not None and row.seen is None and read_at - side.read_lag >= row.as_of
    return fresh and member is not None and bool(member.unseen)


async def _purged_aside(
    context: Context, side: Side, portion: Sequence[Sent], found: Mapping[str, NativeRecord | None]
) -> Mapping[str, NativeRecord | None]:
    """The readings, less those of records that are not even in the archive any more, when they are looked for twice: each is a
    dead generation, and its place in the link is free for a new record."""
    lost = [sent for sent in portion if found.get(sent.remote_id or "", sent) is None]
    if not lost:
        return found
    await context.clock.sleep(side.lag)
    again = await read_many(context, side, [sent.remote_id or "" for sent in lost])
    store, now = context.store, context.clock.now()
    purged = [sent for sent in lost if again.get(sent.remote_id or "", sent) is None]
    with store.transaction():
        rows = [sent.row for sent in purged if sent.row is not None]
        store.review.bury(tomb(context, row.link_id or 0, 0, row, "purged from the archive", now) for row in rows)
        store.drop_keys(
            key
            for sent in purged
            if sent.member is not None
            for key in key_rows(context, side.system, sent.remote_id or "", sent.member.shadow)
        )
        store.forget_members(row.member_id for row in rows)
        members = store.members_of([sent.link_id for sent in purged])
        store.add_keys(
            key
            for link in store.links(list(members))
            for key in living_keys(context, to_link(context, link, members[link.link_id]))
        )
        store.unsettle([sent.link_id for sent in lost])
    gone = {sent.remote_id for sent in purged}
    return {remote_id: record for remote_id, record in {**found, **again}.items() if remote_id not in gone}


def _refuse_unmappable(context: Context, side: Side, broken: Sequence[tuple[Sent, Failure]]) -> None:
    context.store.review.quarantine(
        (
            context.entity.name,
            side.system,
            sent.remote_id or "",
            sent.link_id,
            f"write.{failure.reason_code}",
            failure.field,
            failure.detail,
            failure.place,
            fingerprint(sent, failure.field),
            context.run_id,
        )
        for sent, failure in broken
    )
    for sent, failure in broken:
        context.reporter.refused(
            context.entity.name,
            side.system,
            sent.remote_id or "",
            failure.reason_code,
            failure.field,
            failure.detail,
            failure.place,
        )
