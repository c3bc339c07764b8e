"""A spec with the members of its enums under other names: where they are declared, mapped, compared with and given as defaults."""

from collections.abc import Mapping
from dataclasses import replace

from syncline.model.derivations import Derivation
from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.spec import CodecUse, Entity, Field, Line, Map, Spec, Sync
from syncline.model.types import Type

Members = Mapping[str, Mapping[str, str]]
"""By the name of an enum: its members' names to those they go by."""


def with_members(spec: Spec, members: Members) -> Spec:
    """The same spec with renamed members; the spec itself where there are none."""
    if not members:
        return spec
    return replace(
        spec,
        entities={name: _entity(entity, members) for name, entity in spec.entities.items()},
        maps=tuple(_map(found, members) for found in spec.maps),
        syncs=tuple(_sync(sync, members) for sync in spec.syncs),
        derivations=tuple(_derivation(found, members) for found in spec.derivations),
    )


def _entity(entity: Entity, members: Members) -> Entity:
    return replace(entity, fields={name: _field(field, members) for name, field in entity.fields.items()})


def _field(field: Field, members: Members) -> Field:
    default = None if field.default is None else _expression(field.default, members)
    computed = None if field.computed is None else _expression(field.computed, members)
    return replace(field, type=_type(field.type, members), default=default, computed=computed)


def _map(found: Map, members: Members) -> Map:
    when = None if found.when is None else _expression(found.when, members)
    return replace(found, lines=tuple(_line(line, members) for line in found.lines), when=when)


def _derivation(found: Derivation, members: Members) -> Derivation:
    lines = tuple(_line(line, members) for line in found.lines)
    return replace(found, condition=_expression(found.condition, members), lines=lines)


def _line(line: Line, members: Members) -> Line:
    expression = None if line.expression is None else _expression(line.expression, members)
    made = None if line.made is None else tuple(_line(one, members) for one in line.made)
    return replace(
        line, pipeline=tuple(_codec(use, members) for use in line.pipeline), expression=expression, made=made
    )


def _sync(sync: Sync, members: Members) -> Sync:
    creates, updates = (
        tuple(replace(rule, when=None if rule.when is None else _expression(rule.when, members)) for rule in rules)
        for rules in (sync.creates, sync.updates)
    )
    deletes = tuple(
        replace(rule, when=None if rule.when is None else _expression(rule.when, members)) for rule in sync.deletes
    )
    truth, records = (
        tuple(replace(rule, when=None if rule.when is None else _expression(rule.when, members)) for rule in rules)
        for rules in (sync.truth, sync.records)
    )
    return replace(sync, creates=creates, updates=updates, deletes=deletes, truth=truth, records=records)


def _codec(use: CodecUse, members: Members) -> CodecUse:
    names = _names(use.gives, members)
    table = tuple((names.get(member, member), natives) for member, natives in use.table)
    otherwise = None if use.otherwise is None else names.get(use.otherwise, use.otherwise)
    return replace(use, gives=_type(use.gives, members), table=table, otherwise=otherwise)


def _expression(expression: Expression, members: Members) -> Expression:
    match expression:
        case Constant(value=str() as value, type=kind):
            return replace(expression, value=_names(kind, members).get(value, value))
        case Constant() | EntityField() | NativeValue():
            return expression
        case Apply(arguments=arguments):
            return replace(expression, arguments=tuple(_expression(one, members) for one in arguments))
        case Both(parts=parts):
            return replace(expression, parts=tuple(_expression(one, members) for one in parts))
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return replace(
                expression,
                condition=_expression(condition, members),
                then=_expression(then, members),
                otherwise=_expression(otherwise, members),
            )


def _type(kind: Type, members: Members) -> Type:
    if kind.item is not None:
        return replace(kind, item=_type(kind.item, members))
    names = _names(kind, members)
    return replace(kind, members=tuple(names.get(member, member) for member in kind.members)) if names else kind


def _names(kind: Type, members: Members) -> Mapping[str, str]:
    return members.get(kind.name or "", {}) if kind.kind == "enum" else {}
