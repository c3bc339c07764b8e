"""What must hold when everything has calmed down: nothing lost, nothing invented, nothing back from the dead, all in agreement."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import msgspec

from syncline_runtime.declaration import FieldMap, Merged, Package, Sync
from syncline_runtime.identity import keys
from syncline_runtime.policy import Policy, blank, prepare, rendering, written_over
from syncline_runtime.records import ActionKind, MemberState
from syncline_runtime.rows import MemberRow
from syncline_runtime.simulation.cells import cells, cells_of, element_of, field_of, is_element, part_of
from syncline_runtime.simulation.deriving import derived
from syncline_runtime.simulation.edits import Edit
from syncline_runtime.simulation.elements import left_as_they_were, shown_alone
from syncline_runtime.simulation.inventing import MAPPING_ERRORS, UNIQUE, in_system, shown
from syncline_runtime.simulation.keeping import Keeper
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.relating import behind, belongs, computed, made, values_of
from syncline_runtime.simulation.server import Server, Table
from syncline_runtime.simulation.world import Violation, short
from syncline_runtime.state.packing import packing, unpack_value
from syncline_runtime.values import ABSENT, Native, Reference, Shown


def settled(package: Package, servers: Mapping[str, Server], keeper: Keeper, ledger: Ledger) -> Iterator[Violation]:
    """Every invariant of a world at rest."""
    for sync in package.syncs:
        yield from _Checked(package, sync, servers, keeper, ledger).violations()


class _Checked:
    """One sync of a world at rest."""

    def __init__(
        self, package: Package, sync: Sync, servers: Mapping[str, Server], keeper: Keeper, ledger: Ledger
    ) -> None:
        self.package, self.sync, self.servers, self.keeper, self.ledger = package, sync, servers, keeper, ledger
        self.entity = package.entities[sync.entity]
        self.systems = [name for name in sync.systems if name in servers]
        self.maps = {name: package.mapping(sync.entity, name) for name in self.systems}
        self.policy: Policy = prepare(sync, self.entity, self.maps)
        ids = [link_id for link_id, entity in keeper.entities().items() if entity == sync.entity]
        self.links = {row.link_id: row for row in keeper.links(ids)}
        self.members: dict[int, list[MemberRow]] = {
            link_id: [member for member in members if member.system in servers]
            for link_id, members in keeper.members_of(ids).items()
        }
        unpack = packing(self.entity).unpack
        self.docs = {link_id: unpack(row.doc) for link_id, row in self.links.items()}
        self.behind = values_of(package, keeper) if any(one.looks for one in self.maps.values()) else {}
        self.held = {(each.link_id, each.system, each.field) for each in keeper.review.quarantined() if each.link_id}
        self.conflicts = {(each.link_id, each.field) for each in keeper.review.conflicts()}
        self.merged = {
            (each.system, each.remote_id)
            for each in keeper.review.quarantined()
            if each.reason_code == "identity.merged" and each.entity == sync.entity
        }
        self.waiting = {(each.system, each.entity, each.remote_id) for each in keeper.review.quarantined()}
        asked = {each.link_id for each in keeper.review.quarantined() if each.reason_code == "outcome.unknown"}
        self.reserved = {
            key
            for intent in keeper.open_intents(sync.entity)
            if intent.op == ActionKind.CREATE.value and intent.link_id in self.docs and intent.link_id in asked
            for values in (self.docs[intent.link_id], unpack(intent.sent))
            for key in enumerate(keys(self.entity, values))
        }
        self.remotes = ledger.remotes()
        self.linked = keeper.linked()  # one that was deleted and replaced has left its link, which goes on
        self.open = {row.link_id for row in keeper.links(list(keeper.entities())) if row.status == "live"}
        self.heard = {flow.field for mapping in self.maps.values() for flow in mapping.flows if flow.contributes} & set(
            self.entity.fields
        )
        # What a system shows of a field into which its edits do not flow is not kept, and overwritten as the spec says.
        self.told = {
            (flow_of.system, flow.field) for flow_of in self.maps.values() for flow in flow_of.flows if flow.contributes
        }
        self.journal: dict[tuple[int, str], set[Any]] = {}
        for kind in ("overwritten", "drift"):
            for row in keeper.review.journal_entries(kind):
                self._note(self.journal, row[1], row[3], unpack_value(row[4]))
        for each in keeper.review.conflicts():
            self.journal.setdefault((each.link_id, each.field), set())
        self.chosen: dict[tuple[int, str], set[Any]] = {}
        for one in keeper.decisions():
            if (one.kind, one.entity, one.state) == ("take", sync.entity, "done"):
                # A person saw these, and chose.
                seen = msgspec.json.decode(one.seen, type=dict[str, msgspec.Raw]).values()
                for value in seen:
                    self._note(self.journal, one.link_id, one.field, unpack_value(bytes(value).decode()))
                self._note(self.chosen, one.link_id, one.field, unpack_value(one.value or "null"))
                self.chosen.setdefault((one.link_id, one.field), set())

    def _note(self, kept: dict[tuple[int, str], set[Any]], link_id: int, name: str, value: Any) -> None:
        for cell, held in cells_of(self.entity, name, value).items() if link_id in self.links else ():
            kept.setdefault((link_id, cell), set()).add(held)

    def violations(self) -> Iterator[Violation]:
        yield from self._duplicates()
        yield from self._unsettled()
        yield from self._disagreements()
        yield from self._losses()
        yield from self._histories()
        yield from self._sets()
        yield from self._elements()
        yield from self._unseen()
        yield from self._uncounted()
        yield from self._unlawful()
        yield from computed(self.package, self.sync, self.keeper)
        yield from made(self.policy, self.links, self.members, self.docs, self.servers, self.keeper, self.ledger)
        yield from derived(self.package, self.sync, self.servers, self.keeper, self.ledger)

    def _table(self, system: str) -> Table:
        return self.servers[system].tables[self.maps[system].resource]

    def _native(self, system: str, remote_id: str) -> Native | None:
        return self._table(system).native(remote_id)

    def _duplicates(self) -> Iterator[Violation]:
        for (entity, system, link_id, generation), ids in self.ledger.made.items():
            if entity != self.sync.entity:
                continue
            # One that was made again, since it was gone, and that a person brings back then, is no doing of the engine's.
            live = [
                remote_id
                for remote_id in ids
                if self._native(system, remote_id) is not None
                and (system, entity, remote_id) not in self.ledger.undeleted_by_people
            ]
            if len(live) > 1:
                yield Violation("I1", f"{system} has {', '.join(live)} for link {link_id} generation {generation}")
        for system in self.systems:
            table = self.servers[system].tables[self.maps[system].resource]
            ids = table.live()
            for remote_id, row in self.keeper.members(self.sync.entity, system, ids).items():
                if row.link_id is not None and self.links[row.link_id].status != "tombstone":
                    others = [m for m in self.members[row.link_id] if m.system == system and m.remote_id != remote_id]
                    if others:
                        yield Violation("I12", f"link {row.link_id} has two records in {system}")

    def _unsettled(self) -> Iterator[Violation]:
        asked = {each.link_id for each in self.keeper.review.quarantined() if each.reason_code == "outcome.unknown"}
        for intent in self.keeper.open_intents(self.sync.entity):
            if intent.link_id not in asked:
                yield Violation(
                    "C3", f"{intent.op} in {intent.system} of link {intent.link_id} still has no known outcome"
                )
        for each in self.keeper.review.quarantined():
            if not each.reason_code or not each.detail:
                yield Violation("C5", f"{each.system} {each.remote_id} is held without a reason")

    def _disagreements(self) -> Iterator[Violation]:
        for link_id, row in self.links.items():
            if row.status != "live":
                continue
            members = self.members.get(link_id, [])
            if any(member.state in ("gone", "missing") or self._was_merged(member) for member in members):
                continue
            for member in members:
                if member.state != MemberState.LIVE.value:
                    continue
                native = self._native(member.system, member.remote_id)
                if native is None and self._table(member.system).resource.read is None:
                    continue  # it only takes records, or lists them: what a listing lacks is not known to be deleted
                if native is None:
                    yield Violation("C2", f"link {link_id} has {member.system} {member.remote_id}, which is deleted")
                    continue
                own = self.docs[link_id]
                far = {path: behind(path, own, self.behind) for path in self.maps[member.system].looks}
                agreed = in_system({**own, **far}, member.system, self.remotes)
                yield from self._differences(link_id, member, {**self.policy.absent, **agreed}, native)
                alone = shown_alone(self.entity, self.maps[member.system], link_id, own, native)
                yield from (one for one in alone if not self._is_asked(link_id, one.field))

    def _differences(
        self, link_id: int, member: MemberRow, values: Mapping[str, Shown], native: Native
    ) -> Iterator[Violation]:
        system, side = member.system, self.policy.sides[member.system]
        mapping, table = self.maps[system], self.servers[system].tables[self.maps[system].resource]
        if not belongs(mapping, values):
            return
        told = [name for name in self._unwritable(system, values) if self._is_held(link_id, system, name)]
        values = {**values, **dict.fromkeys(told, ABSENT)}  # what a system cannot have is left as it is there (F12)
        try:
            wanted = mapping.write(values, native)
            wanted = {name: value for name, value in wanted.items() if (system, name) not in self.ledger.ignored}
            then = mapping.read(table.distort({**native, **wanted}))
            now = mapping.read(dict(native))
        except MAPPING_ERRORS as error:
            yield Violation("C2", f"link {link_id}: {member.system} {member.remote_id} cannot be mapped: {error!r}")
            return
        for name in side.kept:
            # What a line computes has a slot of its own: it is compared where the line may look at another record.
            slot = name.startswith("=") and bool(mapping.looks)
            value = then.get(name, ABSENT) if slot else values.get(name, ABSENT)
            if then.get(name, ABSENT) == now.get(name, ABSENT) or value is ABSENT:
                continue
            if blank(value) and any((system, each) in self.ledger.filled for each in side.flows[name].native):
                continue
            if (link_id, name) in self.conflicts or self._is_held(link_id, system, name):
                continue
            if not now.get(name) and (system, self.sync.entity, member.remote_id, name) in self.ledger.unnoticed:
                continue
            # What refers to a record that nobody knows stays as it is, and so does all where what is agreed on has no record; what
            # refers to one that was deleted is not emptied.
            refers = side.flows[name].refers
            if self._means(refers, system, now.get(name)) == value:
                continue  # by the name of a record that was merged into it
            if self._dangles(refers, system, value) or self._is_strange(refers, system, now.get(name)):
                continue
            if self._is_gone(refers, system, value):
                continue  # its link is alive elsewhere, and not made here again
            if blank(value) and self._dangles(refers, system, now.get(name)):
                continue
            if not written_over(side.flows[name].when, now.get(name, ABSENT), value):
                continue
            if (system, name) in self.keeper.review.drifts(link_id):  # `drift keep` and `report`: told, and left there
                continue
            yield Violation(
                "P4" if slot else "C2",
                f"{system} {member.remote_id} shows {name} {short(now.get(name))},"
                f" link {link_id} is agreed on {short(value)}",
                self.sync.entity,
                name,
            )

    def _unwritable(self, system: str, values: Mapping[str, Shown]) -> Collection[str]:
        """The fields of agreed values that a system cannot have."""
        if not self.policy.sides[system].lossy:
            return ()
        try:
            return rendering(self.policy, system, values).refused
        except MAPPING_ERRORS:
            return ()

    def _in_system(self, system: str, values: Iterable[Any]) -> list[Any]:
        return [in_system({"": value}, system, self.remotes)[""] for value in values]

    def _dangles(self, refers: Collection[str], system: str, value: Shown) -> bool:
        """Whether a reference is to a record that is not kept in step with others, or that is there no more."""
        if not refers or not isinstance(value, str):
            return False
        links = (self.linked.get((system, entity, value)) for entity in refers)
        return not any(link in self.open for link in links)

    def _means(self, refers: Collection[str], system: str, value: Shown) -> Shown:
        """The record that a system shows when it is asked for the one that a reference names."""
        if not isinstance(value, str):
            return value
        for entity in refers:
            value = self.servers[system].tables[self.package.mapping(entity, system).resource].survivor(value)
        return value

    def _is_gone(self, refers: Collection[str], system: str, value: Shown) -> bool:
        """Whether a reference is to a record that was deleted in this system."""
        if not refers or not isinstance(value, str):
            return False
        tables = (self.servers[system].tables[self.package.mapping(entity, system).resource] for entity in refers)
        return all(table.native(value) is None for table in tables)

    def _is_strange(self, refers: Collection[str], system: str, value: Shown) -> bool:
        """Whether a reference is to a record that waits for a person, or never had a link; what was deleted had one."""
        if not refers or not isinstance(value, str):
            return False
        places = {(system, entity, value) for entity in refers}
        return places.isdisjoint(self.ledger.linked) or (
            not places.isdisjoint(self.waiting) and self._dangles(refers, system, value)
        )

    def _was_merged(self, member: MemberRow) -> bool:
        """Whether a person is asked about a record because it was merged into another: its link waits."""
        return (member.system, member.remote_id) in self.merged

    def _is_held(self, link_id: int, system: str, name: str) -> bool:
        return any((link_id, where, what) in self.held for where in (system, "") for what in (name, ""))

    def _losses(self) -> Iterator[Violation]:
        for (system, entity, remote_id, name), edit in self.ledger.last.items():
            if entity != self.sync.entity or (system, field_of(name)) not in self.told:
                continue
            if isinstance(edit.value, frozenset) or (is_element(name) and edit.value is False):
                continue
            if (system, entity, remote_id, name) in self.ledger.window:
                continue
            link_id = self.ledger.linked.get((system, entity, remote_id))
            if link_id is None:
                continue
            if self.links[link_id].status != "live" or self._ends(link_id):
                continue
            if not self._is_kept(link_id, edit):
                yield Violation(
                    "I2",
                    f"{system} {remote_id} {name} {short(edit.value)}, stored by {edit.by}, is nowhere to be found",
                    entity,
                    name,
                )

    def _ends(self, link_id: int) -> bool:
        return any(member.state != "live" for member in self.members.get(link_id, []))

    def _is_kept(self, link_id: int, edit: Edit) -> bool:
        flow = self.policy.sides[edit.system].flows[field_of(edit.field)]
        refers = () if element_of(edit.field) else flow.refers
        agreed_on = self.ledger.accepted.get((edit.entity, link_id, edit.field), [])
        accepted = self._in_system(edit.system, agreed_on)
        kept = (*accepted, *self._in_system(edit.system, self.journal.get((link_id, edit.field), ())))
        meant = self._means(refers, edit.system, edit.value)
        if edit.value in kept or meant in [self._means(refers, edit.system, one) for one in kept]:
            return True
        if blank(edit.value) or (link_id, field_of(edit.field)) in self.conflicts:
            return True
        if part_of(edit.field) and flow.picked is None and part_of(edit.field) not in flow.hears:
            return True
        told = self.journal.get((link_id, edit.field), ())
        if any(type(one) is Reference and (edit.system, one.entity, one.link) not in self.remotes for one in told):
            return True  # by the link that it had when it was overwritten
        native = self._native(edit.system, edit.remote_id)
        if native is None:
            return True
        if self._dangles(refers, edit.system, edit.value):
            return True
        # One that was deleted and replaced, and came back, has left its link, and keeps its values for itself.
        left = self.linked.get((edit.system, edit.entity, edit.remote_id)) != link_id
        shows = cells(self.entity, shown(self.maps[edit.system], native))
        if (left or not flow.contributes) and shows.get(edit.field) == edit.value:
            return True
        if element_of(edit.field):
            return False
        mapping, table = self.maps[edit.system], self.servers[edit.system].tables[self.maps[edit.system].resource]
        for value in accepted:
            try:
                agreed = in_system(self.docs[link_id], edit.system, self.remotes)
                wanted = mapping.write({**self.policy.absent, **agreed, edit.field: value}, native)
                if mapping.read(table.distort({**native, **wanted})).get(edit.field) == edit.value:
                    return True
            except MAPPING_ERRORS:
                continue
        return False

    def _histories(self) -> Iterator[Violation]:
        # What a rule derives, nobody needs to have typed.
        derived = {
            flow.field for one in self.package.derivations if one.entity == self.sync.entity for flow in one.flows
        }
        for (entity, link_id, name), past in self.ledger.accepted.items():
            if entity != self.sync.entity or field_of(name) not in self.heard or name in derived or is_element(name):
                continue
            kind = self.entity.kinds.get(name, "")
            once = kind in UNIQUE or (
                bool(part_of(name)) and (entity, field_of(name), part_of(name)) not in self.ledger.elements.repeated
            )
            if kind == "ref":  # people choose them by what their system calls a record, and an agreement names its link
                continue
            typed = self.ledger.typed.get((entity, name), set()) | {self.entity.defaults.get(name)}
            for value in past:
                if isinstance(value, frozenset):
                    typed_elements: set[Any] = set().union(*(one for one in typed if isinstance(one, frozenset)))
                    if value - typed_elements:
                        yield Violation(
                            "I4",
                            f"link {link_id} {name}: nobody ever stored {short(value - typed_elements)}",
                            entity,
                            name,
                        )
                elif value not in typed and not blank(value):
                    yield Violation("I4", f"link {link_id} {name}: nobody ever stored {short(value)}", entity, name)
            places = [place for place in self.ledger.restored if self.ledger.linked.get(place) == link_id]
            again = {value for place in places for field, value in self.ledger.restored[place] if field == name}
            again |= self.chosen.get((link_id, name), set())  # a person may take what was superseded
            again |= self.ledger.elements.former.get((link_id, name), set())
            told: list[Any] = [value for value in past if not blank(value) and value not in again]
            group = next((names for names in self.sync.together if name in names), None)
            if group is not None:  # as a part of another whole it may come back, and with what people may type twice
                unique = all(self.entity.kinds.get(each, "") in UNIQUE for each in group)
                wholes = self.ledger.accepted_together[entity, link_id, group] if unique else []
                told = [
                    whole for whole in wholes if not any(map(blank, whole)) and whole[group.index(name)] not in again
                ]
            if once and len(set(told)) != len(told):
                back = next(value for index, value in enumerate(told) if value in told[:index])
                text = f"link {link_id} {name}: {short(back)} is back after it was superseded"
                yield Violation("I3", text, entity, name)

    def _sets(self) -> Iterator[Violation]:
        for name, rule in self.sync.rules.items():
            if not isinstance(rule, Merged) or rule.by != "union":
                continue
            for link_id, row in self.links.items():
                own = [where for where, number in self.ledger.linked.items() if number == link_id]
                places = [(*where, name) for where in own if (where[0], name) in self.told]
                if row.status != "live" or self._ends(link_id) or any(place in self.ledger.window for place in places):
                    continue
                added: set[Any] = set().union(*(self.ledger.sets.added.get(place, set()) for place in places))
                removed: set[Any] = set().union(*(self.ledger.sets.removed.get(place, set()) for place in places))
                withdrawn: set[Any] = set().union(*(self.ledger.sets.withdrawn.get(place, set()) for place in places))
                agreed = self.docs[link_id].get(name) or frozenset()
                moved = self.ledger.sets.moved.get((link_id, name), set())
                # What a deleted record had may be agreed on already, or have gone with it.
                gone = {place for place in places if place[:3] in self.ledger.deleted}
                kept: set[Any] = set().union(
                    *(self.ledger.sets.added.get(one, set()) for one in places if one not in gone)
                )
                lost, extra = kept - removed - withdrawn - set(agreed), set(agreed) - (added - removed) - moved
                if (link_id, name) not in self.conflicts and (lost or extra):
                    told = [f"{short(lost)} is lost"] * bool(lost) + [f"{short(extra)} came back"] * bool(extra)
                    text = f"link {link_id} {name}: {', '.join(told)}"
                    yield Violation("I3" if extra else "I2", text, self.sync.entity, name)

    def _elements(self) -> Iterator[Violation]:
        living = {number for number, row in self.links.items() if row.status == "live" and not self._ends(number)}
        yield from left_as_they_were(self.ledger, self.entity, living, self._is_asked)

    def _is_asked(self, link_id: int, name: str) -> bool:
        """Whether a person is asked about a field of a link, or was."""
        asked = (link_id, name) in self.conflicts or (link_id, name) in self.chosen
        return asked or any(self._is_held(link_id, system, name) for system in self.systems)

    def _unseen(self) -> Iterator[Violation]:
        for system in self.systems:
            mapping = self.maps[system]
            table = self.servers[system].tables[mapping.resource]
            if table.resource.list is None:
                continue  # it only takes records
            live = table.live()
            known = self.keeper.members(self.sync.entity, system, live)
            quarantined = self.keeper.review.held_records(self.sync.entity, system, live)
            for remote_id in live:
                native = table.native(remote_id) or {}
                if mapping.in_scope is not None and not mapping.in_scope(native):
                    continue
                row = known.get(remote_id)
                if row is None:
                    if remote_id not in quarantined:
                        yield Violation("I10", f"{system} {remote_id} was never seen")
                elif row.link_id is None and remote_id not in quarantined and row.state == "live":
                    if self.reserved.intersection(enumerate(keys(self.entity, shown(mapping, native)))):
                        continue  # a create with its key waits for a person
                    yield Violation("C2", f"{system} {remote_id} has no link, and nobody is told why")

    def _uncounted(self) -> Iterator[Violation]:
        """Where a system counts the writes to its records, those that were overwritten unseen were told."""
        counting = {
            system
            for system, mapping in self.maps.items()
            if (resource := self.servers[system].tables[mapping.resource].resource).counter
            and resource.update is not None
            and resource.update.returns == "record"
        }
        told = {
            (row[1], row[2])
            for action in (("unseen-edit", "maybe-undone") if counting else ())
            for row in self.keeper.review.journal_entries(action)
        }
        for system, entity, remote_id, link_id in self.ledger.unseen:
            missed = entity == self.sync.entity and system in counting and (link_id, system) not in told
            if missed and (system, remote_id) not in self.merged:
                yield Violation("I2", f"{system} {remote_id}: what was overwritten in the window was not counted")

    def _unlawful(self) -> Iterator[Violation]:
        """A codec of one's own reads back what it wrote, for every value that was agreed on."""
        for mapping in self.maps.values():
            for flow in mapping.flows:
                if (self.sync.entity, mapping.system, flow.field) not in self.ledger.trusted:
                    continue
                for (entity, link_id, name), past in self.ledger.accepted.items():
                    if (entity, name) == (self.sync.entity, flow.field) and link_id in self.docs:
                        yield from self._misread(mapping, name, link_id, past)

    def _misread(self, mapping: FieldMap, name: str, link_id: int, past: list[Any]) -> Iterator[Violation]:
        for value in past:
            if blank(value):
                continue
            try:
                native = mapping.write({**self.policy.absent, **self.docs[link_id], name: value}, None)
                back = mapping.read(native).get(name, ABSENT)
            except MAPPING_ERRORS:
                continue
            if back != value:
                text = f"{mapping.system}: the codec of {name} writes {short(value)} so that it is read back as {short(back)}"
                yield Violation("L1", text, self.sync.entity, name)
                return
