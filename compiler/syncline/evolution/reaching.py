"""What a field reaches: the places of other systems that are written from it, through all maps of its entity and through what
follows from it."""

from collections.abc import Iterable, Iterator

from syncline.evolution.change import Effect
from syncline.model.expressions import Expression
from syncline.model.spec import Arrow, Line, Map, Spec, Sync
from syncline.model.spelling import names_in


def reached(spec: Spec, entity: str, names: Iterable[str]) -> tuple[Effect, ...]:
    """The places whose values depend on the fields: those written from them, those written from what is read back from there, and
    the records whose existence hangs on them."""
    waiting = [(entity, name) for name in dict.fromkeys(names)]
    known = set(waiting)
    found: dict[Effect, None] = {}
    while waiting:
        entity, name = waiting.pop(0)
        for candidate in spec.maps:
            names = candidate.names_of(entity, name)
            written = [line for line in candidate.lines if any(_writes(line, one) for one in names)]
            for line in written:
                found.update(dict.fromkeys(written_by(candidate, line, name)))
            if candidate.entity.name == entity and _reads(candidate.when, name):
                found[_records(candidate, name)] = None
            for other in _read_back(candidate, written):
                if (candidate.entity.name, other) not in known:
                    known.add((candidate.entity.name, other))
                    waiting.append((candidate.entity.name, other))
        for sync in spec.syncs:
            if sync.entity.name == entity:
                found.update(dict.fromkeys(_conditioned(sync, name)))
        for owner, computed in _computed_with(spec, entity, name):
            if (owner, computed) not in known:
                known.add((owner, computed))
                waiting.append((owner, computed))
        for derivation in spec.derivations:
            if derivation.origin.name != entity:
                continue
            made = derivation.entity.name
            if _reads(derivation.condition, name):
                found.update(dict.fromkeys(all_records(spec, made)))
            for line in derivation.lines:
                if _reads(line.expression, name) and (made, line.slot) not in known:
                    known.add((made, line.slot))
                    waiting.append((made, line.slot))
    return tuple(found)


def written_by(mapping: Map, line: Line, field: str) -> tuple[Effect, ...]:
    """The places that a line writes; none for a line that only reads."""
    if line.arrow is Arrow.READ:
        return ()
    return tuple(Effect(mapping.system.name, mapping.resource.name, native.name, field) for native in line.natives)


def all_records(spec: Spec, entity: str, system: str | None = None) -> tuple[Effect, ...]:
    """The records of an entity as wholes, in one system or in all of its sync."""
    return tuple(
        Effect(candidate.system.name, candidate.resource.name)
        for sync in spec.syncs
        if sync.entity.name == entity
        for candidate in sync.maps
        if system is None or candidate.system.name == system
    )


def uses_of(spec: Spec, system: str, resource: str | None = None, native: str | None = None) -> tuple[Effect, ...]:
    """What a change at a system touches: the written fields of its maps, or of those in a resource, or one of them; and where a
    line also reads, what its field reaches elsewhere."""
    found: dict[Effect, None] = {}
    for candidate in spec.maps:
        if candidate.system.name != system or (resource is not None and candidate.resource.name != resource):
            continue
        for line in candidate.lines:
            if native is None or any(one.name == native for one in line.natives):
                found.update(dict.fromkeys(written_by(candidate, line, "" if line.field is None else line.field.name)))
                if line.field is not None and line.arrow is not Arrow.WRITE:
                    found.update(dict.fromkeys(reached(spec, candidate.entity.name, [line.field.name])))
    return tuple(found)


def _writes(line: Line, name: str) -> bool:
    if line.arrow is Arrow.READ:
        return False
    return _reads(line.expression, name) or (line.field is not None and line.field.name == name)


def _reads(expression: Expression | None, name: str) -> bool:
    return expression is not None and name in names_in(expression)


def _read_back(mapping: Map, written: list[Line]) -> Iterator[str]:
    natives = {native.name for line in written for native in line.natives}
    for line in mapping.lines:
        if (
            line.field is not None
            and line.arrow is not Arrow.WRITE
            and any(one.name in natives for one in line.natives)
        ):
            yield line.field.name


def _computed_with(spec: Spec, entity: str, name: str) -> Iterator[tuple[str, str]]:
    """The fields that are computed from one, in its own record and in those that it is collected in."""
    for owner in spec.entities.values():
        for field in owner.fields.values():
            if field.computed is None:
                continue
            for read in names_in(field.computed):
                head, _, rest = read.partition(".")
                back = owner.back.get(head)
                own = back is None and owner.name == entity and read == name
                if own or (back is not None and back.entity == entity and name in (rest, back.via)):
                    yield owner.name, field.name


def _conditioned(sync: Sync, name: str) -> Iterator[Effect]:
    for rule in (*sync.creates, *sync.updates):
        mapping = sync.map_of(rule.system)
        if mapping is not None and _reads(rule.when, name):
            yield _records(mapping, name)


def _records(mapping: Map, name: str) -> Effect:
    return Effect(mapping.system.name, mapping.resource.name, "", name)
