"""What an expression can see: the fields of an entity, or those of a system's resource."""

from dataclasses import dataclass
from typing import TypeAlias

from syncline.diagnostics.diagnostic import Label
from syncline.model.expressions import EntityField, NativeValue
from syncline.model.spec import NativeField, ResourceModel
from syncline.resolving.codecs import native_type
from syncline.resolving.entities import dotted, field_of
from syncline.resolving.scope import EntityScope, Scope
from syncline.syntax import Key, Name, Path


@dataclass(frozen=True, slots=True)
class EntitySight:
    """An expression over the fields of an entity."""

    names: EntityScope


@dataclass(frozen=True, slots=True)
class NativeSight:
    """An expression over the fields of a system's resource."""

    resource: ResourceModel


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
        case EntitySight(names=names):
            field = field_of(path, names.shape, "name.unknown-field", scope, entity=names.entity.name)
            return None if field is None else EntityField(field.name, field.type, path.span)
        case NativeSight(resource=resource):
            native = native_of(path, resource, scope)
            return None if native is None else NativeValue(native.name, native_type(native), path.span)
    return None


def native_of(path: Path, resource: ResourceModel, scope: Scope) -> NativeField | None:
    """The resource's field that a path names; reports one that is unknown, or of a later release."""
    steps = path.steps
    first = steps[0]
    name = first.text if len(steps) == 1 and isinstance(first, Name) else dotted(path)
    native = resource.fields.get(name)
    if native is None:
        if isinstance(first, Name) and first.text in resource.fields and len(steps) > 1:
            through = resource.fields[first.text]
            if through.type.kind == "ref":
                scope.findings.report("not-yet.path", path.span, path=name, through=first.text)
                return None
            if isinstance(steps[1], Key):
                scope.findings.report("not-yet.keyed-element", path.span, name=name)
                return None
        label = Label(resource.span, "resource-declared-here")
        scope.findings.unknown("map.native-unknown", name, path.span, resource.fields, label, resource=resource.name)
        return None
    if native.type.kind == "ref":
        label = Label(native.span, "native-declared-here")
        scope.findings.report("not-yet.reference", path.span, label, name=name, target=" or ".join(native.type.targets))
        return None
    return native
