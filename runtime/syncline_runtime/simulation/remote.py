"""A simulated system behind the executor's port: requests that take time, and may fail in every way that real ones do."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from syncline_runtime import cursors
from syncline_runtime.answering import Purpose
from syncline_runtime.declaration import Condition, Listing
from syncline_runtime.ports import (
    Applied,
    Deletions,
    NativeRecord,
    Outcome,
    Page,
    Reading,
    SystemFailure,
    Unavailable,
    Unidentified,
    Unknown,
    Write,
)
from syncline_runtime.simulation import sending
from syncline_runtime.simulation.effects import Effects
from syncline_runtime.simulation.hooks import Hooks
from syncline_runtime.simulation.inventing import shown
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.people import People
from syncline_runtime.simulation.server import Server, State, Table, fits
from syncline_runtime.simulation.world import World, short
from syncline_runtime.values import Native

_PAGE = 4
_HOUR = 3600.0


@dataclass(slots=True)
class Carelessness:
    """How a connector asks for what changed: with the overlap that its declaration needs, or (in tests of the tests) without.

    `payloads`: what a webhook said of a record stands in for reading it.
    """

    no_overlap: bool = False
    strict: bool = False
    payloads: bool = False


class SimulatedSystem:
    """`ports.System` over a `Server`."""

    def __init__(
        self,
        server: Server,
        world: World,
        ledger: Ledger,
        people: People,
        settle: float,
        carelessness: Carelessness | None = None,
        hooks: Hooks | None = None,
    ) -> None:
        self.name = server.name
        self._server = server
        self._world = world
        self._ledger = ledger
        self._effects = Effects(server, world, ledger, people)
        self._settle = settle
        self._careless = carelessness or Carelessness()
        self._hooks = hooks

    async def open(self) -> None:
        """Log in. Raises SystemFailure."""
        await self._world.wait(self.name, "open")
        self._may_fail("log in")

    async def close(self) -> None:
        """Log out."""
        self._world.alive()

    # -- reading -------------------------------------------------------------------------------------------------------

    async def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        """List a resource in the order of change, as a stale index shows it. Raises SystemFailure."""
        table = self._server.tables[resource]
        listing = table.resource.list
        assert listing is not None
        asked = since if listing.since is not None else None
        everything = asked is None and not where
        if listing.equals is None:
            where = ()
        bound = None if asked is None else self._bound(asked, listing)
        spelling = listing.since.spelling if listing.since is not None else "text"
        water, number, identified = asked, 0, False
        seen: dict[str, Any] = {}
        again: list[tuple[NativeRecord, Any]] = []
        while True:
            read_at = self._world.now()
            await self._world.wait(self.name, "list")
            self._may_fail("list")
            found = self._index(table, listing, tuple(where))
            if bound is not None:
                found = [one for one in found if self._is_after(one[1], bound, listing)]
            fresh = [*again, *(one for one in found if seen.get(one[0].remote_id, seen) != one[1])]
            again.clear()
            if everything and self._world.happens("empty"):
                table.passed_over.update(one[0].remote_id for one in fresh)
                fresh = []
            portion, rest = fresh[:_PAGE], fresh[_PAGE:]
            if everything and rest and self._world.happens("shifted"):
                if self._world.rng.random() < 0.5:
                    passed_over, version = rest.pop(0)
                    seen[passed_over.remote_id] = version
                    table.passed_over.add(passed_over.remote_id)
                else:
                    again.append(portion[-1])
            if everything and rest and self._world.happens("truncated"):
                table.passed_over.update(one[0].remote_id for one in rest)
                rest = []
            seen.update((record.remote_id, version) for record, version in portion)
            number += 1
            unidentified = _unidentified(table, [record for record, _ in portion], number)
            portion = [one for one in portion if one[0].remote_id not in table.nameless]
            identified = identified or bool(portion)
            if everything and unidentified and not (identified or rest):
                raise SystemFailure(self.name, "could not list: none of its records can be told from others")
            records = [record for record, _ in portion]
            self._ledger.showed(self.name, resource, {record.remote_id: record for record in records})
            water = cursors.later(water, cursors.newest([version for _, version in portion], spelling), spelling)
            self._world.tell(
                self.name, "listed", f"{resource}{'' if asked is None else f' since {asked}'}: {_names(records)}"
            )
            natives = [one.native for one in unidentified if one.native is not None]
            self._ledger.showed_nameless(self.name, resource, natives)
            yield Page(records, None if listing.since is None else water, read_at, not rest, unidentified)
            if not rest:
                return

    async def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        """All that was ever deleted. Raises SystemFailure."""
        table = self._server.tables[resource]
        await self._world.wait(self.name, "list")
        self._may_fail("list")
        gone = [
            (remote_id, states[-1].moment.isoformat())
            for remote_id, states in table.history.items()
            if states[-1].native is None
        ]
        ids = [remote_id for remote_id, _ in gone]
        self._world.tell(self.name, "listed", f"{resource} deleted: {', '.join(ids) or 'nothing'}")
        yield Deletions(ids, max((at for _, at in gone), default=None))

    def _index(self, table: Table, listing: Listing, where: tuple[Condition, ...]) -> list[tuple[NativeRecord, Any]]:
        """Every record as the index shows it, each with a lag of its own, in the order of change."""
        since = listing.since
        lag = table.conduct.lag(since.lag_seconds if since is not None else 0.0)
        found: list[tuple[State, NativeRecord, Any]] = []
        for remote_id in table.history:
            delay = self._world.rng.uniform(0.0, lag) if lag else 0.0
            state = table.as_of(remote_id, self._world.elapsed - delay)
            if state is None or state.native is None or (remote_id in table.merged and not table.resource.merged):
                continue
            if not fits(state.native, where) or table.conduct.leaves_out(self.name, remote_id):
                continue
            if delay and state is not table.current(remote_id):
                self._world.counts["stale index"] += 1
            version = state.native.get(since.field) if since is not None else None
            found.append((state, self._server.shown(table, remote_id, state, single=False), version))
        found.sort(key=lambda one: (one[0].moment, one[1].remote_id))
        return [(record, version) for _, record, version in found]

    def _bound(self, since: str, listing: Listing) -> Any:
        assert listing.since is not None
        if self._careless.no_overlap or self._careless.strict:
            return since
        return cursors.stored(cursors.asked(since, listing.since), listing.since.spelling)

    def _is_after(self, version: Any, bound: Any, listing: Listing) -> bool:
        assert listing.since is not None
        stored = cursors.stored(version, listing.since.spelling)
        if stored == bound:
            return listing.since.inclusive and not self._careless.strict
        return cursors.later(stored, bound, listing.since.spelling) == stored

    async def read(self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]) -> Mapping[str, Reading]:
        """Read records by id. Raises SystemFailure."""
        table = self._server.tables[resource]
        operation = table.resource.read
        if operation is None:
            raise SystemFailure(self.name, f"{resource} cannot be read by id")
        found: dict[str, Reading] = {}
        read: list[tuple[str, Native | None, float]] = []
        for start in range(0, len(remote_ids), max(1, operation.many)):
            await self._world.wait(self.name, "read")
            self._may_fail("read")
            for remote_id in remote_ids[start : start + max(1, operation.many)]:
                if self._world.happens("garbled"):
                    found[remote_id] = Unidentified(f"what is answered for {remote_id}", "has no id")
                    continue
                asked, lag = remote_id, operation.lag_seconds
                delay = self._world.rng.uniform(0.0, lag) if lag else 0.0
                state = self._as_of(table, remote_id, delay)
                if remote_id in table.merged and not table.resource.merged:
                    asked = table.survivor(remote_id)
                    state = self._as_of(table, asked, delay)
                there = state is not None and state.native is not None and not self._is_unborn(table, remote_id)
                found[remote_id] = (
                    self._server.shown(table, asked, state, single=True) if there and state is not None else None
                )
                seen = table.native(remote_id) if not delay or state is None else state.native
                read.append((remote_id, seen, self._world.elapsed - delay))
                place = (self.name, resource, remote_id)
                if self._careless.payloads and self._hooks is not None and place in self._hooks.payloads:
                    native = self._hooks.payloads.pop(place)
                    believed = None if state is None or native is None else state._replace(native=native)
                    found[remote_id] = (
                        None if believed is None else self._server.shown(table, remote_id, believed, single=True)
                    )
        for remote_id, seen, at in read:  # of a reading of which a part fails, the engine learns nothing
            self._ledger.read(self.name, resource, remote_id, seen, self._world.elapsed - at)
        records = {asked: record for asked, record in found.items() if isinstance(record, NativeRecord)}
        self._ledger.showed(self.name, resource, records)
        self._world.tell(self.name, "read", f"{resource}: {_names([*records.values()])}{_missing(found)}")
        return found

    def _as_of(self, table: Table, remote_id: str, delay: float) -> State | None:
        """The state of a record, as it was a time ago."""
        current = table.current(remote_id)
        if not delay or current is None:
            return current
        state = table.as_of(remote_id, self._world.elapsed - delay)
        if state is not current:
            self._world.counts["stale reading"] += 1
        return state

    def _is_unborn(self, table: Table, remote_id: str) -> bool:
        """Whether a record is too young for the replica that is asked."""
        since = table.resource.list.since if table.resource.list is not None else None
        age = self._world.elapsed - table.history[remote_id][0].at
        return since is not None and age < since.lag_seconds and self._world.happens("unborn")

    def _may_fail(self, doing: str) -> None:
        if self._world.happens("unauthorised"):
            self._world.tell(self.name, "fails", f"401 to {doing}")
            raise SystemFailure(self.name, f"could not {doing}: the credentials are not accepted")
        if self._world.happens("unread"):
            self._world.tell(self.name, "fails", f"503 to {doing}")
            raise SystemFailure(self.name, f"could not {doing}: HTTP 503")

    # -- writing -------------------------------------------------------------------------------------------------------

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Create records; one outcome each, in order."""
        return await self._call(Purpose.CREATE, resource, writes)

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update records; one outcome each, in order."""
        return await self._call(Purpose.UPDATE, resource, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Delete records; one outcome each, in order."""
        return await self._call(Purpose.DELETE, resource, writes)

    async def _call(self, purpose: Purpose, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        world, table = self._world, self._server.tables[resource]
        what = purpose.name.lower()
        sendings = sending.sent(self._ledger, self.name, resource, what, writes)
        self._refer(sendings[0].entity, writes)
        world.may_crash(f"before {self.name} {what}")
        sent_at = world.elapsed
        world.tell(self.name, "asked", f"to {what} {resource}: {_writes(writes)}")
        await world.wait(self.name, what)
        if world.happens("unauthorised"):
            world.tell(self.name, "fails", f"401 to {what}")
            raise SystemFailure(self.name, "the credentials are not accepted")
        if world.happens("throttled"):
            world.tell(self.name, "throttles", "for an hour")
            await world.sleep(_HOUR)
            return [Unavailable("too many requests")] * len(writes)
        if world.happens("busy"):
            world.tell(self.name, "refuses", "busy, nothing was done")
            return [Unavailable("busy")] * len(writes)
        effects = [self._effects.of(purpose, table, *one) for one in zip(writes, sendings, strict=True)]
        if world.happens("zombie"):
            return await self._given_up(table, effects, sent_at)
        if len(writes) > 1 and world.happens("partial"):
            outcomes = self._apply_but_one(purpose, table, effects)
        elif len(writes) > 1 and world.happens("shuffled"):
            outcomes = self._apply_shuffled(effects)
        else:
            outcomes = [effect() for effect in effects]
        world.may_crash(f"after {self.name} {what}")
        if world.happens("lost"):
            world.tell(self.name, "is silent", "applied, the answer is lost")
            await world.sleep(self._server.declared.connector.timeout_seconds)
            return [Unknown("time-out")] * len(writes)
        await world.wait(self.name, "answer")
        world.tell(self.name, "answers", ", ".join(_told(outcome) for outcome in outcomes))
        return await self._with_stored(resource, writes, outcomes)

    def _refer(self, entity: str, writes: Sequence[Write]) -> None:
        """A record that is written refers to none that was never there."""
        package, belonging = self._ledger.package, self._ledger.belonging
        mapping = package.mapping(entity, self.name)
        for flow in mapping.flows:
            known = [
                belonging.own(one, self._server.tables[one.resource].history)
                for one in package.mappings
                if one.system == self.name and one.entity in flow.refers
            ]
            for write in writes if known else ():
                value = shown(mapping, write.native).get(flow.field)
                if isinstance(value, str) and value and not any(value in own for own in known):
                    text = f"{self.name} {write.remote_id or 'new'} refers by {flow.field} to {value}, which was never there"
                    self._world.violate("P1", text, mapping.entity, flow.field)

    async def _with_stored(
        self, resource: str, writes: Sequence[Write], outcomes: Sequence[Outcome]
    ) -> Sequence[Outcome]:
        """What was stored is read back where the answer does not show it, as the connectors do; if that fails, nobody knows."""
        silent = [one.remote_id for one in outcomes if isinstance(one, Applied) and one.record is None]
        operation = self._server.tables[resource].resource.read
        if not silent or operation is None or operation.many <= 1 or operation.lag_seconds:
            return outcomes
        try:
            stored = await self.read(resource, silent, fields=())
        except SystemFailure:
            return outcomes
        return [
            replace(one, record=record, read_back=True)
            if isinstance(one, Applied) and isinstance(record := stored.get(one.remote_id), NativeRecord)
            else one
            for one in outcomes
        ]

    async def _given_up(
        self, table: Table, effects: Sequence[Callable[[], Outcome]], sent_at: float
    ) -> Sequence[Outcome]:
        """Nobody waits any longer; the system does it all the same, at the latest when the declared time is over."""
        world, timeout = self._world, self._server.declared.connector.timeout_seconds
        whole = world.rng.random() < 0.7
        for effect in effects if whole else effects[:1]:
            latest = self._settle - (world.elapsed - sent_at)
            world.later(world.rng.choice((0.1, 0.5, 0.999)) * latest, lambda effect=effect: self._late(effect))  # type: ignore[misc]
        world.tell(self.name, "is silent", "not applied yet")
        await world.sleep(timeout)
        return [Unknown("time-out")] * len(effects)

    def _late(self, effect: Callable[[], Outcome]) -> None:
        self._world.tell(self.name, "applies", f"a late request: {_told(effect())}")

    def _apply_but_one(self, purpose: Purpose, table: Table, effects: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
        """One item of a batch fails alone; where a batch is atomic, its connector tries the others again."""
        chosen = self._world.rng.randrange(len(effects))
        outcomes: list[Outcome] = []
        for index, effect in enumerate(effects):
            if index != chosen:
                outcomes.append(effect())
            elif self._world.rng.random() < 0.5:
                outcomes.append(Unavailable("this one is locked by somebody"))
            else:
                effect()
                outcomes.append(Unknown("no answer for this one"))
        return outcomes

    def _apply_shuffled(self, effects: Sequence[Callable[[], Outcome]]) -> list[Outcome]:
        """All are applied, in an order of the system's own; some answers are missing."""
        order = self._world.rng.sample(range(len(effects)), len(effects))
        outcomes = {index: effects[index]() for index in order}
        missing = {index for index in order if self._world.rng.random() < 0.4}
        return [
            Unknown("no answer for this one") if index in missing else outcomes[index] for index in range(len(effects))
        ]


def _unidentified(table: Table, records: Sequence[NativeRecord], page: int) -> list[Unidentified]:
    """The records of a page that it shows without their identity."""
    identity = table.resource.identity
    return [
        Unidentified(
            f"page {page}, record {place}",
            "has no id",
            {name: value for name, value in one.native.items() if name != identity},
        )
        for place, one in enumerate(records, 1)
        if one.remote_id in table.nameless
    ]


def _names(records: Sequence[NativeRecord]) -> str:
    return ", ".join(record.remote_id for record in records) or "nothing"


def _missing(found: Mapping[str, Reading]) -> str:
    lost = [remote_id for remote_id, record in found.items() if record is None]
    garbled = [remote_id for remote_id, record in found.items() if isinstance(record, Unidentified)]
    return (f"; not there: {', '.join(lost)}" if lost else "") + (
        f"; no record: {', '.join(garbled)}" if garbled else ""
    )


def _writes(writes: Sequence[Write]) -> str:
    return "; ".join(f"{one.remote_id or 'new'} {short(dict(sorted(one.native.items())))}" for one in writes)


def _told(outcome: Outcome) -> str:
    match outcome:
        case Applied(remote_id):
            return f"{remote_id} done"
        case _:
            return type(outcome).__name__.lower()
