"""Observe: read what changed, keep what is news. Marks, observations and the cursor commit together."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from syncline_runtime.executing.absence import confirm_absence
from syncline_runtime.executing.beside import look_beside
from syncline_runtime.executing.context import Context
from syncline_runtime.executing.deletions import observe_deletions
from syncline_runtime.executing.repointing import without_aliases
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.taking import note_missing, read_many, take
from syncline_runtime.executing.unidentified import release, set_aside, told_apart
from syncline_runtime.ports import Clock, NativeRecord, Page, SystemFailure, Unidentified

_SLOW_SECONDS = 0.01
"""A system that we wait for longer than this has its records worked on while the next page is under way, not in full batches."""

_PORTION = 100
"""Records that are worth a transaction, where there is nothing else to do."""


async def observe(context: Context) -> None:
    """Observe all systems of the sync, several at a time. A system that fails is marked down; the others go on."""
    creating = any(intent.op == "create" for intent in context.store.open_intents(context.entity.name))
    # What follows from a record while it stands does so at first sight; what waits for a date, is computed or computed with is
    # decided to know it.
    bare = not (context.dates or context.collected or context.entity.compute)
    alone = bare and all(follower.rule.once for follower in context.followers)
    if alone and not context.telling and not creating:
        context.linking = frozenset(name for name, side in context.sides.items() if _links_at_sight(context, side))
    sides = [side for side in context.observed if side.system not in context.down]
    outcomes = await asyncio.gather(*(_observe_system(context, side) for side in sides), return_exceptions=True)
    for side, outcome in zip(sides, outcomes, strict=True):
        match outcome:
            case SystemFailure():
                context.down.add(side.system)
                context.summary.failures[side.system] = str(outcome)
            case BaseException():
                raise outcome
    if context.policy.placed:
        await look_beside(context)
    for side in context.observed:
        state = context.store.cursor(context.entity.name, side.system)
        if state is None or state[1] is None:
            context.unlisted.add(side.system)


def _links_at_sight(context: Context, side: Side) -> bool:
    """Whether a record alone may be linked as soon as it is seen: no listing that lags, and no late create, speaks against it."""
    lagging = any(other.list_lag for other in context.remote if other is not side)
    return side.speaks_wholly and not lagging and not context.store.given_up_creates(context.entity.name, side.system)


async def reread(context: Context) -> None:
    """Read again what is due: deferred, stale or quarantined records."""
    for side in context.observed:
        if side.system not in context.down:
            try:
                await _read_due(context, side)
            except SystemFailure as failure:
                context.down.add(side.system)
                context.summary.failures[side.system] = str(failure)


async def _observe_system(context: Context, side: Side) -> None:
    store, system, name = context.store, context.systems[side.system], context.entity.name
    cursor = store.cursor(name, side.system)
    listing = side.resource.list
    if context.options.hinted and not context.respecified and cursor is not None and cursor[1] is not None:
        await _read_due(context, side)
        return
    if listing is None:
        raise SystemFailure(side.system, f"resource {side.resource.name} cannot be listed")
    # Where records cannot be read by id, a listing must tell what became of writes without an answer.
    asked = any(system == side.system for _, system in context.awaiting)
    full = cursor is None or cursor[1] is None or context.options.full or context.respecified or listing.since is None
    full = full or asked or (cursor is not None and cursor[0] is None)
    started = context.looked[side.system] = context.clock.now()
    # Of a system without a known record nothing can be missing.
    watching = full and listing.complete and store.begin_listing(name, side.system)
    known = store.count_members(name, side.system) if watching else 0
    since = None if full or cursor is None else cursor[0]
    pages = system.pages(side.resource.name, fields=side.fields, where=side.mapping.where, since=since)
    listed = 0
    batch: list[NativeRecord] = []
    unidentified: list[Unidentified] = []
    nameless: list[str] = []
    number, many = 0, context.options.portion
    async for shown, waited in _ahead(pages, context.clock):
        number += 1
        page = told_apart(shown, number)
        if not batch:
            read_at = page.read_at
        batch.extend(page.records)
        unidentified.extend(page.unidentified)
        if len(batch) < (min(_PORTION, many) if waited > _SLOW_SECONDS else many) and not page.last:
            continue
        listed += len(batch)
        with store.transaction():
            if context.options.reviewed is not None and not side.list_lag:
                # A listing that does not lag is as good as a reading by id.
                store.review.clear_dirty((name, side.system, record.remote_id) for record in batch)
            take(context, side, batch, read_at, side.list_lag)
            if unidentified:
                nameless += set_aside(context, side, unidentified, read_at)
                context.partial.add(side.system)
            if page.last:
                release(context, side, nameless)
            if watching:
                store.add_listed(side.system, [record.remote_id for record in batch])
            done = started if full and page.last else None if cursor is None else cursor[1]
            # What has no identity can only be seen again by the same listing: no cursor goes past it.
            store.save_cursor(name, side.system, since if nameless else page.cursor, context.run_id, done)
        batch, unidentified = [], []
        context.summary.observed[side.system] = listed
        context.reporter.phase(name, f"observe {side.system}", listed)
    if side.resource.deleted is not None:
        await observe_deletions(context, side)
    if watching and side.system not in context.partial:
        await confirm_absence(context, side, known, listed)
    await _read_due(context, side)


async def _ahead(pages: AsyncIterator[Page], clock: Clock) -> AsyncIterator[tuple[Page, float]]:
    """The same pages, the next one being fetched while the last is worked on; with each, how long we had nothing to do but wait
    for it."""
    iterator = aiter(pages)
    coming = asyncio.ensure_future(anext(iterator, None))
    try:
        while True:
            since = clock.now()
            page = await coming
            if page is None:
                return
            waited = clock.now() - since
            if not page.last:
                coming = asyncio.ensure_future(anext(iterator, None))
                await asyncio.sleep(0)  # its request is sent before the work begins
            yield page, waited
            if page.last:
                return
    finally:
        if not coming.done():
            coming.cancel()


async def _read_due(context: Context, side: Side) -> None:
    store, name, many = context.store, context.entity.name, context.options.portion
    if side.resource.read is None:
        return
    # What was not found once is looked for until it is found, or not found again.
    troubled = dict.fromkeys(row.remote_id for row in store.troubled(name, side.system))
    now = context.clock.now()
    due = store.review.due(name, side.system, now, limit=many)
    while due or troubled:
        for remote_id in due:
            troubled.pop(remote_id, None)
        last = len(due) < many
        ids = [*due, *troubled] if last else due
        for start in range(0, len(ids), many):
            await _read_anew(context, side, ids[start : start + many])
        if last:
            break
        due = store.review.due(name, side.system, now, after=due[-1], limit=many)


async def _read_anew(context: Context, side: Side, ids: Sequence[str]) -> None:
    store, name = context.store, context.entity.name
    if not context.options.protections.failed_again:
        with store.transaction():
            store.review.clear_dirty((name, side.system, remote_id) for remote_id in ids)
    read_at = context.clock.now()
    found = await read_many(context, side, ids)
    with store.transaction():
        store.review.clear_dirty((name, side.system, remote_id) for remote_id in ids)
        found = without_aliases(context, side, found)
        ids = [remote_id for remote_id in ids if remote_id in found]
        take(context, side, [record for record in found.values() if record is not None], read_at, side.read_lag)
        lost = [remote_id for remote_id in ids if found.get(remote_id) is None]
        if lost:
            note_missing(context, side, lost)
            store.review.release((name, side.system, remote_id, 0) for remote_id in lost)
