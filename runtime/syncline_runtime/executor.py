"""A run: recover, observe, correlate, decide, commit, act, record. A plan: the same without acting, undone at the end."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from syncline_runtime.declaration import Package, Sync
from syncline_runtime.executing.apply import apply
from syncline_runtime.executing.context import Context, Options, Reporter, make_context
from syncline_runtime.executing.correlate import correlate_unlinked
from syncline_runtime.executing.decide import Counts, decide_unsettled
from syncline_runtime.executing.derive import Held
from syncline_runtime.executing.migrate import admit, fingerprint, rehearse
from syncline_runtime.executing.observe import observe, reread
from syncline_runtime.executing.recover import recover, recover_creates
from syncline_runtime.executing.resolve import resolve
from syncline_runtime.executing.summary import Summary
from syncline_runtime.guarding import guard
from syncline_runtime.pending import dismissed
from syncline_runtime.ports import Clock, StateStore, System, SystemFailure
from syncline_runtime.records import ActionKind
from syncline_runtime.reviewed import OnlyReviewed, ReadOnly

_LEASE_SECONDS = 6 * 3600.0
_KEEP_INTENTS_SECONDS = 7 * 86_400.0


@dataclass(slots=True)
class Report:
    """What a run came to: a summary for each sync, the syncs whose first run waits for consent, by entity what guards held
    back, and of a plan what was carried over first because the spec has changed, a line each."""

    run_id: int
    summaries: list[Summary] = field(default_factory=list)
    awaiting: list[str] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    changed: tuple[str, ...] = ()

    @property
    def failures(self) -> dict[str, str]:
        """One line for each system that could not be used."""
        return {system: line for summary in self.summaries for system, line in summary.failures.items()}

    @property
    def exit_code(self) -> int:
        """0 in step, 1 something needs a person, 2 a system could not be used, 3 a first run awaits consent."""
        if self.failures:
            return 2
        if self.awaiting:
            return 3
        return 1 if any(summary.needs_person for summary in self.summaries) else 0

    @property
    def status(self) -> str:
        """The exit code in a word."""
        return ("in step", "needs a person", "failed", "awaits consent")[self.exit_code]


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
    systems = {name: ReadOnly(system) for name, system in systems.items()}
    opened = await _open(systems)
    try:
        with store.preview():
            report = Report(0, changed=rehearse(package, store))
            for sync in ordered(package, syncs):
                context = make_context(
                    package,
                    sync,
                    systems=systems,
                    store=store,
                    clock=clock,
                    options=chosen,
                    run_id=0,
                    reporter=reporter,
                )
                report.summaries.append(await _plan_sync(context, opened, report))
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

    Raises StateFailure, and SpecChanged for a spec that the state does not bear; what fails in a system is in the report.
    """
    chosen = options or Options()
    if chosen.reviewed is not None:
        systems = {name: OnlyReviewed(system, chosen.reviewed) for name, system in systems.items()}
    reading = {name: ReadOnly(system) for name, system in systems.items()}
    store.acquire(package.name, clock.now(), _LEASE_SECONDS)
    try:
        with store.transaction():
            admit(package, store)
            run_id = store.begin_run(clock.now(), package.spec_sha256)
            store.purge_intents(clock.now() - _KEEP_INTENTS_SECONDS)
        report = Report(run_id)
        opened = await _open(systems)
        try:
            for sync in ordered(package, syncs):
                first = store.setting(_applied(sync)) is None and not chosen.apply_first
                context = make_context(
                    package,
                    sync,
                    systems=reading if first else systems,
                    store=store,
                    clock=clock,
                    options=chosen,
                    run_id=run_id,
                    reporter=reporter,
                )
                if first:
                    with store.preview():
                        report.summaries.append(await _plan_sync(context, opened, report))
                    report.awaiting.append(sync.entity)
                else:
                    report.summaries.append(await _run_sync(context, opened))
        finally:
            await _close(systems)
        with store.transaction():
            store.end_run(run_id, clock.now(), report.status, {"syncs": [one.document() for one in report.summaries]})
        return report
    finally:
        store.release()


def ordered(package: Package, names: Sequence[str] = ()) -> list[Sync]:
    """The syncs of a package in an order that respects `run after` and derivations, or those of the named entities."""
    origins: dict[str, set[str]] = {}
    for rule in package.derivations:
        if rule.origin != rule.entity:
            origins.setdefault(rule.entity, set()).add(rule.origin)
    waiting = [sync for sync in package.syncs if not names or sync.entity in names]
    present = {sync.entity for sync in waiting}
    done: list[Sync] = []
    while waiting:
        ready = [
            sync
            for sync in waiting
            if all(
                other not in present or any(other == one.entity for one in done)
                for other in (*sync.after, *origins.get(sync.entity, ()))
            )
        ]
        # A circle of `run after` cannot be respected: the order of the spec stands in.
        done.extend(ready or waiting)
        waiting = [sync for sync in waiting if sync not in done]
    return done


# -- phases ------------------------------------------------------------------------------------------------------------


async def _plan_sync(context: Context, opened: Mapping[str, SystemFailure], report: Report) -> Summary:
    context.telling = True
    name, wanted = context.entity.name, context.options.look_at
    with context.store.transaction():
        context.store.review.mark_dirty((*where, 0.0, "in the plan") for where in wanted if where[0] == name)
    await _look(context, opened)
    report.held[context.entity.name] = _decide(context)
    return _finish(context)


async def _run_sync(context: Context, opened: Mapping[str, SystemFailure]) -> Summary:
    store, entity = context.store, context.entity.name
    await _look(context, opened)
    # What is decided anew in a later round was not reviewed.
    for turn in range(1 if context.options.reviewed is not None else context.options.rounds):
        if turn:
            # What a guard read or an answer showed anew is decided in the same run.
            await reread(context)
        held = _decide(context)
        before = context.summary.tried
        with _timed(context, "apply"):
            await apply(context, held)
        if not store.unsettled(entity, 0, 1) or (turn and context.summary.tried == before):
            break
    context.summary.planned.clear()
    with store.transaction():
        store.save_setting(f"spec:{entity}", fingerprint(context.package))
        if not context.down:
            store.save_setting(_applied(context.sync), str(context.run_id))
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
    with _timed(context, "recover"):
        await recover(context)
    with _timed(context, "observe"):
        await observe(context)
        recover_creates(context)


def _decide(context: Context) -> Held:
    counts: Counts = {}
    store, entity = context.store, context.entity.name
    first_new = store.reserve_links(0)
    context.telling |= context.reporter.telling or context.options.reviewed is not None
    context.telling |= any(limit.operation == "create" for limit in context.sync.guards)
    with _timed(context, "correlate"):
        resolve(context, counts)
        correlate_unlinked(context, counts)
    with _timed(context, "decide"):
        decide_unsettled(context, counts, before=first_new)
    for where, count in counts.items():
        context.summary.planned[where] = max(count, context.summary.planned.get(where, 0))
    held: dict[str, frozenset[ActionKind]] = {}
    for hold in guard(context.sync, counts, store.count_links(entity)):
        granted = context.granted.get((hold.system, hold.operation))
        if hold.operation in context.options.approved or (granted is not None and hold.count <= granted):
            continue
        held[hold.system] = held.get(hold.system, frozenset()) | frozenset(hold.operations)
        context.summary.guarded[hold.system, hold.operation] = hold.count
        line = f"{hold.reason}; look at `plan`, then let them pass with `{hold.release}`"
        line += "" if context.run_id == 0 else f" or `review approve {context.run_id}`"
        line += "" if granted is None else f" (up to {granted} were approved)"
        if line not in context.summary.held:
            context.summary.held.append(line)
    return held


def _finish(context: Context) -> Summary:
    counts = context.store.review.counts().get(context.entity.name, {})
    context.summary.conflicts = counts.get("conflicts", 0)
    context.summary.quarantined = counts.get("quarantined", 0)
    if context.summary.quarantined:
        context.summary.quarantined -= dismissed(context.store, context.entity.name)
    return context.summary


def _applied(sync: Sync) -> str:
    return f"applied:{sync.entity}"


@contextmanager
def _timed(context: Context, phase: str) -> Iterator[None]:
    started = context.clock.now()
    try:
        yield
    finally:
        seconds = context.summary.seconds
        seconds[phase] = seconds.get(phase, 0.0) + context.clock.now() - started


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
