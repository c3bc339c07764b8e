"""What a write that the engine sends must be: announced, agreed on, as planned and approved, and of nobody who is held."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from syncline_runtime.declaration import FieldMap
from syncline_runtime.ports import Write
from syncline_runtime.records import LinkStatus
from syncline_runtime.rows import LinkRow, OpenConflict
from syncline_runtime.simulation.inventing import MAPPING_ERRORS, in_system, shown
from syncline_runtime.simulation.keeping import Keeper, Wave
from syncline_runtime.simulation.ledger import Ledger, Sending
from syncline_runtime.simulation.world import short
from syncline_runtime.values import ABSENT


def sent(ledger: Ledger, system: str, resource: str, what: str, writes: Sequence[Write]) -> list[Sending]:
    """The engine is about to send writes: they must be announced (I8), and go to nobody who is held (I7)."""
    keeper, world = ledger.keeper, ledger.world
    assert keeper is not None
    mapping = _mapping(ledger, keeper, system, resource, writes[0])
    ops = {"create": ("create",), "delete": ("delete",)}.get(what, ("update", "archive", "restore"))
    waves = {
        number: wave
        for number, wave in keeper.waves.items()
        if wave.entity == mapping.entity and wave.system == system and wave.op in ops
    }
    sendings = [_announced(ledger, keeper, mapping, what, one, waves) for one in writes]
    links = {row.link_id: row for row in keeper.links([one.link_id for one in sendings])}
    opened = {(intent.link_id, intent.system): intent for intent in keeper.open_intents(mapping.entity)}
    conflicts = {
        (each.link_id, each.field) for each in keeper.review.conflicts() if not _is_elsewhere(each, system, what)
    }
    told = []
    if what == "delete":
        _approved(ledger, keeper, mapping, [one.link_id for one in sendings])
    if keeper.previewing:
        world.violate("A4", f"a write to {system}, while a plan was made")
    for one, write in zip(sendings, writes, strict=True):
        breach = None if ledger.promised is None else ledger.promised.breach(mapping, what, write)
        if breach is not None:
            world.violate("A4", breach, mapping.entity)
        if one.link_id in ledger.kept:
            world.violate("A2", f"a write to {system} of link {one.link_id}, which a person let be")
        link = links.get(one.link_id)
        waiting = opened.get((one.link_id, system))
        again = what == "create" and waiting is not None and waiting.idempotency_key == write.idempotency_key
        if waiting is not None and not again:
            world.violate("I7", f"a write to {system} of link {one.link_id}, whose last write has no known outcome")
        if link is not None and link.status == LinkStatus.HELD.value:
            world.violate("I7", f"a write to {system} of link {one.link_id}, which is held")
        if what != "delete":
            for field in _in_conflict(
                mapping, write, {field for link_id, field in conflicts if link_id == one.link_id}
            ):
                text = f"a write to {system} of {field} of link {one.link_id}: in conflict"
                world.violate("I7", text, mapping.entity, field)
        if link is not None and link.status == LinkStatus.LIVE.value and one.op in ("create", "update"):
            _decided_upon(ledger, mapping, one, link, write)
        told.append(one._replace(generation=link.generation if link is not None else 0))
    return told


def _mapping(ledger: Ledger, keeper: Keeper, system: str, resource: str, write: Write) -> FieldMap:
    """The map to which what is written belongs; of a new record that does not show it, that for which it was announced."""
    belonging, remote_id = ledger.belonging, write.remote_id
    if remote_id is not None:
        found = belonging.of(system, resource, remote_id)
    else:
        found = belonging.told_by(system, resource, write.native)
    announced = {wave.entity for wave in keeper.waves.values() if wave.system == system}
    maps = belonging.maps(system, resource)
    return found or next((one for one in maps if one.entity in announced), None) or next(iter(maps))


def _is_elsewhere(conflict: OpenConflict, system: str, what: str) -> bool:
    """Whether drift was reported in another system: the owner's value, which is agreed on, is written to all others."""
    drifted = msgspec.json.decode(conflict.candidates, type=dict[str, msgspec.Raw])
    return conflict.reason.startswith("drift report ") and (what == "create" or system not in drifted)


def _in_conflict(mapping: FieldMap, write: Write, conflicts: set[str]) -> Iterable[str]:
    """The fields in conflict of which a write sends what no other field has a part in."""
    for flow in mapping.flows:
        if flow.field in conflicts and set(flow.native) & set(write.native):
            others = [each for each in mapping.flows if each is not flow and set(each.native) & set(flow.native)]
            if not others:
                yield flow.field


def _approved(ledger: Ledger, keeper: Keeper, mapping: FieldMap, link_ids: Iterable[int]) -> None:
    """Where a guard lets no delete pass, no more are sent in a run than a person approved."""
    sync = next(one for one in ledger.package.syncs if one.entity == mapping.entity)
    if not any((one.operation, one.count, one.percent) == ("delete", 0, 0.0) for one in sync.guards):
        return
    run = keeper.review.runs(1)[0].run_id
    deleting = ledger.deleting.setdefault((run, mapping.entity, mapping.system), set())
    deleting.update(link_ids)
    about = ("approve", mapping.entity, mapping.system, "delete", run)
    approved = sum(
        int(one.value or 0)
        for one in keeper.decisions()
        if (one.kind, one.entity, one.system, one.field, one.run_id) == about
    )
    if len(deleting) > approved:
        text = f"{len(deleting)} were deleted in {mapping.system}, and {approved} were approved"
        ledger.world.violate("A3", text, mapping.entity)


def _decided_upon(ledger: Ledger, mapping: FieldMap, sending: Sending, link: LinkRow, write: Write) -> None:
    """What is sent follows from what was agreed and is durable (I8: K1)."""
    values = in_system(ledger.agreed(mapping.entity, link), mapping.system, ledger.remotes())
    entity = ledger.package.entities[mapping.entity]
    complete = {**dict.fromkeys(entity.fields, ABSENT), **values}
    # What an element held beside what is agreed on, it keeps.
    old = dict(write.native) if entity.collections else None
    try:
        wanted = mapping.write(complete, old)
    except MAPPING_ERRORS:
        return
    both = wanted.keys() & write.native.keys()
    agreed = shown(mapping, {name: wanted[name] for name in both})
    if agreed != shown(mapping, {name: write.native[name] for name in both}):
        text = f"{short(dict(write.native))} is sent to {sending.system}, and link {link.link_id} is not agreed on it"
        ledger.world.violate("I8", text)


def _announced(
    ledger: Ledger, keeper: Keeper, mapping: FieldMap, what: str, write: Write, waves: Mapping[int, Wave]
) -> Sending:
    link_id, op = 0, what
    system, resource, world = mapping.system, mapping.resource, ledger.world
    if what == "create":
        _, number, index = (write.idempotency_key or "-0-0").rsplit("-", 2)
        wave = waves.get(int(number))
        if wave is not None and int(index) < len(wave.rows):
            link_id = wave.rows[int(index)][0]
        else:
            # the same create once more, under the key by which the system knows it
            intents = keeper.open_intents(mapping.entity)
            link_id = next((i.link_id for i in intents if i.idempotency_key == write.idempotency_key), 0)
            op = "create again"
    else:
        found = ((row[0], wave.op) for wave in waves.values() for row in wave.rows if row[1] == write.remote_id)
        link_id, op = next(found, (0, what))
    if not link_id:
        world.violate("I8", f"{what} of {write.remote_id or 'a new record'} in {system} was not announced")
    guard = ledger.last_read(system, resource, write.remote_id or "")
    if guard is not None and world.elapsed - guard[0] > 120.0:
        guard = None
    return Sending(
        entity=mapping.entity,
        system=system,
        resource=resource,
        link_id=link_id,
        generation=0,
        remote_id=write.remote_id or "",
        at=world.elapsed,
        guard=guard,
        locked=write.version is not None,
        op=op,
    )
