"""The state in PostgreSQL: a schema of its own in the database that a URL names, the statements of SQLite in its words."""

import os
import re
from collections.abc import Iterable, Sequence
from contextlib import suppress
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final

from syncline_runtime.rows import Row
from syncline_runtime.state.failure import StateFailure
from syncline_runtime.state.keys import VARIABLE, outer_key, prepared, settle
from syncline_runtime.state.migrating import migrate, refuse_unless_known
from syncline_runtime.state.opening import Filling, Opened, filled, unlocked
from syncline_runtime.state.schema import SCHEMA_VERSION, TABLES

try:
    import psycopg
except ModuleNotFoundError as missing:
    raise StateFailure(
        f"a state in PostgreSQL needs {missing.name}: pip install 'syncline-runtime[postgresql]'", unusable=False
    ) from None

_LIST: Final = "(SELECT value, id FROM json_array_elements_text(%s::json) WITH ORDINALITY AS e(value, id)) j"
_LINKS: Final = "SELECT value::bigint FROM json_array_elements_text(%s::json) AS e(value)"
_WORDS: Final = (
    (r"%", "%%"),
    (r"json_each\(\?\) j", _LIST),
    (r"SELECT value FROM json_each\(\?\)", _LINKS),
    (r"\?", "%s"),
    (r"CROSS JOIN", "JOIN"),
    (r"(\w+\.(?:link_id|target)) = j\.value", r"\1 = j.value::bigint"),
    (r"\bx''", r"''::bytea"),
    (r" WITHOUT ROWID", ""),
    (r"\bINTEGER\b", "BIGINT"),
    (r"\bREAL\b", "DOUBLE PRECISION"),
    (r"\bBLOB\b", "BYTEA"),
    (r"REFERENCES link\(link_id\)", "REFERENCES link(link_id) DEFERRABLE INITIALLY IMMEDIATE"),
)
_BUSY: Final = "5s"


class Postgres:
    """`Database` in a schema of PostgreSQL; a writer holds a lock of the schema for its transaction."""

    def __init__(self, connection: "psycopg.Connection[Row]", name: str, schema: str) -> None:
        self.name = name
        self._connection = connection
        self._schema = schema
        self._lock = int.from_bytes(blake2b(schema.encode(), digest_size=8).digest(), "big", signed=True)
        self._said: dict[str, str] = {}

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        if statement.startswith("PRAGMA"):
            if "defer_foreign_keys" not in statement:
                return []  # what SQLite is told about its file is none of PostgreSQL's business
            statement = "SET CONSTRAINTS ALL DEFERRED"
        try:
            cursor = self._connection.execute(self._words(statement), values)
            return cursor.fetchall() if cursor.description is not None else []
        except psycopg.ProgrammingError:
            raise
        except psycopg.Error as error:
            raise self._failure(error) from error

    def many(self, statement: str, rows: Iterable[Row]) -> None:
        try:
            with self._connection.cursor() as cursor:
                cursor.executemany(self._words(statement), list(rows))
        except psycopg.ProgrammingError:
            raise
        except psycopg.Error as error:
            raise self._failure(error) from error

    def begin(self, *, writing: bool) -> None:
        self.execute("BEGIN" if writing else "BEGIN ISOLATION LEVEL REPEATABLE READ")
        if writing:
            try:
                self.execute("SELECT pg_advisory_xact_lock(?)", (self._lock,))
            except BaseException:
                self.roll_back()
                raise

    def commit(self) -> None:
        self.execute("COMMIT")

    def roll_back(self) -> None:
        with suppress(psycopg.Error):
            self._connection.execute("ROLLBACK")

    def columns(self) -> dict[str, frozenset[str]]:
        rows = self.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = ? ORDER BY 1, 2",
            (self._schema,),
        )
        found: dict[str, set[str]] = {}
        for table, column in rows:
            found.setdefault(table, set()).add(column)
        return {table: frozenset(names) for table, names in found.items()}

    def verdict(self, *, quick: bool) -> str:
        # What can be told from here is that each row can be read; pages and indexes are the server's to check.
        for table in self.columns():
            self.execute(f"SELECT count(*) FROM {table} r WHERE r IS NOT NULL")
        return "ok"

    def scrub(self) -> None:
        # Each table is written anew; the server's own log and backups are its owner's.
        for table in self.columns():
            self.execute(f"VACUUM FULL {table}")

    def close(self) -> None:
        self._connection.close()

    def _words(self, statement: str) -> str:
        said = self._said.get(statement)
        if said is None:
            said = statement
            for theirs, ours in _WORDS:
                said = re.sub(theirs, ours, said)
            if len(self._said) < 1000:
                self._said[statement] = said
        return said

    def _failure(self, error: "psycopg.Error") -> StateFailure:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        match error:
            case psycopg.errors.LockNotAvailable():
                return StateFailure(f"state {self.name} is in use by another process", unusable=False)
            case psycopg.OperationalError():
                return StateFailure(
                    f"state {self.name} cannot be reached or written ({told}); nothing that was committed is lost",
                    unusable=False,
                )
            case _:
                return StateFailure(f"state {self.name} cannot be read ({told}): restore it from a backup")


def open_postgres(
    url: str,
    package: str,
    *,
    create: bool,
    key: str | None,
    foreign: bool = False,
    lost: bool = False,
    filling: Filling | None = None,
) -> Opened:
    """The state of `package` in the database of `url`, made there in a schema of its own if there is none, with what `filling` puts
    into it.

    Raises StateFailure. The key is in the environment, or in `<package>.state.key` in the working directory.
    """
    name, schema = _shown(url), f"syncline_{package}"
    given = os.environ.get(VARIABLE) if key is None else key
    beside = beside_of(package)
    try:
        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True, connect_timeout=10)
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (_BUSY,))
        connection.execute("SELECT set_config('timezone', 'UTC', false)")
        connection.execute("SELECT set_config('search_path', %s, false)", (f'"{schema}"',))
    except psycopg.Error as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StateFailure(f"state {name} cannot be reached: {told}", unusable=False) from None
    database = Postgres(connection, name, schema)
    try:
        there = bool(database.columns())
        if there and filling is not None:
            raise StateFailure(f"there is a state {name} already: name another database with --state", unusable=False)
        if not there and not create:
            raise StateFailure(f"there is no state {name} yet: run a plan first", unusable=False)
        if not there:
            _made(database, schema, package, beside, given=given, lost=lost, filling=filling)
        if not given:
            settle(beside)
        outer = outer_key(name, beside, fresh=False, given=given)
        _carry_over(database)
        return unlocked(database, None if foreign else package, outer)
    except psycopg.Error as error:
        database.close()
        raise StateFailure(f"state {name} cannot be read ({type(error).__name__}): restore it from a backup") from error
    except BaseException:
        database.close()
        raise


def beside_of(package: str) -> Path:
    """Where the key of a state in a database is looked for, if the environment has none."""
    return Path(f"{package}.state.key")


def _made(
    database: Postgres,
    schema: str,
    package: str,
    beside: Path,
    *,
    given: str | None,
    lost: bool,
    filling: Filling | None,
) -> None:
    """Make the schema with its tables: whole or not at all, and by one of those who try."""
    database.begin(writing=True)
    try:
        if not database.columns():
            # A key in its place belongs to a state that was; one that is only prepared, to one that never came to be.
            if given or beside.exists():
                outer = outer_key(database.name, beside, fresh=True, given=given, lost=lost)
            else:
                outer = prepared(database.name, beside)
            database.execute(f'CREATE SCHEMA IF NOT EXISTS "{schema}"')
            for statement in re.sub("--[^\n]*", "", TABLES).split(";\n"):
                if statement.strip():
                    database.execute(statement)
            filled(database, package, outer)
            if filling is not None:
                filling(database, outer)
            database.execute(
                "INSERT INTO meta VALUES ('schema', ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
                (str(SCHEMA_VERSION),),
            )
        database.commit()
    except BaseException:
        database.roll_back()
        raise


def _carry_over(database: Postgres) -> None:
    """Make a state of an older version one of this runtime's. Raises StateFailure for one that cannot be."""
    if _version(database) == SCHEMA_VERSION:
        return
    database.begin(writing=True)
    try:
        # Another process may have done it while this one waited.
        if (version := _version(database)) < SCHEMA_VERSION:
            migrate(database, version)
            database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),))
        database.commit()
    except BaseException:
        database.roll_back()
        raise


def _version(database: Postgres) -> int:
    stored = database.execute("SELECT value FROM meta WHERE key = 'schema'")
    version = int(stored[0][0]) if stored else 0
    refuse_unless_known(database.name, version)
    return version


def _shown(url: str) -> str:
    """A URL without its password."""
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", url)
