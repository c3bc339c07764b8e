"""A sync's policy made ready for deciding: what depends on the declaration alone, worked out once and not per record."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from operator import itemgetter
from typing import Any, NamedTuple

from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.declaration import (
    Ask,
    Cases,
    Drift,
    Entity,
    FieldMap,
    Flow,
    Merged,
    Newest,
    Owned,
    Prefers,
    Rule,
    Sync,
    Values,
    When,
)
from syncline_runtime.values import ABSENT, Shown


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One system of a sync.

    `heard` are the fields it may change, `written` those its map writes, `kept` those kept in step by updates, `lossy` those it
    cannot hold unchanged. `plain`: comparing values is all it takes to see whether it is in step; `kept_of` picks them.
    `silent`: it does not say what it stored, so that what it fills in by itself would pass for an edit. `beside` are the other
    places of the same system.
    """

    system: str
    map: FieldMap
    flows: Mapping[str, Flow]
    heard: tuple[str, ...]
    written: tuple[str, ...]
    kept: tuple[str, ...]
    lossy: frozenset[str]
    plain: bool
    kept_of: Callable[[Values], object]
    updated: bool
    created: bool
    silent: bool = False
    beside: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """Fields that are decided as one: a single field, or a group of `together`.

    `order` is the precedence of systems that its rule falls back on; `text` the rule in the language's words. `cases` are the units
    that decide instead while their condition holds, tried in order; `owners`, by place, those that do while it has the record
    of the system that owns the fields.
    """

    fields: tuple[str, ...]
    rule: Rule | None
    order: tuple[str, ...]
    text: str
    line: int
    cases: "tuple[tuple[Callable[[Mapping[str, Any]], bool], Unit], ...]" = ()
    owners: "Mapping[str, Unit]" = field(default_factory=dict)

    def of(self, values: Values) -> "Unit":
        """The unit that decides for a record with these values."""
        return next((unit for when, unit in self.cases if when(values)), self)

    def at(self, standing: Collection[str]) -> "Unit":
        """The unit that decides while the systems `standing` have a record."""
        return next((unit for place, unit in self.owners.items() if place in standing), self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A sync, its entity, and both sorted out: sides in the order of the spec, the unit of each field, fields in order.

    `essential` are the fields without which no record is created: required ones, and those it is known by. In the `restorable`
    systems an archive can be lifted. `placed`: some systems are places of one.
    """

    sync: Sync
    entity: Entity
    sides: Mapping[str, Side]
    units: Mapping[str, Unit]
    position: Mapping[str, int]
    absent: Mapping[str, Shown]
    essential: frozenset[str]
    restorable: frozenset[str] = frozenset()
    placed: bool = False


def prepare(
    sync: Sync,
    entity: Entity,
    maps: Mapping[str, FieldMap],
    silent: Collection[str] = (),
    restorable: Collection[str] = (),
) -> Policy:
    """Prepare the policy of `sync`; `maps` has a map for each system of the sync, the `silent` ones among them do not say what
    they stored, in the `restorable` ones an archive can be lifted. Done once a run."""
    sides = {
        system: _side(sync, maps[system], entity.fields, silent=system in silent)
        for system in sync.systems
        if system in maps
    }
    units: dict[str, Unit] = {}
    for group in sync.together:
        if not isinstance(sync.rules.get(group[0]), Merged):
            units.update(dict.fromkeys(group, _unit(sync, group)))
    for name in entity.fields:
        if name not in units:
            units[name] = _unit(sync, (name,))
    return Policy(
        sync=sync,
        entity=entity,
        sides=sides,
        units=units,
        # What a condition asks about is decided before what hangs on it.
        position={
            name: index + (len(entity.fields) if units[name].cases else 0) for index, name in enumerate(entity.fields)
        },
        absent=dict.fromkeys(entity.fields, ABSENT),
        essential=entity.required.union(*(rule.fields for rule in entity.match if not rule.ask)),
        restorable=frozenset(restorable),
        placed=bool(sync.places),
    )


class Rendering(NamedTuple):
    """What a system shows once it holds some values; `refused` are the fields whose value it cannot hold, and why."""

    values: Values
    refused: Mapping[str, Exception]


def want(policy: Policy, system: str, values: Values) -> Values:
    """Return what `system` shows once it holds `values`, for the lines it is kept in step with. Raises CodecError.

    A field that has no value is left out. An exact line shows the value itself, any other what its map makes of it.
    """
    side = policy.sides[system]
    if not side.lossy:
        return {name: values[name] for name in side.written if values.get(name, ABSENT) is not ABSENT}
    return _rendered(policy, side, values)


def rendering(policy: Policy, system: str, values: Values) -> Rendering:
    """Return what `want` does, a value that the system cannot hold left out and told. Raises CodecError where it is no field's."""
    try:
        return Rendering(want(policy, system, values), _NOBODY)
    except MAPPING_ERRORS:
        side = policy.sides[system]
        _rendered(policy, side, {})
        refused: dict[str, Exception] = {}
        for name in side.written:
            if name in values:
                try:
                    _rendered(policy, side, {name: values[name]})
                except MAPPING_ERRORS as error:
                    refused[name] = error
        held = {name: value for name, value in values.items() if name not in refused}
        return Rendering(_rendered(policy, side, held), refused)


_NOBODY: Mapping[str, Exception] = {}


def _rendered(policy: Policy, side: Side, values: Values) -> Values:
    native = side.map.write(complete(policy, values), None)
    if side.map.normalise is not None:
        native = side.map.normalise(native)
    view = side.map.read(native)
    lossy = side.lossy
    wanted = {name: view.get(name, ABSENT) if name in lossy else values.get(name, ABSENT) for name in side.written}
    return {name: value for name, value in wanted.items() if value is not ABSENT}


def complete(policy: Policy, values: Values) -> Values:
    """Return `values` with every field of the entity, ABSENT where there is none: what maps and predicates expect."""
    return values if len(values) == len(policy.absent) else {**policy.absent, **values}


def blank(value: Shown) -> bool:
    """Tell whether a value is null or empty; ABSENT is blank too."""
    if value is None or value is ABSENT:
        return True
    return not value and isinstance(value, str | frozenset | tuple | bytes)


def written_over(when: When, old: Shown, new: Shown) -> bool:
    """Tell whether the conditions of a line let `new` be written where the system shows `old`, in a record that exists."""
    if when is When.ALWAYS:
        return True
    if When.ON_CREATE in when or (When.INTO_EMPTY in when and not blank(old)):
        return False
    return not (When.PRESENT in when and blank(new))


def _side(sync: Sync, map_: FieldMap, fields: tuple[str, ...], *, silent: bool) -> Side:
    flows: dict[str, Flow] = {flow.field: flow for flow in map_.flows}
    written = tuple(name for name, flow in flows.items() if flow.writes)
    update, create = sync.updates.get(map_.system), sync.creates.get(map_.system)
    updated = update is None or update.allowed
    lossy = frozenset(name for name in written if not flows[name].exact or name.startswith("="))
    conditional = any(flows[name].when is not When.ALWAYS for name in written)
    kept = tuple(name for name in written if When.ON_CREATE not in flows[name].when) if updated else ()
    return Side(
        system=map_.system,
        map=map_,
        flows=flows,
        heard=tuple(name for name in fields if name in flows and flows[name].contributes),
        written=written,
        kept=kept,
        lossy=lossy,
        plain=not lossy and not conditional and map_.applies is None and not any(flow.operated for flow in map_.flows),
        kept_of=itemgetter(*kept) if kept else _nothing,
        updated=updated,
        created=create is None or create.allowed,
        silent=silent,
        beside=sync.beside(map_.system),
    )


def _nothing(values: Values) -> None:
    """What is kept in step where nothing is."""


def _unit(sync: Sync, fields: tuple[str, ...]) -> Unit:
    rule = sync.rules.get(fields[0])
    if isinstance(rule, Cases):
        rest = _unit_of(sync, fields, rule.otherwise)
        cases = tuple((case.when, _unit_of(sync, fields, case.rule, " when …")) for case in rule.cases)
        return replace(rest, cases=cases)
    return _unit_of(sync, fields, rule)


def _unit_of(sync: Sync, fields: tuple[str, ...], rule: Rule | None, condition: str = "") -> Unit:
    first: tuple[str, ...] = ()
    match rule:
        case Owned(by=owner, places=places, drift=drift):
            kept = "" if drift is Drift.OVERWRITE else f", drift {drift.value}"
            first, said = (owner, *places), f"owned by {owner}{condition}{kept}"
        case Prefers(order=first):
            said = "prefers " + " then ".join(first)
        case Newest(otherwise=first):
            said = "newest else " + " then ".join(first)
        case Merged(by=by):
            said = by
        case Ask():
            said = "ask"
        case None | Cases():
            said = "only source"
    order = first + tuple(system for system in sync.systems if system not in first)
    return Unit(
        fields=fields,
        rule=rule,
        order=order,
        text=f"{' and '.join(fields)} {said}",
        line=sync.line if rule is None else rule.line,
        owners=(
            {
                place: _unit_of(sync, fields, replace(rule, by=place, places=()), condition)
                for place in (rule.by, *rule.places)
            }
            if isinstance(rule, Owned) and rule.places
            else {}
        ),
    )
