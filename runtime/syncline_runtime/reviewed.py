"""What a run may do: nothing in a plan, and when a plan is applied, just what was reviewed. A guard around each system."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence

from syncline_runtime.declaration import Condition
from syncline_runtime.planned import Names, PlannedAction, PlannedRecord, Where, index, planned_action, to_be
from syncline_runtime.ports import Applied, NativeRecord, Outcome, Page, System, Write
from syncline_runtime.records import Action, Link


class WriteForbidden(AssertionError):
    """A write was about to be sent that must not be: a fault of this program, stopped before it left."""


class ReadOnly:
    """A system that is looked at and not written: every write raises WriteForbidden before it reaches the connector."""

    def __init__(self, system: System) -> None:
        self.name = system.name
        self._system = system

    async def open(self) -> None:
        await self._system.open()

    async def close(self) -> None:
        await self._system.close()

    def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        return self._system.pages(resource, fields=fields, where=where, since=since)

    async def read(
        self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, NativeRecord | None]:
        return await self._system.read(resource, remote_ids, fields=fields)

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        raise WriteForbidden(f"{self.name}: a plan tried to create in {resource}")

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        raise WriteForbidden(f"{self.name}: a plan tried to update in {resource}")

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        raise WriteForbidden(f"{self.name}: a plan tried to delete in {resource}")


class Reviewed:
    """The actions of a plan that is being applied; each is allowed once, and struck off when it is done."""

    def __init__(self, records: Iterable[PlannedRecord], names: Names) -> None:
        self._names = names
        records = [record for record in records if record.actions]
        self._records = index(records)
        self._left = {
            id(action): (record, action) for record in records for action in record.actions if action.kind != "unlink"
        }
        self._going: dict[tuple[int, str], PlannedAction] = {}
        self._ids: dict[tuple[str, str], set[str]] = {}
        self._creates: dict[str, int] = {}
        for record in records:
            for action in record.actions:
                if action.kind == "create":
                    self._creates[action.system] = self._creates.get(action.system, 0) + 1
                elif action.id is not None:
                    self._ids.setdefault((action.system, action.kind), set()).add(action.id)

    def check(self, system: str, operation: str, writes: Sequence[Write]) -> None:
        """Raise WriteForbidden if one of the writes is to no record of the plan, or more are created than it has."""
        if operation == "create":
            if len(writes) > self._creates.get(system, 0):
                raise WriteForbidden(f"{system}: more records were about to be created than the plan has")
            return
        kinds = ("update", "archive", "restore") if operation == "update" else (operation,)
        planned = set[str]().union(*(self._ids.get((system, kind), set()) for kind in kinds))
        for one in writes:
            if one.remote_id not in planned:
                raise WriteForbidden(f"{system}: the plan has no {operation} of {one.remote_id}")

    def created(self, system: str, count: int) -> None:
        """So many records were created."""
        self._creates[system] = self._creates.get(system, 0) - count

    def allows(self, link: Link, action: Action) -> bool:
        """Whether the plan has this action for this record, with these values."""
        asked = planned_action(action, self._names)
        record = self._record(link, asked)
        if record is None:
            return False
        found = next((one for one in record.actions if one.does(asked)), None)
        if found is None:
            return False
        self._going[action.link_id, action.system] = found
        return True

    def done(self, link_id: int, system: str) -> None:
        """The action of a link in a system was carried out."""
        action = self._going.get((link_id, system))
        if action is not None:
            self._left.pop(id(action), None)

    def left(self) -> list[tuple[PlannedRecord, PlannedAction]]:
        """What was reviewed and not carried out."""
        return list(self._left.values())

    def _record(self, link: Link, asked: PlannedAction) -> PlannedRecord | None:
        wheres: list[Where] = [(link.entity, system, member.remote_id) for system, member in link.members.items()]
        wheres = wheres or [to_be(link.entity, asked)]
        return next((self._records[where] for where in wheres if where in self._records), None)


class OnlyReviewed(ReadOnly):
    """A system that lets the writes of a plan pass: those records are updated and deleted, and so many are created."""

    def __init__(self, system: System, reviewed: Reviewed) -> None:
        super().__init__(system)
        self._reviewed = reviewed

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._reviewed.check(self.name, "create", writes)
        outcomes = await self._system.create(resource, writes)
        self._reviewed.created(self.name, sum(isinstance(outcome, Applied) for outcome in outcomes))
        return outcomes

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._reviewed.check(self.name, "update", writes)
        return await self._system.update(resource, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._reviewed.check(self.name, "delete", writes)
        return await self._system.delete(resource, writes)
