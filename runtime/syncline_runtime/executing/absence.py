"""Absence: what a complete listing did not show is looked for by id, and is gone only when it was not found twice."""

from collections.abc import Sequence

from syncline_runtime.executing.context import Context
from syncline_runtime.executing.repointing import without_aliases
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.taking import note_missing, read_many, take
from syncline_runtime.guarding import listing_shrunk

_FEW, _SOME = 10, 3


async def confirm_absence(context: Context, side: Side, known: int, listed: int) -> None:
    """Read every member that a complete listing did not show: absence is a hint, a 404 read twice is a fact.

    `known` members there were before, `listed` records are in the listing.
    """
    store, name = context.store, context.entity.name
    if side.resource.read is None:
        return
    shown = known - store.count_unlisted(name, side.system)
    # A few may well have been deleted, and each is read before it counts; a listing that lost many is no listing. One that shows
    # none of those known is that of another account, however few they are.
    lost = known - shown > _FEW and listing_shrunk(shown, known)
    if (lost or (listed and not shown and known >= _SOME)) and "delete" not in context.options.approved:
        context.summary.held.append(
            f"{side.system} lists {shown} of {known} known records: no evidence of deletion; "
            "if they were deleted, say so with `run --full --approve delete`"
        )
        return
    after = 0
    while rows := store.unlisted(name, side.system, after, context.options.portion):
        after = rows[-1].member_id
        if not context.options.protections.confirmed:
            with store.transaction():
                note_missing(context, side, [row.remote_id for row in rows])
            continue
        if await look_again(context, side, [row.remote_id for row in rows]):
            context.lacking.add(side.system)


async def look_again(context: Context, side: Side, ids: Sequence[str]) -> bool:
    """Read suspected ids, and those not found once more after the lag; whether some of them are there."""
    store = context.store
    there = False
    for attempt in range(2):
        if attempt:
            if not ids:
                break
            await context.clock.sleep(side.lag)
        read_at = context.clock.now()
        found = await read_many(context, side, ids)
        with store.transaction():
            found = without_aliases(context, side, found)
            present = [record for record in found.values() if record is not None]
            there = there or bool(present)
            ids = [remote_id for remote_id, record in found.items() if record is None]
            take(context, side, present, read_at, side.read_lag)
            note_missing(context, side, ids)
    return there
