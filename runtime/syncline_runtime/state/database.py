"""The database under the state: statements in SQLite's words, everything bound as parameters."""

import sqlite3
from collections.abc import Iterable, Sequence
from contextlib import suppress
from itertools import chain
from typing import Any, Protocol

from syncline_runtime.rows import Row
from syncline_runtime.state.failure import StateFailure


class Database(Protocol):
    """One connection. `name` is the state as people know it. All methods raise StateFailure where the database does not answer."""

    name: str

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        """Run one statement; its rows."""

    def many(self, statement: str, rows: Iterable[Row]) -> None:
        """Run one statement for each row."""

    def begin(self, *, writing: bool) -> None:
        """Begin a transaction; `writing` keeps all other writers out at once."""

    def commit(self) -> None: ...

    def roll_back(self) -> None:
        """Undo the transaction; never raises."""

    def columns(self) -> dict[str, frozenset[str]]:
        """The columns of each table of the state."""

    def verdict(self, *, quick: bool) -> str:
        """`ok` if tables and indexes hold together, else what is wrong."""

    def scrub(self) -> None:
        """Leave nothing of what was deleted where it was, as far as that is ours to do. Outside a transaction."""

    def close(self) -> None: ...


def one_line(error: BaseException) -> str:
    """What a database says, on one line that people read: a damaged schema would quote itself."""
    said = " ".join("".join(one if one.isprintable() else " " for one in str(error)).split())
    return said if len(said) <= _LONGEST else said[: _LONGEST - 1] + "…"


_LONGEST = 120

_WIDE = 50
"""Rows that one statement inserts."""


def _widened(statement: str) -> str:
    """An insert of one row as one of many: `INSERT … VALUES (…)`, and what follows."""
    before, values, row = statement.partition(" VALUES (")
    slots, end, after = row.partition(")")
    return f"{before}{values}{', ('.join([slots + end] * _WIDE)}{after}"


class Sqlite:
    """`Database` in one file."""

    def __init__(self, connection: sqlite3.Connection, name: str) -> None:
        self.name = name
        self._connection = connection
        self._wide: dict[str, str] = {}

    def execute(self, statement: str, values: Sequence[Any] = ()) -> list[Row]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def many(self, statement: str, rows: Iterable[Row]) -> None:
        rows = list(rows)
        try:
            whole = len(rows) // _WIDE * _WIDE if statement.startswith("INSERT") else 0
            if whole:
                # Many rows by one statement cost two thirds of a statement for each.
                wide = self._wide.get(statement) or self._wide.setdefault(statement, _widened(statement))
                for start in range(0, whole, _WIDE):
                    self._connection.execute(wide, [*chain.from_iterable(rows[start : start + _WIDE])])
                rows = rows[whole:]
            self._connection.executemany(statement, rows)
        except sqlite3.ProgrammingError:
            raise
        except sqlite3.Error as error:
            raise self._failure(error) from error

    def begin(self, *, writing: bool) -> None:
        self.execute("BEGIN IMMEDIATE" if writing else "BEGIN")

    def commit(self) -> None:
        self.execute("COMMIT")

    def roll_back(self) -> None:
        with suppress(sqlite3.Error):  # a failed commit may already have rolled back
            self._connection.execute("ROLLBACK")

    def columns(self) -> dict[str, frozenset[str]]:
        rows = self.execute(
            "SELECT t.name, c.name FROM main.sqlite_master t JOIN pragma_table_info(t.name) c WHERE t.type = 'table' ORDER BY 1, 2"
        )
        found: dict[str, set[str]] = {}
        for table, column in rows:
            found.setdefault(table, set()).add(column)
        return {table: frozenset(names) for table, names in found.items()}

    def verdict(self, *, quick: bool) -> str:
        return str(self.execute(f"PRAGMA {'quick_check' if quick else 'integrity_check'}(1)")[0][0])

    def scrub(self) -> None:
        for statement in ("PRAGMA secure_delete = ON", "VACUUM", "PRAGMA wal_checkpoint(TRUNCATE)"):
            self.execute(statement)

    def close(self) -> None:
        self._connection.close()

    def _failure(self, error: sqlite3.Error) -> StateFailure:
        code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF
        said = one_line(error)
        match code:
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                return StateFailure(f"state file {self.name} is in use by another process: {said}", unusable=False)
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN:
                return StateFailure(
                    f"state file {self.name} cannot be written ({said}); nothing that was committed is lost: make room, "
                    "or see to the rights of its folder, and say it again",
                    unusable=False,
                )
            case _:
                return StateFailure(f"state file {self.name} cannot be read ({said}): restore it from a backup")
