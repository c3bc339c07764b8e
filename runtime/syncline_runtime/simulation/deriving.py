"""What must hold of records that follow from others: exactly one for each source and rule, in every system that is to have it."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from syncline_runtime.declaration import Derivation, Package, Sync
from syncline_runtime.simulation.inventing import MAPPING_ERRORS
from syncline_runtime.simulation.keeping import Keeper
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.server import Server
from syncline_runtime.simulation.world import Violation
from syncline_runtime.state.packing import packing
from syncline_runtime.values import ABSENT


def derived(
    package: Package, sync: Sync, servers: Mapping[str, Server], keeper: Keeper, ledger: Ledger
) -> Iterator[Violation]:
    """Invariants D2 (derived exactly once, or as long as it holds), D3 (and made in each system) of a world at rest."""
    for rule in package.derivations:
        if rule.entity == sync.entity:
            yield from _followed(package, rule, keeper, ledger)
            yield from _made(package, sync, rule, servers, keeper, ledger)


def _followed(package: Package, rule: Derivation, keeper: Keeper, ledger: Ledger) -> Iterator[Violation]:
    sources = [link_id for link_id, entity in keeper.entities().items() if entity == rule.origin]
    rows = keeper.members(rule.entity, rule.system, [str(link_id) for link_id in sources])
    if rule.once:
        for entity, system, link_id in sorted(ledger.edges.due):
            if (entity, system) == (rule.entity, rule.system) and str(link_id) not in rows:
                yield Violation(
                    "D2", f"{rule.origin} {link_id} came to be {rule.text}, and has no {rule.entity}", rule.entity
                )
        return
    if rule.dates is not None:
        return
    unpack = packing(package.entities[rule.origin]).unpack
    now = datetime.fromtimestamp(ledger.world.now(), UTC)
    absent: dict[str, Any] = dict.fromkeys(package.entities[rule.origin].fields, ABSENT)
    asked = {each.link_id for each in keeper.review.quarantined() if each.entity == rule.origin}
    for link in keeper.links(sources):
        row = rows.get(str(link.link_id))
        values = {**absent, **unpack(link.doc)}
        if row is not None and row.link_id is not None and _deleted(ledger, rule.entity, row.link_id):
            continue  # somebody deleted it where it was made: that ends it, as the spec says for any record
        try:
            holds = link.status == "live" and rule.holds(values, values, now)
        except MAPPING_ERRORS as error:
            if link.link_id not in asked:
                text = f"{rule.origin} {link.link_id}: nobody is told that {rule.text} cannot be judged: {error}"
                yield Violation("D2", text, rule.entity)
            continue
        if link.status != "held" and holds is not (row is not None and row.state == "live"):
            told = "holds" if holds else "does not hold"
            yield Violation(
                "D2", f"{rule.origin} {link.link_id}: {rule.text} {told}, and so it is not with its {rule.entity}"
            )


def _made(
    package: Package, sync: Sync, rule: Derivation, servers: Mapping[str, Server], keeper: Keeper, ledger: Ledger
) -> Iterator[Violation]:
    ids = [link_id for link_id, entity in keeper.entities().items() if entity == rule.entity]
    told = {each.link_id for each in keeper.review.quarantined()}
    told |= {intent.link_id for intent in keeper.open_intents(rule.entity)}
    members = keeper.members_of(ids)
    guarded = keeper.guarded(rule.entity)
    for link in keeper.links(ids):
        own = members.get(link.link_id, [])
        if link.status != "live" or link.link_id in told or any(one.state != "live" for one in own):
            continue
        if not any(one.system == rule.system for one in own):
            continue
        for system in sync.systems:
            if system not in servers or (system, "create") in guarded:
                continue
            known = [one for one in own if one.system == system]
            if len(known) != 1 and not _deleted(ledger, rule.entity, link.link_id):
                yield Violation(
                    "D3", f"{rule.entity} {link.link_id} was derived, and {system} has {len(known)} of it", rule.entity
                )


def _deleted(ledger: Ledger, entity: str, link_id: int) -> bool:
    """Whether people deleted a record of a link."""
    return any(place[1] == entity and ledger.linked.get(place) == link_id for place in ledger.deleted)
