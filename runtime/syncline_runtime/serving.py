"""Serving: syncs are run when they are due, until somebody says stop. One run at a time; what is being sent is finished."""

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from typing import Final

from syncline_runtime import executor
from syncline_runtime.declaration import Daily, Every, FieldMap, OnWebhook, Package, Sync
from syncline_runtime.executing.context import Options, Reporter
from syncline_runtime.executor import Report
from syncline_runtime.ports import Clock, System
from syncline_runtime.scheduling import next_due
from syncline_runtime.state import StateFailure
from syncline_runtime.stopping import Stoppable
from syncline_runtime.stores import StateStore

_AGAIN_SECONDS: Final = 60.0
"""After a run that could not be made, because another one holds the state or the disk is full."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """Syncs to be run together; `hinted`: only the records that webhooks named are looked at."""

    at: float
    syncs: tuple[str, ...] = ()
    full: bool = False
    hinted: bool = False


@dataclass(slots=True, kw_only=True)
class Serving:
    """One package being served. `opened` opens its state for one run; `told` gets each run's report."""

    package: Package
    systems: Mapping[str, System]
    opened: Callable[[], AbstractContextManager[StateStore]]
    clock: Clock
    reporter: Reporter
    told: Callable[[Report], None]
    failed: Callable[[str], None]
    options: Options = field(default_factory=Options)
    stop: asyncio.Event = field(default_factory=asyncio.Event)
    hint: asyncio.Event = field(default_factory=asyncio.Event)

    async def serve(self) -> None:
        """Run what is due, sleep until something is, end when `stop` is set: a run that has begun sends nothing more then.

        Raises StateFailure for a state that cannot be used, and SpecChanged; a state that is only busy is waited for.
        """
        while not self.stop.is_set():
            self.hint.clear()
            try:
                with self.opened() as store:
                    due = self.due(store)
                    if due is not None and due.at <= self.clock.now():
                        await self.run(store, due)
                        continue
                until = self.clock.now() + _AGAIN_SECONDS if due is None else due.at
            except StateFailure as error:
                if error.unusable:
                    raise  # waiting mends nothing: a person must look
                self.failed(str(error))
                until = self.clock.now() + _AGAIN_SECONDS
            await self._wait(until)

    def due(self, store: StateStore) -> Due | None:
        """What is due first: full runs before those of what changed, webhooks when nothing else is. None where nothing ever is."""
        now = self.clock.now()
        found: list[Due] = []
        for sync in self.package.syncs:
            for trigger in sync.triggers:
                if not isinstance(trigger, OnWebhook):
                    at = next_due(trigger, fired(store, sync, trigger), now)
                    found.append(Due(at=at, syncs=(sync.entity,), full=trigger.full))
            if sync.triggers and (date := _dated(store, sync.entity)) is not None:
                found.append(Due(at=date, syncs=(sync.entity,)))
            if sync.triggers and (until := _waits_until(store, sync.entity)) is not None:
                found.append(Due(at=until, syncs=(sync.entity,)))
        late = [one for one in found if one.at <= now]
        if late:
            full = any(one.full for one in late)
            names = dict.fromkeys(name for one in late if one.full is full for name in one.syncs)
            return Due(at=now, syncs=tuple(names), full=full)
        if waiting := store.inbox.waiting():
            hinted = tuple(
                sync.entity
                for sync in self.package.syncs
                if any(isinstance(trigger, OnWebhook) for trigger in sync.triggers)
                and any((one.system, one.resource) in waiting for one in self._maps(sync))
            )
            if hinted:
                return Due(at=now, syncs=hinted, hinted=True)
        return min(found, key=lambda one: one.at, default=None)

    async def run(self, store: StateStore, due: Due) -> None:
        """Run syncs, and then those that wait for them to have nothing left to do."""
        started = self.clock.now()
        systems = {name: Stoppable(system, self.stop.is_set) for name, system in self.systems.items()}
        names, done = due.syncs, set[str]()
        while names and not self.stop.is_set():
            chosen = replace(self.options, full=due.full, hinted=due.hinted and names == due.syncs)
            report = await executor.run(
                self.package,
                systems=systems,
                store=store,
                clock=self.clock,
                reporter=self.reporter,
                options=chosen,
                syncs=names,
            )
            if self.stop.is_set() and report.failures:
                self.told(report)
                return  # it was broken off, and is due again
            with store.transaction():
                for name in names:
                    store.save_setting(_dates_key(name), repr(started))
                    for trigger in self._sync(name).triggers:
                        if not isinstance(trigger, OnWebhook) and not chosen.hinted and (due.full or not trigger.full):
                            store.save_setting(_key(name, trigger), repr(started))
            self.told(report)
            done |= set(names)
            drained = {
                summary.entity
                for summary in report.summaries
                if not summary.failures and self._drained(store, summary.entity)
            }
            names = tuple(
                sync.entity for sync in self.package.syncs if sync.entity not in done and drained & set(sync.after)
            )

    def _drained(self, store: StateStore, entity: str) -> bool:
        return not store.unsettled(entity, 0, 1)

    def _sync(self, name: str) -> Sync:
        return next(sync for sync in self.package.syncs if sync.entity == name)

    def _maps(self, sync: Sync) -> list[FieldMap]:
        return [one for one in self.package.mappings if one.entity == sync.entity and one.system in sync.systems]

    async def _wait(self, until: float) -> None:
        """Sleep until then, until a webhook comes in, or until somebody says stop."""
        sleeping = asyncio.ensure_future(self.clock.sleep(max(0.0, until - self.clock.now())))
        others = [asyncio.ensure_future(event.wait()) for event in (self.stop, self.hint)]
        await asyncio.wait([sleeping, *others], return_when=asyncio.FIRST_COMPLETED)
        for one in (sleeping, *others):
            one.cancel()
        await asyncio.gather(sleeping, *others, return_exceptions=True)


def fired(store: StateStore, sync: Sync, trigger: Every | Daily) -> float | None:
    """When a trigger fired last; before it ever did, when its sync was last read in full (by a run of somebody's own)."""
    told = store.setting(_key(sync.entity, trigger))
    if told is not None:
        return float(told)
    cursors = [store.cursor(sync.entity, system) for system in sync.systems]
    times = [cursor[1] for cursor in cursors if cursor is not None and cursor[1] is not None]
    return min(times) if len(times) == len(cursors) else None


def _dated(store: StateStore, entity: str) -> float | None:
    """The first date that records of an entity wait for, unless a run has looked at it since."""
    awaited = store.awaiting.next(entity)
    looked = store.setting(_dates_key(entity))
    return None if awaited is None or (looked is not None and float(looked) >= awaited[1]) else awaited[1]


def _waits_until(store: StateStore, entity: str) -> float | None:
    """Until when the first record waits for listings that lag, unless a run has begun after that."""
    until, looked = store.setting(executor.young(entity)), store.setting(_dates_key(entity))
    return None if not until or (looked is not None and float(looked) >= float(until)) else float(until)


def _dates_key(entity: str) -> str:
    """Where it stands in the state when dates were looked at last."""
    return f"dated:{entity}"


def _key(entity: str, trigger: Every | Daily) -> str:
    """Where it stands in the state when a trigger fired last."""
    full = "full " if trigger.full else ""
    match trigger:
        case Every(seconds=seconds):
            return f"fired:{entity}:{full}every {seconds}"
        case Daily(at=at, zone=zone):
            return f"fired:{entity}:{full}daily {at} {zone}"
