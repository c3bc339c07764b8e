"""What the simulation of a spec does not show: known from the spec, or seen from what never happened. Pure."""

from collections.abc import Collection, Iterator, Mapping
from itertools import combinations

from syncline.model.spec import Arrow, Line, Map, Spec
from syncline.source import Span
from syncline_runtime.simulation.world import NESTED, WIDE


def trusted(spec: Spec) -> frozenset[tuple[str, str, str]]:
    """The fields (entity, system, field) that a system reads and writes through a codec of one's own."""
    return frozenset(
        (side.entity.name, side.system.name, line.field.name)
        for side in spec.maps
        for line in side.lines
        if line.field is not None and line.arrow is Arrow.BOTH and any(use.name == "python" for use in line.pipeline)
    )


def uncovered(
    spec: Spec,
    edited: Collection[tuple[str, str, str]],
    sent: Mapping[tuple[str, str], int],
    faults: Mapping[str, int],
    known_faults: Collection[str],
) -> Iterator[str]:
    """What was not tried, a sentence each. `edited` are fields (entity, system, field) in which simulated people stored values,
    `sent` the writes by (system, operation), `faults` how often each occurred."""
    yield "requests, paging and logins as they go over the wire: the twins stand behind the connectors' port"
    yield "erasures, migrations, and runs of more than a few records"
    called = any(trigger.kind == "webhook" for sync in spec.syncs for trigger in sync.triggers)
    if called and not faults.get("hooks"):
        yield "webhooks: none was delivered; changes were found by listings alone"
    for one in spec.derivations:
        yield f"derivations: those of {one.entity.name} are carried out and counted, but their values are not checked"
    for name, entity in spec.entities.items():
        for field in entity.collections:
            if not any(who == name and what == f"{field}[]" for who, _, what in edited):
                yield f"nested records of {name}: nobody edited {field} (people do from --seed {WIDE + NESTED} on)"
    synced = {sync.entity.name for sync in spec.syncs}
    for side in spec.maps:
        if side.entity.name in synced:
            yield from _untouched(side, edited)
    for side, beside in combinations((side for side in spec.maps if side.entity.name in synced), 2):
        if (side.system.name, side.resource.name) == (beside.system.name, beside.resource.name):
            yield _shared(side, beside)
    for sync in spec.syncs:
        for side in sync.maps:
            writes = any(line.arrow is not Arrow.READ for line in side.lines)
            if writes and not any(sent.get((side.system.name, what)) for what in ("create", "update")):
                yield f"{side.system.name}: nothing was ever written there"
    nested = any(entity.collections for entity in spec.entities.values())
    calm = [
        name
        for name in known_faults
        if not faults.get(name) and (called or not name.startswith("hook")) and (nested or name != "nested")
    ]
    if not sum(sent.values()):
        yield "NOTHING WAS EVER WRITTEN in any system, so that hardly anything was tried"
    if calm:
        yield f"faults that did not occur: {', '.join(calm)}"


def _shared(one: Map, other: Map) -> str:
    """What is not tried of a resource that two entities share."""
    names = f"{one.entity.name} and {other.entity.name}"
    if not all(side.where or side.where_expression is not None for side in (one, other)):
        return (
            f"{one.place}: its records may be of {names} at once, and the twins take each for one of them: what failed there"
            " may be their fault"
        )
    return f"{one.place}: nobody made of a record of one of {names} one of the other, or one of both"


def _untouched(side: Map, edited: Collection[tuple[str, str, str]]) -> Iterator[str]:
    place = side.place
    heard = [line.field.name for line in side.lines if line.field is not None and line.arrow is not Arrow.WRITE]
    own = {
        name.removesuffix("[]") for who, where, name in edited if (who, where) == (side.entity.name, side.system.name)
    }
    never = [name for name in heard if name not in own]
    if never:
        yield f"{place}: nobody ever stored a new {', '.join(never)} of {side.entity.name}; values for it are not made up"


def places(spec: Spec, entity: str, field: str) -> tuple[tuple[str, Span], ...]:
    """The clauses of a spec that speak of a field, or of all syncs and maps where none is given: what each is, and where."""
    found: list[tuple[str, Span]] = []
    for side in spec.maps:
        if entity and side.entity.name != entity:
            continue
        lines = [line for line in side.lines if _speaks_of(line, field)] if field else []
        found += [(f"map to {side.system.name}", line.span) for line in lines]
        if not field:
            found.append((f"map to {side.system.name}", side.span))
    for sync in spec.syncs:
        if entity and sync.entity.name != entity:
            continue
        if field:
            found += [("truth", rule.span) for rule in sync.rules_for(field)]
        else:
            found.append(("sync", sync.span))
    return tuple(found)


def _speaks_of(line: Line, field: str) -> bool:
    return line.field is not None and line.field.name == field
