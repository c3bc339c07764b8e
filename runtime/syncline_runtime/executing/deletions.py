"""Deletions that a system tells of: each record is read once, and is gone if that finds nothing."""

from syncline_runtime.declaration import deletions_of
from syncline_runtime.executing.context import Context
from syncline_runtime.executing.repointing import without_aliases
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.taking import note_missing, read_many, take
from syncline_runtime.ports import Unidentified


async def observe_deletions(context: Context, side: Side) -> None:
    """Ask a system what was deleted since the last run. What it still shows is read again when its listing can no longer lag: it
    may be back, or not be gone yet. Raises SystemFailure."""
    feed = side.resource.deleted
    if feed is None or side.resource.read is None:
        return
    store, name, system = context.store, context.entity.name, context.systems[side.system]
    place = deletions_of(side.system)
    kept = store.cursor(name, place)
    since = kept[0] if kept is not None and feed.list is not None and feed.list.since is not None else None
    unnamed: list[Unidentified] = []
    many = context.options.portion
    async for page in system.deletions(side.resource.name, since=since):
        unnamed += page.unidentified
        told = list(dict.fromkeys(page.ids))
        for start in range(0, len(told), many):
            rows = store.members(name, side.system, told[start : start + many])
            ids = [row.remote_id for row in rows.values() if row.state not in ("gone", "released")]
            if not ids:
                continue
            read_at = context.clock.now()
            found = without_aliases(context, side, await read_many(context, side, ids))
            with store.transaction():
                present = [record for record in found.values() if record is not None]
                take(context, side, present, read_at, side.read_lag)
                lost = [remote_id for remote_id, record in found.items() if record is None]
                note_missing(context, side, lost, told=True)
                again = read_at + side.lag
                store.review.mark_dirty(
                    (name, side.system, record.remote_id, again, "told to be deleted") for record in present
                )
        with store.transaction():
            # Which record an item without an id is about, only the feed can tell another time.
            store.save_cursor(name, place, since if unnamed else page.cursor, context.run_id, None)
    if unnamed:
        context.summary.held.append(
            f"{side.system} tells of {len(unnamed)} deletion{'s' if len(unnamed) > 1 else ''} without saying of which "
            f"record ({unnamed[0].place} of its feed {unnamed[0].why}): the feed is asked again in the next run, and what is gone "
            "is noticed by `run --full`, too"
        )
