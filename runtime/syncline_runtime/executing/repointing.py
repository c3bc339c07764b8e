"""Re-pointing: the link of a record that its system merged into another goes on with the other, or waits; nothing is deleted."""

from collections.abc import Mapping, Sequence

from syncline_runtime.executing.context import Context, key_rows
from syncline_runtime.executing.decide import tomb
from syncline_runtime.executing.referring import look_again_at_who_refers
from syncline_runtime.executing.sides import Side
from syncline_runtime.ports import NativeRecord
from syncline_runtime.rows import MemberRow, Row
from syncline_runtime.values import Native


def merged_into(side: Side, native: Native) -> str | None:
    """The id of the record into which this one was merged."""
    name = side.resource.merged
    winner = native.get(name) if name else None
    return str(winner) if type(winner) in (str, int) and winner not in ("", 0) else None


def without_merged(
    context: Context, side: Side, records: Sequence[NativeRecord], known: Mapping[str, MemberRow]
) -> Sequence[NativeRecord]:
    """Account for the records that were merged into others, in the caller's transaction; the rest."""
    if not side.resource.merged:
        return records
    gone = {one.remote_id: winner for one in records if (winner := merged_into(side, one.native)) is not None}
    follow(context, side, gone, known)
    return [one for one in records if one.remote_id not in gone] if gone else records


def without_aliases(
    context: Context, side: Side, found: Mapping[str, NativeRecord | None]
) -> Mapping[str, NativeRecord | None]:
    """Readings by id, less those that were answered with another record: that is the one into which the asked one was merged."""
    gone = {asked: one.remote_id for asked, one in found.items() if one is not None and one.remote_id != asked}
    if not gone:
        return found
    with context.store.transaction():
        follow(context, side, gone, context.store.members(context.entity.name, side.system, list(gone)))
    return {asked: one for asked, one in found.items() if asked not in gone}


def follow(context: Context, side: Side, gone: Mapping[str, str], known: Mapping[str, MemberRow]) -> None:
    """Let the links of records that were merged go on with the others, where the spec says so and these are free."""
    store, name = context.store, context.entity.name
    winners = store.members(name, side.system, list(set(gone.values())))
    taken: set[str] = set()
    for remote_id, winner in gone.items():
        row = known.get(remote_id)
        if row is None or row.state in ("gone", "released") or remote_id in taken:
            continue
        if row.link_id is None:
            _forget(context, side, row)
        elif context.sync.merged != "follow":
            _hold(context, side, row, winner, "say `merged follow` in its sync, or look after its partners")
        elif winner in taken or not _freed(context, side, winners.get(winner)):
            _hold(context, side, row, winner, "that one has a link of its own: merge their partners too, or delete one")
        else:
            # Another that was merged into the same one finds it taken, and so does who goes through the list with what was known.
            taken.add(winner)
            _repoint(context, side, row, winner)


def _freed(context: Context, side: Side, winner: MemberRow | None) -> bool:
    """Whether the record that is left has no link with others; one that it has alone is given up."""
    store = context.store
    if winner is None:
        return True
    if winner.link_id is not None:
        if len(store.members_of([winner.link_id])[winner.link_id]) > 1:
            return False
        store.close_links([("merged", context.run_id, winner.link_id)])
    _forget(context, side, winner)
    return True


def _forget(context: Context, side: Side, row: MemberRow) -> None:
    store = context.store
    store.drop_keys(_keys(context, side, row))
    store.forget_members([row.member_id])
    store.review.release_records(context.entity.name, side.system, [row.remote_id])


def _repoint(context: Context, side: Side, row: MemberRow, winner: str) -> None:
    store, name, now = context.store, context.entity.name, context.clock.now()
    link_id = row.link_id or 0
    store.review.bury([tomb(context, link_id, 0, row, f"merged into {winner}", now)])
    store.drop_keys(_keys(context, side, row))
    store.rename([(winner, row.member_id)])
    store.see([("live", row.seen, None, row.as_of, None, row.member_id)])
    store.add_keys(_keys(context, side, row._replace(remote_id=winner)))
    store.review.mark_dirty([(name, side.system, winner, now, f"{row.remote_id} was merged into it")])
    store.unsettle([link_id])
    look_again_at_who_refers(context)
    reason = f"{row.remote_id} was merged into {winner}"
    store.review.journal(
        [(context.run_id, now, "merged", name, link_id, side.system, "", None, None, reason, context.sync.line)]
    )
    context.summary.did(side.system, "followed")


def _hold(context: Context, side: Side, row: MemberRow, winner: str, remedy: str) -> None:
    """The link stays with what it has in other systems; nothing is deleted or made anew there."""
    store, name = context.store, context.entity.name
    store.account([("released", row.shadow, None, row.renders, row.member_id)])
    # Not there in its own right any more: nobody lifts its archive.
    store.see([("released", None, row.version, row.as_of, context.clock.now(), row.member_id)])
    store.unsettle([row.link_id or 0])
    detail = f"{side.system} merged it into {winner}: {remedy}; then `review dismiss`"
    place = f"{context.package.source}:{context.sync.line}" if context.sync.line else ""
    store.review.quarantine(
        [(name, side.system, row.remote_id, 0, "identity.merged", "", detail, place, None, context.run_id)]
    )
    context.reporter.refused(name, side.system, row.remote_id, "identity.merged", "", detail, place)


def _keys(context: Context, side: Side, row: MemberRow) -> list[Row]:
    document = row.seen if row.seen is not None else row.shadow
    return [] if document is None else key_rows(context, side.system, row.remote_id, side.packing.unpack(document))
