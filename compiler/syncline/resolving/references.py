"""Where a path leads: through references from record to record, and into collections to their elements."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncline.diagnostics.diagnostic import Label
from syncline.model.spec import Elements, Entity, Field, NativeField, ResourceModel, Way
from syncline.model.types import Type
from syncline.resolving.entities import dotted, field_of
from syncline.resolving.findings import Findings
from syncline.resolving.names import nearest
from syncline.resolving.natives import KINDS
from syncline.resolving.scope import DEEPEST, EntityScope, Scope
from syncline.source import Span
from syncline.syntax import Key, Name, Path, Record


@dataclass(frozen=True, slots=True)
class ReachedField:
    """A field under the name of its path; `owner` is what the last reference on the way points to, None without one."""

    field: Field
    owner: EntityScope | None = None
    last: str = ""  # its name in `owner`
    ways: tuple[
        tuple[str, str], ...
    ] = ()  # each reference on the way and its entity, if each is to records of one entity


@dataclass(frozen=True, slots=True)
class ReachedNative:
    """A resource's field under the name of its path; `owner` as in `ReachedField`."""

    native: NativeField
    owner: ResourceModel | None = None
    last: str = ""  # its name in `owner`
    ways: tuple[Way, ...] = ()
    followed: bool = True  # each reference on the way holds records of one resource


def resolve_alignment(scope: Scope) -> None:
    """Gives each entity what its collections hold; reports a `list<T> by F` whose elements have no F, or none that is a key."""
    keys: dict[int, str | None] = {}
    for element, by in scope.aligned:
        for names in elements_of(element, scope):
            keys[id(by)] = _key(by, names, scope)
    by_text = {(element.name, dotted(by)): keys.get(id(by)) for element, by in scope.aligned}
    for name, known in list(scope.entities.items()):
        found: dict[str, Elements] = {}
        for field in known.shape.fields.values():
            if holds_records(field.type) and field.type.item is not None:
                for names in elements_of(field.type, scope):
                    key = None if field.type.by is None else by_text.get((field.type.item.name, field.type.by))
                    found[field.name] = Elements(record=names.entity, key=key)
        if found:
            scope.entities[name] = replace(known, entity=replace(known.entity, collections=found))


def _key(by: Path, names: EntityScope, scope: Scope) -> str | None:
    """The field of the elements that tells one from another: F itself, or the reference of which F is a key."""
    reached = field_at(by, names, "name.unknown-field", scope)
    if reached is None:
        return None
    if reached.field.name in names.shape.fields:
        return reached.field.name
    first = by.steps[0]
    reference = names.shape.fields.get(first.text) if isinstance(first, Name) else None
    owner = reached.owner
    if reference is None or owner is None or reference.type.kind != "ref" or len(by.steps) > 2:
        scope.findings.report("not-yet.path", by.span, path=dotted(by), through=by.steps[0].span.text)
        return None
    if reached.last not in unique_in_entity(owner):
        facts = {"name": reached.last, "path": dotted(by), "owner": owner.entity.name}
        scope.findings.report("path.not-unique", by.span, unique=unique_in_entity(owner), **facts)
        return None
    return reference.name


def check_targets(
    resources: Mapping[str, ResourceModel], known: Mapping[str, object], name: str, findings: Findings
) -> None:
    """Reports references and embedded lists of resources that `known` has none of; `name` is whose they are."""
    for resource in resources.values():
        for native in resource.fields.values():
            item = native.type.item
            for target in targets_of(native.type):
                if target not in known:
                    findings.unknown("name.unknown-resource", target, native.span, known, system=name)
            if item is not None and item.kind == "record" and item.name not in known:
                word, words = item.name or "", sorted({*KINDS, *known})
                facts = {"what": "type", "name": word, "suggestion": nearest(word, words)}
                findings.report("connector.unknown-word", native.span, known=tuple(words), **facts)


def targets_of(kind: Type) -> tuple[str, ...]:
    """The names that a reference, or a list of references, points to."""
    return kind.targets if kind.kind == "ref" else () if kind.item is None else kind.item.targets


def holds_records(kind: Type) -> bool:
    """Whether a type is a collection of records or references."""
    return kind.item is not None and kind.item.kind in ("record", "ref")


def elements_of(kind: Type, scope: Scope) -> list[EntityScope]:
    """What a reference points to, or a collection holds, on the entity's side; a record goes by the names of its fields."""
    target = kind.item or kind
    if target.kind == "ref":
        return [scope.entities[name] for name in target.targets if name in scope.entities]
    shape = scope.shapes.get(target.name or "")
    node = scope.declared.types.get(target.name or "")
    if target.kind != "record" or shape is None or not isinstance(node, Record):
        return []
    entity = Entity(name=node.name.text, fields=shape.fields, match=(), span=node.name.span)
    return [EntityScope(entity, shape)]


def resources_of(kind: Type, resources: Mapping[str, ResourceModel]) -> list[ResourceModel]:
    """What a reference points to, or a collection holds, on the system's side."""
    embedded = (kind.item.name or "",) if kind.item is not None and kind.item.kind == "record" else ()
    return [resources[name] for name in (*targets_of(kind), *embedded) if name in resources]


def field_at(path: Path, names: EntityScope, code: str, scope: Scope) -> ReachedField | None:
    """The field that a path names, from the first step to the last; reports `code` with near names where it breaks off."""
    shape, steps = names.shape, path.steps
    longest = len(steps) if shape.leading and len(steps) <= DEEPEST else 0
    for end in range(longest, 0, -1):
        start = _part(path, 0, end)
        leading = shape.leading.get(dotted(start))
        if leading is None:
            continue
        if end == len(steps):
            return ReachedField(leading)
        keyed = isinstance(steps[end], Key)
        end += keyed
        if end == len(steps) or not isinstance(steps[end], Name):
            return None
        rest = _part(path, end, len(steps))
        targets = elements_of(leading.type, scope)
        reached = field_at(rest, targets[0], code, scope) if targets else None
        # A reference to one of several: all know the next step, the first tells where it leads.
        begun = [_begins(rest, other, code, scope) for other in targets[1:]]
        if reached is None or not all(begun):
            return None
        found = replace(reached.field, name=dotted(path), type=_through(leading.type, reached.field.type, keyed))
        one = leading.type.kind == "ref" and len(targets) == 1 and not keyed
        followed = one and (
            bool(reached.ways) if reached.owner else reached.field.type.kind not in ("ref", "list", "set")
        )
        ways = ((leading.name, targets[0].entity.name), *reached.ways) if followed else ()
        return ReachedField(found, reached.owner or targets[0], reached.last or reached.field.name, ways)
    field = field_of(path, shape, code, scope, entity=names.entity.name)
    return None if field is None else ReachedField(field)


def native_at(
    path: Path, resource: ResourceModel, resources: Mapping[str, ResourceModel], scope: Scope
) -> ReachedNative | None:
    """The resource's field that a path names, through references; reports where it breaks off."""
    steps = path.steps
    name = dotted(path)
    native = resource.fields.get(name)
    if native is not None:
        return ReachedNative(native)
    first = steps[0]
    through = resource.fields.get(first.text) if isinstance(first, Name) and len(steps) > 1 else None
    if through is not None and leads_on(through.type) and isinstance(steps[1], Name):
        targets, rest = resources_of(through.type, resources), _part(path, 1, len(steps))
        reached = native_at(rest, targets[0], resources, scope) if targets else None
        begun = [_begins_native(rest, other, scope) for other in targets[1:]]
        if reached is None or not all(begun):
            return None
        way = Way(resource=resource.name, path=name, reference=through, target=targets[0].name, field=dotted(rest))
        ways = (way, *reached.ways)
        found = replace(
            reached.native,
            name=name,
            type=_through(through.type, reached.native.type, False),
            ways=ways,
            writable=through.writable,
            required=through.required,
            unique=False,
            identity=False,
            version=False,
            normalises=(),
            child=None,
            path=(),
        )
        return ReachedNative(
            found,
            reached.owner or targets[0],
            reached.last or reached.native.name,
            ways,
            reached.followed and through.type.kind == "ref" and len(through.type.targets) == 1,
        )
    if through is not None and isinstance(steps[1], Key):
        scope.findings.report("not-yet.keyed-element", path.span, name=name)
        return None
    label = Label(resource.span, "resource-declared-here")
    scope.findings.unknown("map.native-unknown", name, path.span, resource.fields, label, resource=resource.name)
    return None


def leads_on(kind: Type) -> bool:
    """Whether a path can go on behind a field: it is a reference, or a collection of records."""
    return kind.kind == "ref" or holds_records(kind)


def unique_in_entity(names: EntityScope) -> tuple[str, ...]:
    """The fields by which one record of an entity is told: those that are a match rule of their own."""
    return tuple(rule.fields[0].name for rule in names.entity.match if len(rule.fields) == 1 and not rule.ask)


def unique_in_resource(resource: ResourceModel) -> tuple[str, ...]:
    """The fields of which no two records of a resource have the same value."""
    return tuple(field.name for field in resource.fields.values() if field.unique or field.identity)


def _begins(path: Path, names: EntityScope, code: str, scope: Scope) -> bool:
    first, shape = path.steps[0], names.shape
    name = first.text if isinstance(first, Name) else ""
    if name in shape.fields or name in shape.groups or name in shape.absent:
        return True
    scope.findings.unknown(code, name, first.span, shape.fields, entity=names.entity.name)
    return False


def _begins_native(path: Path, resource: ResourceModel, scope: Scope) -> bool:
    first = path.steps[0]
    name = first.text if isinstance(first, Name) else ""
    if name in resource.fields or dotted(path) in resource.fields:
        return True
    label = Label(resource.span, "resource-declared-here")
    scope.findings.unknown("map.native-unknown", name, first.span, resource.fields, label, resource=resource.name)
    return False


def _part(path: Path, start: int, end: int) -> Path:
    steps = path.steps[start:end]
    last = path.span.end if end == len(path.steps) else steps[-1].span.end
    return Path(steps, Span(path.span.source, steps[0].span.start, last))


def _through(way: Type, end: Type, keyed: bool) -> Type:
    """The type of what stands behind a field: null where there is no other record, several where there are several."""
    if way.kind == "ref" or keyed:
        return end.optional() if way.nullable or keyed else end
    return Type("list", nullable=way.nullable, item=end.required())
