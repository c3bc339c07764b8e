"""What must hold at each commit, not only at rest: nothing is unseen behind a cursor (I10), nothing ambiguous has a link (I6)."""

from collections.abc import Collection, Mapping
from math import inf

from syncline_runtime import cursors
from syncline_runtime.declaration import FieldMap, Package
from syncline_runtime.identity import keys
from syncline_runtime.simulation.inventing import shown
from syncline_runtime.simulation.keeping import Keeper
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.server import Server, fits
from syncline_runtime.simulation.world import World, short
from syncline_runtime.state.packing import Packing, packing
from syncline_runtime.values import ABSENT


class Watch:
    """An eye on the store, called after each commit."""

    def __init__(self, package: Package, world: World, servers: Mapping[str, Server], ledger: Ledger) -> None:
        self._package, self._world, self._servers, self._ledger = package, world, servers, ledger
        self._cursors: dict[tuple[str, str], str] = {}
        self._links: set[int] = set()
        self._told: set[str] = set()
        self._packings = {
            (one.entity, one.system): packed(package, one) for one in package.mappings if one.system in servers
        }

    def committed(self) -> None:
        """Look at what is durable now."""
        keeper = self._ledger.keeper
        if keeper is None:
            return
        for mapping in self._package.mappings:
            if mapping.system not in self._servers:
                continue
            cursor = keeper.cursor(mapping.entity, mapping.system)
            if cursor is None or cursor[0] is None or self._cursors.get((mapping.entity, mapping.system)) == cursor[0]:
                continue
            self._cursors[mapping.entity, mapping.system] = cursor[0]
            self._passed(keeper, mapping, cursor[0])
        self._linked(keeper)

    def _passed(self, keeper: Keeper, mapping: FieldMap, cursor: str) -> None:
        """What no listing since the cursor will show is known as it is, or marked to be read."""
        server = self._servers[mapping.system]
        table = server.tables[mapping.resource]
        since = table.resource.list.since if table.resource.list is not None else None
        if since is None:
            return
        bound = cursors.stored(cursors.asked(cursor, since), since.spelling)
        behind = []
        for remote_id in table.live():
            native = table.native(remote_id) or {}
            version = cursors.stored(native.get(since.field), since.spelling)
            before = version is not None and version != bound and cursors.later(version, bound, since.spelling) == bound
            told = not table.conduct.leaves_out(server.name, remote_id)
            scoped = mapping.in_scope is None or mapping.in_scope(native)
            if before and told and scoped and fits(native, mapping.where):
                behind.append(remote_id)
        if not behind:
            return
        rows = keeper.members(mapping.entity, mapping.system, behind)
        marked = {*keeper.review.due(mapping.entity, mapping.system, inf)}
        marked |= keeper.review.held_records(mapping.entity, mapping.system, behind)
        unpack = self._packings[mapping.entity, mapping.system].unpack
        for remote_id in behind:
            row = rows.get(remote_id)
            if remote_id in marked or self._ledger.in_doubt(mapping.system, remote_id):
                continue
            if row is None:
                if remote_id not in table.passed_over:
                    self._tell("I10", f"{mapping.system} {remote_id} is behind the cursor {cursor}, and was never seen")
                continue
            document = row.seen if row.seen is not None else row.shadow
            if row.state != "live" or document is None:
                continue
            known, now = unpack(document), shown(mapping, table.native(remote_id) or {})
            stale = {
                name: value
                for name, value in now.items()
                if value is not ABSENT
                and known.get(name, ABSENT) not in (value, ABSENT)
                and not any(set(flow.native) & server.was_hidden for flow in mapping.flows if flow.field == name)
            }
            if not stale:
                table.passed_over.discard(remote_id)  # a listing that came to nothing does not make it known
            elif remote_id not in table.passed_over:
                for name, value in stale.items():
                    self._tell(
                        "I10",
                        f"{mapping.system} {remote_id} is behind the cursor {cursor} and shows {name} {short(value)}; known is"
                        f" {short(known.get(name))}",
                    )

    def _linked(self, keeper: Keeper) -> None:
        """No record that waits for a person to say which it is has a link; and none is linked beside another with its key."""
        held = {
            (each.system, each.entity, each.remote_id)
            for each in keeper.review.quarantined()
            if each.reason_code.startswith("identity.") and each.reason_code != "identity.merged"
        }
        for system, entity, remote_id in self._ledger.linked if held else ():
            if (system, entity, remote_id) in held and system in self._servers:
                row = keeper.members(entity, system, [remote_id]).get(remote_id)
                if row is not None and row.link_id is not None and row.state == "live":
                    self._tell("I6", f"{system} {remote_id} waits for a person to say which it is, and has a link")
        new = set(self._ledger.linked.values()) - self._links
        self._links |= new
        for place, number in self._ledger.linked.items() if new else ():
            if number in new and place[0] in self._servers:
                self._alone(keeper, new, *place)

    def _alone(self, keeper: Keeper, new: Collection[int], system: str, entity: str, remote_id: str) -> None:
        """A record that was just linked shares its key with none of its system that is known and had no link."""
        unpack = self._packings[entity, system].unpack
        declared = self._package.entities[entity]
        table = self._servers[system].tables[self._package.mapping(entity, system).resource]
        rows = keeper.members(entity, system, list(table.history))
        own = rows.get(remote_id)
        if own is None or own.link_id not in new or self._ledger.is_placed(own.link_id):
            return

        def key(document: bytes | None) -> str | None:
            return None if document is None else next(iter(keys(declared, unpack(document))), None)

        mine = key(own.seen if own.seen is not None else own.shadow)
        for row in rows.values():
            had_none = (row.link_id is None or row.link_id in new) and row is not own and row.state == "live"
            if had_none and mine is not None and key(row.seen if row.seen is not None else row.shadow) == mine:
                self._tell("I6", f"{system} {remote_id} was linked, and {row.remote_id} has the same key")

    def forget(self) -> None:
        """The state was lost, and with it all that it knew."""
        self._cursors.clear()
        self._links.clear()

    def _tell(self, invariant: str, text: str) -> None:
        if text not in self._told:
            self._told.add(text)
            self._world.violate(invariant, text)


def packed(package: Package, mapping: FieldMap) -> Packing:
    """How the executor packs what the records of a map show."""
    slots = [flow.field for flow in mapping.flows if flow.field.startswith("=")]
    return packing(package.entities[mapping.entity], slots, [flow.field for flow in mapping.flows if flow.refers])
