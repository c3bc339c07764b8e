"""Changes of how an entity stands in a system: the lines of its maps, and the records they are limited to."""

from collections.abc import Iterator

from syncline.evolution.change import Change, Effect, Fact
from syncline.evolution.reaching import all_records, reached, written_by
from syncline.evolution.renaming import Renaming
from syncline.model.spec import Arrow, CodecUse, Line, Map, Spec
from syncline.model.spelling import (
    Rename,
    literal,
    same,
    spelled,
    spelled_codec,
    spelled_line,
    spelled_natives,
    spelled_picked,
    spelled_pipeline,
)

_Key = tuple[str, str]


def map_changes(old: Spec, new: Spec, renames: Renaming) -> Iterator[Change]:
    """Maps that came, went or changed; those of an entity, a system or a sync that came or went are told with it."""
    before = {(renames.entity(found.entity.name), found.system.name): found for found in old.maps}
    after = {(found.entity.name, found.system.name): found for found in new.maps}
    told_before, told_after = _told(old, renames), _told(new, Renaming({}, {}))
    for key, found in before.items():
        if key not in after and key not in told_before and key[0] in new.entities and key[1] in new.systems:
            yield Change("map.removed", _place(key), found.span, None)
    for key, found in after.items():
        if key in before:
            yield from _map(new, before[key], found, renames)
        elif key not in told_after and key[0] in {renames.entity(name) for name in old.entities}:
            yield Change("map.added", _place(key), None, found.span)


def _told(spec: Spec, renames: Renaming) -> set[_Key]:
    return {(renames.entity(sync.entity.name), system.name) for sync in spec.syncs for system in sync.systems}


def _map(spec: Spec, before: Map, after: Map, renames: Renaming) -> Iterator[Change]:
    entity, system = after.entity.name, after.system.name
    subject = _place((entity, system))

    def field(name: str) -> str:
        return renames.field(entity, name)

    if before.resource.name != after.resource.name:
        facts: dict[str, Fact] = {"old": before.resource.name, "new": after.resource.name}
        yield Change("map.resource", subject, before.span, after.span, facts, _whole(spec, after))
    was, now = where_of(before), where_of(after)
    if was != now:
        fixed = tuple(Effect(system, after.resource.name, one.native.name) for one in after.where)
        yield Change(
            "map.where",
            subject,
            before.span,
            after.span,
            {"old": was, "new": now},
            all_records(spec, entity, system) + fixed,
        )
    was = "always" if before.when is None else spelled(before.when, field)
    now = "always" if after.when is None else spelled(after.when)
    if was != now:
        yield Change(
            "map.when", subject, before.span, after.span, {"old": was, "new": now}, all_records(spec, entity, system)
        )
    yield from _lines(spec, before, after, field)


def where_of(mapping: Map) -> str:
    """The condition; its parts hold together, so that their order says nothing."""
    parts = sorted(f"{one.native.name} = {literal(one.value)}" for one in mapping.where)
    parts += [] if mapping.where_expression is None else [spelled(mapping.where_expression)]
    return " and ".join(parts) or "all records"


def _lines(spec: Spec, before: Map, after: Map, field: Rename) -> Iterator[Change]:
    old = {line.slot if line.field is None else field(line.slot): line for line in before.lines}
    new = {line.slot: line for line in after.lines}
    entity, system = after.entity.name, after.system.name
    for slot, line in old.items():
        if slot in new or (line.field is not None and slot not in after.entity.fields):
            continue  # a field that is gone is told with its lines
        heard = line.field is not None and line.arrow is not Arrow.WRITE
        code = "line.source-removed" if heard else "line.removed"
        reach = _reached(spec, after, slot, line) if heard else ()
        others = tuple(one for one in reach if one.system != system)
        facts: dict[str, Fact] = {"old": spelled_line(line, field)}
        yield Change(code, f"{entity}.{slot} in {system}", line.span, None, facts, others)
    for slot, line in new.items():
        subject = f"{entity}.{slot} in {system}"
        if slot not in old:
            effects = _reached(spec, after, slot, line)
            yield Change("line.added", subject, None, line.span, {"new": spelled_line(line)}, effects)
            continue
        former = old[slot]
        for code, was, now in _line(former, line, field):
            effects = _reached(spec, after, slot, line)
            if code == "line.table-extended":
                # What is written stays; what is read now reaches the others.
                effects = tuple(one for one in effects if one.system != system)
            elif former.arrow is not Arrow.WRITE and line.arrow is Arrow.WRITE:
                effects = tuple(dict.fromkeys((*effects, *reached(spec, entity, [slot]))))
            yield Change(code, subject, former.span, line.span, {"old": was, "new": now}, effects)


def _line(old: Line, new: Line, field: Rename) -> Iterator[tuple[str, str, str]]:
    """Code and both wordings."""
    if old.arrow is not new.arrow:
        yield "line.direction", spelled_line(old, field), spelled_line(new)
    # Which fields an expression reads is part of the expression.
    if heard_natives(old) != heard_natives(new):
        yield "line.native", spelled_natives(old), spelled_natives(new)
    was, now = computed_of(old, field), computed_of(new, same)
    if was != now:
        yield "line.expression", was, now
    if codecs_of(old) != codecs_of(new):
        code = "line.table-extended" if _extended(old.pipeline, new.pipeline) else "line.codec"
        was, now = (spelled_pipeline(line.pipeline) or "as it stands" for line in (old, new))
        yield code, was, now
    if old.when is not new.when:
        yield "line.condition", old.when.said, new.when.said


def heard_natives(line: Line) -> tuple[str, ...]:
    if line.expression is not None and line.arrow is Arrow.READ:
        return ()
    return tuple(native.name for native in line.natives)


def computed_of(line: Line, field: Rename) -> str:
    if line.by is not None:
        return f"the {line.by.target} by its {line.by.field.name}"
    if line.picked:
        return f"{{ {', '.join(sorted(spelled_picked(line)))} }}" + f" by {line.key}"
    if line.elements is not None:
        lines = sorted(spelled_line(each) for each in line.elements.lines)
        return f"{{ {', '.join(lines)} }}" + (f" by {line.key}" if line.key is not None else "")
    return "the value as it is" if line.expression is None else spelled(line.expression, field)


def codecs_of(line: Line) -> list[tuple[str, str]]:
    return [(use.name, spelled_codec(use)) for use in line.pipeline]


def _extended(old: tuple[CodecUse, ...], new: tuple[CodecUse, ...]) -> bool:
    """Whether tables have only got further spellings to read, and nothing else differs."""
    return len(old) == len(new) and all(
        (before.name, before.arguments, before.otherwise) == (after.name, after.arguments, after.otherwise)
        and _keeps_rows(dict(before.table), dict(after.table))
        for before, after in zip(old, new, strict=True)
    )


def _keeps_rows(
    old: dict[str, tuple[str | int | bool | None, ...]], new: dict[str, tuple[str | int | bool | None, ...]]
) -> bool:
    return all(
        list(map(literal, new.get(member, ())[: len(natives)])) == list(map(literal, natives))
        for member, natives in old.items()
    )


def _reached(spec: Spec, mapping: Map, slot: str, line: Line) -> tuple[Effect, ...]:
    """What the line writes, and where it reads, what its field reaches."""
    name = "" if line.field is None else slot
    found = dict.fromkeys(written_by(mapping, line, name))
    if line.field is not None and line.arrow is not Arrow.WRITE and slot in mapping.entity.fields:
        found.update(dict.fromkeys(reached(spec, mapping.entity.name, [slot])))
    return tuple(found)


def _whole(spec: Spec, mapping: Map) -> tuple[Effect, ...]:
    found: dict[Effect, None] = dict.fromkeys(all_records(spec, mapping.entity.name, mapping.system.name))
    for line in mapping.lines:
        found.update(dict.fromkeys(_reached(spec, mapping, line.slot, line)))
    return tuple(found)


def _place(key: _Key) -> str:
    return f"{key[0]} in {key[1]}"
