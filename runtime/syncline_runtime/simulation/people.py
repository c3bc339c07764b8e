"""People who use the systems while the engine works, and what the systems do beyond their declaration."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from syncline_runtime.declaration import FieldMap, Flow, Package, Sync
from syncline_runtime.simulation.belonging import Belonging
from syncline_runtime.simulation.inventing import MAPPING_ERRORS, UNIQUE, canonical, hears, members, shown, spelled
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.nesting import Nesting
from syncline_runtime.simulation.server import Server, Table
from syncline_runtime.simulation.world import World
from syncline_runtime.values import ABSENT, Native


@dataclass(slots=True)
class Habits:
    """What each system does to single fields without saying so: texts cut short, fields that it never takes from an API."""

    cut: dict[tuple[str, str], int] = field(default_factory=dict)
    ignored: set[tuple[str, str]] = field(default_factory=set)
    filled: set[tuple[str, str]] = field(default_factory=set)

    def distorted(self, system: str, native: Native) -> Native:
        """A record as the system keeps it."""
        for name, value in native.items():
            limit = self.cut.get((system, name))
            if limit is not None and isinstance(value, str):
                native[name] = value[:limit]
        return native


def drawn(package: Package, world: World, belonging: Belonging) -> Habits:
    """The habits of one world's systems: never with fields that identify a record, nor with what spells more than one field."""
    habits = Habits()
    identifying = {
        (mapping.system, name)
        for mapping in package.mappings
        for flow in mapping.flows
        if any(flow.field in rule.fields for rule in package.entities[mapping.entity].match)
        for name in flow.native
    }
    for mapping in package.mappings:
        entity = package.entities[mapping.entity]
        for flow in hears(entity, mapping):
            if len(flow.native) != 1 or entity.kinds.get(flow.field) != "text":
                continue
            place = (mapping.system, flow.native[0])
            if (
                place in identifying
                or place[1] in belonging.telling(place[0])
                or any(place in one for one in (habits.cut, habits.ignored, habits.filled))
            ):
                continue  # as what it is in another resource of that system
            if world.happens("undeclared"):
                habits.cut[place] = 8
            elif flow.writes and world.happens("ignored"):
                habits.ignored.add(place)
            elif flow.field not in entity.required and world.happens("defaulted"):
                habits.filled.add(place)
    return habits


class People:
    """Everybody but the engine. Each value they store is new, so that a lost one can be told from others."""

    def __init__(
        self, package: Package, world: World, servers: dict[str, Server], ledger: Ledger, habits: Habits
    ) -> None:
        self._package = package
        self._world = world
        self._servers = servers
        self._ledger = ledger
        self.habits = habits
        self.acts = 0
        self.skipped: Collection[int] = ()
        self._number = 0
        # What rules wait for is edited more often than by chance.
        self._asked = {rule.origin: rule.asks for rule in package.derivations if rule.asks}
        self._nesting = Nesting(package, world, ledger, self.number)
        self._keys: list[tuple[str, dict[str, Any]]] = []
        for name, server in servers.items():
            for table in server.tables.values():
                table.distort = _distortion(package, habits, name, table)

    # -- what they do --------------------------------------------------------------------------------------------------

    def begin(self, sync: Sync, rng: Random) -> None:
        """Somebody made a record before the engine came, perhaps the same one in several systems, perhaps one twice."""
        systems = self._systems(sync)
        if not systems:
            return
        first = rng.choice(systems)
        self.create(sync, first)
        if not self._keys:
            return
        _, key = self._keys[-1]
        for system in systems:
            if system != first and rng.random() < 0.5:
                self.create(sync, system, like=key)
        if rng.random() < 0.12:
            self.create(sync, rng.choice(systems), like=key)

    def act(self) -> None:
        """Somebody does something somewhere."""
        self.acts += 1
        if self.acts in self.skipped:
            return
        rng = self._world.rng
        sync = rng.choice([one for one in self._package.syncs if self._systems(one)])
        system = rng.choice(self._systems(sync))
        table, mapping = self._place(sync, system)
        live = self._live(mapping)
        if not live or rng.random() < 0.12:
            self.create(sync, system)
        elif self._world.happens("delete"):
            self.delete(mapping, table, rng.choice(live))
        elif len(live) > 1 and self._world.happens("merge"):
            self.merge(mapping, table, *rng.sample(live, 2))
        elif (dead := self._ledger.belonging.own(mapping, table.dead())) and self._world.happens("undelete"):
            self.undelete(mapping, table, rng.choice(dead))
        elif self._world.happens("rekey"):
            self.rekey(mapping, table, rng.choice(live))
        elif (beside := sync.beside(system)) and self._world.faults.delete and rng.random() < _CONVERTED:
            self.convert(sync, system, rng.choice(live), rng.choice(beside))
        else:
            asked = self._asked.get(sync.entity)
            name = rng.choice(asked) if asked and rng.random() < 0.4 else None
            self.edit(mapping, table, rng.choice(live), name)

    def create(self, sync: Sync, system: str, like: dict[str, Any] | None = None) -> str | None:
        """Somebody makes a record; with `like`, of the same key as another. Its id."""
        table, mapping = self._place(sync, system)
        entity = self._package.entities[sync.entity]
        if like is None and self._keys and self._world.happens("same_key"):
            like = next((key for name, key in reversed(self._keys) if name == sync.entity), None)
        matched = {name for rule in entity.match for name in rule.fields}
        native: Native = {condition.field: condition.value for condition in mapping.where}
        key: dict[str, Any] = {}
        for flow in mapping.flows:
            if flow.field.startswith("=") or flow.field not in entity.kinds:
                continue
            if like is not None and flow.field in like:
                found = spelled(mapping, flow, like[flow.field], native, self._world.rng)
            elif self._nesting.takes(mapping, flow):
                found = self._nesting.begun(mapping, flow, native)
            elif flow.field in matched or flow.field in entity.required or self._world.rng.random() < 0.8:
                found = self._invented(mapping, flow.field, native)
            else:
                found = None
            if found is None and flow.field in entity.required and flow.field not in matched:
                found = self._invented(mapping, flow.field, native)
            native.update(found or {})
        values = shown(mapping, native)
        if not values or not self._stays(mapping, native):
            return None
        key = {name: values[name] for name in matched if values.get(name) not in (None, ABSENT)}
        self._keys.append((sync.entity, key))
        remote_id = self._servers[system].make(table, native, "user")
        self._ledger.stored(system, mapping.resource, remote_id, None, table.native(remote_id) or {}, "user")
        return remote_id

    def edit(self, mapping: FieldMap, table: Table, remote_id: str, name: str | None = None, by: str = "user") -> None:
        """Somebody changes one field of a record."""
        entity = self._package.entities[mapping.entity]
        flows = [flow for flow in hears(entity, mapping) if name is None or flow.field == name]
        before = table.native(remote_id)
        if not flows or before is None:
            return
        flow = self._world.rng.choice(flows)
        nested = [one for one in flows if self._nesting.takes(mapping, one)]
        if nested and self._world.happens("nested"):
            flow = self._world.rng.choice(nested)
        kind = entity.kinds[flow.field]
        native: Native | None
        if flow in nested:
            native = self._nesting.changed(mapping, flow, before)
        elif kind == "set":
            native = self._regrouped(mapping, flow.field, before)
        elif flow.field not in entity.required and self._world.happens("clear"):
            native = spelled(mapping, flow, None, before, self._world.rng)
        else:
            native = self._invented(mapping, flow.field, before)
        if native is None or not self._stays(mapping, {**before, **native}):
            return
        self._servers[mapping.system].store(table, remote_id, {**before, **native}, by)
        if by == "filling":
            value = shown(mapping, table.native(remote_id) or {}).get(flow.field)
            self._ledger.typed.setdefault((mapping.entity, flow.field), set()).add(value)
            return
        self._ledger.stored(mapping.system, mapping.resource, remote_id, before, table.native(remote_id) or {}, by)

    def delete(self, mapping: FieldMap, table: Table, remote_id: str) -> None:
        """Somebody deletes a record."""
        self._servers[mapping.system].store(table, remote_id, None, "user")
        for one in (remote_id, *table.losers(remote_id)):
            self._ledger.dropped(mapping.system, mapping.resource, one)

    def merge(self, mapping: FieldMap, table: Table, loser: str, winner: str) -> None:
        """Somebody merges a record into another of the same system, which keeps what it has."""
        shows = {one: table.native(one) or {} for one in (loser, winner)}
        table.merged[loser] = winner
        if table.resource.merged:
            state = table.current(loser)
            native = {} if state is None or state.native is None else state.native
            self._servers[mapping.system].store(table, loser, {**native, table.resource.merged: winner}, "user")
        else:
            self._servers[mapping.system].changed(table, loser)
        self._ledger.merged(mapping.system, mapping.resource, shows, loser, winner)

    def undelete(self, mapping: FieldMap, table: Table, remote_id: str) -> None:
        """Somebody brings a deleted record back as it was."""
        native = next(state.native for state in reversed(table.history[remote_id]) if state.native is not None)
        self._servers[mapping.system].store(table, remote_id, native, "user")
        self._ledger.undeleted(mapping.system, mapping.resource, remote_id, table.native(remote_id) or {})

    def rekey(self, mapping: FieldMap, table: Table, remote_id: str) -> None:
        """Somebody changes a key of a record; not of one that the engine made and does not know of, and can find by that alone."""
        if not table.resource.marker and self._ledger.is_unknown_child(mapping.system, mapping.entity, remote_id):
            return
        keys = {name for rule in self._package.entities[mapping.entity].match for name in rule.fields}
        names = [flow.field for flow in mapping.flows if flow.field in keys]
        before = table.native(remote_id)
        if not names or before is None:
            return
        native = self._invented(mapping, self._world.rng.choice(names), before)
        if native is not None and self._stays(mapping, {**before, **native}):
            self._servers[mapping.system].store(table, remote_id, {**before, **native}, "user")
            after = table.native(remote_id) or {}
            self._ledger.stored(mapping.system, mapping.resource, remote_id, before, after, "user")

    def convert(self, sync: Sync, system: str, remote_id: str, place: str) -> None:
        """Somebody makes of a record one of another place of its system: with what it shows, under another id."""
        table, mapping = self._place(sync, system)
        other, there = self._place(sync, place)
        values = shown(mapping, table.native(remote_id) or {})
        try:
            native = there.write({**dict.fromkeys(self._package.entities[sync.entity].fields, ABSENT), **values}, None)
        except MAPPING_ERRORS:
            return
        if not values:
            return
        made = self._servers[place].make(other, {**native, **{one.field: one.value for one in there.where}}, "user")
        shows = other.native(made) or {}
        self._ledger.stored(place, there.resource, made, None, shows, "user", copied=True)
        if self._ledger.is_unknown_child(system, sync.entity, remote_id):
            # The engine never saw what this was made of, and takes it for a record that somebody typed just so.
            self._ledger.wanted_again(place, there.resource, made, shows)
        self.delete(mapping, table, remote_id)

    def number(self) -> int:
        """A number that nobody had before."""
        self._number += 1
        return self._number

    def permit(self) -> None:
        """Somebody changes what the engine may see: in a system, one field less, or all again."""
        self._ledger.without_identity.clear()
        for system, server in self._servers.items():
            self._unname(server)
            server.hidden = frozenset()
            if not self._world.happens("hidden"):
                continue
            mapping = self._world.rng.choice([one for one in self._package.mappings if one.system == system])
            entity = self._package.entities[mapping.entity]
            # What is hidden in a system that leaves out what is null looks emptied, to whoever asks.
            left_out = server.tables[mapping.resource].left_out | self._ledger.belonging.telling(system)
            flows = [
                one
                for one in hears(entity, mapping)
                if one.field not in entity.required and one.native and left_out.isdisjoint(one.native)
            ]
            if flows:
                server.hidden = frozenset(self._world.rng.choice(flows).native)
                server.was_hidden |= server.hidden
                self._world.tell(f"admin@{system}", "hides", ", ".join(sorted(server.hidden)))

    def _unname(self, server: Server) -> None:
        """In each table, listings show one of several records without its identity, or all with theirs."""
        for table in server.tables.values():
            table.nameless = frozenset()
            live = table.live()
            if len(live) > 1 and self._world.happens("nameless"):
                table.nameless = frozenset((self._world.rng.choice(live),))
                self._world.tell(server.name, "unnames", ", ".join(table.nameless))

    # -- what systems do of themselves ---------------------------------------------------------------------------------

    def rework(self, system: str, resource: str, remote_id: str, but: Collection[str]) -> None:
        """A workflow changes a field of a record, but none of some native ones; nor what was sent away and nobody can look at."""
        mapping = self._ledger.mapping(system, resource, remote_id)
        if mapping is None or self._servers[system].tables[resource].resource.list is None:
            return
        entity = self._package.entities[mapping.entity]
        names = [flow.field for flow in hears(entity, mapping) if not _named(flow) & set(but)]
        if names:
            table, name = self._servers[system].tables[resource], self._world.rng.choice(names)
            self.edit(mapping, table, remote_id, name, by="workflow")

    def default(self, system: str, resource: str, remote_id: str, sent: Collection[str]) -> None:
        """The system fills what a new record leaves empty. A field that was `sent` empty thereby shows what the system made of
        nothing, one that was not sent has a value that somebody stored."""
        mapping, table = self._ledger.mapping(system, resource, remote_id), self._servers[system].tables[resource]
        native = table.native(remote_id)
        if mapping is None or native is None:
            return
        for flow in mapping.flows:
            place = (system, flow.native[0]) if flow.native else None
            if place in self.habits.filled and shown(mapping, native).get(flow.field) is None:
                by = "filling" if _named(flow) & set(sent) else "default"
                self.edit(mapping, table, remote_id, flow.field, by=by)

    # -- inside --------------------------------------------------------------------------------------------------------

    def _systems(self, sync: Sync) -> list[str]:
        """The systems of a sync that people use; a derivation is none."""
        return [
            name
            for name in sync.systems
            if name in self._servers and self._place(sync, name)[0].resource.list is not None
        ]

    def _place(self, sync: Sync, system: str) -> tuple[Table, FieldMap]:
        mapping = self._package.mapping(sync.entity, system)
        return self._servers[system].tables[mapping.resource], mapping

    def _live(self, mapping: FieldMap) -> list[str]:
        """The records of a map that are there, oldest first."""
        table = self._servers[mapping.system].tables[mapping.resource]
        return self._ledger.belonging.own(mapping, table.live())

    def _stays(self, mapping: FieldMap, native: Native) -> bool:
        """Whether a record that shows this is one of a map, where another entity shares its resource."""
        belonging, where = self._ledger.belonging, (mapping.system, mapping.resource)
        return len(belonging.maps(*where)) == 1 or belonging.told_by(*where, native) is mapping

    def _invented(self, mapping: FieldMap, name: str, old: Native) -> Native | None:
        """Native fields that show a new value in a field; None where none can be made up."""
        kind = self._package.entities[mapping.entity].kinds[name]
        flow = next(flow for flow in mapping.flows if flow.field == name)
        self._number += 1
        typed = self._ledger.typed.get((mapping.entity, name), set())
        rng = self._world.rng
        for value in self._values(mapping, flow, kind):
            native = spelled(mapping, flow, value, old, rng)
            if native is not None and not (kind in UNIQUE and value in typed):
                return native
        if (mapping.entity, mapping.system, name) in self._ledger.trusted:
            return self._as_written(mapping, flow, kind, old)
        return None

    def _values(self, mapping: FieldMap, flow: Flow, kind: str) -> Iterable[Any]:
        rng = self._world.rng
        if kind == "enum":
            return members(mapping, rng)
        if flow.refers:
            others = [one for one in self._package.mappings if one.system == mapping.system]
            found = [remote_id for one in others if one.entity in flow.refers for remote_id in self._live(one)]
            return rng.sample(found, len(found))
        return canonical(kind, self._number, rng, flow.field)

    def _as_written(self, mapping: FieldMap, flow: Flow, kind: str, old: Native) -> Native | None:
        """Native fields as a codec writes a value that it then reads back as another."""
        for value in canonical(kind, self._number, self._world.rng, flow.field):
            absent = {one.field: ABSENT for one in mapping.flows}
            try:
                native = mapping.write({**absent, flow.field: value}, old)
            except MAPPING_ERRORS:
                continue
            found = {name: native[name] for name in flow.native if name in native}
            if shown(mapping, {**old, **found}).get(flow.field, ABSENT) is not ABSENT:
                return found
        return None

    def _regrouped(self, mapping: FieldMap, name: str, old: Native) -> Native | None:
        """Native fields that show a set with one element more, or one less."""
        flow = next(flow for flow in mapping.flows if flow.field == name)
        now = shown(mapping, old).get(name, ABSENT)
        elements = now if isinstance(now, frozenset) else frozenset()
        if elements and self._world.rng.random() < 0.4:
            return spelled(mapping, flow, elements - {self._world.rng.choice(sorted(elements, key=str))}, old, _PLAIN)
        self._number += 1
        for value in canonical("set", self._number, self._world.rng, name):
            native = spelled(mapping, flow, elements | value, old, _PLAIN)
            if native is not None:
                return native
        return None


def _named(flow: Flow) -> set[str]:
    """The native fields by which a line's field is sent: what stands behind a reference is sent as the reference."""
    return {*flow.native, *(name.partition(".")[0] for name in flow.native)}


def _distortion(package: Package, habits: Habits, system: str, table: Table) -> Any:
    """What a system does to what it stores: as its maps declare, and as its habits are; what nobody fills is empty."""
    empty = _empty(package, system, table)
    normalised = [
        one.normalise
        for one in package.mappings
        if one.system == system and one.resource == table.resource.name and one.normalise is not None
    ]

    def distort(native: Native) -> Native:
        native = sent = {**empty, **native}
        for each in normalised:
            try:
                native = {**native, **each(native)}
            except MAPPING_ERRORS:
                continue
        return habits.distorted(system, table.conduct.stored(sent, native))

    return distort


def _empty(package: Package, system: str, table: Table) -> Native:
    """How each mapped field of a system is spelled when it is empty, found out by trying; in a resource that entities share, no
    field is absent."""
    maps = [one for one in package.mappings if (one.system, one.resource) == (system, table.resource.name)]
    found: Native = dict.fromkeys(table.resource.fields) if len(maps) > 1 else {}
    for mapping in maps:
        for name in dict.fromkeys(name for flow in mapping.flows for name in flow.native):
            for blank in _BLANKS:
                if shown(mapping, {**found, name: blank}):
                    found[name] = blank
                    break
    found.pop(table.resource.identity, None)
    return found


_CONVERTED = 0.2
"""How often somebody converts a record that has several places, where records go at all."""

_PLAIN = Random(0)

_BLANKS: tuple[Any, ...] = (None, "", [])
