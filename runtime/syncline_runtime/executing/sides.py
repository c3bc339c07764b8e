"""The systems of a sync as its executor sees them, and the derivations that take part like systems."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from syncline_runtime.conditional import conditional
from syncline_runtime.cursors import instant
from syncline_runtime.declaration import (
    ByKey,
    Cases,
    Connector,
    Creation,
    Deletion,
    Derivation,
    Entity,
    FieldMap,
    Flow,
    Newest,
    OnDelete,
    Package,
    Resource,
    Rule,
    Sync,
    Targets,
    Timed,
)
from syncline_runtime.executing.reading import held_to_types
from syncline_runtime.state.packing import Packing, packing
from syncline_runtime.values import ABSENT, Native


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One system in one sync: its map, its resource and how its values are packed.

    `speaks_wholly`: all it shows is the entity's, so that of a new link with its record alone the agreed values are what it shows.
    `written` is the number of lines that write, `writes` their fields, `writes_all` says that these are the entity's; `timed` says
    that some rule asks when a record was changed. `natives` is the number of native fields, if each line writes and holds its value
    unchanged, else 0: where a system stored just what it was sent, there is then nothing to read from its answer. A side
    that is not `remote` is a derivation: its records are what the rule makes, there is nothing to read or write. `refers` are the
    fields that hold another record, each with the entities it may be of; `needed` those without which nothing is created; `homes`,
    by field and entity, the system among whose ids it is looked up, if that is another. `unguarded`: an update is decided upon
    a version that goes with it, and what it writes does not depend on what stands there. A listing may show things as they were
    `list_lag` seconds before, a reading by id `read_lag`.
    """

    system: str
    mapping: FieldMap
    resource: Resource
    packing: Packing
    fields: tuple[str, ...]
    list_lag: float
    read_lag: float
    settle: float
    speaks_wholly: bool
    written: int
    writes: frozenset[str]
    writes_all: bool
    natives: int
    timed: bool
    remote: bool = True
    refers: Mapping[str, Targets] = field(default_factory=dict)
    needed: frozenset[str] = frozenset()
    homes: Mapping[tuple[str, str], str] = field(default_factory=dict)
    unguarded: bool = False

    @property
    def sends(self) -> bool:
        """Whether the system only takes records, as one that sends messages does: what it has been given it never shows again."""
        resource = self.resource
        return self.remote and resource.list is None and resource.read is None and resource.create is not None

    @property
    def lag(self) -> float:
        """After how many seconds, whichever way it is looked, a change shows."""
        return max(self.list_lag, self.read_lag)

    def updated_at(self, version: str | None) -> datetime | None:
        """The instant that a version stands for, None where it stands for none."""
        if version is None or not self.resource.version_is_time:
            return None
        return instant(version, self.resource.version_spelling)


@dataclass(frozen=True, slots=True, kw_only=True)
class Follower:
    """A derivation from the entity of a sync, with the entity of the records that it makes and its side in their sync."""

    rule: Derivation
    entity: Entity
    side: Side


def _timed(rule: Rule) -> bool:
    return isinstance(rule.otherwise if isinstance(rule, Cases) else rule, Newest)


def sides(
    package: Package, sync: Sync, entity: Entity, settle_seconds: float | None = None, now: datetime | None = None
) -> dict[str, Side]:
    """The systems of a sync, in its order, and after them the derivations of its entity."""
    found: dict[str, Side] = {}
    derived = {rule.system: rule for rule in package.derivations if rule.entity == entity.name}
    for name in sync.systems:
        if name in derived:
            found[name] = derived_side(derived[name], entity)
            continue
        mapping = held_to_types(package.mapping(entity.name, name), entity, package.source)
        if mapping.waits is not None and now is not None:
            mapping = replace(mapping, applies=bound(mapping.waits, now))
        resource = package.systems[name].resources[mapping.resource]
        since = resource.list.since if resource.list is not None else None
        names = dict.fromkeys(native for flow in mapping.flows for native in flow.native)
        names.update(dict.fromkeys(condition.field for condition in mapping.where))
        if resource.archive is not None:
            names[resource.archive[0]] = None
        if resource.merged:
            names[resource.merged] = None
        for own in (resource.counter, resource.marker):
            if own:
                names[own] = None
        refers = {flow.field: _targets(entity, flow) for flow in mapping.flows if flow.refers}
        found[name] = Side(
            system=name,
            mapping=mapping,
            resource=resource,
            packing=packing(
                entity, [flow.field for flow in mapping.flows if flow.field.startswith("=")], tuple(refers)
            ),
            fields=tuple(names),
            speaks_wholly=not entity.defaults and not refers and all(flow.contributes for flow in mapping.flows),
            written=sum(flow.writes for flow in mapping.flows),
            writes=frozenset(flow.field for flow in mapping.flows if flow.writes),
            writes_all={flow.field for flow in mapping.flows if flow.writes} == set(entity.fields),
            natives=(
                0
                if mapping.where or not all(flow.writes and flow.exact for flow in mapping.flows)
                else len({native for flow in mapping.flows for native in flow.native})
            ),
            unguarded=conditional(package.systems[name].connector, resource)
            and all(flow.exact and not flow.operated for flow in mapping.flows if flow.writes),
            timed=any(_timed(rule) for rule in sync.rules.values()),
            refers=refers,
            homes={(flow.field, name): place for flow in mapping.flows for name, place in (flow.homes or {}).items()},
            needed=frozenset(flow.field for flow in mapping.flows if flow.needed and flow.writes),
            list_lag=since.lag_seconds if since is not None else 0.0,
            read_lag=resource.read.lag_seconds if resource.read is not None else 0.0,
            settle=(
                max(2 * package.systems[name].connector.timeout_seconds, 120.0)
                if settle_seconds is None
                else settle_seconds
            ),
        )
    return found


def restorable(resource: Resource) -> bool:
    """Whether an archive can be lifted by an update: where the flag is a yes or a no, the other of the two lifts it."""
    return resource.archive is not None and type(resource.archive[1]) is bool and resource.update is not None


def silent(connector: Connector, resource: Resource) -> bool:
    """Whether the answer to a create does not say what was stored."""
    match connector.protocol:
        case "sql" | "files":
            return False
        case "jsonrpc" if resource.read is not None and resource.read.many > 1:
            return False  # it is read back
        case _:
            return resource.create is not None and resource.create.returns != "record"


def derived_side(rule: Derivation, entity: Entity) -> Side:
    """A derivation as a side of its entity's sync."""
    mapping = FieldMap(
        entity=rule.entity,
        system=rule.system,
        resource=rule.origin,
        flows=rule.flows,
        read=rule.read,
        write=_unwritten,
        line=rule.line,
    )
    return Side(
        system=rule.system,
        mapping=mapping,
        resource=Resource(name=rule.origin, identity="", fields={}),
        packing=packing(entity),
        fields=(),
        list_lag=0.0,
        read_lag=0.0,
        settle=0.0,
        speaks_wholly=not entity.defaults,
        written=0,
        writes=frozenset(),
        writes_all=False,
        natives=0,
        timed=False,
        remote=False,
    )


def _unwritten(values: Mapping[str, Any], old: Mapping[str, Any] | None) -> dict[str, Any]:
    raise LookupError("nothing is written to a derivation")


def with_derivations(package: Package, sync: Sync) -> Sync:
    """The sync in which the derivations of its entity take part as systems.

    A derived record that a person deletes was the last of its rule and link: it is neither held nor made again.
    """
    rules = [rule for rule in package.derivations if rule.entity == sync.entity]
    if not rules:
        return sync
    return replace(
        sync,
        systems=(*sync.systems, *(rule.system for rule in rules)),
        creates={**sync.creates, **{rule.system: Creation(allowed=False, line=rule.line) for rule in rules}},
        deletes={
            **sync.deletes,
            **{rule.system: Deletion(policy=OnDelete.UNLINK, line=rule.line) for rule in rules},
        },
    )


def bound(timed: Timed, now: datetime) -> Callable[[Mapping[str, Any]], bool]:
    """A condition that waits for a date, as it is judged `now`."""
    return lambda values: timed.holds(values, now)


def at_time(sync: Sync, now: datetime) -> Sync:
    """The sync with its conditions as they are judged `now`: time is a parameter of the plan."""
    if not any(True for _ in timed_conditions(sync, ())):
        return sync
    creates = {
        name: rule if rule.waits is None else replace(rule, when=bound(rule.waits, now))
        for name, rule in sync.creates.items()
    }
    updates = {
        name: rule if rule.waits is None else replace(rule, when=bound(rule.waits, now))
        for name, rule in sync.updates.items()
    }
    return replace(sync, creates=creates, updates=updates)


def timed_conditions(sync: Sync, mappings: Iterable[FieldMap]) -> Iterator[Timed]:
    """The conditions of a sync and its maps that wait for a date."""
    found = [rule.waits for rule in sync.creates.values()]
    found += [rule.waits for rule in sync.updates.values()]
    found += [mapping.waits for mapping in mappings]
    yield from (timed for timed in found if timed is not None)


def followers(package: Package, entity: str) -> tuple[Follower, ...]:
    """The derivations from an entity whose records some sync keeps."""
    kept = {sync.entity for sync in package.syncs}
    return tuple(
        Follower(
            rule=rule,
            entity=package.entities[rule.entity],
            side=derived_side(rule, package.entities[rule.entity]),
        )
        for rule in package.derivations
        if rule.origin == entity and rule.entity in kept
    )


def _targets(entity: Entity, flow: Flow) -> Targets:
    return ByKey(flow.refers[0], flow.by) if flow.by else entity.collections.get(flow.field, flow.refers)


def for_the_core(side: Side) -> FieldMap:
    """The map of a side for deciding: which record a key stands for is not for a codec to know."""
    keyed = {name: ABSENT for name, targets in side.refers.items() if isinstance(targets, ByKey)}
    if not keyed:
        return side.mapping
    write = side.mapping.write

    def written(values: Mapping[str, Any], old: Native | None) -> Native:
        return write({**values, **keyed}, old)

    return replace(side.mapping, write=written)
