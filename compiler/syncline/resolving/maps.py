"""Maps: which field of a system's resource is which field of the entity, and how it is spelled there."""

from collections import Counter
from dataclasses import dataclass, replace

from syncline.diagnostics.diagnostic import Label
from syncline.model.expressions import EntityField
from syncline.model.spec import Arrow, CodecUse, Field, Line, Look, Map, NativeField, ResourceModel, System
from syncline.model.spelling import fields_in
from syncline.model.types import Type
from syncline.resolving.codecs import native_type, steps_of, typed
from syncline.resolving.entities import dotted, named_entity
from syncline.resolving.expressions import resolve_condition, resolve_expression
from syncline.resolving.filters import split
from syncline.resolving.fitting import codecs_between, readable_as, same_kind
from syncline.resolving.picking import Pick, Place, element_sight, grouped, is_followed, place_of
from syncline.resolving.references import (
    elements_of,
    holds_records,
    native_at,
    resources_of,
    unique_in_entity,
)
from syncline.resolving.scope import Scope
from syncline.resolving.sight import EntitySight, NativeSight, Sight, field_in, native_of
from syncline.resolving.units import MENDS, unit_problem
from syncline.source import Span
from syncline.syntax import CollectionLine, FieldLine, ListLiteral, Path
from syncline.syntax import Expression as Node
from syncline.syntax import Line as LineNode
from syncline.syntax import Map as MapNode
from syncline_runtime.codecs.registry import TEXT_KINDS
from syncline_runtime.declaration import When

_WHEN = {"create": When.ON_CREATE, "empty": When.INTO_EMPTY, "present": When.PRESENT}
_ARROWS = {arrow.value: arrow for arrow in Arrow}


@dataclass(frozen=True, slots=True)
class _Ends:
    """The two ends of a map; one that could not be resolved is None, so that the other is still checked."""

    inside: EntitySight | None
    outside: NativeSight | None
    system: System | None = None

    @property
    def resource(self) -> ResourceModel | None:
        return None if self.outside is None else self.outside.resource


def resolve_map(node: MapNode, scope: Scope) -> Map | None:
    """The map that a declaration describes; None when its entity, system or resource is unknown."""
    entity = named_entity(node.entity, scope)
    system = _system(node, scope)
    resource = _resource(node, system, scope)
    resources = {} if system is None else system.resources
    inside = None if entity is None else EntitySight(entity, timed=True)
    outside = None if resource is None else NativeSight(resource, resources)
    reached: dict[str, NativeField] = {} if outside is None else outside.reached
    looks: dict[str, Look] = {}
    ends = _Ends(
        None if entity is None else EntitySight(entity, later=True, looks=looks),
        None if resource is None else NativeSight(resource, resources, later=True, reached=reached),
        system,
    )
    where = None if node.where is None else resolve_condition(node.where, outside, scope)
    when = None if node.when is None else resolve_condition(node.when, inside, scope)
    lines, complete = _lines(node.lines, ends, scope)
    if entity is None or system is None or resource is None:
        return None
    natives = {**resource.fields, **reached}
    equalities, rest = ((), None) if where is None else split(where, natives)
    return Map(
        entity=entity.entity,
        system=system,
        resource=resource,
        lines=lines,
        span=node.target.span,
        where=equalities,
        where_expression=rest,
        paths=reached,
        looks={one.name: looks[one.name] for line in lines for one in fields_in(line.expression) if one.name in looks},
        when=when,
        complete=complete and (where is None) is (node.where is None) and (when is None) is (node.when is None),
    )


def _system(node: MapNode, scope: Scope) -> System | None:
    name = node.target.system.text
    if name not in scope.systems:
        scope.findings.unknown("name.unknown-system", name, node.target.system.span, scope.systems)
        return None
    return scope.systems[name]


def _resource(node: MapNode, system: System | None, scope: Scope) -> ResourceModel | None:
    if system is None:
        return None
    name = node.target.resource
    found = system.resources.get(name.text)
    if found is None:
        label = Label(system.span, "system-declared-here")
        scope.findings.unknown(
            "name.unknown-resource", name.text, name.span, system.resources, label, system=system.name
        )
    return found


def _lines(nodes: tuple[LineNode, ...], ends: _Ends, scope: Scope) -> tuple[tuple[Line, ...], bool]:
    named = Counter(dotted(node.left) for node in nodes if isinstance(node, FieldLine) and isinstance(node.left, Path))
    lines: list[Line] = []
    taken: dict[str, Span] = {}
    written: dict[str, Span] = {}
    complete = True
    picks: list[Pick] = []
    for node in nodes:
        told = scope.findings.count()
        place = place_of(node, ends.inside, scope)
        if place is not False:
            pick = _picked(node, place, ends, scope) if isinstance(place, Place) else None
            if pick is None or (pick.line.arrow is not Arrow.READ and _writes_twice(pick.line, written, scope)):
                complete = False
            else:
                picks.append(pick)
            continue
        line = _elements(node, ends, scope) if isinstance(node, CollectionLine) else _line(node, ends, scope)
        if line is None:
            complete = False
            continue
        field = line.field
        elsewhere = field is not None and ends.inside is not None and field.name in (ends.inside.looks or {})
        by = _by(line, ends) if elsewhere and scope.findings.count() == told else None
        if by is not None and field is not None:
            field, elsewhere = replace(field, name=by.ways[0][0]), False
            line = replace(line, field=field, by=by)
        if elsewhere and (line.arrow is not Arrow.WRITE or line.pipeline):
            if scope.findings.count() == told:
                path = line.span.text
                scope.findings.report("not-yet.path", line.span, path=path, through=path.partition(".")[0])
            complete = False
            continue
        if (
            field is not None
            and line.arrow is Arrow.WRITE
            and not line.pipeline
            and (elsewhere or named[field.name] > 1)
        ):
            # Written twice, it is one value in two places, and written of another record, it is that one's: each has a slot.
            expression = EntityField(field.name, field.type, line.span)
            line = Line(
                field=None,
                natives=line.natives,
                arrow=Arrow.WRITE,
                span=line.span,
                native_span=line.native_span,
                expression=expression,
                when=line.when,
            )
        elif field is not None:
            first = taken.setdefault(field.name, line.span)
            if first is not line.span:
                scope.findings.report("map.field-twice", line.span, Label(first, "first-here"), name=field.name)
                continue
        if line.arrow is not Arrow.READ and _writes_twice(line, written, scope):
            continue
        if _executed(line, ends):
            lines.append(line)
        else:
            complete = False
    for line in (
        () if ends.system is None or ends.resource is None else grouped(picks, ends.system, ends.resource, scope)
    ):
        assert line.field is not None
        first = taken.setdefault(line.field.name, line.span)
        if first is not line.span:
            scope.findings.report("map.field-twice", line.span, Label(first, "first-here"), name=line.field.name)
        else:
            lines.append(line)
    held = {line.field.name for line in lines if line.field is not None and line.picked}
    return tuple(lines), complete and held == {pick.place.field.name for pick in picks}


def _picked(node: LineNode, place: Place, ends: _Ends, scope: Scope) -> Pick | None:
    """A line about an element that is picked by its key; None when it has been reported."""
    assert isinstance(node, FieldLine)
    told = scope.findings.count()
    inside = replace(ends, inside=element_sight(place, scope))
    about = FieldLine(place.rest, node.arrow, node.right, node.codec, node.conditions, node.arrow_span, node.span)
    line = _line(about, inside, scope)
    if line is not None and is_followed(line) and _executed(line, inside):
        return Pick(place, replace(line, span=node.left.span))
    if scope.findings.count() == told:
        scope.findings.report("not-yet.keyed-element", node.left.span, name=node.left.span.text)
    return None


def _by(line: Line, ends: _Ends) -> Look | None:
    """The key through which a line shows a reference; None where it is not one of its own, or its values are no texts."""
    assert line.field is not None
    assert ends.inside is not None
    found = (ends.inside.looks or {}).get(line.field.name)
    both = line.arrow is not Arrow.WRITE and line.expression is None
    near = found is not None and len(found.ways) == 1
    return found if both and near and line.field.type.kind in TEXT_KINDS else None


def _executed(line: Line, ends: _Ends) -> bool:
    """Whether a line speaks of nothing that is resolved and typed, but of a later release."""
    assert ends.inside is not None or line.field is None
    fields = {} if ends.inside is None else ends.inside.names.shape.fields
    natives = {} if ends.resource is None else ends.resource.fields
    reached = {} if ends.outside is None else ends.outside.reached
    looks = {} if ends.inside is None else ends.inside.looks or {}
    names = fields_in(line.expression)
    return (
        (line.field is None or line.field.name in fields)
        and all(
            native.name in reached
            or (native.name in natives and (line.elements is not None or not holds_records(native.type)))
            for native in line.natives
        )
        and (line.elements is not None or line.field is None or not holds_records(line.field.type))
        and all(
            name.name in fields or name.name in looks
            if isinstance(name, EntityField)
            else name.name in reached or (name.name in natives and not holds_records(natives[name.name].type))
            for name in names
        )
    )


def _elements(node: CollectionLine, ends: _Ends, scope: Scope) -> Line | None:
    """A nested collection: its two ends, and its lines as those of any map."""
    for side in (node.left, node.right):
        if not isinstance(side, Path):
            label = Label(node.arrow_span, "arrow")
            scope.findings.report("map.target", side.span, label, arrow=node.arrow)
    inside: EntitySight | None = None
    outside: NativeSight | None = None
    field: Field | None = None
    native: NativeField | None = None
    if isinstance(node.left, Path) and ends.inside is not None:
        reached = field_in(node.left, ends.inside, "map.field-unknown", scope)
        if reached is not None and _collects(node.left, reached.field.type, reached.field.span, scope):
            field = reached.field
            names = elements_of(field.type, scope)
            inside = EntitySight(names[0], later=True, above=ends.inside) if len(names) == 1 else None
    if isinstance(node.right, Path) and ends.outside is not None:
        resources = ends.outside.resources
        found = native_at(node.right, ends.outside.resource, resources, scope)
        if found is not None and _collects(node.right, found.native.type, found.native.span, scope):
            native = found.native
            targets = resources_of(native.type, resources)
            if len(targets) == 1:
                outside = NativeSight(targets[0], resources, later=True, above=ends.outside)
    before = scope.findings.count()
    lines, complete = _lines(node.lines, _Ends(inside, outside, ends.system), scope)
    if field is None or native is None or inside is None or outside is None or ends.system is None:
        return None
    collection = None if ends.inside is None else ends.inside.names.entity.collections.get(field.name)
    embedded = native.type.item is not None and native.type.item.kind == "record" and not native.ways
    if scope.findings.count() > before:
        return None
    if collection is None or not embedded or not complete or outside.reached:
        scope.findings.report("not-yet.collection", node.span, type=node.left.span.text)
        return None
    if collection.key is not None and all(line.field is None or line.field.name != collection.key for line in lines):
        facts = {"name": field.name, "key": field.type.by or collection.key}
        scope.findings.report("collection.no-key", node.left.span, Label(field.span, "declared-here"), **facts)
        return None
    return Line(
        field=field,
        natives=(native,),
        arrow=_ARROWS[node.arrow],
        span=node.left.span,
        native_span=node.right.span,
        elements=Map(
            entity=collection.record,
            system=ends.system,
            resource=outside.resource,
            lines=lines,
            span=node.left.span,
        ),
        key=collection.key,
    )


def _collects(path: Path, found: Type, declared: Span, scope: Scope) -> bool:
    if holds_records(found):
        return True
    label = Label(declared, "declared-here", {"type": str(found)})
    facts = {"name": dotted(path), "expected": "list of records", "found": str(found)}
    scope.findings.report("type.mismatch", path.span, label, codecs=(), **facts)
    return False


def _writes_twice(line: Line, written: dict[str, Span], scope: Scope) -> bool:
    for native in line.natives:
        first = written.setdefault(native.column, line.native_span)
        if first is not line.native_span:
            scope.findings.report("map.native-twice", line.native_span, Label(first, "first-here"), name=native.name)
            return True
    return False


def _line(node: FieldLine, ends: _Ends, scope: Scope) -> Line | None:
    arrow = _ARROWS[node.arrow]
    computed = node.right if arrow is Arrow.READ else node.left
    target = node.left if arrow is Arrow.READ else node.right
    if isinstance(node.left, Path) and _is_fields(node.right) and not _is_member(node, arrow, ends, scope):
        return _plain(node, arrow, ends, scope)
    if arrow is Arrow.BOTH:
        wrong = node.right if isinstance(node.left, Path) else node.left
        scope.findings.report("map.expression-two-way", wrong.span, Label(node.arrow_span, "arrow"))
        return None
    if node.codec is not None:
        label = Label(computed.span, "expression")
        scope.findings.report("map.line-both-codec-and-expression", node.codec.span, label)
        return None
    if not isinstance(target, Path):
        scope.findings.report("map.target", target.span, Label(node.arrow_span, "arrow"), arrow=node.arrow)
        return None
    return _computed(node, arrow, computed, target, ends, scope)


def _is_member(node: FieldLine, arrow: Arrow, ends: _Ends, scope: Scope) -> bool:
    """Whether `kind <- lead` names a member of the field's enum, and no field of the resource: all its records are that."""
    if arrow is not Arrow.READ or ends.inside is None or ends.outside is None or node.codec is not None:
        return False
    name = node.right.span.text
    field = ends.inside.names.shape.fields.get(dotted(node.left)) if isinstance(node.left, Path) else None
    members = () if field is None or field.type.kind != "enum" else field.type.members
    return name in members and name not in ends.outside.resource.fields


def _is_fields(node: Node) -> bool:
    return isinstance(node, Path) or (
        isinstance(node, ListLiteral) and bool(node.items) and all(isinstance(item, Path) for item in node.items)
    )


def _condition(node: FieldLine, arrow: Arrow, scope: Scope) -> When:
    found = When.ALWAYS
    for condition in node.conditions:
        one = _WHEN[condition.kind]
        if arrow is Arrow.READ and one is not When.PRESENT:
            scope.findings.report("map.condition-idle", condition.span, problem="reads", condition=one.said)
        elif one in found:
            scope.findings.report("map.condition-idle", condition.span, problem="twice", condition=one.said)
        found |= one
    if When.ON_CREATE in found and When.INTO_EMPTY in found:
        span = next(one.span for one in node.conditions if _WHEN[one.kind] is When.INTO_EMPTY)
        scope.findings.report("map.condition-idle", span, problem="new", condition=When.INTO_EMPTY.said)
    return found


def _plain(node: FieldLine, arrow: Arrow, ends: _Ends, scope: Scope) -> Line | None:
    """A line between fields, with its codecs if it has any."""
    assert isinstance(node.left, Path)
    field = _field(node.left, ends, scope, written=arrow is not Arrow.WRITE)
    natives = _natives(node.right, ends, scope, written=arrow is not Arrow.READ)
    steps = () if node.codec is None else steps_of(node.codec, scope)
    when = _condition(node, arrow, scope)
    if natives is None or steps is None:
        return None
    wanted = None if field is None else field.type
    if field is None and steps and steps[-1].table is not None:
        return None  # what its members are is not known
    span = node.right.span if node.codec is None else node.codec.span
    result = typed(steps, natives, wanted, span, scope)
    if result is None or field is None:
        return None
    pipeline, given = result
    if not (same_kind if arrow is Arrow.WRITE else readable_as)(given, field.type):
        _mismatch(span, field, natives, given, pipeline, scope)
        return None
    return Line(
        field=field,
        natives=natives,
        arrow=arrow,
        span=node.left.span,
        native_span=node.right.span,
        pipeline=pipeline,
        when=when,
    )


def _field(path: Path, ends: _Ends, scope: Scope, written: bool) -> Field | None:
    if ends.inside is None:
        return None
    reached = field_in(path, ends.inside, "map.field-unknown", scope)
    if reached is None:
        return None
    owner = reached.owner
    if written and owner is not None and reached.last not in unique_in_entity(owner):
        facts = {"name": reached.last, "path": reached.field.name, "owner": owner.entity.name}
        scope.findings.report("path.not-unique", path.span, unique=unique_in_entity(owner), **facts)
    if written and reached.field.computed is not None:
        label = Label(reached.field.span, "declared-here")
        scope.findings.report("computed.read", path.span, label, name=reached.field.name)
        return None
    return reached.field


def _natives(node: Node, ends: _Ends, scope: Scope, written: bool) -> tuple[NativeField, ...] | None:
    if ends.outside is None:
        return None
    if isinstance(node, Path):
        native = native_of(node, ends.outside, scope, written)
        return None if native is None else (native,)
    assert isinstance(node, ListLiteral)
    found = [native_of(item, ends.outside, scope, written) for item in node.items if isinstance(item, Path)]
    sound = tuple(native for native in found if native is not None)
    return sound if len(sound) == len(found) else None


def _mismatch(
    span: Span,
    field: Field,
    natives: tuple[NativeField, ...],
    given: Type,
    pipeline: tuple[CodecUse, ...],
    scope: Scope,
) -> None:
    label = Label(field.span, "field-declared-here", {"type": str(field.type)})
    labels = [label] + [Label(native.span, "native-declared-here", {"type": str(native.type)}) for native in natives]
    problem = "" if pipeline else unit_problem(given.kind, field.type.kind)
    if problem:
        facts = {"name": field.name, "expected": str(field.type), "found": str(given), "hint": MENDS[problem]}
        scope.findings.report("unit.mismatch", span, *labels, problem=problem, **facts)
        return
    suggestions = codecs_between(given, field.type)
    scope.findings.report(
        "codec.type-mismatch" if pipeline else "type.mismatch",
        span,
        *labels,
        expected=str(field.type),
        found=str(given),
        name=field.name,
        codecs=suggestions,
    )


def _computed(node: FieldLine, arrow: Arrow, computed: Node, target: Path, ends: _Ends, scope: Scope) -> Line | None:
    """A one-way line with an expression at its tail."""
    field: Field | None = None
    natives: tuple[NativeField, ...] = ()
    when = _condition(node, arrow, scope)
    if arrow is Arrow.READ:
        field = _field(target, ends, scope, written=True)
        goal = None if field is None else field.type
    else:
        natives = _natives(target, ends, scope, written=True) or ()
        goal = native_type(natives[0]) if natives else None
    sight: Sight = ends.outside if arrow is Arrow.READ else ends.inside
    expression = resolve_expression(computed, sight, goal, scope)
    if expression is None or goal is None:
        return None
    if not (same_kind if arrow is Arrow.WRITE else readable_as)(expression.type, goal):
        declared = field.span if field is not None else natives[0].span
        role = "field-declared-here" if field is not None else "native-declared-here"
        label = Label(declared, role, {"type": str(goal)})
        name = field.name if field is not None else natives[0].name
        scope.findings.report(
            "type.mismatch",
            computed.span,
            label,
            expected=str(goal),
            found=str(expression.type),
            name=name,
            codecs=(),
        )
        return None
    if arrow is Arrow.READ and ends.outside is not None:
        known = {**ends.outside.resource.fields, **ends.outside.reached}
        natives = tuple(
            known[name] for name in dict.fromkeys(one.name for one in fields_in(expression)) if name in known
        )
    return Line(
        field=field,
        natives=natives,
        arrow=arrow,
        span=node.left.span,
        native_span=node.right.span,
        expression=expression,
        when=when,
    )
