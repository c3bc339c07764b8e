"""What people must be able to see: quarantine, conflicts, the journal, tombstones, what is to be read again, past runs."""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from syncline_runtime.rows import EVERYTHING, AuditEntry, Only, OpenConflict, PastRun, Quarantined, Row
from syncline_runtime.state.audit import Audit
from syncline_runtime.state.backing import Backing


class Review:
    """The part of a state file that is kept for people. Writers must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing, audit: Audit) -> None:
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._audit = audit
        self._backing = backing
        self._code = backing.sealer.code
        self._detail = backing.sealer.place("quarantine.detail")
        self._fingerprint = backing.sealer.place("quarantine.fingerprint")
        self._candidates = backing.sealer.place("conflict.candidates")
        self._snapshot = backing.sealer.place("tombstone.snapshot")
        self._summary = backing.sealer.place("run.summary")

    def _numbered(self, table: str, rows: Sequence[Row]) -> Iterator[tuple[int, Row]]:
        """Rows with new numbers, for which their values are sealed."""
        return enumerate(rows, self._backing.reserve(table, len(rows)) if rows else 0)

    # -- quarantine ----------------------------------------------------------------------------------------------------

    def quarantine(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, link_id, reason_code, field, detail, place, fingerprint, run_id)."""
        rows, sealed = list(rows), []
        for number, row in self._numbered("quarantine", rows):
            detail, mark = self._detail.seal_text(number, row[6]), self._fingerprint.seal(number, row[8])
            sealed.append((*row[:6], detail, row[7], mark, row[9], row[9], number))
        self._many(
            "INSERT INTO quarantine(entity, system, remote_id, link_id, reason_code, field, detail, place, fingerprint,"
            " first_run, last_run, quarantine_id) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT(entity, system, remote_id, link_id, field) DO UPDATE SET reason_code = excluded.reason_code,"
            " detail = excluded.detail, place = excluded.place, fingerprint = excluded.fingerprint,"
            " last_run = excluded.last_run, times = quarantine.times + 1, quarantine_id = excluded.quarantine_id",
            sealed,
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
            ((times,),) = self._execute(
                "INSERT INTO contested VALUES (?, ?, ?, ?, ?, 1, ?) ON CONFLICT(entity, link_id, system, field) DO UPDATE SET"
                " times = CASE WHEN contested.print = excluded.print AND excluded.last_run - contested.last_run <= 2"
                " THEN contested.times + 1 ELSE 1 END, print = excluded.print, last_run = excluded.last_run RETURNING times",
                (*row[:4], self._code("contested", row[4]), row[5]),
            )
            if times >= 3:
                reached.append((row[1], row[2], row[3]))
        return reached

    def fought(self, rows: Sequence[Row], since_run: int, since: float) -> list[Row]:
        """Of changes that are about to be agreed on, (entity, link_id, system, field, value), those with which a system has put its
        value in the place of another's for the third time, since a run or a time."""
        return self._audit.fought(rows, since_run, since)

    def name_records(self, rows: Iterable[Row]) -> None:
        """What is held of a record that had no id has one now: (remote_id, entity, system, link_id)."""
        rows = list(rows)
        self._many(
            "DELETE FROM quarantine WHERE remote_id = ? AND entity = ? AND system = ? AND link_id = ? AND field IN"
            " (SELECT q.field FROM quarantine q WHERE q.entity = ? AND q.system = ? AND q.link_id = ? AND q.remote_id = '')",
            [(*row, *row[1:]) for row in rows],
        )
        self._many(
            "UPDATE quarantine SET remote_id = ? WHERE entity = ? AND system = ? AND link_id = ? AND remote_id = ''",
            rows,
        )

    def any_held_writes(self) -> bool:
        """Whether any link has something in quarantine."""
        return bool(self._execute("SELECT 1 FROM quarantine WHERE link_id <> 0 LIMIT 1"))

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
            "SELECT link_id, system, remote_id, fingerprint, field, quarantine_id FROM quarantine WHERE entity = ? AND link_id <> 0"
            " ORDER BY link_id, system, field",
            (entity,),
        )
        mark = self._fingerprint.open
        found: dict[tuple[int, str], list[tuple[str, bytes | None, str]]] = {}
        for link_id, system, remote_id, sealed, field, number in rows:
            found.setdefault((link_id, system), []).append((remote_id, mark(number, sealed), field))
        return found

    def quarantined(
        self, limit: int | None = None, *, only: Only = EVERYTHING, after: Quarantined | None = None
    ) -> list[Quarantined]:
        """Records that wait for a person, the first `limit` of those that come after one."""
        where, values = _asked(only, _OF_KIND.get(only.kind or "", "1 = 0") if only.kind else "")
        if after is not None:
            where.append("(entity, system, remote_id, link_id, field) > (?, ?, ?, ?, ?)")
            values += [after.entity, after.system, after.remote_id, after.link_id, after.field]
        rows = self._execute(
            "SELECT entity, system, remote_id, link_id, reason_code, field, detail, place, first_run, last_run, times,"
            f" quarantine_id FROM quarantine{_all_of(where)} ORDER BY entity, system, remote_id, link_id, field{_first(limit)}",
            values,
        )
        opened = self._detail.open_text
        return [Quarantined._make((*row[:6], opened(row[11], row[6]) or "", *row[7:11])) for row in rows]

    def quarantined_for(self, entity: str, code: str) -> list[tuple[Quarantined, bytes | None]]:
        """What waits of an entity for one reason, with the fingerprint of each."""
        rows = self._execute(
            "SELECT entity, system, remote_id, link_id, reason_code, field, detail, place, first_run, last_run, times,"
            " quarantine_id, fingerprint FROM quarantine WHERE entity = ? AND reason_code = ?"
            " ORDER BY system, remote_id, link_id, field",
            (entity, code),
        )
        opened, mark = self._detail.open_text, self._fingerprint.open
        return [
            (Quarantined._make((*row[:6], opened(row[11], row[6]) or "", *row[7:11])), mark(row[11], row[12]))
            for row in rows
        ]

    # -- conflicts, journal --------------------------------------------------------------------------------------------

    def open_conflicts(self, rows: Iterable[Row]) -> None:
        """(link_id, field, entity, candidates, reason, line, run_id)."""
        seal = self._candidates.seal_text
        self._many(
            "INSERT INTO conflict VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(link_id, field) DO UPDATE SET"
            " candidates = excluded.candidates, reason = excluded.reason, line = excluded.line,"
            " conflict_id = excluded.conflict_id",
            [
                (*row[:3], seal(number, row[3]), *row[4:], number)
                for number, row in self._numbered("conflict", list(rows))
            ],
        )

    def conflicts_of(self, link_ids: Sequence[int]) -> set[tuple[int, str]]:
        rows = self._execute(
            "SELECT c.link_id, c.field FROM json_each(?) j CROSS JOIN conflict c ON c.link_id = j.value",
            (json.dumps(link_ids),),
        )
        return {(link_id, field) for link_id, field in rows}

    def close_conflicts(self, rows: Iterable[Row]) -> None:
        """(link_id, field)."""
        self._many("DELETE FROM conflict WHERE link_id = ? AND field = ?", rows)

    def conflicts(
        self, limit: int | None = None, *, only: Only = EVERYTHING, after: OpenConflict | None = None
    ) -> list[OpenConflict]:
        """Fields that wait for a person, the first `limit` of those that come after one."""
        kinds = {"conflict": "field <> ''", "deletion": "field = ''"}
        where, values = _asked(only._replace(records=()), kinds.get(only.kind, "1 = 0") if only.kind else "")
        if after is not None:
            where.append("(link_id, field) > (?, ?)")
            values += [after.link_id, after.field]
        rows = self._execute(f"SELECT * FROM conflict{_all_of(where)} ORDER BY link_id, field{_first(limit)}", values)
        opened = self._candidates.open_text
        return [OpenConflict._make((*row[:3], opened(row[7], row[3]) or "", *row[4:7])) for row in rows]

    def journal(self, rows: Iterable[Row]) -> None:
        """(run_id, at, kind, entity, link_id, system, field, value, kept, reason, line): rows of the audit, or `AuditEntry`."""
        self._audit.append(rows)

    def journal_entries(self, kind: str) -> list[Row]:
        """(entity, link_id, system, field, value, kept, reason, line), oldest first."""
        return [tuple(entry[3:11]) for entry in self._audit.entries(action=kind)]

    def drifts(self, link_id: int) -> dict[tuple[str, str], str | None]:
        """The values of kept drift that the journal told last: (system, field) -> value."""
        told = self._audit.entries(link_id=link_id, action="drift")
        return {(entry.system, entry.field): entry.value for entry in told}

    def history(self, link_id: int) -> list[AuditEntry]:
        """What is told of a link, oldest first."""
        return self._audit.entries(link_id=link_id)

    def bury(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, link_id, generation, cause, snapshot, confirmed_at)."""
        seal = self._snapshot.seal
        self._many(
            "INSERT INTO tombstone VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(entity, system, remote_id) DO UPDATE SET"
            " link_id = excluded.link_id, generation = excluded.generation, cause = excluded.cause,"
            " snapshot = excluded.snapshot, confirmed_at = excluded.confirmed_at, tombstone_id = excluded.tombstone_id",
            [
                (*row[:6], seal(number, row[6]), row[7], number)
                for number, row in self._numbered("tombstone", list(rows))
            ],
        )

    def snapshot(self, entity: str, system: str, remote_id: str) -> bytes | None:
        """The document of a record that is no more, as it was last in step."""
        rows = self._execute(
            "SELECT tombstone_id, snapshot FROM tombstone WHERE entity = ? AND system = ? AND remote_id = ?",
            (entity, system, remote_id),
        )
        return self._snapshot.open(*rows[0]) if rows else None

    def buried(self, entity: str, system: str, remote_ids: Sequence[str]) -> frozenset[str]:
        """Of some records, those that were deleted and did not come back."""
        rows = self._execute(
            "SELECT t.remote_id FROM json_each(?) j CROSS JOIN tombstone t ON t.entity = ? AND t.system = ?"
            " AND t.remote_id = j.value AND t.cause = 'deleted'"
            " WHERE NOT EXISTS (SELECT 1 FROM member m WHERE m.side = ? AND m.remote_id = t.remote_id)",
            (json.dumps(list(remote_ids)), entity, system, self._backing.side(entity, system)),
        )
        return frozenset(str(row[0]) for row in rows)

    def mark_dirty(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id, not_before, reason)."""
        self._many(
            "INSERT INTO dirty VALUES (?, ?, ?, ?, ?) ON CONFLICT(entity, system, remote_id) DO UPDATE SET"
            " not_before = excluded.not_before, reason = excluded.reason",
            rows,
        )

    def clear_dirty(self, rows: Iterable[Row]) -> None:
        """(entity, system, remote_id)."""
        self._many("DELETE FROM dirty WHERE entity = ? AND system = ? AND remote_id = ?", rows)

    def due(self, entity: str, system: str, now: float, *, after: str = "", limit: int | None = None) -> list[str]:
        """Ids to be read by now, quarantined records included: those that come after one, the first `limit`."""
        rows = self._execute(
            "SELECT remote_id FROM dirty WHERE entity = ? AND system = ? AND not_before <= ? AND remote_id > ? UNION"
            " SELECT remote_id FROM quarantine WHERE entity = ? AND system = ? AND link_id = 0 AND remote_id > ?"
            f" AND reason_code LIKE 'record.%' ORDER BY 1{_first(limit)}",
            (entity, system, now, after, entity, system, after),
        )
        return [str(row[0]) for row in rows]

    def next_due(self, entity: str) -> float | None:
        """When the first record is to be read again, None where none is."""
        at: float | None = self._execute("SELECT min(not_before) FROM dirty WHERE entity = ?", (entity,))[0][0]
        return at

    # -- runs ----------------------------------------------------------------------------------------------------------

    def earliest_after(self, run_id: int) -> float | None:
        """When the runs after one began, by the clock of each: the least of these times, None where there was none."""
        at: float | None = self._execute("SELECT min(started) FROM run WHERE run_id > ?", (run_id,))[0][0]
        return at

    def runs(self, limit: int) -> list[PastRun]:
        rows = self._execute(
            "SELECT run_id, started, ended, status, summary FROM run ORDER BY run_id DESC LIMIT ?", (limit,)
        )
        opened = self._summary.open_text
        return [
            PastRun(run_id, started, ended, status, json.loads(opened(run_id, sealed) or "{}"))
            for run_id, started, ended, status, sealed in rows
        ]

    def counts(self, *names: str) -> dict[str, dict[str, int]]:
        """Per entity: live links, held links, records without a link, quarantined, conflicts, open intents; or those named."""
        found: dict[str, dict[str, int]] = {}
        wanted = names or tuple(_COUNTS)
        for name in wanted:
            for entity, count in self._execute(_COUNTS[name]):
                found.setdefault(entity, dict.fromkeys(wanted, 0))[name] = count
        return found


_COUNTS = {
    "links": "SELECT entity, count(*) FROM link WHERE status <> 'tombstone' GROUP BY entity",
    "unlinked": "SELECT entity, count(*) FROM member JOIN side ON side_id = side WHERE link_id IS NULL GROUP BY entity",
    "quarantined": "SELECT entity, count(*) FROM quarantine GROUP BY entity",
    "conflicts": "SELECT entity, count(*) FROM conflict GROUP BY entity",
    "held": "SELECT entity, count(*) FROM link WHERE status = 'held' GROUP BY entity",
    "unknown": "SELECT entity, count(*) FROM intent WHERE state = 'open' GROUP BY entity",
    "unsettled": "SELECT entity, count(*) FROM link WHERE unsettled > 0 GROUP BY entity",
}


_OF_KIND = {
    "unknown": "reason_code = 'outcome.unknown'",
    "identity": "reason_code LIKE 'identity.%'",
    "record": "(reason_code LIKE 'record.%' OR reason_code LIKE 'listing.%')",
    "decision": "reason_code LIKE 'decision.%'",
}
_OF_KIND["write"] = " AND ".join(f"NOT {condition}" for condition in _OF_KIND.values())
"""Of the kinds by which people know what waits, those that are in quarantine."""


def _asked(only: Only, kind: str) -> tuple[list[str], list[Any]]:
    """Conditions, and the values that are bound in them."""
    where, values = [kind] if kind else [], list[Any]()
    for name in ("entity", "field"):
        if (value := getattr(only, name)) is not None:
            where.append(f"{name} = ?")
            values.append(value)
    if only.links is not None:
        named = [f"link_id = {link_id:d}" for link_id in only.links] + ["(system = ? AND remote_id = ?)"] * len(
            only.records
        )
        where.append(f"({' OR '.join(named) or '1 = 0'})")
        values += [part for record in only.records for part in record]
    return where, values


def _all_of(where: Sequence[str]) -> str:
    return f" WHERE {' AND '.join(where)}" if where else ""


def _first(limit: int | None) -> str:
    return "" if limit is None or limit < 0 else f" LIMIT {limit:d}"
