"""References between entities: which lines write one, and in which order the records that they join can be made."""

from collections.abc import Iterator
from dataclasses import dataclass

from syncline.model.spec import Arrow, Line, Map, NativeField, ResourceModel, Spec
from syncline.source import Span
from syncline_runtime.declaration import When


@dataclass(frozen=True, slots=True)
class Waits:
    """Records of `entity` in `system` that hold one of `target`, or a sync that runs `after` another.

    `needed`: none is created before its target is there. `text` says so in the language's words.
    """

    entity: str
    target: str
    system: str
    needed: bool
    span: Span
    text: str
    after: bool = False


def referring(field_map: Map) -> Iterator[Line]:
    """The lines of a map between a reference and a reference."""
    for line in field_map.lines:
        value = line.field or line.expression
        if value is not None and value.type.kind == "ref" and line.natives and line.natives[0].type.kind == "ref":
            yield line


TOLD_APART = frozenset({"text", "uuid"})
"""Kinds of ids that may be given once in a whole system. Numbers are counted for each resource."""


def several(field_map: Map) -> Iterator[tuple[Line, NativeField, tuple[ResourceModel, ...]]]:
    """Lines whose field in the system, or in its nested records, holds an id of one of several resources: it, and these."""
    known = field_map.system.resources
    for line in field_map.lines:
        for native in line.natives:
            item = native.type.item
            nested = known.get(item.name or "") if item is not None and item.kind == "record" else None
            for one in (native, *(nested.fields.values() if nested is not None else ())):
                if one.type.kind == "ref" and len(set(one.type.targets)) > 1:
                    yield line, one, tuple(known[name] for name in dict.fromkeys(one.type.targets) if name in known)


def waits_of(spec: Spec) -> Iterator[Waits]:
    """What waits for what, in the order of the spec."""
    for sync in spec.syncs:
        name = sync.entity.name
        for trigger in sync.triggers:
            if trigger.after is not None:
                yield Waits(name, trigger.after, "", False, trigger.span, f"{name} runs after", after=True)
        for field_map in sync.maps:
            for line in referring(field_map):
                if line.arrow is Arrow.READ:
                    continue
                value = line.field or line.expression
                native = line.natives[0]
                needed = native.required and line.when in (When.ALWAYS, When.ON_CREATE)
                for target in value.type.targets if value is not None else ():
                    text = f"{name}.{line.field.name if line.field is not None else native.name}"
                    yield Waits(name, target, field_map.system.account, needed, line.span, text)
