"""What a write does to a simulated system once it arrives there, and what the system answers."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from typing import Any

from syncline_runtime.answering import Purpose
from syncline_runtime.connectors.records import answered
from syncline_runtime.declaration import Operation
from syncline_runtime.ports import Applied, Gone, Outcome, Refused, Stale, Write
from syncline_runtime.simulation.ledger import Ledger, Sending
from syncline_runtime.simulation.people import People
from syncline_runtime.simulation.server import Server, Table
from syncline_runtime.simulation.world import World, short


class Effects:
    """What the writes sent to a `Server` do, each when it is called: at once, late, or never."""

    def __init__(self, server: Server, world: World, ledger: Ledger, people: People) -> None:
        self.name = server.name
        self._server = server
        self._world = world
        self._ledger = ledger
        self._people = people

    def of(self, purpose: Purpose, table: Table, write: Write, sending: Sending) -> Callable[[], Outcome]:
        """What a write does, and answers, when it arrives."""
        operation = _operation(purpose, table)

        def create() -> Outcome:
            honoured = operation is not None and operation.idempotency and table.conduct.idempotency
            key = write.idempotency_key if honoured else None
            if key is not None and key in table.keys:
                return self._applied(table, table.keys[key], operation, write)
            if (refused := self._forbidden(write)) is not None:
                return refused
            table.serial += 1
            native = dict(write.native)
            remote_id = self._server.identified(table, native)
            self._server.store(table, remote_id, native, "engine")
            if key is not None:
                table.keys[key] = remote_id
            self._ledger.created(sending, remote_id, native)
            self._compare(table, remote_id, write.native)
            own = self._ledger.left_out(sending, native) | native.keys()
            self._people.default(self.name, table.resource.name, remote_id, own)
            self._rework(table, remote_id, own)
            answer = self._applied(table, remote_id, operation, write)
            mapping = self._ledger.mapping(self.name, table.resource.name, remote_id)
            if mapping is not None and self._world.happens("snatched"):
                self._people.delete(mapping, table, remote_id)
            return answer

        def update() -> Outcome:
            refused, native = self._checked(table, write)
            if refused is not None or native is None:
                return refused or Gone()
            if not write.native:
                self._world.violate("I8", f"an update of {self.name} {write.remote_id} changes nothing")
            remote_id = write.remote_id or ""
            ignored = self._people.habits.ignored
            kept = {name: value for name, value in write.native.items() if (self.name, name) not in ignored}
            self._ledger.ignores(sending, native, write.native.keys() - kept.keys())
            self._ledger.overwrites(sending, native, self._server.kept(table, native, {**native, **kept}))
            self._server.store(table, remote_id, {**native, **kept}, "engine")
            self._compare(table, remote_id, kept)
            self._rework(table, remote_id, write.native)
            return self._applied(table, remote_id, operation, write)

        def delete() -> Outcome:
            refused, native = self._checked(table, write)
            if refused is not None or native is None:
                return refused or Gone()
            self._ledger.deletes(sending, native)
            for one in table.losers(sending.remote_id or ""):  # with the one they were merged into, they are gone
                self._ledger.dropped(self.name, table.resource.name, one)
            self._server.store(table, write.remote_id or "", None, "engine")
            return Applied(write.remote_id or "")

        return {Purpose.CREATE: create, Purpose.UPDATE: update, Purpose.DELETE: delete}[purpose]

    def _compare(self, table: Table, remote_id: str, sent: Mapping[str, Any]) -> None:
        """What a system makes of a field that it was told to treat in some way is what the spec says that it makes of it."""
        mapping, stored = self._ledger.mapping(self.name, table.resource.name, remote_id), table.native(remote_id)
        if mapping is None or stored is None:
            return
        for name in sent.keys() & table.conduct.stores.keys():
            declared = dict(sent) if mapping.normalise is None else {**sent, **mapping.normalise(dict(sent))}
            if stored.get(name) != declared[name]:
                field = next((flow.field for flow in mapping.flows if name in flow.native), "")
                text = (
                    f"{self.name} was sent {name} {short(sent[name])}, stores {short(stored.get(name))},"
                    f" and by the spec stores {short(declared[name])}"
                )
                self._world.violate("D1", text, mapping.entity, field)

    def _checked(self, table: Table, write: Write) -> tuple[Outcome | None, dict[str, Any] | None]:
        state = table.current(write.remote_id or "")
        if state is None or state.native is None or write.remote_id in table.merged:
            return Gone(), None
        if write.version is not None and table.resource.lock != "none":
            shown = self._server.version(table, state, single=True)
            if shown != write.version:
                self._world.counts["precondition failed"] += 1
                return Stale("the record has changed"), None
        return self._forbidden(write), state.native

    def _forbidden(self, write: Write) -> Outcome | None:
        name = next((name for name in write.native if name in self._server.hidden), None)
        return None if name is None else Refused("forbidden", "no permission", {name: "no permission"})

    def _applied(self, table: Table, remote_id: str, operation: Operation | None, write: Write) -> Outcome:
        state = table.current(remote_id)
        if operation is None or operation.returns != "record" or state is None or state.native is None:
            return Applied(remote_id)
        record = self._server.shown(table, remote_id, state, single=True)
        self._ledger.showed(self.name, table.resource.name, {remote_id: record})
        if table.left_out:
            record = replace(record, native=answered(record.native, sorted(table.left_out), write.native))
        return Applied(remote_id, record)

    def _rework(self, table: Table, remote_id: str, written: Collection[str]) -> None:
        """A workflow of the system changes a field of what was just written: at once one that was not sent, later any. (At once
        one that was sent is what the system made of it: nobody can tell it from a normalisation.)"""
        if self._world.happens("workflow"):
            resource = table.resource.name
            if self._world.rng.random() < 0.5:
                self._people.rework(self.name, resource, remote_id, written)
            else:
                self._world.later(
                    self._world.rng.randint(1, 20), lambda: self._people.rework(self.name, resource, remote_id, ())
                )


def _operation(purpose: Purpose, table: Table) -> Operation | None:
    match purpose:
        case Purpose.CREATE:
            return table.resource.create
        case Purpose.DELETE:
            return table.resource.delete
        case _:
            return table.resource.update
