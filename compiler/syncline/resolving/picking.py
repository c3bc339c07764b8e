"""Elements of a nested collection that a system shows in fields of the record itself: `prices["EUR"].amount <-> price_eur`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import Arrow, Elements, Entity, Field, Line, Map, ResourceModel, System
from syncline.model.types import Type
from syncline.resolving.constants import TEXTS, constant
from syncline.resolving.entities import dotted
from syncline.resolving.references import elements_of
from syncline.resolving.scope import EntityScope, Scope
from syncline.resolving.sight import EntitySight
from syncline.source import Span
from syncline.syntax import FieldLine, Key, Name, Number, Path, Text
from syncline.syntax import Line as LineNode
from syncline_runtime.declaration import When


class Place(NamedTuple):
    """An element that a line speaks of: the collection, what it holds, the key, and the rest of the path."""

    field: Field
    elements: Elements
    key: str | int
    rest: Path


@dataclass(frozen=True, slots=True)
class Pick:
    """A line about one field of one element, resolved as a line of the element's record."""

    place: Place
    line: Line


def place_of(node: LineNode, inside: EntitySight | None, scope: Scope) -> Place | bool:
    """What a line speaks of that picks an element; False for any other line, True for one that has been reported."""
    if not isinstance(node, FieldLine) or not isinstance(node.left, Path) or inside is None:
        return False
    path = node.left
    at = next((index for index, step in enumerate(path.steps) if isinstance(step, Key)), 0)
    start = Path(path.steps[:at], path.span) if at else path
    field = inside.names.shape.fields.get(dotted(start)) if at else None
    if field is None or field.type.item is None or inside.above is not None:
        return False
    elements = inside.names.entity.collections.get(field.name)
    step = path.steps[at]
    assert isinstance(step, Key)
    if elements is None:
        return False
    name = dotted(path)
    if elements.key is None:
        _report(path.span, Label(field.span, "declared-here"), "no-key", scope, name=name)
        return True
    rest = path.steps[at + 1 :]
    if not rest:
        known = tuple(each for each in elements.record.fields if each != elements.key)
        scope.findings.report("type.record-as-value", path.span, name=name, known=known)
        return True
    key = _key_of(step.value, elements.record.fields[elements.key].type, scope)
    if key is None:
        return True
    if isinstance(rest[0], Name) and len(rest) == 1 and rest[0].text == elements.key:
        _report(path.span, Label(field.span, "declared-here"), "key", scope, name=name)
        return True
    if any(isinstance(each, Key) for each in rest) or any(node.conditions):
        scope.findings.report("not-yet.keyed-element", path.span, name=name)
        return True
    span = Span(path.span.source, rest[0].span.start, path.span.end)
    return Place(field, elements, key, Path(rest, span))


def _report(span: Span, label: Label, problem: str, scope: Scope, *, name: str, other: str = "") -> None:
    scope.findings.report("collection.picked", span, label, problem=problem, name=name, other=other)


def _key_of(node: Text | Number, kind: Type, scope: Scope) -> str | int | None:
    """The value of the key that is written in brackets; None when it has been reported."""
    if kind.kind == "enum" and isinstance(node, Text):
        if node.value in kind.members:
            return node.value
        facts = {"type": str(kind.required())}
        scope.findings.unknown("name.unknown-member", node.value, node.span, kind.members, **facts)
        return None
    if kind.kind not in TEXTS and kind.kind != "integer":
        scope.findings.report("not-yet.keyed-element", node.span, name=f"[{node.span.text}]")
        return None
    found = constant(node, kind.required(), scope)
    return found.value if found is not None and isinstance(found.value, str | int) else None


def element_sight(place: Place, scope: Scope) -> EntitySight:
    """The fields of an element that may not be there: each may be null."""
    (names,) = elements_of(place.field.type, scope)
    fields = {name: replace(field, type=_optional(field.type)) for name, field in names.shape.fields.items()}
    entity = replace(names.entity, fields=fields)
    return EntitySight(EntityScope(entity, replace(names.shape, fields=fields)), later=True)


def _optional(kind: Type) -> Type:
    return kind if kind.nullable else kind.optional()


def grouped(picks: Sequence[Pick], system: System, resource: ResourceModel, scope: Scope) -> list[Line]:
    """A line for each collection of which elements are picked; what is wrong with one is reported, and the line left out."""
    by_field: dict[str, list[Pick]] = {}
    for pick in picks:
        by_field.setdefault(pick.place.field.name, []).append(pick)
    return [line for each in by_field.values() if (line := _line_of(each, system, resource, scope)) is not None]


def _line_of(picks: Sequence[Pick], system: System, resource: ResourceModel, scope: Scope) -> Line | None:
    first = picks[0]
    place = first.place
    by_key: dict[str | int, dict[str, Line]] = {}
    for pick in picks:
        field = pick.line.field
        assert field is not None
        told = by_key.setdefault(pick.place.key, {})
        name = f"{place.field.name}[{pick.place.key!r}].{field.name}".replace("'", '"')
        if pick.line.arrow is not first.line.arrow:
            label = Label(first.line.span, "first-here")
            _report(pick.line.span, label, "arrows", scope, name=name, other=first.line.arrow.value)
            return None
        if field.name in told:
            label = Label(told[field.name].span, "first-here")
            scope.findings.report("map.field-twice", pick.line.span, label, name=name)
            return None
        told[field.name] = pick.line
    record = place.elements.record
    required = {name for name, field in record.fields.items() if not field.type.nullable and name != place.elements.key}
    if first.line.arrow is not Arrow.WRITE:
        for lines in by_key.values():
            missing = sorted(required - lines.keys())
            if missing:
                line = next(iter(lines.values()))
                label = Label(record.fields[missing[0]].span, "declared-here")
                _report(line.span, label, "incomplete", scope, name=line.span.text, other=missing[0])
                return None
    natives = tuple(native for pick in picks for native in pick.line.natives)
    optional = replace(
        record, fields={name: replace(one, type=_optional(one.type)) for name, one in record.fields.items()}
    )
    return Line(
        field=place.field,
        natives=natives,
        arrow=first.line.arrow,
        span=first.line.span,
        native_span=first.line.native_span,
        picked=tuple((key, _map_of(optional, lines, system, resource)) for key, lines in by_key.items()),
        needed=tuple(sorted(required)) if first.line.arrow is not Arrow.WRITE else (),
        key=place.elements.key,
    )


def _map_of(record: Entity, lines: Mapping[str, Line], system: System, resource: ResourceModel) -> Map:
    first = next(iter(lines.values()))
    return Map(entity=record, system=system, resource=resource, lines=tuple(lines.values()), span=first.span)


def is_followed(line: Line) -> bool:
    """Whether a line about an element is one that this release executes: from field to field, of records without references."""
    plain = line.field is not None and line.elements is None and line.when is When.ALWAYS
    return plain and all(not native.ways and native.type.kind != "ref" for native in line.natives)
