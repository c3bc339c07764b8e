"""A system in memory that behaves like a real one: version stamps, pages, change cursors, and faults on demand."""

from collections import deque
from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime

from syncline_runtime.declaration import Condition, deletions_of
from syncline_runtime.ports import (
    Applied,
    Clock,
    Deletions,
    Gone,
    NativeRecord,
    Outcome,
    Page,
    Refused,
    Stale,
    SystemFailure,
    Unknown,
    Write,
)
from syncline_runtime.values import Native


@dataclass(slots=True)
class Fault:
    """What happens to one coming write instead of success: the outcome told, and whether the write lands all the same."""

    outcome: Outcome
    lands: bool = False


@dataclass(slots=True)
class Table:
    """One resource: records by id, `version` the field that is stamped with each change, if there is one, to the `unit` of time.
    `hidden` are fields that are not shown, `counter` is one to which each change adds one. What is put into the table
    `deletions_of` a resource is told by its feed."""

    version: str | None = "updated"
    unit: str = "microseconds"
    since: bool = True
    page_size: int = 100
    returns: bool = True
    lock: bool = False
    counter: str = ""
    normalise: Callable[[Native], Native] | None = None
    refuse: Callable[[Native], Refused | None] | None = None
    defaults: Mapping[str, object] = field(default_factory=dict)
    hidden: Collection[str] = ()
    records: dict[str, Native] = field(default_factory=dict)


class Twin:
    """A `System` over dictionaries. Time comes from the clock; nothing here is random.

    `faults[operation]` is a queue of faults for coming writes; `failure`, when set, makes every call raise it; `before`
    is called with each operation's name first and may raise (a crash) or edit (a race). `calls` logs (operation, resource, n).
    """

    def __init__(self, name: str, clock: Clock, **tables: Table) -> None:
        self.name = name
        self.clock = clock
        self.tables = tables
        self.calls: list[tuple[str, str, int]] = []
        self.faults: dict[str, deque[Fault]] = {"create": deque(), "update": deque(), "delete": deque()}
        self.failure: SystemFailure | None = None
        self.before: Callable[[str], None] | None = None
        self._serial = 0
        self._stamp = 0.0

    # -- what a user does ----------------------------------------------------------------------------------------------

    def put(self, resource: str, remote_id: str | None = None, /, **fields: object) -> str:
        """Create a record, or change some fields of one, as a user would; the id."""
        table = self.tables[resource]
        if remote_id is None:
            self._serial += 1
            remote_id = f"{self.name}-{self._serial}"
        record = dict(table.records.get(remote_id, {"id": remote_id, **deepcopy(dict(table.defaults))}))
        record.update(fields)
        self._store(table, remote_id, record)
        return remote_id

    def drop(self, resource: str, remote_id: str) -> None:
        """Delete a record, as a user would."""
        del self.tables[resource].records[remote_id]

    def shows(self, resource: str, remote_id: str) -> Native:
        """A record as the system holds it."""
        return self.tables[resource].records[remote_id]

    @property
    def writes(self) -> int:
        """How many records were sent to be written so far."""
        return sum(count for operation, _, count in self.calls if operation in self.faults)

    # -- the port ------------------------------------------------------------------------------------------------------

    async def open(self) -> None:
        self._called("open", "", 0)

    async def close(self) -> None:
        return None

    async def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        table = self.tables[resource]
        ids = [
            remote_id
            for remote_id, record in list(table.records.items())
            if all(record.get(condition.field) == condition.value for condition in where)
            and (since is None or not table.since or table.version is None or str(record[table.version]) >= since)
        ]
        cursor = since
        for start in range(0, max(len(ids), 1), table.page_size):
            read_at = self.clock.now()
            self._called("list", resource, 0)
            records = [
                self._record(table, remote_id)
                for remote_id in ids[start : start + table.page_size]
                if remote_id in table.records
            ]
            if table.since:
                cursor = max([cursor or "", *(record.version or "" for record in records)]) or None
            yield Page(records, cursor, read_at, start + table.page_size >= len(ids))

    async def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        async for page in self.pages(deletions_of(resource), fields=(), since=since):
            yield Deletions([record.remote_id for record in page.records], page.cursor, page.unidentified)

    async def read(
        self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, NativeRecord | None]:
        self._called("read", resource, len(remote_ids))
        table = self.tables[resource]
        return {
            remote_id: self._record(table, remote_id) if remote_id in table.records else None
            for remote_id in remote_ids
        }

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._called("create", resource, len(writes))
        return [self._write("create", self.tables[resource], write) for write in writes]

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._called("update", resource, len(writes))
        return [self._write("update", self.tables[resource], write) for write in writes]

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._called("delete", resource, len(writes))
        return [self._write("delete", self.tables[resource], write) for write in writes]

    # -- inside --------------------------------------------------------------------------------------------------------

    def _called(self, operation: str, resource: str, count: int) -> None:
        self.calls.append((operation, resource, count))
        if self.failure is not None:
            raise self.failure
        if self.before is not None:
            self.before(operation)

    def _record(self, table: Table, remote_id: str) -> NativeRecord:
        native = {name: deepcopy(own) for name, own in table.records[remote_id].items() if name not in table.hidden}
        return NativeRecord(remote_id, native, str(native[table.version]) if table.version else None)

    def _store(self, table: Table, remote_id: str, record: Native) -> None:
        if table.normalise is not None:
            record = table.normalise(record)
        if table.counter:
            former = table.records.get(remote_id, {}).get(table.counter, 0)
            record[table.counter] = int(str(former)) + 1
        if table.version is not None and table.version != table.counter:
            # Two changes within one tick of the clock still differ, as in a system with fine stamps.
            self._stamp = max(self._stamp + 0.000001, self.clock.now())
            record[table.version] = datetime.fromtimestamp(self._stamp, UTC).isoformat(timespec=table.unit)
        table.records[remote_id] = record

    def _write(self, operation: str, table: Table, write: Write) -> Outcome:
        fault = self.faults[operation].popleft() if self.faults[operation] else None
        if fault is not None and not fault.lands:
            return fault.outcome
        outcome = self._effect(operation, table, write)
        return fault.outcome if fault is not None else outcome

    def _effect(self, operation: str, table: Table, write: Write) -> Outcome:
        if table.refuse is not None and operation != "delete" and (refused := table.refuse(write.native)) is not None:
            return refused
        if operation == "create":
            self._serial += 1
            remote_id = f"{self.name}-{self._serial}"
            self._store(table, remote_id, {"id": remote_id, **deepcopy(dict(table.defaults)), **deepcopy(write.native)})
            return Applied(remote_id, self._record(table, remote_id) if table.returns else None)
        remote_id = write.remote_id or ""
        record = table.records.get(remote_id)
        if record is None:
            return Gone()
        if table.lock and write.version is not None and table.version and record[table.version] != write.version:
            return Stale("the record has changed")
        if operation == "delete":
            del table.records[remote_id]
            return Applied(remote_id)
        self._store(table, remote_id, {**record, **deepcopy(write.native)})
        return Applied(remote_id, self._record(table, remote_id) if table.returns else None)


UNKNOWN_BUT_LANDED = Fault(Unknown("time-out"), lands=True)
UNKNOWN_AND_LOST = Fault(Unknown("time-out"), lands=False)
