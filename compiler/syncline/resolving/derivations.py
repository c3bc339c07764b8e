"""Derivations: which records follow from which, under what condition, and what they then show."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from syncline.diagnostics.diagnostic import Label
from syncline.model.derivations import Derivation
from syncline.model.expressions import EntityField
from syncline.model.spec import Arrow, Field, Line, Sync
from syncline.model.types import Type
from syncline.resolving.entities import named_entity
from syncline.resolving.expressions import resolve_condition, resolve_expression
from syncline.resolving.fitting import readable_as
from syncline.resolving.references import elements_of, holds_records
from syncline.resolving.scope import EntityScope, Scope
from syncline.resolving.sight import EntitySight, field_in, sees
from syncline.source import Span
from syncline.syntax import CollectionLine, Derive, Expression, FieldLine, Name, Once, Path
from syncline.syntax import Line as LineNode


def resolve_derivations(scope: Scope) -> tuple[tuple[Derivation, ...], frozenset[str]]:
    """The derivations of the main file, and the names of the entities of which one was reported and left out, wholly or in
    part."""
    found: list[Derivation] = []
    broken: set[str] = set()
    first: dict[tuple[str, str], Span] = {}
    for node in scope.declared.derivations:
        pair = (node.entity.text, node.origin.text)
        earlier = first.setdefault(pair, node.span)
        if earlier is not node.span:
            label = Label(earlier, "first-here")
            scope.findings.report("derive.duplicate", node.span, label, entity=pair[0], origin=pair[1])
        derivation = _derivation(node, scope)
        if derivation is None or not derivation.complete or earlier is not node.span:
            broken.add(node.entity.text)
        if derivation is not None and earlier is node.span:
            found.append(derivation)
    return tuple(found), frozenset(broken)


def with_derivations(
    syncs: Sequence[Sync], derivations: Sequence[Derivation], broken: frozenset[str]
) -> tuple[Sync, ...]:
    """The syncs with the derivations that make their records."""
    by_entity: Mapping[str, list[Derivation]] = {sync.entity.name: [] for sync in syncs}
    for derivation in derivations:
        if derivation.entity.name in by_entity:
            by_entity[derivation.entity.name].append(derivation)
    return tuple(
        replace(
            sync,
            derivations=tuple(by_entity[sync.entity.name]),
            derived=sync.entity.name not in broken,
            complete=sync.complete and sync.entity.name not in broken,
        )
        if by_entity[sync.entity.name] or sync.entity.name in broken
        else sync
        for sync in syncs
    )


def _derivation(node: Derive, scope: Scope) -> Derivation | None:
    entity, origin = named_entity(node.entity, scope), named_entity(node.origin, scope)
    once = isinstance(node.trigger, Once)
    sight = None if origin is None else EntitySight(origin, edge=once, timed=True)
    condition = resolve_condition(node.trigger.condition, sight, scope)
    lines, complete = _lines(node.lines, entity, sight, scope)
    if entity is None or origin is None or condition is None:
        return None
    return Derivation(
        entity=entity.entity,
        origin=origin.entity,
        once=once,
        condition=condition,
        lines=lines,
        span=node.entity.span,
        doc=node.doc or "",
        complete=complete,
    )


def _lines(
    nodes: Sequence[LineNode], entity: EntityScope | None, sight: EntitySight | None, scope: Scope
) -> tuple[tuple[Line, ...], bool]:
    lines: list[Line] = []
    taken: dict[str, Span] = {}
    complete = True
    for node in nodes:
        line = _line(node, entity, sight, scope)
        if line is None or line.field is None:
            complete = False
            continue
        first = taken.setdefault(line.field.name, line.span)
        if first is line.span:
            lines.append(line)
        else:
            scope.findings.report("map.field-twice", line.span, Label(first, "first-here"), name=line.field.name)
            complete = False
    return tuple(lines), complete


def _line(node: LineNode, entity: EntityScope | None, sight: EntitySight | None, scope: Scope) -> Line | None:
    if isinstance(node, CollectionLine):
        return _made(node, entity, sight, scope)
    problem = _problem(node)
    if problem is not None:
        scope.findings.report("derive.only-reads", problem[1], problem=problem[0])
        return None
    assert isinstance(node.left, Path)
    field: Field | None = None
    if entity is not None:
        reached = field_in(node.left, EntitySight(entity), "map.field-unknown", scope)
        field = None if reached is None else reached.field
        if field is not None and field.computed is not None:
            label = Label(field.span, "declared-here")
            scope.findings.report("computed.read", node.left.span, label, name=field.name)
            return None
    if field is not None and sight is not None and _is_itself(node.right, sight):
        return _itself(node, field, sight.names.entity.name, scope)
    goal = None if field is None else field.type
    expression = resolve_expression(
        node.right, None if sight is None else replace(sight, edge=False, timed=False), goal, scope
    )
    if expression is None or field is None:
        return None
    if not readable_as(expression.type, field.type) or not _same_records(expression.type, field.type):
        _mismatch(node, field, str(expression.type), scope)
        return None
    return Line(
        field=field,
        natives=(),
        arrow=Arrow.READ,
        span=node.left.span,
        native_span=node.right.span,
        expression=expression,
    )


def _made(node: CollectionLine, entity: EntityScope | None, sight: EntitySight | None, scope: Scope) -> Line | None:
    """A nested collection: each element of the one makes one of the other."""
    if node.arrow != "<-":
        scope.findings.report("derive.only-reads", node.arrow_span, problem="arrow")
        return None
    inner, field, found = None, None, None
    if entity is not None and isinstance(node.left, Path):
        reached = field_in(node.left, EntitySight(entity, later=True), "map.field-unknown", scope)
        field = None if reached is None else _collection(reached.field, node.left, scope)
        targets = [] if field is None else elements_of(field.type, scope)
        inner = targets[0] if targets else None
    outer = None
    if sight is not None and isinstance(node.right, Path):
        reached = field_in(node.right, replace(sight, later=True), "name.unknown-field", scope)
        found = None if reached is None else _collection(reached.field, node.right, scope)
        sources = [] if found is None else elements_of(found.type, scope)
        outer = EntitySight(sources[0]) if sources else None
    before = scope.findings.count()
    lines, complete = _lines(node.lines, inner, outer, scope)
    if field is None or found is None or entity is None or sight is None or inner is None or outer is None:
        return None
    into, out_of = entity.entity.collections.get(field.name), sight.names.entity.collections.get(found.name)
    if into is None or out_of is None:
        scope.findings.report("not-yet.collection", node.span, type=node.left.span.text)
        return None
    if not complete or scope.findings.count() > before:
        return None
    if into.key is not None and all(line.slot != into.key for line in lines):
        facts = {"name": field.name, "key": field.type.by or into.key}
        scope.findings.report("collection.no-key", node.left.span, Label(field.span, "declared-here"), **facts)
        return None
    return Line(
        field=field,
        natives=(),
        arrow=Arrow.READ,
        span=node.left.span,
        native_span=node.right.span,
        expression=EntityField(found.name, found.type, node.right.span),
        made=lines,
        key=into.key,
    )


def _collection(field: Field, path: Path, scope: Scope) -> Field | None:
    if holds_records(field.type):
        return field
    label = Label(field.span, "declared-here", {"type": str(field.type)})
    facts = {"name": field.name, "expected": "list of records", "found": str(field.type)}
    scope.findings.report("type.mismatch", path.span, label, codecs=(), **facts)
    return None


def _same_records(found: Type, expected: Type) -> bool:
    """Whether a reference is to the same entities, and a collection of the same records, told apart by the same field."""
    if found.item is not None and expected.item is not None and "record" in (found.item.kind, expected.item.kind):
        return (found.item.name, found.by) == (expected.item.name, expected.by)
    return set(found.targets) <= set(expected.targets)


def _is_itself(node: Expression, sight: EntitySight) -> bool:
    """Whether an expression is the name of the entity that is looked at, and of no field of it."""
    match node:
        case Path(steps=(Name(text=name),)):
            return name == sight.names.entity.name and not sees(sight, name)
    return False


def _itself(node: FieldLine, field: Field, origin: str, scope: Scope) -> Line | None:
    if field.type.kind != "ref" or origin not in field.type.targets:
        _mismatch(node, field, f"ref {origin}", scope)
        return None
    return Line(field=field, natives=(), arrow=Arrow.READ, span=node.left.span, native_span=node.right.span)


def _mismatch(node: FieldLine, field: Field, found: str, scope: Scope) -> None:
    label = Label(field.span, "field-declared-here", {"type": str(field.type)})
    facts = {"expected": str(field.type), "found": found, "name": field.name}
    scope.findings.report("type.mismatch", node.right.span, label, codecs=(), **facts)


def _problem(node: FieldLine) -> tuple[str, Span] | None:
    """What a line of a map may say, and one of a derivation may not: there is no system on the other side."""
    if node.arrow != "<-":
        return "arrow", node.arrow_span
    if node.codec is not None:
        return "codec", node.codec.span
    if node.conditions:
        return "condition", node.conditions[0].span
    return None if isinstance(node.left, Path) else ("target", node.left.span)
