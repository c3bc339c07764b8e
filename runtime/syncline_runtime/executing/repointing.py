"""Re-pointing: the link of a record that its system merged into another goes on with the other, or waits; nothing is deleted."""

from collections.abc import Collection, Mapping, Sequence
from typing import Final

from syncline_runtime.executing.context import Context, key_rows
from syncline_runtime.executing.decide import tomb
from syncline_runtime.executing.referring import look_again_at_who_refers
from syncline_runtime.executing.sides import Side
from syncline_runtime.pending import is_dismissed
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
    context: Context, side: Side, found: Mapping[str, NativeRecord | None], lifting: Collection[str] = ()
) -> Mapping[str, NativeRecord | None]:
    """Readings by id, less those that were answered with another record: that is the one into which the asked one was merged.
    `lifting` are records in the archive that are to be brought back."""
    gone = {asked: one.remote_id for asked, one in found.items() if one is not None and one.remote_id != asked}
    if not gone:
        return found
    with context.store.transaction():
        follow(context, side, gone, context.store.members(context.entity.name, side.system, list(gone)), lifting)
    return {asked: one for asked, one in found.items() if asked not in gone}


def follow(
    context: Context,
    side: Side,
    gone: Mapping[str, str],
    known: Mapping[str, MemberRow],
    lifting: Collection[str] = (),
) -> None:
    """Let the links of records that were merged go on with the others, where the spec says so and these are free; of those that
    left their links already, only the ones that are to be brought back."""
    store, name = context.store, context.entity.name
    winners = store.members(name, side.system, list(set(gone.values())))
    taken: set[str] = set()
    for remote_id, winner in gone.items():
        row = known.get(remote_id)
        if row is None or remote_id in taken or (row.state in ("gone", "released") and remote_id not in lifting):
            continue
        if row.link_id is None:
            _forget(context, side, row)
        elif context.sync.merged != "follow":
            _hold(context, side, row, winner, "say `merged follow` in its sync, or look after its partners")
        elif winner not in taken and _freed(context, side, winners.get(winner)):
            # Another that was merged into the same one finds it taken, and so does who goes through the list with what was known.
            taken.add(winner)
            _repoint(context, side, row, winner)
        elif _alone(context, row):
            _close(context, side, row, winner)
        else:
            _hold(context, side, row, winner, _REMEDY)
            for other in store.members(name, side.system, [winner]).values():
                _hold_winner(context, side, row, other)


_REMEDY: Final = "both have partners elsewhere, and nothing is written to either: merge the partners too, or delete one"
_CODE: Final = "identity.merged"


def frozen_links(context: Context) -> set[int]:
    """The links that get no write in any system, because records of theirs were merged and a person is asked; in the caller's
    transaction, those of which nothing is left to ask are let go."""
    store, name = context.store, context.entity.name
    held = [one for one in store.review.quarantined_for(name, _CODE) if one[0].system in context.sides]
    if not held:
        return set()
    answers = [one for one in store.answers.open(name) if one.kind == "dismiss"]
    frozen: set[int] = set()
    for row, mark in held:
        member = store.members(name, row.system, [row.remote_id]).get(row.remote_id)
        own = 0 if member is None else member.link_id or 0
        if not _is_open(context, own if mark is None else int(mark)):
            store.review.release([(name, row.system, row.remote_id, row.link_id)])
            store.unsettle([own])
        elif not is_dismissed(row, answers):
            frozen.add(own)
    return frozen


def _is_open(context: Context, link_id: int) -> bool:
    """Whether a link still has a record in some system."""
    store = context.store
    if any(link.status == "tombstone" for link in store.links([link_id])):
        return False
    return any(one.state not in ("gone", "released") for one in store.members_of([link_id]).get(link_id, ()))


def _alone(context: Context, row: MemberRow) -> bool:
    """Whether the link of a record has no other that is still there."""
    members = context.store.members_of([row.link_id or 0]).get(row.link_id or 0, [])
    return not any(one.member_id != row.member_id and one.state not in ("gone", "released") for one in members)


def _close(context: Context, side: Side, row: MemberRow, winner: str) -> None:
    """The last record of a link was merged into one of another link, as its partners were: that link goes on."""
    store, now = context.store, context.clock.now()
    link_id = row.link_id or 0
    store.review.bury([tomb(context, link_id, 0, row, f"merged into {winner}", now)])
    store.drop_keys(_keys(context, side, row))
    store.account([("released", row.shadow, None, row.renders, row.member_id)])
    store.see([("released", None, row.version, row.as_of, now, row.member_id)])
    store.close_links([("merged", context.run_id, link_id)])
    look_again_at_who_refers(context)
    reason = f"{row.remote_id} was merged into {winner}, as its partners were"
    store.review.journal(
        [
            (
                context.run_id,
                now,
                "merged",
                context.entity.name,
                link_id,
                side.system,
                "",
                None,
                None,
                reason,
                context.sync.line,
            )
        ]
    )
    context.summary.did(side.system, "followed")


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
    context.frozen.add(row.link_id or 0)
    detail = f"{side.system} merged it into {winner}: {remedy}; then `review dismiss`"
    place = f"{context.package.source}:{context.sync.line}" if context.sync.line else ""
    store.review.quarantine([(name, side.system, row.remote_id, 0, _CODE, "", detail, place, None, context.run_id)])
    context.reporter.refused(name, side.system, row.remote_id, _CODE, "", detail, place)


def _hold_winner(context: Context, side: Side, row: MemberRow, winner: MemberRow) -> None:
    """The link of the record that is left is held, too; the number of the other link tells when that is over."""
    name, link_id = context.entity.name, winner.link_id or 0
    detail = f"{side.system} merged {row.remote_id} into it: {_REMEDY}; then `review dismiss`"
    place = f"{context.package.source}:{context.sync.line}" if context.sync.line else ""
    other = str(row.link_id or 0).encode()
    context.store.review.quarantine(
        [(name, side.system, winner.remote_id, link_id, _CODE, "", detail, place, other, context.run_id)]
    )
    context.store.unsettle([link_id])
    context.frozen.add(link_id)
    context.reporter.refused(name, side.system, winner.remote_id, _CODE, "", detail, place)


def _keys(context: Context, side: Side, row: MemberRow) -> list[Row]:
    document = row.seen if row.seen is not None else row.shadow
    return [] if document is None else key_rows(context, side.system, row.remote_id, side.packing.unpack(document))
