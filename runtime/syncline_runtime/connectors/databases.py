"""What tells SQLite and PostgreSQL apart: running one statement for many rows, their errors, their values."""

import json
import os
import re
import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any, ClassVar, Final, NamedTuple, Protocol, TypeAlias

from syncline_runtime.connectors.keeping import keeping
from syncline_runtime.connectors.statements import Spelled, Words
from syncline_runtime.ports import Refused, Unavailable

Row: TypeAlias = Sequence[Any]
Ran: TypeAlias = "Row | Refused | Unavailable | None"
"""What one row's statement came to: the row it returned, a failure, or None where it touched nothing."""


class Insert(NamedTuple):
    """Rows to be inserted at once: `statement` inserts one with these `columns`, in which values of these `kinds` are bound; `own`
    are columns that the database fills. `location` is the table's name as it is, `table` has it as it is spelled."""

    location: str
    table: Spelled
    statement: str
    own: Sequence[str]
    columns: Sequence[str]
    kinds: Sequence[frozenset[type]]
    rows: Sequence[Sequence[Any]]


class AtOnce(NamedTuple):
    """What came of rows that were inserted at once: of each its own columns and then those at the places `looked`, or why it was
    refused."""

    looked: tuple[int, ...]
    answers: list[Ran]


class Unreadable(Exception):
    """The address of a database cannot be read."""


class LostConnection(Exception):
    """The database is gone; whatever was not committed did not happen."""


class Database(Protocol):
    """One kind of database. `connection` is a DBAPI connection with an open transaction; `plain` are the types of values that
    need no `bound`."""

    plain: ClassVar[frozenset[type]]
    words: ClassVar[Words]

    @property
    def error(self) -> type[Exception]:
        """What the driver raises. Raises ModuleNotFoundError where it is not installed."""

    def connect(self, address: str, busy_seconds: float) -> Any:
        """A connection to the database of a URL, waiting so long for others. Raises Unreadable and the driver's errors."""

    def answers(self, connection: Any) -> bool:
        """Whether a connection that was used before can be used again."""

    def run(self, connection: Any, statement: str, rows: Sequence[Sequence[Any]]) -> list[Ran]:
        """Run a statement that returns at most one row for each of `rows`; a row that is refused changes nothing and hinders no
        other. Raises LostConnection."""

    def insert(self, connection: Any, statement: str, show: str, rows: Sequence[Sequence[Any]]) -> list[Ran]:
        """Like `run`, for an insert that returns nothing; `show` lists (rowid, *what is to be told) of the rows whose ids its one
        parameter lists as JSON. Only for a table of which `has_rowid` holds."""

    def insert_at_once(self, connection: Any, insert: Insert) -> AtOnce | None:
        """Like `insert`, but that columns which certainly hold what is bound are not looked at again. None, and nothing is
        inserted, where something else may have a hand in it. Begins the transaction. Only where `has_rowid` holds."""

    def has_rowid(self, connection: Any, table: str) -> bool:
        """Whether rows of the table can be shown again by the number that the database gave them."""

    def bound(self, value: Any) -> Any:
        """A native value for the driver."""

    def reader(self, kind: str) -> Callable[[Any], Any] | None:
        """What turns a driver's value of this kind into a native one; None where it already is."""


@dataclass(frozen=True, slots=True)
class Sqlite:
    """SQLite: a failed statement leaves the transaction as it was, so that rows are run one by one."""

    plain: ClassVar[frozenset[type]] = frozenset((str, int, bool, float, bytes, type(None)))
    words: ClassVar[Words] = Words("?")

    @property
    def error(self) -> type[Exception]:
        """See Database."""
        return sqlite3.Error

    def connect(self, address: str, busy_seconds: float) -> Any:
        """See Database. `sqlite:///file`, from the root with one slash more; a `file:` of SQLite's own may have a query."""
        path = address.partition(":///")[2]
        if not path:
            raise Unreadable
        if path.startswith("file:"):
            return sqlite3.connect(path, timeout=busy_seconds, check_same_thread=False, uri=True)
        return sqlite3.connect(os.path.abspath(path), timeout=busy_seconds, check_same_thread=False)

    def answers(self, connection: Any) -> bool:
        """See Database."""
        return True

    def run(self, connection: Any, statement: str, rows: Sequence[Sequence[Any]]) -> list[Ran]:
        """See Database."""
        cursor = connection.cursor()
        done: list[Ran] = []
        for row in rows:
            refused = self._one(cursor, statement, row)
            done.append(cursor.fetchone() if refused is None else refused)
        cursor.close()
        return done

    def _one(self, cursor: Any, statement: str, row: Sequence[Any]) -> Refused | Unavailable | None:
        """Why the statement did not go through for one row, if it did not. Raises LostConnection."""
        try:
            cursor.execute(statement, row)
        except sqlite3.Error as error:
            return _sqlite_failure(error)
        except (OverflowError, ValueError) as error:
            return _unfit(error)
        return None

    def insert(self, connection: Any, statement: str, show: str, rows: Sequence[Sequence[Any]]) -> list[Ran]:
        """See Database. Looking at all rows at once, within the same transaction, costs half of what RETURNING does, and shows
        what triggers left."""
        cursor = connection.cursor()
        execute = cursor.execute
        done: list[Ran] = []
        made: list[int] = []
        for row in rows:
            try:
                execute(statement, row)
            except sqlite3.Error as error:
                done.append(_sqlite_failure(error))
                made.append(0)
            except (OverflowError, ValueError) as error:
                done.append(_unfit(error))
                made.append(0)
            else:
                done.append(None)
                made.append(cursor.lastrowid)
        try:
            shown = cursor.execute(show, (json.dumps([rowid for rowid in made if rowid]),)).fetchall()
        except sqlite3.Error as error:
            raise LostConnection(str(error)) from None
        cursor.close()
        found = {row[0]: row[1:] for row in shown}
        return [refused if refused is not None else found.get(rowid) for refused, rowid in zip(done, made, strict=True)]

    def insert_at_once(self, connection: Any, insert: Insert) -> AtOnce | None:
        """See Database. Row by row costs twice as much, and looking at all columns again five times as much."""
        cursor = connection.cursor()
        try:
            cursor.execute("BEGIN IMMEDIATE")  # nobody changes the table's definition from here on
            kept = keeping(cursor, insert.location)
        except sqlite3.Error as error:
            cursor.close()
            return AtOnce((), [_sqlite_failure(error)] * len(insert.rows))
        if kept is None or not kept.numbers(insert.columns):
            cursor.close()
            return None
        looked = kept.looked(insert.columns, insert.kinds)
        refused, made = self._one_after_the_other(connection, cursor, insert.statement, insert.rows)
        show = insert.table.inserted([*insert.own, *(insert.columns[at] for at in looked)])
        try:
            shown = cursor.execute(show, (json.dumps([number for number in made if number]),)).fetchall()
        except sqlite3.Error as error:
            raise LostConnection(str(error)) from None
        cursor.close()
        found = {row[0]: row[1:] for row in shown}
        answers = zip(refused, made, strict=True)
        return AtOnce(looked, [found.get(number) if one is None else one for one, number in answers])

    def _one_after_the_other(
        self, connection: Any, cursor: Any, statement: str, rows: Sequence[Sequence[Any]]
    ) -> tuple[list[Refused | Unavailable | None], list[int]]:
        """Of each row why it was refused, or None, and its number: those of rows that are inserted in turn follow one another."""
        answers: list[Refused | Unavailable | None] = []
        made: list[int] = []
        while len(made) < len(rows):
            before, through = connection.total_changes, True
            try:
                cursor.executemany(statement, rows[len(made) :])
            except (sqlite3.Error, OverflowError, ValueError):
                through = False
            done = connection.total_changes - before
            ((last,),) = cursor.execute("SELECT last_insert_rowid()")
            made += range(last - done + 1, last + 1)
            answers += [None] * done
            if not through:
                refused = self._one(cursor, statement, rows[len(made)])
                made.append(cursor.lastrowid if refused is None else 0)
                answers.append(refused)
        return answers, made

    def has_rowid(self, connection: Any, table: str) -> bool:
        """See Database: an ordinary table in which `rowid` is no column of its own."""
        if sqlite3.sqlite_version_info < (3, 37):  # it cannot tell
            return False
        cursor = connection.cursor()
        statement = "SELECT 1 FROM pragma_table_list WHERE schema = 'main' AND name = ? AND type = 'table' AND wr = 0"
        ordinary = cursor.execute(statement, (table,)).fetchone() is not None
        names = {name.lower() for (name,) in cursor.execute("SELECT name FROM pragma_table_xinfo(?)", (table,))}
        cursor.close()
        return ordinary and "rowid" not in names

    def bound(self, value: Any) -> Any:
        """Instants as SQLite's own functions write them, in UTC; decimals as text, which loses no digit."""
        kind = type(value)
        if kind is Decimal:
            return format(value, "f")
        if kind is date:
            return value.isoformat()
        match value:
            case str() | int() | None | bytes() | float():
                return value
            case datetime():
                moment = value.astimezone(UTC).replace(tzinfo=None) if value.tzinfo else value
                return moment.isoformat(" ")
            case date() | time():
                return value.isoformat()
            case timedelta():
                return value.total_seconds()
            case _:
                from syncline_runtime.connectors.decoding import encode

                return encode(list(value) if isinstance(value, tuple | frozenset) else value).decode()

    def reader(self, kind: str) -> Callable[[Any], Any] | None:
        """Numbers as Decimal, booleans from 0 and 1, collections from JSON text; dates and instants stay ISO text."""
        match kind:
            case "decimal" | "percent" | "money":
                return _decimal
            case "boolean":
                return _boolean
            case "set" | "list" | "json":
                return _collection
            case _:
                return None


@dataclass(frozen=True, slots=True)
class Postgresql:
    """PostgreSQL through psycopg 3: rows are pipelined; a refusal undoes to a savepoint, and halves are tried."""

    plain: ClassVar[frozenset[type]] = frozenset((int, bool, Decimal, date, datetime, bytes, type(None)))
    words: ClassVar[Words] = Words("%s")

    @property
    def error(self) -> type[Exception]:
        """See Database."""
        import psycopg

        return psycopg.Error

    def connect(self, address: str, busy_seconds: float) -> Any:
        """See Database."""
        import psycopg

        plain = re.sub(r"^[^:]*://", "postgresql://", address)
        try:
            psycopg.conninfo.conninfo_to_dict(plain)
        except psycopg.ProgrammingError:
            raise Unreadable from None
        return psycopg.connect(plain, options="-c timezone=UTC", connect_timeout=10)

    def answers(self, connection: Any) -> bool:
        """See Database."""
        import psycopg

        try:
            connection.execute("SELECT 1")
            connection.rollback()
        except psycopg.Error:
            return False
        return True

    def run(self, connection: Any, statement: str, rows: Sequence[Sequence[Any]]) -> list[Ran]:
        """See Database."""
        import psycopg

        cursor = connection.cursor()
        try:
            cursor.execute("SAVEPOINT syncline")
            try:
                cursor.executemany(statement, rows, returning=True)
                done: list[Ran] = []
                while True:
                    done.append(cursor.fetchone())
                    if not cursor.nextset():
                        break
                cursor.execute("RELEASE SAVEPOINT syncline")
                return done
            except psycopg.OperationalError:
                raise
            except (psycopg.Error, ValueError, OverflowError) as error:
                cursor.execute("ROLLBACK TO SAVEPOINT syncline")
                if len(rows) == 1:
                    return [_postgresql_refusal(error)]
        except psycopg.OperationalError as error:
            raise LostConnection(_first_line(error)) from None
        middle = len(rows) // 2
        return [*self.run(connection, statement, rows[:middle]), *self.run(connection, statement, rows[middle:])]

    def insert(self, connection: Any, statement: str, show: str, rows: Sequence[Sequence[Any]]) -> list[Ran]:
        """See Database: no table has numbers for its rows."""
        raise AssertionError("rows are returned by the insert itself")

    def insert_at_once(self, connection: Any, insert: Insert) -> AtOnce | None:
        """See Database."""
        return None

    def has_rowid(self, connection: Any, table: str) -> bool:
        """See Database."""
        return False

    def bound(self, value: Any) -> Any:
        """Values as they are; objects as JSON, sets as arrays."""
        match value:
            case dict():
                from psycopg.types.json import Jsonb

                return Jsonb(value)
            case frozenset() | tuple():
                return list(value)
            case str() if "\x00" in value:
                raise ValueError("PostgreSQL cannot hold the character NUL")
            case _:
                return value

    def reader(self, kind: str) -> Callable[[Any], Any] | None:
        """Binary floats as the Decimal they show, other objects (uuid, inet) as text."""
        match kind:
            case "decimal" | "percent" | "money":
                return _decimal
            case "text" | "email" | "phone" | "url" | "uuid" | "enum" | "country" | "currency" | "language":
                return _text
            case "binary":
                return _binary
            case _:
                return None


def _decimal(value: Any) -> Any:
    if type(value) is float:
        return Decimal(repr(value))
    match value:
        case int() | Decimal():
            return Decimal(value)
        case str():
            try:
                return Decimal(value)
            except ArithmeticError:
                return value
        case _:
            return value


def _boolean(value: Any) -> Any:
    return bool(value) if value in (0, 1) else value


def _text(value: Any) -> Any:
    return value if value is None or type(value) is str else str(value)


def _binary(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value


def _collection(value: Any) -> Any:
    from syncline_runtime.connectors.decoding import NotJson, decode

    if isinstance(value, str) and value:
        try:
            return decode(value.encode())
        except NotJson:
            return value
    return value


_SQLITE: Final = re.compile(r"(UNIQUE|NOT NULL|CHECK|FOREIGN KEY|PRIMARY KEY)? ?constraint failed:? ?(.*)")


def _sqlite_failure(error: sqlite3.Error) -> Refused | Unavailable:
    """Why a statement did not go through. Raises LostConnection."""
    match error:
        case sqlite3.IntegrityError():
            return _sqlite_refusal(str(error))
        case sqlite3.OperationalError() if "locked" in str(error) or "busy" in str(error):
            return Unavailable(f"the database is in use by somebody else ({error})")
        case sqlite3.InterfaceError() | sqlite3.ProgrammingError() | sqlite3.DataError():
            return _unfit(error)
        case _:
            raise LostConnection(str(error)) from None


def _unfit(error: Exception) -> Refused:
    return Refused("value", f"the database cannot hold this value ({error})")


def _sqlite_refusal(text: str) -> Refused:
    found = _SQLITE.match(text)
    kind = (found[1] or "") if found else ""
    columns = [part.strip().rpartition(".")[2] for part in found[2].split(",")] if found and found[2] else []
    return _refusal(
        kind.lower().replace(" ", "-") or "constraint", columns if kind in ("UNIQUE", "NOT NULL") else [], text
    )


def _postgresql_refusal(error: Exception) -> Refused | Unavailable:
    from psycopg import Error, errors

    if not isinstance(error, Error):
        return Refused("value", f"the database cannot hold this value ({error})")
    if isinstance(error, errors.SerializationFailure | errors.DeadlockDetected | errors.LockNotAvailable):
        return Unavailable(f"the database is in use by somebody else ({_first_line(error)})")
    detail = error.diag.message_detail or ""
    keys = re.match(r"Key \((.*?)\)=", detail)
    match error:
        case errors.UniqueViolation():
            return _refusal("unique", keys[1].split(", ") if keys else [], _first_line(error))
        case errors.NotNullViolation():
            return _refusal("not-null", [error.diag.column_name or ""], _first_line(error))
        case errors.ForeignKeyViolation():
            return _refusal("foreign-key", keys[1].split(", ") if keys else [], _first_line(error))
        case errors.CheckViolation():
            return Refused("check", _first_line(error))
        case _:
            return Refused(error.sqlstate or "value", _first_line(error))


_SAID: Final = {
    "unique": "another record has this value already",
    "not-null": "a value is required",
    "foreign-key": "it refers to a record that is not there",
}


def _refusal(code: str, columns: Sequence[str], text: str) -> Refused:
    named = [name for name in columns if name]
    said = _SAID.get(code)
    return Refused(code, text, dict.fromkeys(named, said) if said else {})


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
