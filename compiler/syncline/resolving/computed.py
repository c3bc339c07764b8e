"""Computed fields: what they are computed from, in their own record and in those that refer to it."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

from syncline.diagnostics.diagnostic import Label
from syncline.model.expressions import Expression
from syncline.model.spec import Field
from syncline.model.spelling import names_in
from syncline.resolving.entities import is_computed
from syncline.resolving.expressions import resolve_expression
from syncline.resolving.fitting import readable_as
from syncline.resolving.scope import EntityScope, Scope
from syncline.resolving.sight import EntitySight
from syncline.syntax import Entity as EntityNode
from syncline.syntax import Field as FieldNode

Name = tuple[str, str]
"""A field, with its entity."""


def resolve_computed(scope: Scope) -> None:
    """Gives computed fields their expressions, and checks where back-references come from; what is wrong is reported."""
    for entity in scope.entities.values():
        _check_back_references(entity, scope)
    for name, entity in scope.entities.items():
        node = scope.declared.types[name]
        assert isinstance(node, EntityNode)
        for field_node in node.fields:
            known = entity.shape.fields.get(field_node.name.text)
            if known is not None and is_computed(field_node, known.type.kind):
                _give(field_node, known, entity, scope)
    _check_circles(scope)


def _fields(entity: EntityScope) -> dict[str, Field]:
    # The phase fills in what takes all entities to be known; nobody has read it before.
    fields = entity.shape.fields
    assert isinstance(fields, dict)
    return fields


def _give(node: FieldNode, field: Field, entity: EntityScope, scope: Scope) -> None:
    assert node.value is not None
    expression = resolve_expression(node.value, EntitySight(entity, later=True, collects=True), field.type, scope)
    if expression is None or not all(_known(name, entity, scope) for name in names_in(expression)):
        return
    if not readable_as(expression.type, field.type):
        label = Label(field.span, "field-declared-here", {"type": str(field.type)})
        facts = {"expected": str(field.type), "found": str(expression.type), "name": field.name}
        scope.findings.report("type.mismatch", node.value.span, label, codecs=(), **facts)
        return
    kind = field.type.optional() if expression.type.nullable and not field.type.nullable else field.type
    _fields(entity)[field.name] = replace(field, type=kind, computed=expression)


def _known(name: str, entity: EntityScope, scope: Scope) -> bool:
    """Whether a name is a field of the record itself, what refers to it, or a field of that; others have been reported."""
    head, _, rest = name.partition(".")
    back = entity.shape.back.get(head)
    if back is None:
        return name in entity.shape.fields
    return not rest or rest in scope.entities[back.entity].shape.fields


def _check_back_references(entity: EntityScope, scope: Scope) -> None:
    for name, back in list(entity.shape.back.items()):
        owner = scope.entities.get(back.entity)
        via = None if owner is None else owner.shape.fields.get(back.via)
        if owner is None or via is None or entity.entity.name not in via.type.targets:
            known = (
                ()
                if owner is None
                else tuple(one.name for one in owner.shape.fields.values() if entity.entity.name in one.type.targets)
            )
            facts = {"name": back.via, "owner": back.entity, "entity": entity.entity.name}
            scope.findings.report("back-reference.via", back.span, known=known, **facts)
            backs = entity.shape.back
            assert isinstance(backs, dict)
            del backs[name]


def reads(expression: Expression, entity: EntityScope) -> Iterator[Name]:
    """The fields that an expression of an entity reads, those of records that refer to it included."""
    for name in names_in(expression):
        head, _, rest = name.partition(".")
        back = entity.shape.back.get(head)
        if back is None:
            yield entity.entity.name, name
        else:
            yield back.entity, rest or back.via


def _check_circles(scope: Scope) -> None:
    graph: Mapping[Name, list[Name]] = {
        (entity.entity.name, field.name): list(reads(field.computed, entity))
        for entity in scope.entities.values()
        for field in entity.shape.fields.values()
        if field.computed is not None
    }
    done: set[Name] = set()
    for start in graph:
        path: list[Name] = []
        todo = [(start, 0)]
        while todo:
            name, at = todo.pop()
            del path[at:]
            if name in path:
                circle = path[path.index(name) :]
                _break(circle, scope)
                return
            if name in done:
                continue
            path.append(name)
            done.add(name)
            todo += [(following, at + 1) for following in graph.get(name, ()) if following in graph]


def _break(circle: list[Name], scope: Scope) -> None:
    entity, name = circle[0]
    field = scope.entities[entity].shape.fields[name]
    scope.findings.report("computed.circle", field.span, through=tuple(".".join(one) for one in circle))
    for owner, each in circle:
        fields = _fields(scope.entities[owner])
        fields[each] = replace(fields[each], computed=None)
