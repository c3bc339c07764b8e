"""A run: recover, observe, correlate, decide, commit, act, record. A plan: the same without acting, undone at the end."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from syncline_runtime.connectors.through import followed
from syncline_runtime.declaration import Package, Sync
from syncline_runtime.executing.context import Context, Options, Reporter, make_context
from syncline_runtime.executing.derive import DELETIONS, Held
from syncline_runtime.executing.migrate import admit, fingerprint, rehearse
from syncline_runtime.executing.observe import observe
from syncline_runtime.executing.recover import recover, recover_creates, recover_listed
from syncline_runtime.executing.repointing import frozen_links
from syncline_runtime.executing.report import Report as Report
from syncline_runtime.executing.summary import Summary
from syncline_runtime.executing.turns import decide_group, delete_last, rebasing_setting, run_turns, timed
from syncline_runtime.ordering import grouped
from syncline_runtime.pending import dismissed
from syncline_runtime.ports import Clock, System, SystemFailure
from syncline_runtime.privileges import OnlyNeeded, needed
from syncline_runtime.reviewed import OnlyReviewed, ReadOnly, Reviewed
from syncline_runtime.stores import StateStore
from syncline_runtime.webhooks import KEPT_SECONDS

_LEASE_SECONDS = 6 * 3600.0
_KEEP_INTENTS_SECONDS = 7 * 86_400.0


async def plan(
    package: Package,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    reporter: Reporter,
    options: Options | None = None,
    syncs: Sequence[str] = (),
) -> Report:
    """What a run would do now, told to `reporter`; nothing is written, neither in a system nor in the state.

    Of a spec that has changed it is the plan after `migrate`. Raises StateFailure, and SpecChanged where a person must say
    something first.
    """
    chosen = options or Options()
    systems = {name: followed(package.systems[name], ReadOnly(system)) for name, system in systems.items()}
    opened = await _open(systems)
    try:
        with store.preview():
            report = Report(0, changed=rehearse(package, store))
            groups = _contexts(package, syncs, systems, store, clock, chosen, 0, reporter)
            await _foresee(groups, opened, report)
            return report
    finally:
        await _close(systems)


async def run(
    package: Package,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    reporter: Reporter,
    options: Options | None = None,
    syncs: Sequence[str] = (),
) -> Report:
    """Bring the systems into step. A sync that never ran is only planned, unless `apply_first`.

    Records that others refer to are created and updated before those, and deleted after them. Raises StateFailure, and
    SpecChanged for a spec that the state does not bear; what fails in a system is in the report.
    """
    chosen = options or Options()
    systems = {name: OnlyNeeded(system, needed(package, name)) for name, system in systems.items()}
    systems = {name: followed(package.systems[name], system) for name, system in systems.items()}
    reading = {name: ReadOnly(system) for name, system in systems.items()}
    store.acquire(package.name, clock.now(), _LEASE_SECONDS)
    try:
        with store.transaction():
            run_id = _begin(package, store, clock.now())
            if chosen.rebase:
                for sync in package.syncs:
                    store.save_setting(rebasing_setting(sync), "creates are held")
        report = Report(run_id)
        opened = await _open(systems)
        groups = _contexts(package, syncs, systems, store, clock, chosen, run_id, reporter, refused=reading)
        try:
            await _run_groups(groups, opened, report)
        finally:
            await _close(systems)
        return _ended(report, store, clock.now())
    finally:
        store.release()


async def carry_out(
    package: Package,
    reviewed: Reviewed,
    *,
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    reporter: Reporter,
    options: Options,
    syncs: Sequence[str] = (),
) -> Report:
    """Do what was reviewed, if it is what is decided now: everything is looked at and decided in one transaction, and where the
    plan does not hold, or a system could not be used, nothing is kept of that and nothing written (a report of run 0).

    Raises StateFailure, and SpecChanged for a spec that the state does not bear.
    """
    systems = {
        name: followed(package.systems[name], OnlyReviewed(OnlyNeeded(system, needed(package, name)), reviewed))
        for name, system in systems.items()
    }
    store.acquire(package.name, clock.now(), _LEASE_SECONDS)
    try:
        opened = await _open(systems)
        try:
            with store.tentative() as keep:
                with store.transaction():
                    run_id = _begin(package, store, clock.now())
                chosen = replace(options, apply_first=True, reviewed=reviewed)
                groups = _contexts(package, syncs, systems, store, clock, chosen, run_id, reporter)
                foreseen = Report(0)
                await _foresee(groups, opened, foreseen)
                if foreseen.failures or not reviewed.agree(foreseen.held):
                    return foreseen
                keep()
            report = Report(run_id)
            await _run_groups(groups, opened, report, foreseen.held)
        finally:
            await _close(systems)
        return _ended(report, store, clock.now())
    finally:
        store.release()


def _contexts(
    package: Package,
    syncs: Sequence[str],
    systems: Mapping[str, System],
    store: StateStore,
    clock: Clock,
    options: Options,
    run_id: int,
    reporter: Reporter,
    refused: Mapping[str, System] | None = None,
) -> list[list[Context]]:
    """A context for each sync, in the order of work; with the systems `refused` for one whose first run nobody consented to."""
    return [
        [
            make_context(
                package,
                sync,
                systems=systems if refused is None or _consented(sync, store, options) else refused,
                store=store,
                clock=clock,
                options=options,
                run_id=run_id,
                reporter=reporter,
            )
            for sync in group
        ]
        for group in grouped(package, syncs)
    ]


def _begin(package: Package, store: StateStore, now: float) -> int:
    """Begin a run in the caller's transaction, and give its number. Raises SpecChanged."""
    admit(package, store)
    run_id = store.begin_run(now, package.spec_sha256)
    store.purge_intents(now - _KEEP_INTENTS_SECONDS)
    _open_inbox(package, store, now)
    return run_id


def _ended(report: Report, store: StateStore, now: float) -> Report:
    with store.transaction():
        store.end_run(report.run_id, now, report.status, {"syncs": [one.document() for one in report.summaries]})
    return report


def _open_inbox(package: Package, store: StateStore, now: float) -> None:
    """Mark the records that webhooks named, in every entity that is kept there: they are read, never taken from the webhook."""
    waiting = store.inbox.waiting()
    if waiting:
        store.review.mark_dirty(
            (one.entity, one.system, remote_id, now, "webhook")
            for one in package.mappings
            for remote_id in waiting.get((package.systems[one.system].account, one.resource), ())
        )
        store.inbox.take()
    store.inbox.purge(now - KEPT_SECONDS)


# -- phases ------------------------------------------------------------------------------------------------------------


async def _foresee(groups: Sequence[Sequence[Context]], opened: Mapping[str, SystemFailure], report: Report) -> None:
    """Look at everything and decide it, and do nothing."""
    touched: set[str] = set()
    for group in groups:
        for context in group:
            context.touched = touched
        report.summaries += await _plan_group(group, opened, report)
    for contexts in _computed_anew([context for group in groups for context in group]):
        report.held |= decide_group(contexts)


async def _run_groups(
    groups: Sequence[Sequence[Context]],
    opened: Mapping[str, SystemFailure],
    report: Report,
    decided: Mapping[str, Held] | None = None,
) -> None:
    """`decided`: everything was looked at and decided already; what guards hold back."""
    done: dict[str, Summary] = {}
    first = {context.entity.name for group in groups for context in group if not _agreed(context)}
    agreed = [found for group in groups if (found := [one for one in group if one.entity.name not in first])]
    referring = any(context.refers for group in agreed for context in group)
    computing = any(context.entity.compute for group in agreed for context in group)
    touched: set[str] = set()
    held: dict[str, Held] = {}
    for group in agreed:
        for context in group:
            context.touched = touched
            context.later = DELETIONS if referring else frozenset()
        held |= await _run_group(group, opened, decided)
        if not (referring or computing):
            done |= {context.entity.name: _finish_run(context) for context in group}
    for anew in _computed_anew([context for group in agreed for context in group]):
        held |= await run_turns(anew)
    if computing and not referring:
        done |= {context.entity.name: _finish_run(context) for group in agreed for context in group}
    if referring:
        for context in reversed([context for group in agreed for context in group]):
            await delete_last(context, held[context.entity.name])
            done[context.entity.name] = _finish_run(context)
    if first:
        # In one preview, so that what one plans to link can be referred to by the next.
        with groups[0][0].store.preview():
            for each in groups:
                planned = await _plan_group([one for one in each if one.entity.name in first], opened, report)
                done |= {summary.entity: summary for summary in planned}
    for each in groups:
        for context in each:
            report.summaries.append(done[context.entity.name])
            if context.entity.name in first:
                report.awaiting.append(context.entity.name)


async def _plan_group(
    contexts: Sequence[Context], opened: Mapping[str, SystemFailure], report: Report
) -> list[Summary]:
    for context in contexts:
        context.telling = True
        _look_at_reviewed(context)
        await _look(context, opened)
    report.held |= decide_group(contexts)
    return [_finish(context) for context in contexts]


def _look_at_reviewed(context: Context) -> None:
    """Mark the records of a plan that is applied: they are read by id, whatever a listing says of them."""
    reviewed, name = context.options.reviewed, context.entity.name
    if reviewed is None:
        return
    for side in context.observed:
        for ids in reviewed.asked(name, side.system) if side.resource.read is not None else ():
            with context.store.transaction():
                context.store.review.mark_dirty((name, side.system, remote_id, 0.0, "in the plan") for remote_id in ids)


def _computed_anew(contexts: Sequence[Context]) -> Iterator[list[Context]]:
    """The contexts with records that are to be computed anew, a lap at a time: each goes one computed field further."""
    for _ in contexts:
        anew = [context for context in contexts if context.entity.compute and context.entity.name in context.touched]
        if not anew:
            return
        for context in anew:
            context.touched.discard(context.entity.name)
        yield anew


async def _run_group(
    contexts: Sequence[Context], opened: Mapping[str, SystemFailure], decided: Mapping[str, Held] | None = None
) -> dict[str, Held]:
    """Look, and decide and apply in turns, until nothing is left that another turn would bring on."""
    if decided is not None:
        return await run_turns(contexts, decided)
    for context in contexts:
        await _look(context, opened)
    return await run_turns(contexts)


def _finish_run(context: Context) -> Summary:
    store, entity = context.store, context.entity.name
    context.summary.planned.clear()
    with store.transaction():
        store.save_setting(f"spec:{entity}", fingerprint(context.package))
        waits_until = context.summary.waits_until
        if waits_until is not None or store.setting(young(entity)):
            store.save_setting(young(entity), "" if waits_until is None else repr(waits_until))
        if not context.down:
            store.save_setting(_applied(context.sync), str(context.run_id))
            if context.rebasing and not any(operation == "create" for _, operation in context.summary.guarded):
                store.save_setting(rebasing_setting(context.sync), "")
    return _finish(context)


async def _look(context: Context, opened: Mapping[str, SystemFailure]) -> None:
    store, entity = context.store, context.entity.name
    for name, failure in opened.items():
        if name in context.sides:
            context.down.add(name)
            context.summary.failures[name] = str(failure)
    if store.setting(f"spec:{entity}") not in (None, fingerprint(context.package)):
        # The spec has changed: every record is read and every link decided again.
        context.respecified = True
        with store.transaction():
            store.unsettle_all(entity)
    if context.dates:
        with store.transaction():
            store.awaiting.bring_back(entity, context.instant.timestamp())
    # A record alone is linked while it is observed only where nothing needs to be told or counted of it.
    context.telling |= context.options.rebase or bool(store.setting(rebasing_setting(context.sync)))
    with context.store.transaction():
        context.frozen = frozen_links(context)
    with timed(context, "recover"):
        await recover(context)
    with timed(context, "observe"):
        await observe(context)
        recover_listed(context)
        await recover_creates(context)


def _consented(sync: Sync, store: StateStore, options: Options) -> bool:
    return options.apply_first or store.setting(_applied(sync)) is not None


def _agreed(context: Context) -> bool:
    return _consented(context.sync, context.store, context.options)


def _finish(context: Context) -> Summary:
    counts = context.store.review.counts("conflicts", "quarantined").get(context.entity.name, {})
    context.summary.conflicts = counts.get("conflicts", 0)
    context.summary.quarantined = counts.get("quarantined", 0)
    if context.summary.quarantined:
        context.summary.quarantined -= dismissed(context.store, context.entity.name)
    if context.refers:
        context.summary.deferred = context.store.count_waiting(context.entity.name)
    if context.dates and (awaited := context.store.awaiting.next(context.entity.name)) is not None:
        context.summary.awaiting, context.summary.next_date = awaited
    return context.summary


def _applied(sync: Sync) -> str:
    return f"applied:{sync.entity}"


def young(entity: str) -> str:
    """Where it stands in the state until when the first of its records is too young to be created from."""
    return f"young:{entity}"


async def _open(systems: Mapping[str, System]) -> dict[str, SystemFailure]:
    failures: dict[str, SystemFailure] = {}
    for name, system in systems.items():
        try:
            await system.open()
        except SystemFailure as failure:
            failures[name] = failure
    return failures


async def _close(systems: Mapping[str, System]) -> None:
    for system in systems.values():
        await system.close()
