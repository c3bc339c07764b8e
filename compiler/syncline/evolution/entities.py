"""Changes of what a record is: entities, their fields, their identity."""

from collections.abc import Collection, Iterator, Mapping

from syncline.evolution.change import Change, Fact
from syncline.evolution.computed import computed_of
from syncline.evolution.reaching import all_records, reached
from syncline.evolution.renaming import Renaming
from syncline.model.expressions import Expression
from syncline.model.spec import Entity, Field, Spec
from syncline.model.spelling import Rename, same, spelled, spelled_match
from syncline.model.types import Type

_Where = frozenset[tuple[str, ...]]


def entity_changes(old: Spec, new: Spec, renames: Renaming) -> Iterator[Change]:
    """Entities that came, went or changed."""
    stayed = {renames.entity(name): entity for name, entity in old.entities.items()}
    gone = {name: entity for name, entity in old.entities.items() if renames.entity(name) not in new.entities}
    came = {name: entity for name, entity in new.entities.items() if name not in stayed}
    followers = _followers(_homes(old, gone), _homes(new, came))
    for name, entity in gone.items():
        if name in followers.values():
            continue
        yield Change("entity.removed", name, entity.span, None, effects=all_records(old, name))
    for name, entity in new.entities.items():
        if name in followers:
            former = old.entities[followers[name]]
            effects = all_records(new, name)
            yield Change("entity.replaced", name, former.span, entity.span, {"old": former.name}, effects)
            continue
        if name in came:
            yield Change("entity.added", name, None, entity.span)
            continue
        former = stayed[name]
        if former.name != name:
            yield Change("entity.renamed", name, former.span, entity.span, {"old": former.name})
        yield from _fields(old, new, former, entity, renames)
        yield from _match(new, former, entity, renames)


def _fields(old: Spec, new: Spec, before: Entity, after: Entity, renames: Renaming) -> Iterator[Change]:
    stayed = {renames.field(after.name, name): field for name, field in before.fields.items()}
    gone = [name for name in before.fields if renames.field(after.name, name) not in after.fields]
    came = [name for name in after.fields if name not in stayed]
    followers = _followers(_places(old, before, gone), _places(new, after, came))
    for name, field in before.fields.items():
        if name in gone and name not in followers.values():
            effects = reached(old, before.name, [name])
            yield Change("field.removed", f"{after.name}.{name}", field.span, None, effects=effects)
    for name, field in after.fields.items():
        subject = f"{after.name}.{name}"
        if name in followers:
            former, effects = before.fields[followers[name]], reached(new, after.name, [name])
            yield Change("field.replaced", subject, former.span, field.span, {"old": former.name}, effects)
            continue
        if name not in stayed:
            yield Change("field.added", subject, None, field.span)
            continue
        elements: dict[str, Fact] = {"old": collected(before, stayed[name].name), "new": collected(after, name)}
        if elements["old"] != elements["new"]:
            effects = reached(new, after.name, [name])
            yield Change("field.kind", subject, stayed[name].span, field.span, elements, effects)
        for code, facts in _field(stayed[name], field, renames):
            yield Change(code, subject, stayed[name].span, field.span, facts, reached(new, after.name, [name]))
        was = computed_of(
            before, stayed[name], lambda owner, one: renames.field(renames.entity(owner), one), renames.entity
        )
        now = computed_of(after, field, lambda _, one: one, lambda owner: owner)
        if was != now:
            told: dict[str, Fact] = {"old": was, "new": now}
            effects = reached(new, after.name, [name])
            yield Change("field.computed", subject, stayed[name].span, field.span, told, effects)


def _followers(gone: Mapping[str, _Where], came: Mapping[str, _Where]) -> dict[str, str]:
    """What came and stands where something stood that is gone: the new name to the old one, each at most once."""
    found: dict[str, str] = {}
    for name, where in came.items():
        former = next((old for old, stood in gone.items() if stood & where and old not in found.values()), None)
        if former is not None:
            found[name] = former
    return found


def _homes(spec: Spec, names: Collection[str]) -> dict[str, _Where]:
    """The resources that the entities are mapped to."""
    return {
        name: frozenset((found.system.name, found.resource.name) for found in spec.maps if found.entity.name == name)
        for name in names
    }


def _places(spec: Spec, entity: Entity, names: Collection[str]) -> dict[str, _Where]:
    """The native fields that an entity's fields are mapped to."""
    maps = [found for found in spec.maps if found.entity.name == entity.name]
    return {
        name: frozenset(
            (found.system.name, found.resource.name, *(native.name for native in line.natives))
            for found in maps
            for line in found.lines
            if line.field is not None and line.field.name == name
        )
        for name in names
    }


def _field(old: Field, new: Field, renames: Renaming) -> Iterator[tuple[str, dict[str, Fact]]]:
    if old.name != new.name:
        yield "field.renamed", {"old": old.name}
    members = renames.members.get((new.type.item or new.type).name or "", {})
    if members:
        yield "field.members-renamed", {"old": tuple(members), "new": tuple(members.values())}
    yield from _types(old.type, new.type, renames)
    before, after = _default(old.default), _default(new.default)
    if before != after:
        yield "field.default", {"old": before, "new": after}
    if old.pii is not new.pii:
        yield "field.pii", {"old": _pii(old.pii), "new": _pii(new.pii)}


def _types(old: Type, new: Type, renames: Renaming) -> Iterator[tuple[str, dict[str, Fact]]]:
    facts: dict[str, Fact] = {"old": described(old.required()), "new": described(new.required())}
    if form_of(old, renames.entity) != form_of(new):
        yield "field.kind", facts
    else:
        if narrower(old, new):
            yield "field.narrowed", facts
        elif facts["old"] != facts["new"] and "enum" not in (old.kind, old.item and old.item.kind):
            yield "field.widened", facts
        before, after = _members(old), _members(new)
        added = tuple(member for member in after if member not in before)
        removed = tuple(member for member in before if member not in after)
        if added:
            yield "field.members-added", {"added": added}
        if removed:
            yield "field.members-removed", {"removed": removed}
    if old.nullable is not new.nullable:
        yield ("field.optional" if new.nullable else "field.required"), {}


def collected(entity: Entity, name: str) -> str:
    """What the elements of a nested collection are, and by what they are told apart; empty for any other field."""
    elements = entity.collections.get(name)
    if elements is None:
        return ""
    fields = ", ".join(f"{field.name} : {described(field.type)}" for field in elements.record.fields.values())
    return f"{{ {fields} }}" + (f" by {elements.key}" if elements.key is not None else "")


def described(kind: Type) -> str:
    """A type with its pattern, which its own name leaves out."""
    return f'{kind} matching "{kind.pattern}"' if kind.pattern is not None else str(kind)


def narrower(old: Type, new: Type) -> bool:
    """Whether some value of the old type is none of the new one; both have the same form."""
    if old.item is not None and new.item is not None and narrower(old.item, new.item):
        return True
    if new.length is not None and (old.length is None or new.length < old.length):
        return True
    if new.pattern is not None and new.pattern != old.pattern:
        return True
    if new.precision is None:
        return False
    if old.precision is None:
        return True
    scales = (old.scale or 0), (new.scale or 0)
    return scales[1] < scales[0] or new.precision - scales[1] < old.precision - scales[0]


def form_of(kind: Type, entity: Rename = same) -> tuple[object, ...]:
    """What decides how values are stored; `entity` renames what a reference points to."""
    item = None if kind.item is None else form_of(kind.item, entity)
    return (kind.kind, item, kind.by, tuple(map(entity, kind.targets)))


def _members(kind: Type) -> tuple[str, ...]:
    return kind.members if kind.item is None else kind.item.members


def _default(value: Expression | None) -> str:
    return "none" if value is None else spelled(value)


def _pii(pii: bool) -> str:
    return "personal data" if pii else "no personal data"


def _match(new: Spec, before: Entity, after: Entity, renames: Renaming) -> Iterator[Change]:
    old_rules = spelled_match(before.match, lambda name: renames.field(after.name, name))
    new_rules = spelled_match(after.match)
    if old_rules != new_rules:
        yield Change(
            "match.changed",
            after.name,
            before.match[0].span if before.match else before.span,
            after.match[0].span if after.match else after.span,
            {"old": old_rules or "nothing", "new": new_rules or "nothing"},
            all_records(new, after.name),
        )
