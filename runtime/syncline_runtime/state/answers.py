"""What people decided: written down at once, carried out by the next run, kept with who said so."""

import sqlite3
from collections.abc import Iterable

from syncline_runtime.rows import Answer, Row

_COLUMNS = "answer_id, at, actor, kind, entity, link_id, system, remote_id, field, value, seen, state, run_id, told"


class Answers:
    """The part of a state file that people write. Writers must be called inside the store's `transaction()`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._many = connection.executemany

    def give(self, rows: Iterable[Row]) -> None:
        """(at, actor, kind, entity, link_id, system, remote_id, field, value, seen). An earlier one to the same is void."""
        for row in rows:
            self._execute(
                "UPDATE answer SET state = 'void', told = 'answered again' WHERE state = 'open' AND kind <> 'approve'"
                " AND entity = ? AND link_id = ? AND system = ? AND remote_id = ? AND field = ?",
                row[3:8],
            )
            self._execute(
                "INSERT INTO answer(at, actor, kind, entity, link_id, system, remote_id, field, value, seen)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                row,
            )

    def open(self, entity: str) -> list[Answer]:
        """Those that are still to be carried out, or hold for good, in the order in which they were given."""
        rows = self._execute(
            f"SELECT {_COLUMNS} FROM answer WHERE entity = ? AND state = 'open' ORDER BY answer_id", (entity,)
        )
        return [Answer._make(row) for row in rows]

    def close(self, rows: Iterable[Row]) -> None:
        """(state, run_id, told, answer_id): `done` or `void`, and what came of it."""
        self._many("UPDATE answer SET state = ?, run_id = ?, told = ? WHERE answer_id = ?", rows)

    def of_link(self, link_id: int) -> list[Answer]:
        """All that were ever given for a link, oldest first."""
        rows = self._execute(f"SELECT {_COLUMNS} FROM answer WHERE link_id = ? ORDER BY answer_id", (link_id,))
        return [Answer._make(row) for row in rows]
