"""The inside of a simulated system: records with all their past states, stamped as the system's declaration says."""

from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from syncline_runtime import cursors
from syncline_runtime.connectors.records import left_out
from syncline_runtime.connectors.through import held_id, spelled
from syncline_runtime.declaration import Condition, Resource, System
from syncline_runtime.ports import NativeRecord
from syncline_runtime.simulation.reality import AS_DECLARED, Conduct, Reality
from syncline_runtime.simulation.world import World
from syncline_runtime.values import Native


class State(NamedTuple):
    """What a record was from `at` on: None is deleted. `by` is who made it so, `serial` how often it had changed, `moment` what
    the system's own clock said."""

    at: float
    native: Native | None
    by: str
    serial: int
    moment: datetime


@dataclass(slots=True)
class Table:
    """One resource. `distort` is what the system does to a native record it stores, declared or not; `merged` are records that are
    no more, each with the one into which it was merged; `passed_over` are those that a listing should have shown and did not,
    until they are known, `nameless` those that listings show without their identity."""

    resource: Resource
    history: dict[str, list[State]] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    merged: dict[str, str] = field(default_factory=dict)
    passed_over: set[str] = field(default_factory=set)
    nameless: frozenset[str] = frozenset()
    distort: Callable[[Native], Native] = lambda native: native
    conduct: Conduct = AS_DECLARED
    serial: int = 0
    changes: int = 0
    left_out: frozenset[str] = frozenset()

    def current(self, remote_id: str) -> State | None:
        """The newest state of a record; None where there never was one."""
        states = self.history.get(remote_id)
        return states[-1] if states else None

    def native(self, remote_id: str) -> Native | None:
        """What a record holds now; None where it is not there, or was merged into another."""
        state = self.current(remote_id)
        return None if state is None or remote_id in self.merged else state.native

    def survivor(self, remote_id: str) -> str:
        """The record that one was merged into, itself if it was not."""
        while remote_id in self.merged:
            remote_id = self.merged[remote_id]
        return remote_id

    def losers(self, remote_id: str) -> list[str]:
        """The records that were merged into one, however often."""
        return [loser for loser in self.merged if self.survivor(loser) == remote_id]

    def as_of(self, remote_id: str, at: float) -> State | None:
        """The state of a record at some time."""
        found = None
        for state in self.history[remote_id]:
            if state.at <= at:
                found = state
        return found

    def live(self) -> list[str]:
        """The ids of records that are there, oldest first."""
        return [remote_id for remote_id in self.history if self.native(remote_id) is not None]

    def dead(self) -> list[str]:
        """The ids of records that were deleted, oldest first."""
        return [remote_id for remote_id, states in self.history.items() if states[-1].native is None]


class Server:
    """One system: its tables, and a clock of its own that is `ahead` of everybody else's. `hidden` are fields that the engine has
    lost the permission to see and write; `changed` hears of each change."""

    def __init__(self, declared: System, world: World, ahead: float = 0.0, reality: Reality | None = None) -> None:
        self.declared = declared
        self.name = declared.name
        self.world = world
        self.ahead = ahead
        self.hidden: frozenset[str] = frozenset()
        self.was_hidden: set[str] = set()
        self.changed: Callable[[Table, str], None] = lambda table, remote_id: None
        self.tables = {
            name: Table(
                resource,
                left_out=frozenset(left_out(resource)),
                conduct=(reality or {}).get((declared.name, name), AS_DECLARED),
            )
            for name, resource in declared.resources.items()
        }

    def store(self, table: Table, remote_id: str, native: Native | None, by: str) -> State:
        """Make `native` the state of a record, as the system stores it; None deletes it."""
        states = table.history.setdefault(remote_id, [])
        moment = datetime.fromtimestamp(self.world.real() + self.ahead, UTC)
        table.changes += 1
        if native is not None:
            native = self._stamped(table, self.kept(table, states[-1].native if states else None, native), moment)
            if table.resource.counter:
                native[table.resource.counter] = len(states) + 1
        state = State(self.world.elapsed, native, by, len(states) + 1, moment)
        states.append(state)
        self.changed(table, remote_id)
        return state

    def kept(self, table: Table, before: Native | None, native: Native) -> Native:
        """A record as the system keeps it that stored another one `before`. Whoever stores a reference thereby stores what stands
        behind it, and a person who names that chooses the record that has it."""
        native, was = table.distort(deepcopy(native)), before or {}
        for path, way in table.resource.through.items():
            target, remote_id = self.tables[way.resource], held_id(way, native)
            chosen = isinstance(remote_id, str) and before is None
            if chosen or (before is not None and native.get(way.reference) != was.get(way.reference)):
                behind = target.native(remote_id) if isinstance(remote_id, str) else None
                native[path] = None if behind is None else behind.get(way.field)
            elif native.get(path) != was.get(path):
                native[way.reference] = spelled(way, self._having(target, way.field, native.get(path)))
        return native

    def _having(self, table: Table, name: str, value: Any) -> str | None:
        """The record that has a value, made if there is none."""
        if value is None or value == "":
            return None
        for remote_id in table.live():
            if (table.native(remote_id) or {}).get(name) == value:
                return remote_id
        return self.make(table, {name: value}, "admin")

    def make(self, table: Table, native: Native, by: str) -> str:
        """Store a new record; its id."""
        table.serial += 1
        remote_id = self.identified(table, native)
        self.store(table, remote_id, native, by)
        return remote_id

    def identified(self, table: Table, native: Native) -> str:
        """Give a native record the next identity."""
        identity = table.resource.identity
        declared = table.resource.fields.get(identity)
        if declared is not None and declared.kind == "integer":
            native[identity] = table.serial
        else:  # given once in the whole system, as a reference to one of several resources takes for granted
            native[identity] = f"{self.name}{sum(one.serial for one in self.tables.values())}"
        return str(native[identity])

    def shown(self, table: Table, remote_id: str, state: State, *, single: bool) -> NativeRecord:
        """A state as the system delivers it; only a `single` reading carries an ETag."""
        assert state.native is not None
        native = deepcopy(state.native)
        for name in list(native):
            if name in self.hidden or (name in table.left_out and native[name] is None):
                del native[name]
        return NativeRecord(remote_id, native, self.version(table, state, single=single))

    def version(self, table: Table, state: State, *, single: bool) -> str | None:
        """The text by which the system tells this state from others."""
        resource = table.resource
        if single and resource.lock == "etag":
            return f'"{state.serial}"'
        if resource.version is None or state.native is None:
            return None
        return cursors.raw_text(
            cursors.shown(state.native, resource.version, resource.version_fallback), resource.version_spelling
        )

    def _stamped(self, table: Table, native: Native, moment: datetime) -> Native:
        resource = table.resource
        since = resource.list.since if resource.list is not None else None
        stamps = {}
        if resource.version is not None:
            stamps[resource.version] = resource.version_spelling
        if since is not None:
            stamps[since.field] = since.spelling
        unit = since.precision_ms if since is not None else 1
        floored = moment
        if unit >= 1:
            floored = moment - timedelta(microseconds=(moment.microsecond + moment.second * 10**6) % (unit * 1000))
        for name, spelling in stamps.items():
            native[name] = (
                cursors.spelled(floored, spelling, unit)
                if cursors.is_time(spelling)
                else table.changes
                if spelling == "integer"
                else f"{table.changes:012d}"
            )
        return native


def fits(native: Mapping[str, Any], where: "tuple[Condition, ...]") -> bool:
    """Whether a record meets all equalities of a map."""
    return all(native.get(condition.field) == condition.value for condition in where)
