"""What a run may do: nothing in a plan, and when a plan is applied, just what was reviewed. A guard around each system."""

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence

from syncline_runtime.declaration import Condition
from syncline_runtime.planbook import Book, Held
from syncline_runtime.planned import (
    Names,
    PlannedAction,
    Where,
    alike,
    differences,
    planned_action,
    planned_record,
    refers,
    to_be,
    wheres,
    without,
)
from syncline_runtime.ports import Applied, Deletions, Outcome, Page, Reading, System, Write
from syncline_runtime.records import Action, Decision, Link


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

    def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        return self._system.deletions(resource, since=since)

    async def read(self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]) -> Mapping[str, Reading]:
        return await self._system.read(resource, remote_ids, fields=fields)

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        raise WriteForbidden(f"{self.name}: a plan tried to create in {resource}")

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        raise WriteForbidden(f"{self.name}: a plan tried to update in {resource}")

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        raise WriteForbidden(f"{self.name}: a plan tried to delete in {resource}")


class Reviewed:
    """A plan that is being applied: held against what was decided anew, then each of its actions is tried once, and struck off when
    it is done. Until it was agreed to it allows nothing."""

    def __init__(self, book: Book, names: Names, *, skip_changed: bool = False) -> None:
        self._book = book
        self._names = names
        self._skip_changed = skip_changed
        self._now = Book()
        self._agreed = False
        self._going: dict[tuple[int, str], tuple[int, int]] = {}
        self._creates: dict[str, int] = {}

    def asked(self, entity: str, system: str) -> Iterator[list[str]]:
        """The records of a system that are in the plan, some at a time."""
        return self._book.places(entity, system)

    def decided(self, decision: Decision) -> None:
        """A link was decided anew; once the plan is agreed to, that is of no more interest."""
        link = decision.link
        if not self._agreed and (decision.actions or self._book.has(_members(link))):
            # Spelled now, while the store still holds what was planned.
            self._now.put(link.link_id, planned_record(decision, self._names), indexed=True)

    def agree(self, held: Held) -> bool:
        """Whether what was decided anew is what was reviewed, or is to be done as far as it is; the book keeps what changed."""
        same = True
        for number, record in self._book.entries():
            entry = self._now.find(wheres(record))
            now = None if entry is None else without(entry.record, held.get(record.entity, {}))
            if told := list(differences(record, now)):
                self._book.changed(number, told)
                same = False
        self._now.close()
        self._agreed = same or self._skip_changed
        self._creates = self._book.counts("create")
        return self._agreed

    def check(self, system: str, operation: str, writes: Sequence[Write]) -> None:
        """Raise WriteForbidden if one of the writes is to no record of the plan, or more are created than it has."""
        if not self._agreed:
            raise WriteForbidden(f"{system}: a write was about to be sent before the plan was held against the records")
        if operation == "create":
            if len(writes) > self._creates.get(system, 0):
                raise WriteForbidden(f"{system}: more records were about to be created than the plan has")
            return
        kinds = {"update", "archive", "restore"} if operation == "update" else {operation}
        for one in writes:
            remote_id = one.remote_id or ""
            if kinds.isdisjoint(self._book.kinds(system, remote_id)):
                raise WriteForbidden(f"{system}: the plan has no {operation} of {remote_id}")

    def created(self, system: str, remote_ids: Sequence[str]) -> None:
        """These records were created: a reference that waited for another may still be set in them."""
        self._creates[system] = self._creates.get(system, 0) - len(remote_ids)
        self._book.made(system, remote_ids)

    def allows(self, link: Link, action: Action) -> bool:
        """Whether the plan has this action for this record, with these values, and it was not tried yet; or has them in a create
        that was done, and they are references for which it could not wait."""
        asked = planned_action(action, self._names)
        entry = self._book.find([*_members(link)] or [to_be(link.entity, asked)])
        if entry is None:
            return False
        for at, one in enumerate(entry.record.actions):
            if one.does(asked):
                self._going[action.link_id, action.system] = (entry.number, at)
                return self._book.state(entry.number, at) == "left"
            if one.kind == "create" and asked.kind == "update" and one.system == asked.system:
                return self._book.state(entry.number, at) == "done" and _completes(one, asked)
        return False

    def trying(self, link_id: int, system: str) -> None:
        """The action of a link in a system is about to be sent; if it is not done now, it is left."""
        if (link_id, system) in self._going:
            self._book.mark(*self._going[link_id, system], "tried")

    def done(self, link_id: int, system: str) -> None:
        """The action of a link in a system was carried out."""
        going = self._going.pop((link_id, system), None)
        if going is not None:
            self._book.mark(*going, "done")


def _members(link: Link) -> list[Where]:
    return [(link.entity, system, member.remote_id) for system, member in link.members.items()]


def _completes(create: PlannedAction, update: PlannedAction) -> bool:
    """Whether an update sets nothing but references that the create was to set."""
    return all(
        refers(new) and name in create.fields and alike(new, create.fields[name][1])
        for name, (_, new) in update.fields.items()
    )


class OnlyReviewed(ReadOnly):
    """A system that lets the writes of a plan pass: those records are updated and deleted, and so many are created."""

    def __init__(self, system: System, reviewed: Reviewed) -> None:
        super().__init__(system)
        self._reviewed = reviewed

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._reviewed.check(self.name, "create", writes)
        outcomes = await self._system.create(resource, writes)
        self._reviewed.created(self.name, [one.remote_id for one in outcomes if isinstance(one, Applied)])
        return outcomes

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._reviewed.check(self.name, "update", writes)
        return await self._system.update(resource, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._reviewed.check(self.name, "delete", writes)
        return await self._system.delete(resource, writes)
