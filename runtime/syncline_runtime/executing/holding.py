"""Holding: who holds the keys of a batch of records that want a place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace

from syncline_runtime.deciding import may_archive
from syncline_runtime.executing.context import Context
from syncline_runtime.identity import Holder, Known, Unlinked, keys
from syncline_runtime.rows import NO_VALUES

Closing = Mapping[tuple[int, str], frozenset[int]]
"""By rule and key, the open links of which a record that is gone had the key."""


def known_of(
    context: Context, records: Sequence[Unlinked], creating: frozenset[tuple[int, str]]
) -> tuple[Known, Closing]:
    """Who holds the keys of a batch, and who held them; of the holders that a weaker rule found, also who holds their stronger
    keys."""
    found = _Holders(context)
    for rule in range(len(context.entity.match)):
        found.look(rule, [key for record in records if (key := record.keys[rule]) is not None], records[0].system)
    if found.weaker:
        found.look_stronger()
    known = Known(holders=found.by_key, creating=creating, places=context.sync.places)
    return known, {where: frozenset(links) for where, links in found.closing.items()}


class _Holders:
    """Who holds which key, as far as a batch needs to know."""

    def __init__(self, context: Context) -> None:
        self.context = context
        self.by_key: dict[tuple[int, str], dict[str, tuple[Holder, ...]]] = {}
        self.closing: dict[tuple[int, str], set[int]] = {}
        self.weaker: dict[str, set[str]] = {}

    def look(self, rule: int, wanted: Sequence[str], asking: str = "") -> None:
        """Add the holders of some keys of one rule; a single one in the system that is `asking` is who asks, and left out. One
        that is gone from another place of that system may be who asks, too: it has moved."""
        store = self.context.store
        moving = self.context.sync.beside(asking)
        found = store.holders(self.context.entity.name, rule, list(dict.fromkeys(wanted)), gone=True)
        for key, _, _, link_id, state in found:
            if state == "gone" and link_id is not None:
                self.closing.setdefault((rule, key), set()).add(link_id)
        found = [row for row in found if row[4] != "gone" or (row[1] in moving and row[3] is not None)]
        if asking:
            several = Counter(key for key, *_ in found)
            found = [row for row in found if row[1] != asking or several[row[0]] > 1]
        archiving = {one for one in self.context.sync.systems if may_archive(self.context.sync, one)}
        links = [link_id for _, _, _, link_id, _ in found if link_id is not None]
        linked = store.systems_of(links)
        standing = store.systems_of(links, standing=True) if self.context.policy.placed else {}
        for key, system, remote_id, link_id, state in found:
            holder = Holder(
                remote_id=remote_id,
                link_id=link_id,
                linked=frozenset() if link_id is None else linked.get(link_id, frozenset()),
                aside=link_id is None and (state == "out_of_scope" or (state == "released" and system in archiving)),
                left=link_id is not None and state in ("gone", "out_of_scope", "released"),
                standing=standing.get(link_id, frozenset()) if link_id is not None else frozenset(),
            )
            by_system = self.by_key.setdefault((rule, key), {})
            by_system[system] = (*by_system.get(system, ()), holder)
            if rule:
                self.weaker.setdefault(system, set()).add(remote_id)

    def look_stronger(self) -> None:
        """Give holders found by a weaker rule their own keys, and add who else holds the stronger of those."""
        entity = self.context.entity
        own: dict[tuple[str, str], tuple[str | None, ...]] = {}
        for system, ids in self.weaker.items():
            unpack = self.context.sides[system].packing.unpack
            for remote_id, row in self.context.store.members(entity.name, system, sorted(ids)).items():
                own[system, remote_id] = keys(entity, unpack(row.seen or row.shadow or NO_VALUES))
        self.by_key = {
            (rule, key): {
                system: tuple(
                    replace(holder, keys=own.get((system, holder.remote_id), ())) if rule else holder
                    for holder in holders
                )
                for system, holders in by_system.items()
            }
            for (rule, key), by_system in self.by_key.items()
        }
        for rule in range(len(entity.match) - 1):
            wanted = {key for each in own.values() if (key := each[rule]) is not None}
            self.look(rule, sorted(key for key in wanted if (rule, key) not in self.by_key))
