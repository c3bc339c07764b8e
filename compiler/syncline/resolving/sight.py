"""What an expression can see: the fields of an entity, or those of a system's resource."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TypeAlias

from syncline.model.expressions import EntityField, NativeValue
from syncline.model.spec import Look, NativeField, ResourceModel
from syncline.resolving.codecs import native_type
from syncline.resolving.entities import dotted
from syncline.resolving.references import (
    ReachedField,
    ReachedNative,
    field_at,
    leads_on,
    native_at,
    unique_in_resource,
)
from syncline.resolving.scope import DEEPEST, EntityScope, Scope
from syncline.source import Span
from syncline.syntax import Key, Name, Path


@dataclass(frozen=True, slots=True)
class EntitySight:
    """An expression over the fields of an entity.

    `later` says that values of a later release (references, paths through them) are typed, too: the asker leaves them out.
    `above` is what `parent.F` looks into, from inside a collection. `edge` says that the state before can be seen, too, `timed`
    that the answer may depend on when it is asked, `collects` that it may be about the records that refer to this one.
    """

    names: EntityScope
    later: bool = False
    above: "EntitySight | None" = None
    looks: dict[str, Look] | None = None  # what was named behind references, where that is executed
    edge: bool = False
    timed: bool = False
    collects: bool = False


@dataclass(frozen=True, slots=True)
class NativeSight:
    """An expression over the fields of a system's resource; `resources` are all of the system, the rest as in `EntitySight`."""

    resource: ResourceModel
    resources: Mapping[str, ResourceModel] = field(default_factory=dict)
    later: bool = False
    above: "NativeSight | None" = None
    reached: dict[str, NativeField] = field(default_factory=dict)  # what was named behind references


Sight: TypeAlias = EntitySight | NativeSight | None
"""None: what could be seen has been reported as unknown, so that no name can be said to be wrong."""


def sees(sight: Sight, name: str) -> bool:
    """Whether a name is a field there, be it one that was left out."""
    match sight:
        case EntitySight(names=names):
            shape = names.shape
            return name in shape.fields or name in shape.absent or name in shape.groups
        case NativeSight(resource=resource):
            return name in resource.fields
    return True


def value_of(path: Path, sight: Sight, scope: Scope) -> EntityField | NativeValue | None:
    """The value that a path names; None when it has been reported."""
    match sight:
        case EntitySight():
            reached = field_in(path, sight, "name.unknown-field", scope)
            return None if reached is None else EntityField(reached.field.name, reached.field.type, path.span)
        case NativeSight():
            native = native_of(path, sight, scope)
            return None if native is None else NativeValue(native.name, native_type(native), path.span)
    return None


def field_in(path: Path, sight: EntitySight, code: str, scope: Scope) -> ReachedField | None:
    """The entity's field that a path names; reports `code` where there is none. One of a later release only if asked for."""
    if sight.above is not None and _looks_up(path, sight):
        reached = field_in(_rest(path), sight.above, code, scope)
        return None if reached is None else ReachedField(replace(reached.field, name=dotted(path)))
    head = path.steps[0]
    if isinstance(head, Name) and head.text in sight.names.shape.back and not sight.collects:
        scope.findings.report("back-reference.use", path.span, name=head.text)
        return None
    reached = field_at(path, sight.names, code, scope)
    if reached is None or reached.field.name in sight.names.shape.fields:
        return reached
    if reached.ways and reached.owner is not None and sight.looks is not None:
        sight.looks[reached.field.name] = Look(ways=reached.ways, field=reached.owner.shape.fields[reached.last])
        return reached
    if any(isinstance(step, Key) for step in path.steps):
        scope.findings.report("not-yet.keyed-element", path.span, name=dotted(path))
    elif isinstance(path.steps[0], Name) and path.steps[0].text in sight.names.shape.fields:
        scope.findings.report("not-yet.path", path.span, path=dotted(path), through=path.steps[0].span.text)
    return reached if sight.later else None  # else its declaration has been answered


def native_of(path: Path, sight: NativeSight, scope: Scope, written: bool = False) -> NativeField | None:
    """The resource's field that a path names; reports one that is unknown, or of a later release.

    What is `written` through a reference has to be unique in what is referenced.
    """
    if sight.above is not None and _looks_up(path, sight):
        above = native_of(_rest(path), sight.above, scope)
        return None if above is None else replace(above, name=dotted(path))
    reached = None
    if len(path.steps) <= DEEPEST:
        reached = native_at(path, sight.resource, sight.resources, scope)
        if reached is None:
            return None
    name = dotted(path)
    native = sight.resource.fields.get(name) if reached is None else reached.native
    if native is not None and name in sight.resource.fields:
        if native.type.kind == "ref" or not leads_on(native.type):
            return native
        scope.findings.report("not-yet.collection", path.span, type=str(native.type))
    elif written and reached is not None and (owner := _told_by_several(reached, sight)) is not None:
        facts = {"name": reached.ways[0].field, "path": name, "owner": owner.name}
        scope.findings.report("path.not-unique", path.span, unique=unique_in_resource(owner), **facts)
    elif reached is not None and reached.followed and reached.native.type.kind not in ("ref", "list", "set"):
        sight.reached[name] = reached.native
        return reached.native
    else:
        scope.findings.report("not-yet.path", path.span, path=name, through=path.steps[0].span.text)
    return native if sight.later else None


def _told_by_several(reached: ReachedNative, sight: NativeSight) -> ResourceModel | None:
    """The resource of which several records may have what is written behind a reference to it; None where only one has."""
    if reached.owner is None or not reached.ways:
        return None
    owner = sight.resources[reached.ways[0].target]
    return None if reached.ways[0].field in unique_in_resource(owner) else owner


def _looks_up(path: Path, sight: EntitySight | NativeSight) -> bool:
    """Whether a path is `parent.F`, and `parent` no field of its own."""
    first = path.steps[0]
    return len(path.steps) > 1 and isinstance(first, Name) and first.text == "parent" and not sees(sight, "parent")


def _rest(path: Path) -> Path:
    following = path.steps[1:]
    return Path(following, Span(path.span.source, following[0].span.start, path.span.end))
