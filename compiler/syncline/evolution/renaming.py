"""Which entity and field of the old spec is which of the new one: by name, or by `renamed from`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeVar

from syncline.model.spec import Spec
from syncline.model.types import Type


class _Renamed(Protocol):
    @property
    def renamed_from(self) -> str | None: ...


Item = TypeVar("Item", bound=_Renamed)


@dataclass(frozen=True, slots=True)
class Renaming:
    """Names of the old spec to those of the new one, where they differ; `fields` by the entity's new name, `members` by the
    name of their enum."""

    entities: Mapping[str, str]
    fields: Mapping[str, Mapping[str, str]]
    members: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def entity(self, old: str) -> str:
        """What the entity goes by in the new spec."""
        return self.entities.get(old, old)

    def field(self, entity: str, old: str) -> str:
        """What a field goes by in the new spec; `entity` by its new name. An output slot keeps its name."""
        return self.fields.get(entity, {}).get(old, old)


def renaming(old: Spec, new: Spec) -> Renaming:
    """The renamings that the new spec declares and that hold: the old name was there, and is no longer."""
    entities = _renamed(old.entities, new.entities)
    former = {name: was for was, name in entities.items()}
    fields = {
        name: _renamed(old.entities[former.get(name, name)].fields, entity.fields)
        for name, entity in new.entities.items()
        if former.get(name, name) in old.entities
    }
    return Renaming(entities, {name: found for name, found in fields.items() if found}, _members(old, new))


def _members(old: Spec, new: Spec) -> dict[str, dict[str, str]]:
    before, found = enums_of(old), {}
    for name, kind in enums_of(new).items():
        were = before[name].members if name in before else ()
        renamed = {
            former: member
            for member, former in kind.former
            if former in were and former not in kind.members and member not in were
        }
        if renamed:
            found[name] = renamed
    return found


def enums_of(spec: Spec) -> dict[str, Type]:
    """The enums that fields are of, alone or in a collection."""
    kinds = [one.type.item or one.type for entity in spec.entities.values() for one in entity.fields.values()]
    return {kind.name: kind for kind in kinds if kind.kind == "enum" and kind.name is not None}


def _renamed(old: Mapping[str, Item], new: Mapping[str, Item]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, item in new.items():
        former = item.renamed_from
        if former is not None and former in old and former not in new and name not in old:
            found.setdefault(former, name)
    return found
