"""What people must be able to see: quarantine, conflicts, the journal, tombstones, what is to be read again, past runs."""

import json
import sqlite3
from collections.abc import Iterable, Sequence

from syncline_runtime.rows import AuditEntry, OpenConflict, PastRun, Quarantined, Row


class Review:
    """The part of a state file that is kept for people. Writers must be called inside the store's `transaction()`."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._execute = connection.execute
        self._many = connection.executemany

    # -- quarantine ----------------------------------------------------------------------------------------------------

    def quarantine(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, link_id, reason_code, field, detail, place, fingerprint, run_id)."""
        self._many(
            "INSERT INTO quarantine(entity, system, remote_id, link_id, reason_code, field, detail, place, fingerprint,"
            " first_run, last_run) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)"
            " ON CONFLICT(entity, system, remote_id, link_id, field) DO UPDATE SET reason_code = excluded.reason_code,"
            " detail = excluded.detail, place = excluded.place,"
            " fingerprint = excluded.fingerprint, last_run = excluded.last_run, times = times + 1",
            rows,
        )

    def release(self, rows: Iterable[Row]) -> None:
        """Out of quarantine: (entity, system, remote_id, link_id)."""
        self._many("DELETE FROM quarantine WHERE entity = ? AND system = ? AND remote_id = ? AND link_id = ?", rows)

    def release_fields(self, rows: Iterable[Row]) -> None:
        """One field of each: (entity, system, remote_id, link_id, field)."""
        self._many(
            "DELETE FROM quarantine WHERE entity = ? AND system = ? AND remote_id = ? AND link_id = ? AND field = ?",
            rows,
        )

    def release_records(self, entity: str, system: str, remote_ids: Sequence[str], kind: str = "") -> None:
        """Records without regard to a link, held for any reason or for one of a `kind` (record, identity)."""
        self._many(
            "DELETE FROM quarantine WHERE entity = ? AND system = ? AND remote_id = ? AND link_id = 0 AND reason_code LIKE ?",
            [(entity, system, remote_id, f"{kind}.%" if kind else "%") for remote_id in remote_ids],
        )

    def release_untold(self, rows: Iterable[Row]) -> None:
        """What this run did not tell again of those it tells of: (entity, system, remote_id, link_id, run_id); refused
        writes stay."""
        self._many(
            "DELETE FROM quarantine WHERE entity = ? AND system = ? AND remote_id = ? AND link_id = ? AND last_run <> ?"
            " AND fingerprint IS NULL AND reason_code NOT LIKE 'identity.%'",
            rows,
        )

    def contest(self, rows: Iterable[Row]) -> list[tuple[int, str, str]]:
        """A value that was written did not stay: (entity, link_id, system, field, print, run_id); those (link, system, field) to
        which that happened three times with the same value, in runs that follow one another."""
        reached = []
        for row in rows:
            times = self._execute(
                "INSERT INTO contested VALUES (?1, ?2, ?3, ?4, ?5, 1, ?6) ON CONFLICT DO UPDATE SET"
                " times = CASE WHEN print = excluded.print AND excluded.last_run - last_run <= 2 THEN times + 1 ELSE 1 END,"
                " print = excluded.print, last_run = excluded.last_run RETURNING times",
                row,
            ).fetchone()[0]
            if times >= 3:
                reached.append((row[1], row[2], row[3]))
        return reached

    def name_records(self, rows: Iterable[Row]) -> None:
        """What is held of a record that had no id has one now: (remote_id, entity, system, link_id)."""
        self._many(
            "UPDATE OR REPLACE quarantine SET remote_id = ?"
            " WHERE entity = ? AND system = ? AND link_id = ? AND remote_id = ''",
            rows,
        )

    def any_held_writes(self) -> bool:
        """Whether any link has something in quarantine."""
        return self._execute("SELECT 1 FROM quarantine WHERE link_id <> 0 LIMIT 1").fetchone() is not None

    def release_links(self, entity: str, link_ids: Iterable[int]) -> None:
        """Nothing is left to be written for these links."""
        rows = [(entity, link_id) for link_id in link_ids]
        self._many("DELETE FROM quarantine WHERE entity = ? AND link_id = ?", rows)

    def held_records(self, entity: str, system: str, remote_ids: Sequence[str]) -> set[str]:
        """Those of the records that are in quarantine without regard to a link."""
        rows = self._execute(
            "SELECT q.remote_id FROM json_each(?) j CROSS JOIN quarantine q"
            " ON q.entity = ? AND q.system = ? AND q.remote_id = j.value AND q.link_id = 0",
            (json.dumps(remote_ids), entity, system),
        )
        return {str(remote_id) for (remote_id,) in rows}

    def held_writes(self, entity: str) -> dict[tuple[int, str], list[tuple[str, bytes | None, str]]]:
        """Writes that were refused or held: (link, system) -> remote id, fingerprint, field at fault of each."""
        rows = self._execute(
            "SELECT link_id, system, remote_id, fingerprint, field FROM quarantine WHERE entity = ? AND link_id <> 0"
            " ORDER BY link_id, system, field",
            (entity,),
        )
        found: dict[tuple[int, str], list[tuple[str, bytes | None, str]]] = {}
        for link_id, system, remote_id, fingerprint, field in rows:
            found.setdefault((link_id, system), []).append((remote_id, fingerprint, field))
        return found

    def quarantined(self, limit: int = -1) -> list[Quarantined]:
        rows = self._execute(
            "SELECT entity, system, remote_id, link_id, reason_code, field, detail, place, first_run, last_run, times"
            " FROM quarantine ORDER BY entity, system, remote_id, link_id, field LIMIT ?",
            (limit,),
        )
        return [Quarantined._make(row) for row in rows]

    # -- conflicts, journal --------------------------------------------------------------------------------------------

    def open_conflicts(self, rows: Iterable[Row]) -> None:
        """(link_id, field, entity, candidates, reason, line, run_id)."""
        self._many(
            "INSERT INTO conflict VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(link_id, field) DO UPDATE SET"
            " candidates = excluded.candidates, reason = excluded.reason, line = excluded.line",
            rows,
        )

    def conflicts_of(self, link_ids: Sequence[int]) -> set[tuple[int, str]]:
        rows = self._execute(
            "SELECT c.link_id, c.field FROM json_each(?) j CROSS JOIN conflict c ON c.link_id = j.value",
            (json.dumps(link_ids),),
        )
        return set(rows.fetchall())

    def close_conflicts(self, rows: Iterable[Row]) -> None:
        """(link_id, field)."""
        self._many("DELETE FROM conflict WHERE link_id = ? AND field = ?", rows)

    def conflicts(self, limit: int = -1) -> list[OpenConflict]:
        rows = self._execute("SELECT * FROM conflict ORDER BY link_id, field LIMIT ?", (limit,))
        return [OpenConflict._make(row) for row in rows]

    def journal(self, rows: Iterable[Row]) -> None:
        """(run_id, at, kind, entity, link_id, system, field, value, kept, reason, line)."""
        self._many(
            "INSERT INTO journal(run_id, at, kind, entity, link_id, system, field, value, kept, reason, line)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def journal_entries(self, kind: str) -> list[Row]:
        """(entity, link_id, system, field, value, kept, reason, line), oldest first."""
        return self._execute(
            "SELECT entity, link_id, system, field, value, kept, reason, line FROM journal WHERE kind = ? ORDER BY seq",
            (kind,),
        ).fetchall()

    def drifts(self, link_id: int) -> dict[tuple[str, str], str | None]:
        """The values of kept drift that the journal told last: (system, field) -> value."""
        rows = self._execute(
            "SELECT system, field, value FROM journal WHERE kind = 'drift' AND link_id = ? ORDER BY seq", (link_id,)
        )
        return {(system, field): value for system, field, value in rows}

    def history(self, link_id: int) -> list[AuditEntry]:
        """What is told of a link, oldest first."""
        rows = self._execute(
            "SELECT run_id, at, kind, entity, link_id, system, field, value, kept, reason, line FROM journal"
            " WHERE link_id = ? ORDER BY seq",
            (link_id,),
        )
        return [AuditEntry(*row) for row in rows]

    def bury(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, link_id, generation, cause, snapshot, confirmed_at)."""
        self._many("INSERT OR REPLACE INTO tombstone VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)

    # -- to be read again ----------------------------------------------------------------------------------------------

    def mark_dirty(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, not_before, reason)."""
        self._many("INSERT OR REPLACE INTO dirty VALUES (?, ?, ?, ?, ?)", rows)

    def clear_dirty(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id)."""
        self._many("DELETE FROM dirty WHERE entity = ? AND system = ? AND remote_id = ?", rows)

    def due(self, entity: str, system: str, now: float) -> list[str]:
        """Ids to be read by now, quarantined records included."""
        rows = self._execute(
            "SELECT remote_id FROM dirty WHERE entity = ?1 AND system = ?2 AND not_before <= ?3 UNION"
            " SELECT remote_id FROM quarantine WHERE entity = ?1 AND system = ?2 AND link_id = 0"
            " AND reason_code LIKE 'record.%' ORDER BY 1",
            (entity, system, now),
        )
        return [str(row[0]) for row in rows]

    def next_due(self, entity: str) -> float | None:
        """When the first record is to be read again, None where none is."""
        at: float | None = self._execute("SELECT min(not_before) FROM dirty WHERE entity = ?", (entity,)).fetchone()[0]
        return at

    # -- runs ----------------------------------------------------------------------------------------------------------

    def runs(self, limit: int) -> list[PastRun]:
        rows = self._execute(
            "SELECT run_id, started, ended, status, summary FROM run ORDER BY run_id DESC LIMIT ?", (limit,)
        )
        return [
            PastRun(run_id, started, ended, status, json.loads(text)) for run_id, started, ended, status, text in rows
        ]

    def counts(self) -> dict[str, dict[str, int]]:
        """Per entity: live links, held links, records without a link, quarantined, conflicts, open intents."""
        found: dict[str, dict[str, int]] = {}
        for name, statement in _COUNTS.items():
            for entity, count in self._execute(statement):
                found.setdefault(entity, dict.fromkeys(_COUNTS, 0))[name] = count
        return found


_COUNTS = {
    "links": "SELECT entity, count(*) FROM link WHERE status <> 'tombstone' GROUP BY entity",
    "unlinked": "SELECT entity, count(*) FROM member JOIN side ON side_id = side WHERE link_id IS NULL GROUP BY entity",
    "quarantined": "SELECT entity, count(*) FROM quarantine GROUP BY entity",
    "conflicts": "SELECT entity, count(*) FROM conflict GROUP BY entity",
    "held": "SELECT entity, count(*) FROM link WHERE status = 'held' GROUP BY entity",
    "unknown": "SELECT entity, count(*) FROM intent WHERE state = 'open' GROUP BY entity",
    "unsettled": "SELECT entity, count(*) FROM link WHERE unsettled = 1 GROUP BY entity",
}
