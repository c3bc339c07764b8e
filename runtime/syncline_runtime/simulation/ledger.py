"""What really happened, as only the checker knows it: who typed what, what became durable, what was overwritten."""

from collections.abc import Collection, Iterable, Mapping, MutableMapping
from typing import Any, NamedTuple, TypeAlias

from syncline_runtime.declaration import FieldMap, Package, When
from syncline_runtime.identity import keys
from syncline_runtime.policy import blank
from syncline_runtime.ports import NativeRecord
from syncline_runtime.records import LinkStatus
from syncline_runtime.rows import LinkRow
from syncline_runtime.simulation.belonging import Belonging
from syncline_runtime.simulation.cells import cells, element_of, is_element
from syncline_runtime.simulation.edges import Edges
from syncline_runtime.simulation.edits import Edit
from syncline_runtime.simulation.grouping import Cell, Sets
from syncline_runtime.simulation.inventing import shown
from syncline_runtime.simulation.keeping import Keeper, Wave
from syncline_runtime.simulation.nested import Elements, Place
from syncline_runtime.simulation.promised import Promised
from syncline_runtime.simulation.server import Server
from syncline_runtime.simulation.world import World, short
from syncline_runtime.state.packing import packing
from syncline_runtime.values import ABSENT, Native, Shown

_ROUND_TRIP = 2.0
"""Seconds that a write without a reading before it may take to arrive."""


class Sending(NamedTuple):
    """A write of the engine on its way; `guard` is when the record was last read before, and what it showed."""

    entity: str
    system: str
    resource: str
    link_id: int
    generation: int
    remote_id: str
    at: float
    guard: tuple[float, Mapping[str, Shown]] | None
    locked: bool
    op: str


Reading: TypeAlias = tuple[float, Mapping[str, Shown]]
Readings: TypeAlias = tuple[dict[tuple[str, str, str], Reading], set[tuple[str, str, str]]]


class Ledger:
    """The checker's memory of one world.

    `accepted` holds the agreed values that became durable, in order and without repeats; `accepted_together` those of the
    fields that are decided as one.
    """

    def __init__(self, package: Package, world: World, trusted: Collection[tuple[str, str, str]] = ()) -> None:
        self.package = package
        self.trusted = trusted
        self.world = world
        self.belonging = Belonging(package)
        self.keeper: Keeper | None = None
        self.waves: dict[int, Wave] = {}
        self.edits: list[Edit] = []
        self.last: dict[tuple[str, str, str, str], Edit] = {}
        self.typed: dict[tuple[str, str], set[Any]] = {}
        self.sets = Sets()
        self.elements = Elements()
        self.window: set[tuple[str, str, str, str]] = set()
        self.unseen: set[tuple[str, str, str, int]] = set()
        self.edges = Edges(package, world)
        self.accepted: dict[tuple[str, int, str], list[Any]] = {}
        self.accepted_together: dict[tuple[str, int, tuple[str, ...]], list[tuple[Any, ...]]] = {}
        self._together = {sync.entity: sync.together for sync in package.syncs}
        self.linked: dict[tuple[str, str, str], int] = {}
        self.deleted: dict[tuple[str, str, str], float] = {}
        self.revived: set[Place] = set()
        self.undeleted_by_people: set[Place] = set()
        self.unnoticed: set[tuple[str, str, str, str]] = set()
        self.restored: dict[Place, set[tuple[str, Shown]]] = {}
        self.placed: set[Place] = set()
        self.kept: set[int] = set()
        self.promised: Promised | None = None
        self.deleting: dict[tuple[int, str, str], set[int]] = {}
        self.made: dict[tuple[str, str, int, int], list[str]] = {}
        self.born: dict[tuple[str, str, str], list[float]] = {}
        self.without_identity: dict[tuple[str, str, str], float] = {}  # by system, entity and key: when it was so shown
        self.ignored: set[tuple[str, str]] = set()
        self.filled: set[tuple[str, str]] = set()
        self._read: dict[tuple[str, str, str], Reading] = {}
        self._hubs = {name: packing(entity) for name, entity in package.entities.items()}
        self._sealed: dict[int, bytes] = {}
        self._doubts: set[tuple[str, str]] = set()
        self._at_loss: dict[tuple[str, str, str, str], Shown] = {}
        self._joined: dict[tuple[str, int, str], set[Any]] = {}
        self._shown: set[tuple[str, str, str]] = set()
        self._unread: set[Place] = set()  # written without a word of what came of it, and not shown since

    def mapping(self, system: str, resource: str, remote_id: str) -> FieldMap | None:
        """The map to which a record belongs, if the spec gives it one."""
        return self.belonging.of(system, resource, remote_id)

    # -- what people and systems do ------------------------------------------------------------------------------------

    def stored(
        self,
        system: str,
        resource: str,
        remote_id: str,
        before: Native | None,
        after: Native,
        by: str,
        *,
        copied: bool = False,
    ) -> None:
        """Somebody stored a record; each field that changed is an edit with a value of its own, unless it was `copied` from
        another: then it says nothing new."""
        told = self.belonging.told_by(system, resource, after) if before is None else None
        if told is not None:
            self.belonging.made(remote_id, told)
        mapping = self.mapping(system, resource, remote_id)
        if mapping is None:
            return
        old, new = self._cells(mapping, before) if before is not None else {}, self._cells(mapping, after)
        for name in sorted(old.keys() - new.keys()):
            if is_element(name):
                self._take_out((system, mapping.entity, remote_id, name), by)
        for name, value in new.items():
            if value is ABSENT or old.get(name, ABSENT) == value or name.startswith("="):
                continue
            edit = Edit(system, mapping.entity, remote_id, name, value, self.world.elapsed, by)
            self.edits.append(edit)
            place = (system, mapping.entity, remote_id, name)
            if not copied:
                self.last[place] = edit
                if not isinstance(value, frozenset):  # what happened to a former value is no excuse for this one
                    self.window.discard(place)
            typed = self.typed.setdefault((mapping.entity, name), set())
            typed.add(value)
            # What we made and was emptied before it was ever shown passes for a system that takes no notice of the field.
            unnoticed = (
                blank(value)
                and (system, mapping.entity, remote_id) not in self._shown
                and self._is_ours(system, mapping.entity, remote_id)
            )
            if unnoticed:
                self.unnoticed.add(place)
            if isinstance(value, frozenset):
                linked, known = place[:3] in self.linked, place[:3] in self._shown
                undone = self.sets.stored(place, value, old.get(name, ABSENT), linked=linked, shown=known)
                untold = self.in_doubt(system, remote_id) or (system, mapping.entity, remote_id) in self._unread
                undone = (undone and untold) or unnoticed
                if undone or (by != "engine" and self.is_unknown_child(system, mapping.entity, remote_id)):
                    # Undone before anybody looked: nothing tells it from a write that never landed, or from somebody's own record.
                    self.window.add(place)
                    self.world.counts["undone in doubt"] += 1
            self.world.tell(f"{by}@{system}", "stores", f"{remote_id} {name} = {short(value)}")
        if before is None:
            for key in self._keys(mapping, new):
                self.born.setdefault((system, mapping.entity, key), []).append(self.world.elapsed)

    def _take_out(self, cell: Cell, by: str) -> None:
        """Somebody took an element out of a nested collection; what was stored in it before is nobody's loss."""
        name = cell[3]
        edit = Edit(*cell, False, self.world.elapsed, by)
        self.edits.append(edit)
        own = (cell[:3], name)
        self.last = {one: each for one, each in self.last.items() if (one[:3], element_of(one[3])) != own} | {
            cell: edit
        }
        self.window.discard(cell)
        untold = self.in_doubt(cell[0], cell[2]) or cell[:3] in self._unread
        if (cell in self.elements.written and untold) or self.is_unknown_child(*cell[:3]):
            self.window.add(cell)  # as with a set: it may never have landed
            self.world.counts["undone in doubt"] += 1
        link_id = self.linked.get(cell[:3], 0)
        places = {place for place, number in self.linked.items() if number == link_id}
        last = {one: each.value for one, each in self.last.items()}
        self.elements.taken_out(
            cell, places, last, lambda name, value: value in self.accepted.get((cell[1], link_id, name), ())
        )
        self.world.tell(f"{by}@{cell[0]}", "stores", f"{cell[2]} without {name}")

    def dropped(self, system: str, resource: str, remote_id: str) -> None:
        """A person deleted a record."""
        mapping = self.mapping(system, resource, remote_id)
        if mapping is not None:
            self.deleted[system, mapping.entity, remote_id] = self.world.elapsed
            seen = self.last_read(system, resource, remote_id)
            for name in {flow.field for flow in mapping.flows}:
                place = (system, mapping.entity, remote_id, name)
                edit = self.last.get(place)
                if edit is None or not isinstance(edit.value, frozenset):
                    continue
                if seen is None or seen[1].get(name) != edit.value:  # nobody looked between that edit and the deletion
                    self.window.add(place)
            self.world.tell(f"user@{system}", "deletes", remote_id)

    def merged(self, system: str, resource: str, shows: Mapping[str, Native], loser: str, winner: str) -> None:
        """A person merged a record into another; what becomes of what both hold, `shows`, is that system's business."""
        if self.mapping(system, resource, loser) is not None:
            for remote_id, native in shows.items():
                self._revive(system, resource, remote_id, native)
            self.world.tell(f"user@{system}", "merges", f"{loser} into {winner}")

    def undeleted(self, system: str, resource: str, remote_id: str, native: Native) -> None:
        """A person brought a record back: what it shows, somebody wants again, however old it is."""
        mapping = self.mapping(system, resource, remote_id)
        if mapping is not None:
            self.world.tell(f"user@{system}", "undeletes", remote_id)
            if any(
                remote_id in ids[:-1] for (e, s, _, _), ids in self.made.items() if (e, s) == (mapping.entity, system)
            ):
                self.undeleted_by_people.add((system, mapping.entity, remote_id))
            # What was let be is in step again.
            self.kept.discard(self.linked.get((system, mapping.entity, remote_id), 0))
            self._revive(system, resource, remote_id, native)
            for key in self._keys(mapping, shown(mapping, native)):
                self.born.setdefault((system, mapping.entity, key), []).append(self.world.elapsed)

    def _revive(self, system: str, resource: str, remote_id: str, native: Native) -> None:
        """What a record shows now may hold again, or be lost; what is stored in it from now on must not."""
        mapping = self.mapping(system, resource, remote_id)
        assert mapping is not None
        self.revived.add((system, mapping.entity, remote_id))
        fields = {flow.field for flow in mapping.flows} | self._cells(mapping, native).keys()
        self.window |= {(system, mapping.entity, remote_id, name) for name in fields}
        self.wanted_again(system, resource, remote_id, native)

    def wanted_again(self, system: str, resource: str, remote_id: str, native: Native) -> None:
        """What a record shows now may be agreed on, however old it is."""
        mapping = self.mapping(system, resource, remote_id)
        assert mapping is not None
        self.restored.setdefault((system, mapping.entity, remote_id), set()).update(
            self._cells(mapping, native).items()
        )

    def forget(self, servers: Mapping[str, Server]) -> None:
        """The state was lost: what systems show now is all that there is, and counts as stored by somebody."""
        known: tuple[MutableMapping[Any, Any] | set[Any], ...] = (
            self.accepted, self.accepted_together, self.linked, self.made, self.waves, self.kept, self.placed,
            self.deleting, self._sealed, self._doubts, self._read, self.unseen, self._shown, self._joined,
        )  # fmt: skip
        for each in known:
            each.clear()
        for one in (self.sets, self.edges, self.elements):
            one.forget()
        shows: dict[tuple[str, str, str, str], Shown] = {}
        for mapping in self.package.mappings:
            table = servers[mapping.system].tables[mapping.resource]
            for remote_id in self.belonging.own(mapping, table.history):
                states = table.history[remote_id]
                # One that was deleted may be brought back, with what it showed.
                native = next((state.native for state in reversed(states) if state.native is not None), {})
                for name, value in self._cells(mapping, native).items():
                    place = (mapping.system, mapping.entity, remote_id, name)
                    if value is not ABSENT:
                        self.typed.setdefault((mapping.entity, name), set()).add(value)
                    if table.native(remote_id) is None:
                        continue
                    shows[place] = value
                    if isinstance(value, frozenset):
                        self.sets.added[place] = set(value)
        # What had been overwritten before stood in the state alone.
        self.last = {place: edit for place, edit in self.last.items() if shows.get(place, ABSENT) == edit.value}
        self._at_loss = shows

    # -- what the engine does ------------------------------------------------------------------------------------------

    def read(self, system: str, resource: str, remote_id: str, native: Native | None, ago: float) -> None:
        """The engine was shown a record as it was a time `ago`."""
        mapping = self.mapping(system, resource, remote_id)
        if mapping is not None and native is not None and not self._is_planning():
            self._read[system, resource, remote_id] = (self.world.elapsed - ago, self._cells(mapping, native))

    def showed(self, system: str, resource: str, records: Mapping[str, NativeRecord]) -> None:
        """The engine was shown records, in whatever state; by the ids by which it asked for them."""
        if self._is_planning():
            return
        maps = {remote_id: self.mapping(system, resource, remote_id) for remote_id in records}
        natives = {(system, one.entity, each): (one, records[each].native) for each, one in maps.items() if one}
        self._shown |= natives.keys()
        self._unread -= natives.keys()
        waiting = {cell[:3] for cell in self.sets.taken_out if cell[:3] not in self.linked} & natives.keys()
        self.sets.showed({place: shown(*natives[place]) for place in waiting})

    def last_read(self, system: str, resource: str, remote_id: str) -> Reading | None:
        """When the engine was last shown a record by its id, and what it showed."""
        return self._read.get((system, resource, remote_id))

    def showed_nameless(self, system: str, resource: str, natives: Iterable[Native]) -> None:
        """The engine was shown records without their identity."""
        for native in () if self._is_planning() else natives:
            mapping = self.belonging.told_by(system, resource, native)
            if mapping is None:
                continue
            for key in self._keys(mapping, shown(mapping, native)):
                self.without_identity.setdefault((system, mapping.entity, key), self.world.elapsed)

    def readings(self) -> Readings:
        """What the engine was shown so far."""
        return dict(self._read), set(self._shown)

    def put_back(self, readings: Readings) -> None:
        """What the engine was shown since is undone again, with the state that would have held it."""
        self._read, self._shown = readings

    def _is_planning(self) -> bool:
        """Whether what the engine sees now is undone again."""
        return self.keeper is not None and self.keeper.previewing

    def created(self, sending: Sending, remote_id: str, native: Native) -> None:
        """A create of the engine was applied: at most one live record for a link's generation (I1)."""
        mapping = self.package.mapping(sending.entity, sending.system)
        place = (mapping.entity, sending.system, sending.link_id, sending.generation)
        self.made.setdefault(place, []).append(remote_id)
        self.belonging.made(remote_id, mapping)
        if self.promised is not None:
            self.promised.born(sending.system, remote_id)
        for key in self._keys(mapping, shown(mapping, native)):
            nameless = self.without_identity.get((sending.system, mapping.entity, key), sending.at) < sending.at
            if nameless and not self.is_placed(sending.link_id):
                text = f"{sending.system} {remote_id} has the key of a record there that was shown without its identity"
                self.world.violate("I6", text, mapping.entity)
            for (system, entity, dead), at in self.deleted.items():
                known = self.linked.get((system, entity, dead))
                if (
                    known == sending.link_id
                    and system == sending.system
                    and not any(
                        born > at for (_, e, k), times in self.born.items() if (e, k) == (entity, key) for born in times
                    )
                ):
                    self.world.counts["made again"] += 1

    def left_out(self, sending: Sending, sent: Collection[str]) -> set[str]:
        """The native fields of a create on which the link is agreed and which were not sent, because they were refused: what the
        system puts there at once is its own doing, as in a field that was sent empty. An empty value need not have been sent
        where a line only writes what is there."""
        mapping = self.package.mapping(sending.entity, sending.system)
        agreed = {
            flow.field: self.accepted.get((mapping.entity, sending.link_id, flow.field)) for flow in mapping.flows
        }
        return {
            name
            for flow in mapping.flows
            if flow.writes and (past := agreed[flow.field]) and (past[-1] is not None or When.PRESENT not in flow.when)
            for name in flow.native
            if name not in sent and name.partition(".")[0] not in sent
        }

    def overwrites(self, sending: Sending, before: Native, after: Native) -> None:
        """A write of the engine was applied: what it replaced had been seen, or fell into the declared window (I2)."""
        mapping = self.package.mapping(sending.entity, sending.system)
        old, new = self._cells(mapping, before), self._cells(mapping, after)
        update = self.package.systems[sending.system].resources[sending.resource].update
        if update is None or update.returns != "record":
            self._unread.add((sending.system, mapping.entity, sending.remote_id))
        opened = sending.guard[0] if sending.guard is not None else sending.at - _ROUND_TRIP
        back = [(name, False) for name in new.keys() - old.keys() if is_element(name)]  # elements that were taken out
        self.elements.written.update((sending.system, mapping.entity, sending.remote_id, name) for name, _ in back)
        for name, value in (*old.items(), *sorted(back)):
            if value is ABSENT or new.get(name, ABSENT) == value:
                continue
            after_it = new.get(name, ABSENT)
            if isinstance(value, frozenset) and isinstance(after_it, frozenset):
                place = (sending.system, mapping.entity, sending.remote_id, name)
                self.sets.written(place, value, after_it)
            edit = self.last.get((sending.system, mapping.entity, sending.remote_id, name))
            if isinstance(value, frozenset) and edit is not None and edit.value == after_it and edit.at > sending.at:
                # Somebody stored just that while it was on its way: it passed for landed, and now undoes what was written since.
                self.window.add((sending.system, mapping.entity, sending.remote_id, name))
                self.world.counts["typed what was on its way"] += 1
            if (
                self.promised is not None
                and edit is not None
                and edit.value == value
                and self.promised.missed_out(edit.at)
            ):
                self.world.violate("A4", f"{edit.told()} overwritten by a plan made before", mapping.entity, name)
            if sending.guard is not None and sending.guard[1].get(name, False if is_element(name) else ABSENT) == value:
                continue
            if edit is None or edit.value != value:
                continue
            if sending.locked:
                self.world.violate("I2", f"{edit.told()} overwritten under a lock", mapping.entity, name)
            elif edit.at < opened:
                text = f"{edit.told()} overwritten, and it was there to be seen before"
                self.world.violate("I2", text, mapping.entity, name)
            else:
                self.window.add((sending.system, mapping.entity, sending.remote_id, name))
                self.world.counts["overwritten in the window"] += 1
                if sending.op == "update":
                    self.unseen.add((sending.system, mapping.entity, sending.remote_id, sending.link_id))

    def ignores(self, sending: Sending, native: Native, names: Collection[str]) -> None:
        """The system took no notice of some of the fields sent: what a person just stored there passes for what it made of them."""
        mapping = self.package.mapping(sending.entity, sending.system)
        now = self._cells(mapping, native)
        for flow in mapping.flows:
            unseen = sending.guard is None or sending.guard[1].get(flow.field, ABSENT) != now.get(flow.field, ABSENT)
            if unseen and set(flow.native) & set(names):
                self.window.add((sending.system, mapping.entity, sending.remote_id, flow.field))

    def deletes(self, sending: Sending, before: Native) -> None:
        """A delete of the engine was applied: a linked record was really deleted by a person (I5)."""
        sources = [
            where for where, link_id in self.linked.items() if link_id == sending.link_id and where in self.deleted
        ]
        if not sources:
            self.world.violate("I5", f"{sending.system} {sending.remote_id} deleted, and nobody deleted its source")
        self.overwrites(sending, before, {})

    def is_placed(self, link_id: int | None) -> bool:
        """Whether a person said of a record of a link which it is, whatever its key says."""
        return any(self.linked.get(place) == link_id for place in self.placed)

    def is_unknown_child(self, system: str, entity: str, remote_id: str) -> bool:
        """Whether the engine made a record and does not know of it."""
        return (system, entity, remote_id) not in self.linked and self._is_ours(system, entity, remote_id)

    def _is_ours(self, system: str, entity: str, remote_id: str) -> bool:
        """Whether the engine made a record."""
        return any(remote_id in ids for (e, s, _, _), ids in self.made.items() if (e, s) == (entity, system))

    def in_doubt(self, system: str, remote_id: str) -> bool:
        """Whether a write to a record is under way, or has no known outcome."""
        if any(wave.system == system and row[1] == remote_id for wave in self.waves.values() for row in wave.rows):
            return True
        return (system, remote_id) in self._doubts

    # -- what becomes durable ------------------------------------------------------------------------------------------

    def agreed(self, entity: str, link: LinkRow) -> dict[str, Any]:
        """The values that a link holds."""
        return self._hubs[entity].unpack(link.doc)

    def _cells(self, mapping: FieldMap, native: Native) -> Mapping[str, Shown]:
        """What a record shows, that of its nested records by their keys."""
        return cells(self.package.entities[mapping.entity], shown(mapping, native))

    def committed(self) -> None:
        """Take over what the store holds now."""
        keeper = self.keeper
        assert keeper is not None
        self._doubts = keeper.doubts()
        documents = keeper.documents()
        changed = [number for number, (_, sealed) in documents.items() if self._sealed.get(number) != sealed]
        for row in keeper.links(changed):
            entity, self._sealed[row.link_id] = documents[row.link_id]
            values, declared = self.agreed(entity, row), self.package.entities[entity]
            if row.status == LinkStatus.LIVE.value:
                self.edges.agreed(entity, row.link_id, values)
            for name, value in self.elements.agreed(declared, row.link_id, values, self.accepted).items():
                past = self.accepted.setdefault((entity, row.link_id, name), [])
                if not past or past[-1] != value:
                    back = self._joined.get((entity, row.link_id, name), set())
                    if value in back:
                        back.discard(value)
                        past.remove(value)
                    past.append(value)
            for names in self._together.get(entity, ()):
                vectors = self.accepted_together.setdefault((entity, row.link_id, names), [])
                if (vector := tuple(values.get(name, ABSENT) for name in names)) not in vectors[-1:]:
                    vectors.append(vector)
        linked = keeper.linked()
        for where, link_id in linked.items():
            before = self.linked.get(where)
            if self._at_loss and before is None:
                self._join(where, link_id)
            if before is not None and before != link_id:
                self.sets.went_over(where, before, self.package.entities[where[1]].fields)
        self.linked.update(linked)

    def _join(self, where: Place, link_id: int) -> None:
        """A record finds its link late: what it has shown since the state was lost may once more be agreed on, though another
        record, to which it was sent before the loss, already brought it and was overruled."""
        for name, value in [(place[3], value) for place, value in self._at_loss.items() if place[:3] == where]:
            if value in self.accepted.get((where[1], link_id, name), [])[:-1]:
                self._joined.setdefault((where[1], link_id, name), set()).add(value)

    def remotes(self) -> dict[tuple[str, str, int], str]:
        """The remote ids of links, by system, entity and link."""
        return {(system, entity, link_id): remote_id for (system, entity, remote_id), link_id in self.linked.items()}

    def _keys(self, mapping: FieldMap, values: Mapping[str, Shown]) -> list[str]:
        found = keys(self.package.entities[mapping.entity], values)
        return [f"{rule}:{key}" for rule, key in enumerate(found) if key is not None]
