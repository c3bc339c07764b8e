"""What must hold between records: computed fields are what their function makes, and a record is made wherever it is to be."""

from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from syncline_runtime.declaration import FieldMap, Package, Sync
from syncline_runtime.identity import keys
from syncline_runtime.policy import Policy, blank, complete
from syncline_runtime.records import LinkStatus
from syncline_runtime.rows import LinkRow, MemberRow
from syncline_runtime.simulation.inventing import MAPPING_ERRORS, shown
from syncline_runtime.simulation.keeping import Keeper
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.server import Server
from syncline_runtime.simulation.world import Violation, short
from syncline_runtime.state.packing import packing
from syncline_runtime.values import ABSENT, Reference, Shown


def computed(package: Package, sync: Sync, keeper: Keeper) -> Iterator[Violation]:
    """Invariant P3 of a world at rest: the function, over the records that refer to a record now, gives what was agreed."""
    entity = package.entities[sync.entity]
    if entity.compute is None:
        return
    referring = {name: _referring(package, keeper, back.entity, back.via) for name, back in entity.back.items()}
    unpack = packing(entity).unpack
    for row in keeper.links(_of(keeper, sync.entity)):
        if row.status != LinkStatus.LIVE.value:
            continue
        values = unpack(row.doc)
        try:
            wanted = entity.compute(values, {name: referring[name].get(row.link_id, ()) for name in entity.back})
        except MAPPING_ERRORS:
            continue
        for name, value in wanted.items():
            if values.get(name, ABSENT) != value:
                text = f"{entity.name} {row.link_id}: {name} is {short(values.get(name))}, and computed it is {short(value)}"
                yield Violation("P3", text, entity.name, name)


def values_of(package: Package, keeper: Keeper) -> dict[int, Mapping[str, Any]]:
    """The agreed values of every link: what others may look at, closed ones included."""
    entities = keeper.entities()
    unpack = {name: packing(entity).unpack for name, entity in package.entities.items()}
    return {row.link_id: unpack[entities[row.link_id]](row.doc) for row in keeper.links(sorted(entities))}


def behind(path: str, values: Mapping[str, Any], known: Mapping[int, Mapping[str, Any]]) -> Shown:
    """The agreed value that a path of references leads to from a record; where one of them holds none, that: null, or nothing."""
    *ways, field = path.split(".")
    for way in ways:
        held = values.get(way, ABSENT)
        if not isinstance(held, Reference):
            return held  # type: ignore[no-any-return]
        values = known.get(held.link, {})
    return values.get(field, ABSENT)  # type: ignore[no-any-return]


def _of(keeper: Keeper, entity: str) -> list[int]:
    return [link_id for link_id, name in keeper.entities().items() if name == entity]


def _referring(package: Package, keeper: Keeper, entity: str, via: str) -> dict[int, tuple[Mapping[str, Any], ...]]:
    """The agreed values of an entity's records, by the link that each refers to."""
    found: dict[int, tuple[Mapping[str, Any], ...]] = {}
    unpack = packing(package.entities[entity]).unpack
    for row in keeper.links(sorted(_of(keeper, entity))):
        values = unpack(row.doc)
        target = values.get(via)
        if row.status != LinkStatus.TOMBSTONE.value and isinstance(target, Reference):
            found[target.link] = (*found.get(target.link, ()), values)
    return found


def made(
    policy: Policy,
    rows: Mapping[int, LinkRow],
    members: Mapping[int, Collection[MemberRow]],
    docs: Mapping[int, Mapping[str, Any]],
    servers: Mapping[str, Server],
    keeper: Keeper,
    ledger: Ledger,
) -> Iterator[Violation]:
    """Invariant P2 of a world at rest: a live record is in every system in which its spec creates it, unless something is said to
    stand in its way, or in that of a record to which it refers."""
    entity = policy.entity
    told = {(each.link_id, each.system) for each in keeper.review.quarantined()}
    told |= {(intent.link_id, intent.system) for intent in keeper.open_intents(entity.name)}
    told |= {(each.link_id, "") for each in keeper.review.conflicts()}
    waiting = {(each.link_id, each.system) for each in keeper.waiting()}  # `status` says for whom
    guarded, remotes = keeper.guarded(entity.name), ledger.remotes()
    held = {
        key for each in keeper.review.quarantined() for key in _keys_of(policy, servers, each.system, each.remote_id)
    }
    doubted = {each.link_id for each in keeper.review.quarantined() if each.reason_code == "outcome.unknown"}
    linked = keeper.linked() if doubted else {}
    for link_id, row in rows.items():
        own = members.get(link_id, ())
        if row.status != LinkStatus.LIVE.value or not own or any(one.state != "live" for one in own):
            continue
        if {(link_id, ""), *((link_id, one.system) for one in own)} & told or held.intersection(
            enumerate(keys(entity, docs[link_id]))
        ):
            continue
        whole = complete(policy, docs[link_id])
        for system, side in policy.sides.items():
            if system not in servers or any(one.system == system for one in own) or not (side.created and side.written):
                continue
            clause = policy.sync.creates.get(system)
            barred = clause is not None and not _holds(clause.when, whole)
            barred = barred or not belongs(side.map, whole)
            barred = barred or any(one.system in side.beside for one in own)
            barred = barred or any(blank(whole.get(name, ABSENT)) for name in side.written if name in entity.required)
            waits = any(
                isinstance(value := whole.get(name), Reference) and (system, value.entity, value.link) not in remotes
                for name in side.written
            )
            if link_id in doubted:  # its key is reserved: who has it in this system waits, and with that the create
                beside = set(servers[system].tables[side.map.resource].live())
                beside -= {one for where, name, one in linked if (where, name) == (system, entity.name)}
                mine = set(enumerate(keys(entity, docs[link_id])))
                waits = waits or any(mine & _keys_of(policy, servers, system, one) for one in beside)
            if not (barred or waits or (system, "create") in guarded or (link_id, system) in told | waiting):
                yield Violation(
                    "P2", f"{entity.name} {link_id} was never made in {system}, and nobody is told why", entity.name
                )


def belongs(mapping: FieldMap, values: Mapping[str, Any]) -> bool:
    """Whether the `when` of a map is known to hold: not where a field that it asks for was never shown, and the record waits."""
    return _holds(mapping.applies, values)


def _holds(condition: Callable[[Mapping[str, Any]], bool] | None, values: Mapping[str, Any]) -> bool:
    try:
        return condition is None or bool(condition(values))
    except MAPPING_ERRORS:
        return False


def _keys_of(policy: Policy, servers: Mapping[str, Server], system: str, remote_id: str) -> set[tuple[int, str | None]]:
    side = policy.sides.get(system)
    if side is None or not remote_id or system not in servers:
        return set()
    native = servers[system].tables[side.map.resource].native(remote_id)
    return (
        set() if native is None else {one for one in enumerate(keys(policy.entity, shown(side.map, native))) if one[1]}
    )
