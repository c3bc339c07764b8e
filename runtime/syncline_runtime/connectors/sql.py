"""Tables of a database as resources: SQLite and PostgreSQL by their own drivers, everything bound as parameters."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from syncline_runtime import cursors
from syncline_runtime.answering import Purpose
from syncline_runtime.connectors.databases import Database, Insert, LostConnection, Postgresql, Ran, Sqlite, Unreadable
from syncline_runtime.connectors.statements import NOTHING, both, either, spelled
from syncline_runtime.connectors.statements import Condition as Sql
from syncline_runtime.connectors.tables import Table
from syncline_runtime.declaration import Condition, Resource, Since, System
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
    Unavailable,
    Unidentified,
    Unknown,
    Write,
)
from syncline_runtime.settings import SecretText, Settings, required_text

Result = TypeVar("Result")

_BUSY_SECONDS: Final = 30.0
_PAGE: Final = 1000
_IDS: Final = 500
_LAG_SECONDS: Final = 10.0
"""A row's time is often that of its transaction's start: one that was still open at the last listing shows only later."""


class SqlSystem:
    """`ports.System` over a database."""

    def __init__(self, declared: System, settings: Settings, clock: Clock) -> None:
        self.name = declared.name
        self._declared = declared
        self._clock = clock
        self._url = SecretText(required_text(declared.name, settings, "url"))
        self._database: Database = Sqlite()
        self._tables: dict[str, Table] = {}
        self._opened = False
        self._idle: list[Any] = []
        self._units = asyncio.Semaphore(1)
        self._with_rowid: set[str] = set()

    async def open(self) -> None:
        """Connect and see that all declared columns are there. Raises SystemFailure."""
        address = self._url.reveal()
        backend = address.partition("://")[0].partition("+")[0] if "://" in address else ""
        match backend:
            case "sqlite":
                pass
            case "postgresql" | "postgres":
                self._database = Postgresql()
                self._units = asyncio.Semaphore(max(1, self._declared.connector.concurrency))
            case "":
                raise self._failure("the address of the database cannot be read")
            case _:
                raise self._failure(f"{backend} is not a database that this runtime speaks; sqlite and postgresql are")
        try:
            self._database.error  # noqa: B018
        except ModuleNotFoundError as error:
            raise SystemFailure(
                self.name, f"{error.name} is not installed", remedy="pip install 'syncline-runtime[postgresql]'"
            ) from None
        self._opened = True
        self._tables = {name: self._table(resource) for name, resource in self._declared.resources.items()}
        await self._run(self._check, "open the database")

    async def close(self) -> None:
        """Release connections."""
        self._opened = False
        while self._idle:
            await asyncio.to_thread(self._idle.pop().close)

    async def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        """List a table by keyset: by identity, or with `since` by version and identity. Raises SystemFailure."""
        table = self._tables[resource]
        names = self._wanted(table, fields)
        conditions = [table.spelled.compared(condition.field, "=", self._bound(condition.value)) for condition in where]
        doing = f"list {resource}"
        newest = await self._run(lambda connection: self._newest(connection, table), doing) if table.since else None
        if since is not None:
            conditions.append(self._since(table, since, newest))
        by_version = since is not None
        spelling = table.since.spelling if table.since else "text"
        cursor = since
        # Rows that change behind a listing by identity are later than the newest at its start: the next run asks for them.
        final = cursors.later(since, cursors.stored(newest, spelling), spelling) if table.since else None
        after: tuple[Any, Any] | None = None
        while True:
            read_at = self._clock.now()
            statement = self._select(table, names, conditions, after, by_version)
            rows = await self._run(partial(_rows, statement), doing)
            last = len(rows) < table.page_size
            records = [*map(table.reading(names), rows)]
            nameless = [] if after is not None else await self._nameless(table, names, conditions, doing)
            if rows:
                after = (self._raw_version(table, names, rows[-1]), rows[-1][names.index(table.identity)])
            if by_version:
                cursor = cursors.later(cursor, cursors.stored(after[0], spelling) if after else None, spelling)
            if nameless and not records and since is None and not where:
                raise self._failure(f"could not {doing}: none of its rows has a value in {table.identity}")
            yield Page(records, final if last and not by_version else cursor, read_at, last, nameless)
            if last:
                return

    async def _nameless(
        self, table: Table, names: Sequence[str], conditions: Sequence[Sql], doing: str
    ) -> list[Unidentified]:
        """The rows without identity, as far as a page goes: no keyset leads to them."""
        where = [*conditions, table.spelled.compared(table.identity, "=", None)]
        query = table.spelled.select(names, where, limit=table.page_size)
        read, why = table.reading(names), f"has no {table.identity}"
        found = await self._run(partial(_rows, query), doing)
        return [Unidentified(f"row {number} without key", why, read(row).native) for number, row in enumerate(found, 1)]

    def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        """No table tells of its deletions. Raises SystemFailure."""
        raise SystemFailure(self.name, f"{resource} has no feed of deletions")

    async def read(
        self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, NativeRecord | None]:
        """Read rows by id. Raises SystemFailure."""
        table = self._tables[resource]
        names = self._wanted(table, fields)
        found: dict[str, NativeRecord] = {}
        keys = [key for key in (_key(table, identity) for identity in remote_ids) if key is not None]
        for start in range(0, len(keys), _IDS):
            query = table.spelled.select(names, [table.spelled.among(table.identity, keys[start : start + _IDS])])
            rows = await self._run(partial(_rows, query), f"read {resource}")
            found.update((record.remote_id, record) for record in map(table.reading(names), rows))
        return {identity: found.get(identity) for identity in remote_ids}

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Insert rows; one outcome each, in order."""
        return await self._write(resource, Purpose.CREATE, writes)

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update rows; one outcome each, in order."""
        return await self._write(resource, Purpose.UPDATE, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Delete rows; one outcome each, in order."""
        return await self._write(resource, Purpose.DELETE, writes)

    async def _write(self, resource: str, purpose: Purpose, writes: Sequence[Write]) -> list[Outcome]:
        """All of `writes` in one transaction."""
        if not writes:
            return []
        table = self._tables[resource]
        async with self._units:
            return await asyncio.to_thread(self._transaction, table, purpose, writes)

    def _transaction(self, table: Table, purpose: Purpose, writes: Sequence[Write]) -> list[Outcome]:
        error_of_driver = self._database.error
        try:
            connection = self._connection()
        except error_of_driver as error:
            return [Unavailable(self._told(error))] * len(writes)
        try:
            outcomes = self._statements(connection, table, purpose, writes)
        except LostConnection as error:
            connection.close()
            return [Unavailable(self._redacted(str(error)))] * len(writes)
        except BaseException:
            connection.close()
            raise
        try:
            connection.commit()
        except error_of_driver as error:
            connection.close()
            return [Unknown(f"the commit was not confirmed ({self._redacted(str(error))})")] * len(writes)
        self._idle.append(connection)
        return outcomes

    def _connection(self) -> Any:
        """A connection of our own, one that was used before if it still answers. Raises the driver's error."""
        while self._idle:
            connection = self._idle.pop()
            if self._database.answers(connection):
                return connection
            connection.close()
        return self._database.connect(self._url.reveal(), _BUSY_SECONDS)

    def _statements(self, connection: Any, table: Table, purpose: Purpose, writes: Sequence[Write]) -> list[Outcome]:
        outcomes: list[Outcome] = [Gone()] * len(writes)
        if purpose is Purpose.CREATE and self._created_at_once(connection, table, writes, outcomes):
            return outcomes
        groups: dict[tuple[tuple[str, ...], bool], tuple[list[int], list[Sequence[Any]]]] = {}
        bound, plain = self._database.bound, self._database.plain
        for position, one in enumerate(writes):
            columns = tuple(one.native) if purpose is not Purpose.DELETE else ()
            locked = one.version is not None and table.resource.lock == "version" and purpose is not Purpose.CREATE
            try:
                values = (
                    [value if type(value) in plain else bound(value) for value in one.native.values()]
                    if columns
                    else []
                )
                if purpose is not Purpose.CREATE:
                    values.append(table.key(str(one.remote_id)))
            except ValueError as error:
                outcomes[position] = Refused("value", str(error))
                continue
            if locked:
                values.append(one.version)
            positions, rows = groups.setdefault((columns, locked), ([], []))
            positions.append(position)
            rows.append(values)
        for (columns, locked), (positions, rows) in groups.items():
            statement, returned = self._statement(table, purpose, columns, locked)
            stored = table.storing(columns, returned)
            ran = self._ran(connection, table, purpose, statement, returned, rows)
            for position, row, answer in zip(positions, rows, ran, strict=True):
                if type(answer) is tuple:
                    done = stored(writes[position].native, row, answer)
                    outcomes[position] = Applied(done.remote_id) if purpose is Purpose.DELETE else done
                elif answer is None:
                    outcomes[position] = Stale() if locked else Gone()
                elif isinstance(answer, Refused | Unavailable):
                    outcomes[position] = self._not_written(answer)
        return outcomes

    def _ran(
        self,
        connection: Any,
        table: Table,
        purpose: Purpose,
        statement: str,
        returned: Sequence[str],
        rows: Sequence[Sequence[Any]],
    ) -> list[Ran]:
        if purpose is not Purpose.CREATE or table.resource.name not in self._with_rowid:
            return self._database.run(connection, statement, rows)
        return self._database.insert(connection, statement, table.spelled.inserted(returned), rows)

    def _created_at_once(self, connection: Any, table: Table, writes: Sequence[Write], outcomes: list[Outcome]) -> bool:
        """Insert rows with the same columns, and say what came of each; False, with nothing inserted, where that takes a closer
        look."""
        columns = tuple(writes[0].native)
        if table.resource.name not in self._with_rowid or not columns or not table.holds_apart(columns):
            return False
        natives = [one.native for one in writes]
        if any(tuple(native) != columns for native in natives):
            return False
        bound, plain, odd = self._database.bound, self._database.plain, []
        values: list[Sequence[Any]] = [*zip(*(native.values() for native in natives), strict=True)]
        for at, column in enumerate(values):
            if not plain.issuperset(map(type, column)):
                odd.append(at)
                try:
                    values[at] = [value if type(value) in plain else bound(value) for value in column]
                except ValueError:
                    return False
        statement, _ = self._statement(table, Purpose.CREATE, columns, locked=False)
        location = table.resource.location or table.resource.name
        rows = [*zip(*values, strict=True)]
        kinds = [frozenset(map(type, column)) for column in values]
        insert = Insert(location, table.spelled, statement, table.own, columns, kinds, rows)
        told = self._database.insert_at_once(connection, insert)
        if told is None:
            return False
        stored = table.storing_in_part(columns, odd, told.looked)
        for position, (native, row, answer) in enumerate(zip(natives, rows, told.answers, strict=True)):
            if type(answer) is tuple:
                outcomes[position] = stored(native, row, answer)
            elif isinstance(answer, Refused | Unavailable):
                outcomes[position] = self._not_written(answer)
        return True

    def _not_written(self, answer: Refused | Unavailable) -> Outcome:
        return (
            answer
            if isinstance(answer, Unavailable)
            else Refused(answer.code, self._redacted(answer.message), answer.fields)
        )

    def _statement(
        self, table: Table, purpose: Purpose, columns: Sequence[str], locked: bool
    ) -> tuple[str, Sequence[str]]:
        """The text of a statement, whose parameters are columns, identity and version in this order, and what it returns."""
        returned = self._wanted(table, columns)
        known_by = [table.identity, *([table.version] if locked and table.version is not None else [])]
        match purpose:
            case Purpose.CREATE:
                told = () if table.resource.name in self._with_rowid else returned
                return table.spelled.insert(columns, told), returned
            case Purpose.UPDATE:
                return table.spelled.update(columns, known_by, returned), returned
            case _:
                return table.spelled.delete(known_by, returned), returned

    def _table(self, resource: Resource) -> Table:
        names = tuple(resource.fields)
        missing = [name for name in (resource.identity, resource.version) if name and name not in resource.fields]
        if missing:
            raise SystemFailure(self.name, f"{resource.name} declares no field {missing[0]}")
        text = spelled(self._database.words, resource.location or resource.name, names)
        readers = {
            field.name: reader
            for field in resource.fields.values()
            if (reader := self._database.reader(field.kind)) is not None
        }
        since = resource.list.since if resource.list is not None else None
        if since is None and resource.version is not None:
            since = Since(
                condition=None,
                field=resource.version,
                spelling=resource.version_spelling,
                precision_ms=1,
            )
        if since is not None and resource.version_is_time:
            since = replace(since, lag_seconds=max(since.lag_seconds, _LAG_SECONDS))
        size = (
            resource.list.paging.size if resource.list is not None and resource.list.paging.style != "none" else _PAGE
        )
        return Table(resource, text, resource.identity, resource.version or None, names, readers, since, size)

    def _wanted(self, table: Table, fields: Sequence[str]) -> list[str]:
        own = [table.identity, *([table.version] if table.version is not None else [])]
        return list(dict.fromkeys([*own, *(name for name in fields if name in table.resource.fields)]))

    def _check(self, connection: Any) -> None:
        for table in self._tables.values():
            _rows(table.spelled.select(table.names, [NOTHING]), connection)
            location = table.resource.location or table.resource.name
            if "." not in location and self._database.has_rowid(connection, location):
                self._with_rowid.add(table.resource.name)

    def _newest(self, connection: Any, table: Table) -> Any:
        if table.version is None:
            return None
        return _rows(Sql(table.spelled.greatest(table.version)), connection)[0][0]

    def _raw_version(self, table: Table, names: Sequence[str], row: Sequence[Any]) -> Any:
        return row[names.index(table.version)] if table.version is not None else None

    def _since(self, table: Table, since: str, newest: Any) -> Sql:
        if table.since is None or table.version is None:
            raise SystemFailure(self.name, f"{table.resource.name} cannot be listed by what changed")
        try:
            bound = cursors.asked(since, table.since)
        except ValueError:
            raise SystemFailure(
                self.name,
                f"the stored cursor of {table.resource.name} is not one of this declaration",
                remedy="run once with a full listing",
            ) from None
        if isinstance(newest, str) and cursors.is_time(table.since.spelling):
            # Texts are compared letter by letter: a whole second, spelled as the table does up to there, is never too late.
            moment = cursors.instant(bound, table.since.spelling)
            separator = newest[10:11] if newest[10:11] in ("T", " ") else " "
            bound = moment.replace(tzinfo=None, microsecond=0).isoformat(separator) if moment else bound
        elif isinstance(bound, str) and cursors.is_time(table.since.spelling):
            bound = datetime.fromisoformat(since) if newest is None else cursors.instant(bound, table.since.spelling)
        return table.spelled.compared(table.version, ">=", self._bound(bound))

    def _select(
        self,
        table: Table,
        names: Sequence[str],
        conditions: Sequence[Sql],
        after: tuple[Any, Any] | None,
        by_version: bool,
    ) -> Sql:
        order, text = [table.identity], table.spelled
        where = [*conditions, text.given(table.identity)]
        if after is not None:
            version, identity = (self._bound(part) for part in after)
            beyond = text.compared(table.identity, ">", identity)
            if by_version and table.version is not None:
                same = both(text.compared(table.version, "=", version), beyond)
                beyond = either(text.compared(table.version, ">", version), same)
            where.append(beyond)
        if by_version and table.version is not None:
            order.insert(0, table.version)
        return text.select(names, where, order, table.page_size)

    def _bound(self, value: Any) -> Any:
        return None if value is None else self._database.bound(value)

    async def _run(self, work: Callable[[Any], Result], doing: str) -> Result:
        if not self._opened:
            raise SystemFailure(self.name, "it is not open")

        def unit() -> Result:
            connection = self._connection()
            try:
                found = work(connection)
                connection.rollback()
            except BaseException:
                connection.close()
                raise
            self._idle.append(connection)
            return found

        try:
            async with self._units:
                return await asyncio.to_thread(unit)
        except Unreadable:
            raise self._failure("the address of the database cannot be read") from None
        except self._database.error as error:
            raise self._failure(f"could not {doing}", self._told(error)) from None

    def _told(self, error: Exception) -> str:
        return self._redacted((str(error).strip().splitlines() or [type(error).__name__])[0])

    def _redacted(self, text: str) -> str:
        address = self._url.reveal()
        try:
            password = urlsplit(address).password or ""
        except ValueError:
            password = ""
        for secret in (address, password, unquote(password)):
            text = text.replace(secret, "***") if len(secret) >= 4 else text
        return " ".join(text.split())[:300]

    def _failure(self, problem: str, answer: str = "") -> SystemFailure:
        return SystemFailure(self.name, problem, setting="url", answer=answer)


def _key(table: Table, remote_id: str) -> Any:
    try:
        return table.key(remote_id)
    except ValueError:
        return None


def _rows(query: Sql, connection: Any) -> Sequence[Sequence[Any]]:
    cursor = connection.cursor()
    try:
        found: Sequence[Sequence[Any]] = cursor.execute(query.text, query.values).fetchall()
        return found
    finally:
        cursor.close()
