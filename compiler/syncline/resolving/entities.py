"""Entities: their fields flattened to dotted leaves, their defaults, and the rules of their identity."""

from collections.abc import Iterable
from typing import Final

from syncline.diagnostics.diagnostic import Label
from syncline.model.expressions import Constant
from syncline.model.spec import BackReference, Entity, Field, MatchRule
from syncline.model.types import Type
from syncline.resolving.constants import constant, is_constant
from syncline.resolving.scope import DEEPEST, MOST_FIELDS, EntityScope, Scope, Shape
from syncline.resolving.types import resolve_type
from syncline.source import Span
from syncline.syntax import CollectionType, Key, Name, NamedType, Path, Record
from syncline.syntax import Entity as EntityNode
from syncline.syntax import Field as FieldNode
from syncline.syntax import MatchRule as MatchNode

_EMPTY: Final = Shape({}, frozenset(), frozenset())


def resolve_entity(node: EntityNode, scope: Scope) -> EntityScope:
    """The entity that a declaration describes; what is wrong with it is reported and left out."""
    shape = _shape(node.fields, scope)
    if not node.fields:
        scope.findings.report("entity.empty", node.name.span, name=node.name.text)
    for other in node.matches[1:]:
        scope.findings.report("match.duplicate", other.span, Label(node.matches[0].span, "declared-here"))
    rules = node.matches[0].rules if node.matches else ()
    match = tuple(found for rule in rules if (found := _match_rule(rule, node, shape, scope)) is not None)
    entity = Entity(
        name=node.name.text,
        fields=shape.fields,
        match=match,
        span=node.name.span,
        doc=node.doc or "",
        renamed_from=None if node.renamed_from is None else node.renamed_from.text,
        back=shape.back,
        complete=shape.absent <= shape.back.keys() and len(match) == len(rules),
    )
    return EntityScope(entity, shape)


def named_entity(name: Name, scope: Scope) -> EntityScope | None:
    """The entity of a name; an unknown one is reported."""
    if name.text in scope.entities:
        return scope.entities[name.text]
    known = [other for other, declared in scope.declared.types.items() if isinstance(declared, EntityNode)]
    scope.findings.unknown("name.unknown-entity", name.text, name.span, known)
    return None


def check_records(scope: Scope) -> None:
    """Resolves every record, used or not."""
    for name, node in scope.declared.types.items():
        if isinstance(node, Record):
            _record(name, scope)
            if not node.fields:
                scope.findings.report("entity.empty", node.name.span, name=name)


def is_computed(node: FieldNode, kind: str) -> bool:
    """Whether the value of a field is no default: a name is a default only where it may be that of a member."""
    return node.value is not None and (
        not is_constant(node.value) or (isinstance(node.value, Path) and kind not in ("enum", "set", "list"))
    )


def field_of(path: Path, known: Shape, code: str, scope: Scope, **facts: str) -> Field | None:
    """The leaf that a path names; reports `code` with the near names when there is none, and says nothing twice."""
    name = dotted(path)
    found = known.fields.get(name)
    if found is not None:
        return found
    first = path.steps[0]
    if name in known.absent or (len(path.steps) > 1 and isinstance(first, Name) and first.text in known.absent):
        return None
    if name in known.groups:
        leaves = tuple(leaf for leaf in known.fields if leaf.startswith(name + "."))
        scope.findings.report("type.record-as-value", path.span, name=name, known=leaves)
    elif any(isinstance(step, Key) for step in path.steps):
        scope.findings.report("not-yet.keyed-element", path.span, name=name)
    else:
        scope.findings.unknown(code, name, path.span, known.fields, **facts)
    return None


def dotted(path: Path) -> str:
    """The path as its owner writes it, keys in brackets."""
    steps = path.steps
    if len(steps) == 1:
        only = steps[0]
        return only.text if isinstance(only, Name) else f"[{only.value}]"
    text = ""
    for step in steps:
        match step:
            case Name(text=name):
                text += f".{name}" if text else name
            case Key(value=value):
                text += f"[{value.span.text}]"
    return text


def _shape(nodes: Iterable[FieldNode], scope: Scope, *, within: bool = False) -> Shape:
    fields: dict[str, Field] = {}
    groups: set[str] = set()
    absent: set[str] = set()
    leading: dict[str, Field] = {}
    back: dict[str, BackReference] = {}
    first: dict[str, Span] = {}
    for node in nodes:
        name = node.name.text
        if name in first:
            scope.findings.duplicate("field", node.name, first[name])
            continue
        first[name] = node.name.span
        if not name.isidentifier() and ("." in name or name.startswith("=")):
            scope.findings.report("name.invalid", node.name.span, name=name)
            absent.add(name)
            continue
        if node.via is not None:
            absent.add(name)
            if (collected := _back_reference(node, scope)) is not None:
                back[name] = collected
                several = Type("list", item=Type("ref", name=collected.entity, targets=(collected.entity,)))
                leading[name] = Field(name=name, type=several, span=node.name.span, doc=node.doc or "")
            continue
        kind = resolve_type(node.type, node.optional, scope)
        if kind is None:
            absent.add(name)
        elif kind.kind == "ref":
            fields[name] = leading[name] = _leaf(node, kind, scope)
        elif kind.item is not None and kind.item.kind in ("record", "ref"):
            leading[name] = _leaf(node, kind, scope)
            if kind.kind == "list" and kind.item.kind == "record" and not within:
                fields[name] = leading[name]
            else:
                absent.add(name)
                if kind.kind == "list" and kind.item.kind == "record":
                    scope.findings.report("not-yet.collection", node.type.span, type=str(kind))
        elif kind.kind == "record":
            inner = _record(kind.name or "", scope)
            if len(fields) + len(inner.fields) > MOST_FIELDS or len(absent) + len(inner.absent) > MOST_FIELDS:
                scope.findings.report("entity.too-large", node.name.span, name=name, limit=MOST_FIELDS)
                absent.add(name)
                continue
            groups.add(name)
            if node.value is not None:
                scope.findings.report("type.record-default", node.value.span, name=name, record=kind.name or "")
            groups.update(f"{name}.{other}" for other in inner.groups)
            absent.update(f"{name}.{other}" for other in inner.absent)
            if not inner.fields:
                absent.add(name)
            for leaf in inner.fields.values():
                nested = _nested(leaf, node, kind.nullable)
                fields[nested.name] = nested
            for leaf in inner.leading.values():
                nested = _nested(leaf, node, kind.nullable)
                leading[nested.name] = fields.get(nested.name, nested)
        else:
            fields[name] = _leaf(node, kind, scope)
    return Shape(fields, frozenset(groups), frozenset(absent), leading, back)


def _record(name: str, scope: Scope) -> Shape:
    if name in scope.shapes:
        known = scope.shapes[name]
        if known is None:
            node = scope.declared.types[name]
            through = tuple(scope.open_records[scope.open_records.index(name) :])
            scope.findings.report("type.recursive", node.name.span, name=name, through=through)
            return _EMPTY
        return known
    node = scope.declared.types[name]
    if len(scope.open_records) >= DEEPEST:
        scope.findings.report("type.too-deep", node.name.span, name=name, limit=DEEPEST)
        return _EMPTY
    scope.shapes[name] = None
    scope.open_records.append(name)
    shape = _shape(node.fields, scope, within=True) if isinstance(node, Record) else _EMPTY
    if isinstance(node, Record):
        for each in node.fields:
            inner = shape.fields.get(each.name.text)
            if each.via is not None or (inner is not None and is_computed(each, inner.type.kind)):
                scope.findings.report("computed.in-record", each.span, name=each.name.text, record=name)
    scope.open_records.pop()
    scope.shapes[name] = shape
    return shape


def _nested(leaf: Field, node: FieldNode, optional: bool) -> Field:
    kind = leaf.type.optional() if optional and not leaf.type.nullable else leaf.type
    former = leaf.renamed_from
    if node.renamed_from is not None or former is not None:
        group = (node.renamed_from or node.name).text
        former = f"{group}.{former or leaf.name}"
    return Field(
        name=f"{node.name.text}.{leaf.name}",
        type=kind,
        span=leaf.span,
        pii=leaf.pii or node.pii,
        doc=leaf.doc,
        default=leaf.default,
        renamed_from=former,
    )


def _leaf(node: FieldNode, kind: Type, scope: Scope) -> Field:
    default: Constant | None = None
    if node.value is not None and not is_computed(node, kind.kind):
        default = constant(node.value, kind, scope)
    return Field(
        name=node.name.text,
        type=kind,
        span=node.name.span,
        pii=node.pii,
        doc=node.doc or "",
        default=default,
        renamed_from=None if node.renamed_from is None else node.renamed_from.text,
    )


def _back_reference(node: FieldNode, scope: Scope) -> BackReference | None:
    assert node.via is not None
    match node.type:
        case CollectionType(
            kind=Name(text="list"), element=NamedType(name=Name(text=target), arguments=(), matching=None), by=None
        ) if isinstance(scope.declared.types.get(target), EntityNode):
            return BackReference(entity=target, via=node.via.text, span=node.via.span)
    scope.findings.report("back-reference.type", node.type.span, found=node.type.span.text, name=node.name.text)
    return None


def _match_rule(node: MatchNode, owner: EntityNode, shape: Shape, scope: Scope) -> MatchRule | None:
    found: list[Field] = []
    for path in node.fields:
        field = field_of(path, shape, "match.unknown-field", scope, entity=owner.name.text)
        if field is None:
            continue
        if field in found:
            scope.findings.report("match.field-twice", path.span, name=field.name)
        else:
            found.append(field)
    if len(found) < len({dotted(path) for path in node.fields}):
        return None  # a composite key without one of its parts would match what its author did not mean
    return MatchRule(
        fields=tuple(found),
        ask=node.ask,
        placeholders=tuple(text.value for text in node.excepted),
        span=node.span,
    )
