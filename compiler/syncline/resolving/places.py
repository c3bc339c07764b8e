"""Places: several maps of one entity in one system, each of which takes part in the sync as a system of its own."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations
from typing import TypeVar

from syncline.diagnostics.diagnostic import Label
from syncline.model.references import referring
from syncline.model.spec import DeleteRule, EraseRule, Map, System, Truth, WriteRule
from syncline.resolving.scope import Scope

_Clause = TypeVar("_Clause", WriteRule, DeleteRule, EraseRule)


def with_places(maps: Sequence[Map], scope: Scope) -> tuple[Map, ...]:
    """The maps, each of several in one system with its own place; one that tells no records from those of another is reported
    and left out."""
    groups: dict[tuple[str, str], list[Map]] = {}
    for one in maps:
        groups.setdefault((one.entity.name, one.system.name), []).append(one)
    second = {id(one) for group in groups.values() for one in _indistinct(group, scope)}
    kept = {where: [one for one in group if id(one) not in second] for where, group in groups.items()}
    placed = tuple(
        one if len(kept[one.entity.name, one.system.name]) == 1 else replace(one, system=_place(one, kept))
        for one in maps
        if id(one) not in second
    )
    return (
        placed
        if all(not one.system.place_of for one in placed)
        else tuple(_at_home(one, placed, scope) for one in placed)
    )


def systems_in_use(systems: Mapping[str, System | None], maps: Iterable[Map]) -> dict[str, System]:
    """The systems that are reached, by name: those of the spec, and in the stead of one that maps only speak of by its places,
    these."""
    own: dict[str, dict[str, System]] = {}
    for one in maps:
        own.setdefault(one.system.account, {})[one.system.name] = one.system
    found: dict[str, System] = {}
    for name, system in systems.items():
        if system is not None:
            found |= own.get(name, {name: system})
    return found


def placed_clauses(rules: Iterable[_Clause], places: Mapping[str, Sequence[System]]) -> tuple[_Clause, ...]:
    """The clauses of a sync, one of a system for each of its places."""
    return tuple(replace(rule, system=place) for rule in rules for place in places[rule.system.name])


def placed_truth(rule: Truth, places: Mapping[str, Sequence[System]]) -> Truth:
    """A truth rule that names the places of each system that it names."""
    systems = tuple(place for system in rule.systems for place in places[system.name])
    return rule if systems == rule.systems else replace(rule, systems=systems)


def _at_home(one: Map, placed: Sequence[Map], scope: Scope) -> Map:
    """The map, its references looked up where the records of what they refer to are."""
    lines = tuple(
        line if line.elements is None else replace(line, elements=_at_home(line.elements, placed, scope))
        for line in one.lines
    )
    for line in referring(one):
        homes: dict[str, str] = {}
        value = line.field or line.expression
        for target in value.type.targets if value is not None else ():
            others = [
                other
                for other in placed
                if (other.entity.name, other.system.account) == (target, one.system.account)
                and (not other.system.place_of or other.resource.name in line.natives[0].type.targets)
            ]
            if len(others) > 1:
                facts = {"native": line.natives[0].name, "target": target, "resource": others[0].resource.name}
                label = Label(others[1].span, "map-here")
                scope.findings.report("reference.two-places", line.native_span, label, **facts)
            if others and others[0].system.name != one.system.name:
                homes[target] = others[0].system.name
        if homes:
            lines = tuple(replace(each, homes=homes) if each.span is line.span else each for each in lines)
    return replace(one, lines=lines)


def _indistinct(group: Sequence[Map], scope: Scope) -> Iterable[Map]:
    for earlier, one in combinations(group, 2):
        if earlier.resource.name == one.resource.name and not _apart(earlier, one):
            label = Label(earlier.span, "first-here")
            scope.findings.report("map.duplicate", one.span, label, entity=one.entity.name, system=one.system.name)
            yield one


def _apart(one: Map, other: Map) -> bool:
    """Whether the `where` of two maps of one resource asks for different values of one field."""
    asked = {equality.native.name: equality.value for equality in one.where}
    return any(
        equality.native.name in asked and equality.value != asked[equality.native.name] for equality in other.where
    )


def _place(one: Map, groups: Mapping[tuple[str, str], Sequence[Map]]) -> System:
    group = groups[one.entity.name, one.system.name]
    name = f"{one.system.name}.{one.resource.name}"
    if sum(other.resource.name == one.resource.name for other in group) > 1:
        # A place is what records are known by: its name hangs on nothing but what tells its records apart.
        name += "/" + "-".join(_word(equality.value) for equality in one.where)
    return replace(one.system, name=name, place_of=one.system.name)


def _word(value: str | int | bool | None) -> str:
    return ("null" if value is None else str(value)).lower()
