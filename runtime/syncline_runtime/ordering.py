"""In which order the syncs of a package run: those whose records others refer to first. Pure."""

from collections.abc import Mapping, Sequence

from syncline_runtime.declaration import Package, Sync


def ordered(package: Package, names: Sequence[str] = ()) -> list[Sync]:
    """The syncs of a package, or those of the named entities, one by one in the order in which they run."""
    return [sync for group in grouped(package, names) for sync in group]


def grouped(package: Package, names: Sequence[str] = ()) -> list[list[Sync]]:
    """The syncs in groups, each after those it runs `after`, refers to or is derived from; those in a circle are one group."""
    syncs = [sync for sync in package.syncs if not names or sync.entity in names]
    present = {sync.entity for sync in syncs}
    first = {
        sync.entity: (_referred(package, sync) | _origins(package, sync) | set(sync.after)) & present - {sync.entity}
        for sync in syncs
    }
    reached = {entity: _reached(entity, first) for entity in first}
    groups: list[list[Sync]] = []
    waiting = list(syncs)
    done: set[str] = set()
    while waiting:
        head = next(sync for sync in waiting if reached[sync.entity] <= done | _circle(sync.entity, reached))
        circle = _circle(head.entity, reached)
        group = _within([sync for sync in waiting if sync.entity in circle])
        groups.append(group)
        done |= circle
        waiting = [sync for sync in waiting if sync.entity not in circle]
    return groups


def _referred(package: Package, sync: Sync) -> set[str]:
    return {
        target
        for mapping in package.mappings
        if mapping.entity == sync.entity and mapping.system in sync.systems
        for flow in mapping.flows
        for target in flow.refers
    }


def _origins(package: Package, sync: Sync) -> set[str]:
    return {rule.origin for rule in package.derivations if rule.entity == sync.entity}


def _reached(start: str, first: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = [start]
    while todo:
        fresh = first[todo.pop()] - found
        found |= fresh
        todo.extend(sorted(fresh))
    return found


def _circle(entity: str, reached: Mapping[str, set[str]]) -> set[str]:
    """The entity with all that it leads to and that lead to it."""
    return {entity} | {other for other in reached[entity] if entity in reached[other]}


def _within(syncs: list[Sync]) -> list[Sync]:
    """Syncs that refer to one another, as `run after` has them; where that goes in a circle, too, as the spec has them."""
    present = {sync.entity for sync in syncs}
    found: list[Sync] = []
    while len(found) < len(syncs):
        placed = {sync.entity for sync in found}
        rest = [sync for sync in syncs if sync.entity not in placed]
        ready = [sync for sync in rest if not (set(sync.after) & present) - placed]
        found.append((ready or rest)[0])
    return found
