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
from syncline_runtime.state.keys import VARIABLE, outer_key
from syncline_runtime.state.migrating import migrate, refuse_unless_known
from syncline_runtime.state.opening import Opened, filled, unlocked
from syncline_runtime.state.schema import SCHEMA_VERSION, TABLES

try:
    import psycopg
    from psycopg import sql
except ModuleNotFoundError as missing:
    raise StateFailure(
        f"a state in PostgreSQL needs {missing.name}: pip install 'syncline-runtime[postgresql]'", unusable=False
    ) from None

_LIST: Final = "(SELECT value, id FROM json_array_elements_text(%s::json) WITH ORDINALITY AS e(value, id)) j"
_WORDS: Final = (
    (r"%", "%%"),
    (r"json_each\(\?\) j", _LIST),
    (r"\?", "%s"),
    (r"CROSS JOIN", "JOIN"),
    (r"(\w+\.link_id) = j\.value", r"\1 = j.value::bigint"),
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
    url: str, package: str, *, create: bool, key: str | None, foreign: bool = False, lost: bool = False
) -> Opened:
    """The state of `package` in the database of `url`, made there in a schema of its own if there is none.

    Raises StateFailure. The key is in the environment, or in `<package>.state.key` in the working directory.
    """
    name, schema = _shown(url), f"syncline_{package}"
    given = os.environ.get(VARIABLE) if key is None else key
    try:
        connection = psycopg.connect(url.replace("+psycopg", ""), autocommit=True, connect_timeout=10)
        connection.execute("SELECT set_config('lock_timeout', %s, false)", (_BUSY,))
        connection.execute("SELECT set_config('timezone', 'UTC', false)")
    except psycopg.Error as error:
        told = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise StateFailure(f"state {name} cannot be reached: {told}", unusable=False) from None
    database = Postgres(connection, name, schema)
    try:
        there = database.execute("SELECT 1 FROM information_schema.tables WHERE table_schema = ?", (schema,))
        if not there and not create:
            raise StateFailure(f"there is no state {name} yet: run a plan first", unusable=False)
        outer = outer_key(name, Path(f"{package}.state.key"), fresh=not there, given=given, lost=lost)
        if not there:
            connection.execute(sql.SQL("CREATE SCHEMA IF NOT EXISTS {}").format(sql.Identifier(schema)))
        connection.execute("SELECT set_config('search_path', %s, false)", (f'"{schema}"',))
        if not there:
            database.begin(writing=True)
            for statement in re.sub("--[^\n]*", "", TABLES).split(";\n"):
                if statement.strip():
                    database.execute(statement)
            filled(database, package, outer)
            database.execute("INSERT INTO meta VALUES ('schema', ?)", (str(SCHEMA_VERSION),))
            database.commit()
        stored = database.execute("SELECT value FROM meta WHERE key = 'schema'")
        version = int(stored[0][0]) if stored else 0
        refuse_unless_known(name, version)
        if version < SCHEMA_VERSION:
            database.begin(writing=True)
            migrate(database, version)
            database.execute("UPDATE meta SET value = ? WHERE key = 'schema'", (str(SCHEMA_VERSION),))
            database.commit()
        return unlocked(database, None if foreign else package, outer)
    except psycopg.Error as error:
        database.close()
        raise StateFailure(f"state {name} cannot be read ({type(error).__name__}): restore it from a backup") from error
    except BaseException:
        database.close()
        raise


def _shown(url: str) -> str:
    """A URL without its password."""
    return re.sub(r"(//[^:/@]*):[^@]*@", r"\1:***@", url)
