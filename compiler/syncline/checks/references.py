"""References: what is referred to is in step in the same system, and no record waits for one that waits for it."""

from collections.abc import Iterator, Mapping, Sequence

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.references import TOLD_APART, Waits, referring, several, waits_of
from syncline.model.spec import Map, Spec, Sync


def check_references(spec: Spec) -> Iterator[Diagnostic]:
    """reference.not-synced, reference.other-resource, reference.same-ids, reference.cycle, match.reference."""
    for entity in spec.entities.values():
        for rule in entity.match:
            for field in rule.fields:
                if field.type.kind == "ref":
                    facts: dict[str, Fact] = {"field": field.name, "entity": entity.name}
                    yield Diagnostic("match.reference", rule.span, facts, (Label(field.span, "declared-here"),))
    synced = {sync.entity.name: sync for sync in spec.syncs}
    for sync in spec.syncs:
        for field_map in sync.maps:
            yield from _targets(field_map, synced)
            yield from _same_ids(field_map)
    yield from _cycles(spec)


def _targets(field_map: Map, synced: Mapping[str, Sync]) -> Iterator[Diagnostic]:
    """Of each reference in a map, the targets that cannot be found in the same system."""
    system = field_map.system
    for line in field_map.lines:
        if line.by is not None and line.by.target not in synced:
            said: dict[str, Fact] = {
                "native": line.natives[0].name,
                "system": system.name,
                "target": line.by.target,
                "entity": field_map.entity.name,
                "resource": "one of its resources",
            }
            yield Diagnostic("reference.not-synced", line.native_span, said)
    for line in referring(field_map):
        native = line.natives[0]
        held = set(native.type.targets)
        kind = line.field.type if line.field is not None else native.type
        for target in kind.targets:
            facts: dict[str, Fact] = {
                "native": native.name,
                "system": system.name,
                "target": target,
                "entity": field_map.entity.name,
                "resource": " or ".join(native.type.targets),
            }
            home = (line.homes or {}).get(target, system.name)
            maps = synced[target].maps if target in synced else ()
            other = next((one for one in maps if one.system.name == home), None)
            if other is None:
                labels: tuple[Label, ...] = (Label(synced[target].span, "sync-of-target"),) if target in synced else ()
                yield Diagnostic("reference.not-synced", line.native_span, facts, labels)
            elif other.resource.name not in held:
                facts["found"] = other.resource.name
                labels = (Label(native.span, "native-declared-here"), Label(other.span, "map-here"))
                yield Diagnostic("reference.other-resource", line.native_span, facts, labels)


def _same_ids(field_map: Map) -> Iterator[Diagnostic]:
    """Of each reference to one of several resources, those that count from one: an id does not say whose it is."""
    for line, native, resources in several(field_map):
        counting = [one for one in resources if one.fields[one.declaration.identity].type.kind not in TOLD_APART]
        if counting:
            facts: dict[str, Fact] = {
                "native": native.name,
                "targets": " or ".join(one.name for one in resources),
                "resource": counting[0].name,
            }
            yield Diagnostic(
                "reference.same-ids", line.native_span, facts, (Label(native.span, "native-declared-here"),)
            )


def _cycles(spec: Spec) -> Iterator[Diagnostic]:
    """Circles of records none of which can be created before the next one is there."""
    told: set[frozenset[int]] = set()
    waits = tuple(waits_of(spec))
    for name in dict.fromkeys(wait.system for wait in waits if not wait.after):
        graph: dict[str, list[Waits]] = {}
        for wait in waits:
            if wait.after or (wait.system == name and wait.needed and _creates(spec, wait.entity, name)):
                graph.setdefault(wait.entity, []).append(wait)
        for loop in _loops(graph):
            places = frozenset(wait.span.start for wait in loop)
            if places in told or not any(wait.needed for wait in loop):
                continue
            told.add(places)
            drawn = " → ".join([*(wait.text for wait in loop), loop[0].entity])
            facts: dict[str, Fact] = {"system": name, "loop": drawn, "count": len(loop)}
            labels = tuple(Label(wait.span, "waits-here", {"text": wait.target}) for wait in loop[1:])
            yield Diagnostic("reference.cycle", loop[0].span, facts, labels)


def _creates(spec: Spec, entity: str, system: str) -> bool:
    sync = next(one for one in spec.syncs if one.entity.name == entity)
    rules = [rule for rule in sync.creates if rule.system.account == system]
    return sync.several and (not rules or any(rule.allowed for rule in rules))


def _loops(graph: Mapping[str, Sequence[Waits]]) -> Iterator[list[Waits]]:
    """Each circle once, from the entity that is declared first; entities that are in none are left in one visit."""
    done: set[str] = set()
    for start in graph:
        path: list[Waits] = []
        at: list[tuple[int, Waits]] = [(0, wait) for wait in reversed(graph[start])]
        while at:
            depth, wait = at.pop()
            del path[depth:]
            path.append(wait)
            within = [one.entity for one in path]
            if wait.target in within:
                yield path[within.index(wait.target) :]
            elif wait.target not in done:
                at.extend((depth + 1, following) for following in reversed(graph.get(wait.target, ())))
        done.add(start)
