"""Dates that records wait for: on each of them the record is decided again."""

import json
from collections.abc import Iterable, Sequence

from syncline_runtime.rows import Row
from syncline_runtime.state.backing import Backing


class Awaiting:
    """The part of a store that keeps what waits for a date. Writers must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing) -> None:
        self._execute = backing.database.execute
        self._many = backing.database.many

    def wait(self, rows: Iterable[Row]) -> None:
        """The next date of each link, and when it was looked at: (link_id, entity, due_at, looked_at)."""
        self._many(
            "INSERT INTO awaiting(link_id, entity, due_at, looked_at) VALUES (?, ?, ?, ?)"
            " ON CONFLICT(link_id) DO UPDATE SET due_at = excluded.due_at, looked_at = excluded.looked_at",
            rows,
        )

    def forget(self, link_ids: Iterable[int]) -> None:
        """These links wait for nothing any more."""
        self._many("DELETE FROM awaiting WHERE link_id = ?", [(link_id,) for link_id in link_ids])

    def looked_at(self, link_ids: Sequence[int]) -> dict[int, float]:
        """Of the links that wait, when their conditions were judged last."""
        rows = self._execute(
            "SELECT a.link_id, a.looked_at FROM json_each(?) j CROSS JOIN awaiting a ON a.link_id = j.value",
            (json.dumps(link_ids),),
        )
        return {int(link_id): float(at) for link_id, at in rows}

    def bring_back(self, entity: str, now: float) -> None:
        """Unsettle the links whose date has come; they stay noted until they are decided."""
        self._execute(
            "UPDATE link SET unsettled = 1 WHERE status <> 'tombstone'"
            " AND link_id IN (SELECT link_id FROM awaiting WHERE entity = ? AND due_at <= ?)",
            (entity, now),
        )

    def next(self, entity: str) -> tuple[int, float] | None:
        """How many links wait for a date, and the first of these; None where none does."""
        ((count, first),) = self._execute("SELECT count(*), min(due_at) FROM awaiting WHERE entity = ?", (entity,))
        return (int(count), float(first)) if count else None
