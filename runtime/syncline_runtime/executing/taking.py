"""Taking: what a batch of readings tells of records that are known, and of those that are not."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from math import inf
from typing import Any

from syncline_runtime import observing
from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.deciding import archives, is_archived, liftable
from syncline_runtime.erasing import is_erased
from syncline_runtime.executing.context import Context, key_rows, to_member
from syncline_runtime.executing.place import Failure, mapping_failure, readable
from syncline_runtime.executing.renders import is_unseen, seen_of
from syncline_runtime.executing.repointing import without_merged
from syncline_runtime.executing.retaining import account_unseen
from syncline_runtime.executing.settling import settle
from syncline_runtime.executing.sides import Side
from syncline_runtime.identity import keys
from syncline_runtime.observing import Verdict
from syncline_runtime.ports import NativeRecord, Unidentified
from syncline_runtime.records import Link, Member, MemberState, Observation
from syncline_runtime.rows import MemberRow, Row
from syncline_runtime.values import ABSENT, Shown


async def read_many(context: Context, side: Side, ids: Sequence[str]) -> Mapping[str, NativeRecord | None]:
    """Read records by id, as many at a time as the resource allows. Those for which something else than a record is answered are
    set aside and left out: nobody knows what became of them. Raises SystemFailure."""
    if not ids:
        return {}
    answered = await context.systems[side.system].read(side.resource.name, ids, fields=side.fields)
    unread = {remote_id: one for remote_id, one in answered.items() if isinstance(one, Unidentified)}
    if unread:
        with context.store.transaction():
            quarantine_records(
                context, side, [(NativeRecord(remote_id, {}), _unread(side, one)) for remote_id, one in unread.items()]
            )
    return {remote_id: one for remote_id, one in answered.items() if not isinstance(one, Unidentified)}


def _unread(side: Side, one: Unidentified) -> Failure:
    detail = (
        f"{one.place} {one.why}: see what {side.system} has there; it is read again in every run, and until it can be, it is "
        "not written and does not count as deleted"
    )
    return Failure("no-record", "", detail, "")


def take(
    context: Context,
    side: Side,
    records: Sequence[NativeRecord],
    read_at: float,
    lag: float,
    *,
    placing: bool = True,
) -> None:
    """Account for a batch of readings, in the caller's transaction: known ones are skipped, news is stored, records without a
    link are staged with their keys, those that cannot be mapped are quarantined.

    `placing`: no write is under way, so that new records may get their links, and others that share a key with them may lose
    theirs again.
    """
    store, name, mapping = context.store, context.entity.name, side.mapping
    ids = [record.remote_id for record in records]
    known = store.members(name, side.system, ids)
    records = without_merged(context, side, records, known)
    if len(records) < len(ids):  # a link may go on with one of these now
        known = store.members(name, side.system, ids)
    quarantined = store.review.held_records(name, side.system, ids)
    read, in_scope, pack = mapping.read, mapping.in_scope, side.packing.pack
    archive = side.resource.archive
    staged: dict[str, Row] = {}
    alone: set[str] = set()
    fresh_keys: list[Row] = []
    stale_keys: list[Row] = []
    seen: list[Row] = []
    renewed: list[Row] = []
    rendered: list[Row] = []
    accounted: list[Row] = []
    touched: list[int] = []
    released: list[str] = []
    readable_again: list[str] = []
    forgotten: list[int] = []
    broken: list[tuple[NativeRecord, Failure]] = []
    aside: list[tuple[NativeRecord, MemberRow | None, Mapping[str, Any] | None]] = []
    dirty: list[Row] = []
    protections = context.options.protections
    by_content = protections.content
    if not protections.fresh_only:
        lag = -inf
    for record in records:
        remote_id, native = record.remote_id, record.native
        row = known.get(remote_id)
        if row is not None and row.shadow is None and is_erased(row):
            continue
        if not by_content and row is not None and record.version is not None and record.version == row.version:
            continue
        if remote_id in staged:
            if not _is_later(side, record, staged[remote_id]):
                continue
            del staged[remote_id]
            alone.discard(remote_id)
            fresh_keys = [key for key in fresh_keys if key[-1] != remote_id]
        try:
            scoped = in_scope is None or in_scope(native)
            if row is None and not scoped:
                continue
            try:
                values = read(native)
            except MAPPING_ERRORS as error:
                values = _partly(context, side, record, row, error, broken)
            else:
                if remote_id in quarantined:
                    readable_again.append(remote_id)
            document = pack(values)
            archived = archive is not None and native.get(archive[0]) == archive[1]
            if row is None:
                if archived:
                    aside.append((record, row, values))
                else:
                    for rule, key in enumerate(keys(context.entity, values)):
                        if key is not None:
                            if not context.entity.match[rule].ask:
                                alone.add(remote_id)
                            fresh_keys.append((name, rule, key, side.system, remote_id))
                    staged[remote_id] = (remote_id, document, record.version, read_at)
                continue
        except MAPPING_ERRORS as error:
            failure = mapping_failure(error, mapping)
            broken.append((record, failure))
            if row is not None:
                context.awaiting.pop((row.link_id or 0, side.system), None)
            if row is None or row.link_id is None:
                aside.append((record, row, _as_far_as_readable(side, record)))
            continue
        if context.awaiting and (intent := context.awaiting.pop((row.link_id or 0, side.system), None)) is not None:
            settle(context, side, intent, row, record, read_at)
            continue
        held = row.seen if row.seen is not None else row.shadow
        if document == held and scoped and not archived and row.state == "live":
            # Of an old state that shows the same, the version is not taken over: it would make others look newer than they are.
            if record.version != row.version and read_at - lag >= row.as_of:
                renewed.append((record.version, row.member_id))
            if row.renders is not None and row.seen is None and is_unseen(row.renders):
                if read_at - lag >= row.as_of:
                    rendered.append((seen_of(row.renders), row.member_id))
                else:
                    accounted.extend(_proven(context, side, row, to_member(side, row), values))
            continue
        if row.link_id is None and archived:
            aside.append((record, row, values if scoped else None))
            if remote_id in quarantined:
                released.append(remote_id)
            continue
        if row.link_id is None and not scoped:
            forgotten.append(row.member_id)
            stale_keys.extend(_key_rows(context, side, row, held))
            continue
        doubted = row.link_id is not None and side.system in context.barred.get(row.link_id, ())
        if doubted and protections.early_echo:
            # Its write has no known outcome: recovery must look first, or our own value would pass for an edit.
            dirty.append((name, side.system, remote_id, context.clock.now(), "outcome unknown"))
            continue
        observation = Observation(
            system=side.system,
            remote_id=remote_id,
            values=values,
            version=record.version,
            updated_at=side.updated_at(record.version),
            read_at=read_at,
            in_scope=scoped,
        )
        member = to_member(side, row)
        if not archived and _lifted(context, side, row, member):
            if not _lives(context, row) and not _lifts_others(context, row):
                broken.append((record, _alone_back(context, side)))
                continue
            member = replace(member, state=MemberState.GONE)  # by our archive; it is back as any other
        if archived:
            standing = member.state in (MemberState.LIVE, MemberState.MISSING)
            after = observing.archived(member, read_at) if standing else member
        else:
            acceptance = observing.accept(member, observation, lag)
            if acceptance.verdict is Verdict.DEFER:
                dirty.append((name, side.system, remote_id, acceptance.not_before or 0.0, "possibly stale"))
                accounted.extend(_proven(context, side, row, member, values))
                continue
            after = observing.observe(member, observation, lag)
        if after == member:
            continue
        if after.unseen != member.unseen:
            accounted.append(account_unseen(context, side, row, member, after))
        seen.append(_seen_row(side, row.member_id, after))
        if row.link_id is not None:
            touched.append(row.link_id)
        if held is not None and not archived:
            shown = side.packing.unpack(held)
            before = key_rows(context, side.system, remote_id, shown)
            # A key that the record no longer shows, or that cannot be read, is still its key.
            shown.update((field, value) for field, value in values.items() if value is not ABSENT)
            now = key_rows(context, side.system, remote_id, shown)
            stale_keys.extend(key for key in before if key not in now)
            fresh_keys.extend(key for key in now if key not in before)
    if stale_keys:
        store.drop_keys(stale_keys)
    if fresh_keys:
        shared = store.add_keys(fresh_keys)
        if shared and placing:
            store.part_shared(name, shared)
        alone.difference_update(remote_id for system, remote_id in shared if system == side.system)
    if staged:
        if alone and placing and side.system in context.linking:
            store.link_as_seen(name, side.system, [row for row in staged.values() if row[0] in alone], context.run_id)
        else:
            alone.clear()
        store.stage(name, side.system, [(*row, read_at, "live") for row in staged.values() if row[0] not in alone])
    if renewed:
        store.renew_versions(renewed)
    if rendered:
        store.render(rendered)
    if accounted:
        store.account(accounted)
    if seen:
        store.see(seen)
    if touched:
        store.unsettle(touched)
    if forgotten:
        store.forget_members(forgotten)
    if readable_again:
        store.review.release_records(name, side.system, readable_again, "record")
    if released:
        store.review.release_records(name, side.system, released)
    if dirty:
        store.review.mark_dirty(dirty)
    if broken:
        quarantine_records(context, side, broken)
    if aside := [one for one in aside if one[0].remote_id not in staged]:
        _set_aside(context, side, aside, read_at, placing=placing)


def _is_later(side: Side, record: NativeRecord, row: Row) -> bool:
    """Whether what a later page shows of a record, which changed between the two, is not older than what one before it showed."""
    now, before = side.updated_at(record.version), side.updated_at(row[2])
    return now is None or before is None or now >= before


def _proven(context: Context, side: Side, row: MemberRow, member: Member, shown: Mapping[str, Shown]) -> list[Row]:
    """What a reading that may be old tells of our writes all the same, for `account`."""
    stored = observing.proven(member, shown)
    return [] if stored is member else [account_unseen(context, side, row, member, stored)]


def set_nameless_aside(context: Context, side: Side, records: Sequence[NativeRecord], read_at: float) -> None:
    """Keep the keys of records that nobody can call by an id, each under a name of ours, in the caller's transaction."""
    known = context.store.members(context.entity.name, side.system, [record.remote_id for record in records])
    aside = [(record, known.get(record.remote_id), _as_far_as_readable(side, record)) for record in records]
    _set_aside(context, side, aside, read_at, placing=True)


def forget(context: Context, side: Side, ids: Sequence[str]) -> None:
    """Records without a link are there no more, in the caller's transaction."""
    store, rows = context.store, context.store.members(context.entity.name, side.system, ids).values()
    store.drop_keys([key for row in rows for key in _key_rows(context, side, row, row.seen)])
    store.forget_members(row.member_id for row in rows)
    store.review.release_records(context.entity.name, side.system, ids)


def _set_aside(
    context: Context,
    side: Side,
    records: Sequence[tuple[NativeRecord, MemberRow | None, Mapping[str, Any] | None]],
    read_at: float,
    *,
    placing: bool,
) -> None:
    """Keep the keys of records without a link that are archived or cannot be mapped, as far as they can be read: what has the
    same key is no new record, and nothing is created for it."""
    store, name = context.store, context.entity.name
    gone: list[int] = []
    stale_keys: list[Row] = []
    staged: list[Row] = []
    fresh_keys: list[Row] = []
    for record, row, values in {one[0].remote_id: one for one in records}.values():
        document = None if values is None else side.packing.pack(values)
        if row is not None:
            if row.seen == document and row.state == "out_of_scope":
                continue
            gone.append(row.member_id)
            stale_keys.extend(_key_rows(context, side, row, row.seen))
        if values is None or document is None:
            continue
        staged.append((record.remote_id, document, record.version, read_at, read_at, "out_of_scope"))
        fresh_keys.extend(
            (name, rule, key, side.system, record.remote_id)
            for rule, key in enumerate(keys(context.entity, values))
            if key is not None
        )
    store.drop_keys(stale_keys)
    store.forget_members(gone)
    store.stage(name, side.system, staged)
    shared = store.add_keys(fresh_keys)
    if shared and placing:
        store.part_shared(name, shared)


def _partly(
    context: Context,
    side: Side,
    record: NativeRecord,
    row: MemberRow | None,
    error: Exception,
    broken: list[tuple[NativeRecord, Failure]],
) -> dict[str, Any]:
    """What a record shows but for fields that cannot be read, which are set aside alone. Raises `error` where the record without
    them cannot be placed, and one of MAPPING_ERRORS where no field is at fault."""
    values, failures = readable(side.mapping, record.native)
    fields = {failure.field for failure in failures}
    if (row is None or row.link_id is None) and not context.policy.essential.isdisjoint(fields):
        raise error
    broken.extend((record, failure) for failure in failures)
    return values


def _as_far_as_readable(side: Side, record: NativeRecord) -> Mapping[str, Any] | None:
    """What a record shows but for the fields that cannot be read; None where it cannot be told which these are."""
    mapping = side.mapping
    try:
        values, _ = readable(mapping, record.native)
        return values if mapping.in_scope is None or mapping.in_scope(record.native) else None
    except MAPPING_ERRORS:
        return None


def _lifted(context: Context, side: Side, row: MemberRow, member: Member) -> bool:
    """Whether a record that shows no archive flag was archived by us, so that a person must have lifted it; one that was merely let
    go has none to be lifted."""
    if member.state is not MemberState.RELEASED or side.resource.archive is None:
        return False
    clause = context.sync.deletes.get(side.system)
    if clause is None or len(clause.policies) == 1 or row.link_id is None:
        return archives(context.sync, side.system, {})
    return archives(context.sync, side.system, _agreed(context, row.link_id).values)


def _agreed(context: Context, link_id: int) -> Link:
    """A link with what it last agreed on, and without its records."""
    (found,) = context.store.links([link_id])
    return Link(
        link_id=link_id,
        entity=context.entity.name,
        generation=found.generation,
        members={},
        values=context.hub.unpack(found.doc),
    )


def _lives(context: Context, row: MemberRow) -> bool:
    """Whether the link of a record is open (again)."""
    return row.link_id is not None and any(link.status != "tombstone" for link in context.store.links([row.link_id]))


def _lifts_others(context: Context, row: MemberRow) -> bool:
    """Whether a record that is back brings its partners back: those that a person archived, and that can be lifted."""
    rows = context.store.members_of([row.link_id or 0]).get(row.link_id or 0, [])
    others = [one for one in rows if one.member_id != row.member_id and one.system in context.sides]
    policy, known = context.policy, [to_member(context.sides[one.system], one) for one in others]
    if not known:
        return False
    link = _agreed(context, row.link_id or 0)
    return any(liftable(policy, link, one) for one in known) and all(
        liftable(policy, link, one) or is_archived(policy, link, one) for one in known
    )


def _alone_back(context: Context, side: Side) -> Failure:
    detail = "back from the archive, its partner is not: lift the archive there too, or archive it again"
    return Failure(
        "archived-elsewhere", "", detail, f"{context.package.source}:{context.sync.deletes[side.system].line}"
    )


def _seen_row(side: Side, member_id: int, member: Member) -> Row:
    document = None if member.seen is None else side.packing.pack(member.seen)
    return (member.state.value, document, member.version, member.as_of, member.missing_since, member_id)


def _key_rows(context: Context, side: Side, row: MemberRow, document: bytes | None) -> list[Row]:
    if document is None:
        return []
    return key_rows(context, side.system, row.remote_id, side.packing.unpack(document))


def quarantine_records(context: Context, side: Side, broken: Sequence[tuple[NativeRecord, Failure]]) -> None:
    """Set records, or fields of them, aside that cannot be mapped; they are read again in every run until they can. What is wrong
    with each is told once in a run."""
    name = context.entity.name
    context.store.review.quarantine(
        (
            name,
            side.system,
            record.remote_id,
            0,
            f"record.{failure.reason_code}",
            failure.field,
            failure.detail,
            failure.place,
            None,
            context.run_id,
        )
        for record, failure in broken
    )
    context.store.review.release_untold(
        (name, side.system, record.remote_id, 0, context.run_id) for record, _ in broken
    )
    for record, failure in broken:
        if (told := (side.system, record.remote_id, failure)) in context.unreadable:
            continue
        context.unreadable.add(told)
        context.reporter.refused(
            name, side.system, record.remote_id, failure.reason_code, failure.field, failure.detail, failure.place
        )


def note_missing(context: Context, side: Side, ids: Sequence[str], *, told: bool = False) -> None:
    """Account for 404s, in the caller's transaction; a record without a link is forgotten at once. `told`: the system says itself
    that they were deleted."""
    store, now, protections = context.store, context.clock.now(), context.options.protections
    rows = store.members(context.entity.name, side.system, list(ids))
    lost: list[str] = []
    seen: list[Row] = []
    touched: list[int] = []
    forgotten: list[int] = []
    stale_keys: list[Row] = []
    for row in rows.values():
        if row.link_id is None:
            forgotten.append(row.member_id)
            lost.append(row.remote_id)
            stale_keys.extend(_key_rows(context, side, row, row.seen))
            continue
        member = to_member(side, row)
        after = observing.told(member, now) if told else observing.missing(member, now, side.lag)
        if not (protections.twice and protections.confirmed):
            after = observing.deleted(member, now)
        if after != member:
            seen.append(_seen_row(side, row.member_id, after))
            touched.append(row.link_id)
    store.see(seen)
    store.unsettle(touched)
    store.drop_keys(stale_keys)
    store.forget_members(forgotten)
    store.review.release_records(context.entity.name, side.system, lost)
