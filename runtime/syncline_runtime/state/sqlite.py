"""The state in one SQLite file. One connection, one writer; everything in batches."""

import json
import os
import socket
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import msgspec

from syncline_runtime.rows import IntentRow, LinkRow, MemberRow, Row, Waiting
from syncline_runtime.state.answers import Answers
from syncline_runtime.state.awaiting import Awaiting
from syncline_runtime.state.evolution import Evolution
from syncline_runtime.state.inbox import Inbox
from syncline_runtime.state.opening import StateFailure, open_database
from syncline_runtime.state.review import Review

_MEMBER = (
    "m.member_id, {system}, m.remote_id, m.link_id, m.state, m.shadow, m.seen, m.renders, m.version, m.as_of,"
    " m.missing_since, m.first_seen"
)
_OF_SYSTEM, _OF_SIDE = _MEMBER.format(system="?1"), _MEMBER.format(system="s.system")


class SqliteStore:
    """A `StateStore`. All methods but the readers must be called inside `transaction()`."""

    def __init__(self, path: Path, package: str, *, create: bool = True) -> None:
        """Open or make the state file of `package`. Raises StateFailure."""
        self.path = path
        self._connection = open_database(path, package, create=create)
        self._execute = self._connection.execute
        self._many = self._connection.executemany
        self.review = Review(self._connection)
        self.awaiting = Awaiting(self._execute, self._many)
        self.evolution = Evolution(self._connection)
        self.answers = Answers(self._connection)
        self.inbox = Inbox(self._connection)
        self._previewing = False
        self._inside = False
        self._lease: tuple[str, int] | None = None
        self._next_link = 0
        self._sides: dict[tuple[str, str], int] = {}
        self.identity = str(self._execute("SELECT value FROM meta WHERE key = 'store'").fetchone()[0])

    def close(self) -> None:
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    # -- transactions, lease, runs -------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable at the end; refused when another process has taken the lease over."""
        if self._inside:
            yield
            return
        begin, commit, rollback = (
            ("SAVEPOINT step", "RELEASE step", "ROLLBACK TO step")
            if self._previewing
            else ("BEGIN IMMEDIATE", "COMMIT", "ROLLBACK")
        )
        try:
            self._execute(begin)
        except sqlite3.OperationalError as error:
            raise StateFailure(f"state file {self.path} is in use by another process: {error}") from error
        self._inside = True
        try:
            if self._lease is not None:
                self._check_lease(*self._lease)
            yield
            self._execute(commit)
        except BaseException:
            self._sides.clear()
            with suppress(sqlite3.Error):  # a failed commit may already have rolled back
                self._execute(rollback)
            raise
        finally:
            self._inside = False

    @contextmanager
    def preview(self) -> Iterator[None]:
        """Everything inside is seen inside and undone at the end: the store of a plan."""
        self._execute("BEGIN")
        self._previewing = True
        try:
            yield
        finally:
            self._previewing = False
            self._next_link = 0
            self._sides.clear()
            with suppress(sqlite3.Error):
                self._execute("ROLLBACK")

    def acquire(self, name: str, now: float, seconds: float) -> None:
        """Take the lease of a sync. Raises StateFailure while another living process holds it."""
        holder = f"{socket.gethostname()}:{os.getpid()}"
        with self.transaction():
            row = self._execute("SELECT holder, fencing, expires_at FROM lease WHERE name = ?", (name,)).fetchone()
            if row is not None and row[0] != holder and row[2] > now and _alive(row[0]):
                raise StateFailure(
                    f"another run ({row[0]}) works with state file {self.path}: wait for it to end, or end it"
                )
            fencing = 1 if row is None else row[1] + 1
            self._execute("INSERT OR REPLACE INTO lease VALUES (?, ?, ?, ?)", (name, holder, fencing, now + seconds))
        self._lease = (name, fencing)

    def release(self) -> None:
        """Give the lease back."""
        if self._lease is None:
            return
        name, fencing = self._lease
        self._lease = None
        with self.transaction():
            self._execute("UPDATE lease SET expires_at = 0 WHERE name = ? AND fencing = ?", (name, fencing))

    def _check_lease(self, name: str, fencing: int) -> None:
        row = self._execute("SELECT fencing FROM lease WHERE name = ?", (name,)).fetchone()
        if row is None or row[0] != fencing:
            raise StateFailure(f"another run took state file {self.path} over; this one stops without a further write")

    def begin_run(self, now: float, spec_sha256: str) -> int:
        self._execute("UPDATE run SET ended = ?, status = 'interrupted' WHERE ended IS NULL", (now,))
        statement = "INSERT INTO run(started, status, spec_sha256) VALUES (?, 'running', ?)"
        return int(self._execute(statement, (now, spec_sha256)).lastrowid or 0)

    def end_run(self, run_id: int, now: float, status: str, summary: Mapping[str, Any]) -> None:
        statement = "UPDATE run SET ended = ?, status = ?, summary = ? WHERE run_id = ?"
        self._execute(statement, (now, status, json.dumps(summary), run_id))

    def setting(self, key: str) -> str | None:
        row = self._execute("SELECT value FROM meta WHERE key = ?", (key,)).fetchone()
        return None if row is None else str(row[0])

    def save_setting(self, key: str, value: str) -> None:
        self._execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))

    def _side(self, entity: str, system: str, *, make: bool = False) -> int:
        """The number of a system in an entity; 0 where it has no record yet, unless `make`."""
        found = self._sides.get((entity, system), 0)
        if not found:
            if make:
                self._execute("INSERT OR IGNORE INTO side(entity, system) VALUES (?, ?)", (entity, system))
            statement = "SELECT side_id FROM side WHERE entity = ? AND system = ?"
            row = self._execute(statement, (entity, system)).fetchone()
            if row is not None:
                found = self._sides[entity, system] = int(row[0])
        return found

    # -- cursors, listings ---------------------------------------------------------------------------------------------

    def cursor(self, entity: str, system: str) -> tuple[str | None, float | None] | None:
        """The stored high-water mark and when the last full listing ended; None before the first page."""
        row: tuple[str | None, float | None] | None = self._execute(
            "SELECT value, full_at FROM cursor WHERE entity = ? AND system = ?", (entity, system)
        ).fetchone()
        return row

    def save_cursor(self, entity: str, system: str, value: str | None, run_id: int, full_at: float | None) -> None:
        self._execute("INSERT OR REPLACE INTO cursor VALUES (?, ?, ?, ?, ?)", (entity, system, value, run_id, full_at))

    def begin_listing(self, entity: str, system: str) -> bool:
        """Forget which ids the former full listing of `system` showed; they never outlive the connection. Whether any record is
        known that this one could miss."""
        self._execute(
            "CREATE TEMP TABLE IF NOT EXISTS listed(system TEXT, remote_id TEXT, PRIMARY KEY(system, remote_id)) WITHOUT ROWID"
        )
        self._execute("DELETE FROM temp.listed WHERE system = ?", (system,))
        known = self._execute("SELECT 1 FROM member WHERE side = ? LIMIT 1", (self._side(entity, system),))
        return known.fetchone() is not None

    def add_listed(self, system: str, remote_ids: Iterable[str]) -> None:
        self._many("INSERT OR IGNORE INTO temp.listed VALUES (?, ?)", [(system, remote_id) for remote_id in remote_ids])

    def unlisted(self, entity: str, system: str, after: int, limit: int) -> list[MemberRow]:
        """Known members that the full listing did not show, gone ones aside."""
        rows = self._execute(
            f"SELECT {_OF_SYSTEM} FROM member m WHERE m.side = ?2 AND m.state <> 'gone' AND m.member_id > ?3"
            " AND NOT EXISTS (SELECT 1 FROM temp.listed l WHERE l.system = ?1 AND l.remote_id = m.remote_id)"
            " ORDER BY m.member_id LIMIT ?4",
            (system, self._side(entity, system), after, limit),
        )
        return [MemberRow._make(row) for row in rows]

    def count_members(self, entity: str, system: str) -> int:
        """Linked, live members."""
        statement = "SELECT count(*) FROM member WHERE side = ? AND state = 'live' AND link_id IS NOT NULL"
        return int(self._execute(statement, (self._side(entity, system),)).fetchone()[0])

    def troubled(self, entity: str, system: str) -> list[MemberRow]:
        """Members whose absence is suspected but not confirmed."""
        rows = self._execute(
            f"SELECT {_OF_SYSTEM} FROM member m WHERE m.side = ?2 AND m.state = 'missing'",
            (system, self._side(entity, system)),
        )
        return [MemberRow._make(row) for row in rows]

    # -- members -------------------------------------------------------------------------------------------------------

    def members(self, entity: str, system: str, remote_ids: Sequence[str]) -> dict[str, MemberRow]:
        rows = self._execute(
            f"SELECT {_OF_SYSTEM} FROM json_each(?2) j CROSS JOIN member m ON m.side = ?3 AND m.remote_id = j.value",
            (system, json.dumps(remote_ids), self._side(entity, system)),
        )
        return {row[2]: MemberRow._make(row) for row in rows}

    def stage(self, entity: str, system: str, rows: Iterable[Row]) -> None:
        """Records without a link: (remote_id, seen, version, as_of, first_seen, alone, state)."""
        side = self._side(entity, system, make=True)
        self._many(
            "INSERT INTO member(side, remote_id, seen, version, as_of, first_seen, alone, state)"
            f" VALUES ({side}, ?, ?, ?, ?, ?, ?, ?)",
            rows,
        )

    def see(self, rows: Iterable[Row]) -> None:
        """Accepted observations: (state, seen, version, as_of, missing_since, member_id)."""
        self._many(
            "UPDATE member SET state = ?, seen = ?, version = ?, as_of = ?, missing_since = ? WHERE member_id = ?",
            rows,
        )

    def renew_versions(self, rows: Iterable[Row]) -> None:
        """Same content under a new version: (version, member_id)."""
        self._many("UPDATE member SET version = ? WHERE member_id = ?", rows)

    def forget_members(self, member_ids: Iterable[int]) -> None:
        self._many("DELETE FROM member WHERE member_id = ?", [(member_id,) for member_id in member_ids])

    def unlinked(self, entity: str, system: str, after: int, limit: int) -> list[MemberRow]:
        rows = self._execute(
            f"SELECT {_OF_SYSTEM} FROM member m WHERE m.side = ?2 AND m.link_id IS NULL AND m.member_id > ?3"
            " AND m.state = 'live' ORDER BY m.member_id LIMIT ?4",
            (system, self._side(entity, system), after, limit),
        )
        return [MemberRow._make(row) for row in rows]

    def add_keys(self, rows: Iterable[Row]) -> None:
        """(entity, rule, key, system, remote_id). Whoever shares one of these keys is no longer alone."""
        rows = list(rows)
        self._many("INSERT OR IGNORE INTO record_key VALUES (?, ?, ?, ?, ?)", rows)
        by_rule: dict[tuple[str, int], list[str]] = {}
        for entity, rule, key, _, _ in rows:
            by_rule.setdefault((entity, rule), []).append(key)
        for (entity, rule), keys in by_rule.items():
            shared = self._execute(
                "SELECT k.key FROM json_each(?) j CROSS JOIN record_key k ON k.entity = ? AND k.rule = ? AND k.key = j.value"
                " GROUP BY k.key HAVING count(*) > 1",
                (json.dumps(keys), entity, rule),
            ).fetchall()
            self._many(
                "UPDATE member SET alone = 0 WHERE alone = 1 AND (side, remote_id) IN"
                " (SELECT s.side_id, k.remote_id FROM record_key k JOIN side s ON s.entity = k.entity AND s.system = k.system"
                " WHERE k.entity = ? AND k.rule = ? AND k.key = ?)",
                [(entity, rule, key) for (key,) in shared],
            )

    def drop_keys(self, rows: Iterable[Row]) -> None:
        """(entity, rule, key, system, remote_id)."""
        self._many(
            "DELETE FROM record_key WHERE entity = ? AND rule = ? AND key = ? AND system = ? AND remote_id = ?", rows
        )

    def holders(self, entity: str, rule: int, keys: Sequence[str]) -> list[tuple[str, str, str, int | None, str]]:
        """Who holds each key: (key, system, remote_id, link_id, state), gone records left out; a closed link counts as none."""
        return self._execute(
            "SELECT k.key, k.system, k.remote_id, CASE l.status WHEN 'tombstone' THEN NULL ELSE m.link_id END, m.state"
            " FROM json_each(?) j CROSS JOIN record_key k ON k.entity = ? AND k.rule = ? AND k.key = j.value"
            " CROSS JOIN side s ON s.entity = k.entity AND s.system = k.system"
            " CROSS JOIN member m ON m.side = s.side_id AND m.remote_id = k.remote_id"
            " AND m.state <> 'gone' LEFT JOIN link l ON l.link_id = m.link_id",
            (json.dumps(keys), entity, rule),
        ).fetchall()

    # -- links ---------------------------------------------------------------------------------------------------------

    def reserve_links(self, count: int) -> int:
        """The first of `count` new link ids."""
        if self._next_link == 0:
            self._next_link = int(self._execute("SELECT coalesce(max(link_id), 0) + 1 FROM link").fetchone()[0])
        first = self._next_link
        self._next_link += count
        return first

    def add_links(self, rows: Iterable[Row]) -> None:
        """(link_id, entity, generation, doc, unsettled, opened_run)."""
        self._many(
            "INSERT INTO link(link_id, entity, generation, doc, unsettled, opened_run) VALUES (?, ?, ?, ?, ?, ?)", rows
        )

    def attach(self, rows: Iterable[Row]) -> None:
        """(link_id, shadow, seen, member_id)."""
        self._many(
            "UPDATE member SET link_id = ?, shadow = ?, seen = ?, renders = NULL, state = 'live' WHERE member_id = ?",
            rows,
        )

    def account(self, rows: Iterable[Row]) -> None:
        """What was decided upon: (state, shadow, seen, renders, member_id)."""
        self._many("UPDATE member SET state = ?, shadow = ?, seen = ?, renders = ? WHERE member_id = ?", rows)

    def decided(self, rows: Iterable[Row]) -> None:
        """(doc, status, generation, unsettled, link_id)."""
        self._many("UPDATE link SET doc = ?, status = ?, generation = ?, unsettled = ? WHERE link_id = ?", rows)

    def close_links(self, rows: Iterable[Row]) -> None:
        """(cause, closed_run, link_id): tombstones. Their members stay attached, so that no survivor is taken for new."""
        self._many(
            "UPDATE link SET status = 'tombstone', unsettled = 0, cause = ?, closed_run = ? WHERE link_id = ?", rows
        )

    def unsettle(self, link_ids: Iterable[int]) -> None:
        self._many("UPDATE link SET unsettled = 1 WHERE link_id = ?", [(link_id,) for link_id in link_ids])

    def unsettle_all(self, entity: str) -> None:
        """Look at every live link again: the spec has changed."""
        self._execute("UPDATE link SET unsettled = 1 WHERE entity = ? AND status <> 'tombstone'", (entity,))

    def settle(self, link_ids: Iterable[int]) -> None:
        """Nothing is left to do for these links; ids that follow one another are marked by one statement."""
        runs: list[list[int]] = []
        for link_id in link_ids:
            if runs and link_id == runs[-1][1] + 1:
                runs[-1][1] = link_id
            else:
                runs.append([link_id, link_id])
        self._many("UPDATE link SET unsettled = 0 WHERE link_id BETWEEN ? AND ?", runs)

    def unsettled(self, entity: str, after: int, limit: int) -> list[LinkRow]:
        rows = self._execute(
            "SELECT link_id, generation, status, doc, opened_run FROM link"
            " WHERE entity = ? AND unsettled = 1 AND link_id > ? ORDER BY link_id LIMIT ?",
            (entity, after, limit),
        )
        return [LinkRow._make(row) for row in rows]

    def link_alone(self, entity: str, system: str, run_id: int, limit: int) -> int:
        """Give records that are alone in having their keys a link each, agreed on what they show; how many."""
        chosen = (
            "SELECT member_id, seen, ?1 + row_number() OVER (ORDER BY member_id) AS link_id FROM member"
            " WHERE side = ?3 AND link_id IS NULL AND state = 'live' AND alone = 1"
            " ORDER BY member_id LIMIT ?4"
        )
        first = self.reserve_links(limit)
        values = (first - 1, entity, self._side(entity, system), limit)
        made = self._execute(
            "INSERT INTO link(link_id, entity, doc, unsettled, opened_run)"
            f" SELECT link_id, ?2, seen, 1, ?5 FROM ({chosen}) ORDER BY link_id",
            (*values, run_id),
        ).rowcount
        if made:
            self._execute(
                "UPDATE member SET link_id = chosen.link_id, shadow = member.seen, seen = NULL"
                f" FROM ({chosen}) AS chosen WHERE member.member_id = chosen.member_id",
                values,
            )
        return made

    def links(self, link_ids: Sequence[int]) -> list[LinkRow]:
        rows = self._execute(
            "SELECT l.link_id, l.generation, l.status, l.doc, l.opened_run FROM json_each(?) j CROSS JOIN link l"
            " ON l.link_id = j.value ORDER BY l.link_id",
            (json.dumps(link_ids),),
        )
        return [LinkRow._make(row) for row in rows]

    def members_of(self, link_ids: Sequence[int]) -> dict[int, list[MemberRow]]:
        rows = self._execute(
            f"SELECT {_OF_SIDE} FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value"
            " CROSS JOIN side s ON s.side_id = m.side ORDER BY m.link_id, m.member_id",
            (json.dumps(link_ids),),
        )
        found: dict[int, list[MemberRow]] = {}
        for row in rows:
            found.setdefault(row[3], []).append(MemberRow._make(row))
        return found

    def links_of(self, entity: str, system: str, remote_ids: Sequence[str]) -> dict[str, int]:
        """The link of each record that has one."""
        rows = self._execute(
            "SELECT m.remote_id, m.link_id FROM json_each(?) j CROSS JOIN member m ON m.side = ? AND m.remote_id = j.value"
            " WHERE m.link_id IS NOT NULL",
            (json.dumps(remote_ids), self._side(entity, system)),
        )
        return dict(rows.fetchall())

    def remotes_of(self, entity: str, system: str, link_ids: Sequence[int]) -> dict[int, str]:
        """The record that each link has in a system, missing and gone ones left out."""
        rows = self._execute(
            "SELECT m.link_id, m.remote_id FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value AND m.side = ?"
            " WHERE m.state <> 'gone' AND m.state <> 'missing'",
            (json.dumps(link_ids), self._side(entity, system)),
        )
        return dict(rows.fetchall())

    def wait(self, rows: Iterable[Row]) -> None:
        """(link_id, entity, system, field, target, remote_id, target_link): a link waits until the record `remote_id` of `target`
        has a link, or ("") until `target_link` has a record in the system."""
        self._many("INSERT OR REPLACE INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?)", rows)

    def stop_waiting(self, link_ids: Iterable[int]) -> None:
        self._many("DELETE FROM waiting WHERE link_id = ?", [(link_id,) for link_id in link_ids])

    def wake(self, entity: str) -> int:
        """Unsettle the links of `entity` that need wait no longer; how many there are."""
        whom = (
            "SELECT w.link_id, w.system, w.field, w.target FROM waiting w"
            " JOIN side s ON s.entity = w.target AND s.system = w.system CROSS JOIN member m ON m.side = s.side_id"
        )
        over = self._execute(
            f"{whom} AND m.remote_id = w.remote_id AND m.link_id IS NOT NULL WHERE w.entity = ?1 AND w.remote_id <> ''"
            f" UNION ALL {whom} AND m.link_id = w.target_link AND m.state <> 'gone' AND m.state <> 'missing'"
            " WHERE w.entity = ?1 AND w.remote_id = ''",
            (entity,),
        ).fetchall()
        self._many("DELETE FROM waiting WHERE link_id = ? AND system = ? AND field = ? AND target = ?", over)
        links = sorted({row[0] for row in over})
        self.unsettle(links)
        return len(links)

    def count_waiting(self, entity: str) -> int:
        """Links of `entity` that wait for others."""
        statement = "SELECT count(DISTINCT link_id) FROM waiting WHERE entity = ?"
        return int(self._execute(statement, (entity,)).fetchone()[0])

    def waiting(self, limit: int = -1) -> list[Waiting]:
        """Who waits for whom."""
        rows = self._execute("SELECT * FROM waiting ORDER BY entity, link_id, system, field, target LIMIT ?", (limit,))
        return [Waiting._make(row) for row in rows]

    def lone(self, link_ids: Sequence[int]) -> dict[int, str]:
        """Of the links whose only record is live and accounted for, with nothing seen since: its system."""
        rows = self._execute(
            "SELECT m.link_id, s.system FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value"
            " CROSS JOIN side s ON s.side_id = m.side GROUP BY j.id"
            " HAVING count(*) = 1 AND m.state = 'live' AND m.shadow IS NOT NULL AND m.seen IS NULL",
            (json.dumps(link_ids),),
        )
        return dict(rows.fetchall())

    def systems_of(self, link_ids: Sequence[int]) -> dict[int, frozenset[str]]:
        """The systems that have a record in each link, gone ones left out."""
        rows = self._execute(
            "SELECT m.link_id, s.system FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value"
            " CROSS JOIN side s ON s.side_id = m.side WHERE m.state <> 'gone'",
            (json.dumps(list(set(link_ids))),),
        )
        found: dict[int, set[str]] = {}
        for link_id, system in rows:
            found.setdefault(link_id, set()).add(system)
        return {link_id: frozenset(systems) for link_id, systems in found.items()}

    def count_links(self, entity: str) -> int:
        """Live links."""
        statement = "SELECT count(*) FROM link WHERE entity = ? AND status <> 'tombstone'"
        return int(self._execute(statement, (entity,)).fetchone()[0])

    # -- intents -------------------------------------------------------------------------------------------------------

    def write_ahead(
        self, where: tuple[str, str, str], rows: Sequence[Row], sent_at: float, resolve_after: float, run_id: int
    ) -> int:
        """Writes about to be sent, `where` (entity, system, op): (link_id, remote_id, sent, pre, if_version, body); their wave."""
        cursor = self._execute(
            "INSERT INTO wave(entity, system, op, body, sent_at, resolve_after, run_id) VALUES (?, ?, ?, ?, ?, ?, ?)",
            (*where, msgspec.msgpack.encode(rows), sent_at, resolve_after, run_id),
        )
        return int(cursor.lastrowid or 0)

    def end_wave(self, wave_id: int) -> None:
        """All outcomes are known and recorded, or kept as intents."""
        self._execute("DELETE FROM wave WHERE wave_id = ?", (wave_id,))

    def break_waves(self, entity: str, now: float) -> None:
        """After a crash: nobody knows what became of the writes that were under way, nor when the last of them was sent. They are
        given as long as each wave was from its beginning, from `now` on."""
        waves = self._execute(
            "SELECT wave_id, system, op, body, ? + resolve_after - sent_at, run_id, sent_at FROM wave WHERE entity = ?",
            (now, entity),
        ).fetchall()
        for wave_id, system, op, body, resolve_after, run_id, sent_at in waves:
            rows = msgspec.msgpack.decode(
                body, type=list[tuple[int, str | None, bytes, bytes | None, str | None, bytes | None]]
            )
            self.keep_intents(
                (row[0], entity, system, op, *row[1:5], resolve_after, run_id, sent_at, key if row[5] else None, row[5])
                for key, row in zip(self.idempotency_keys(wave_id, len(rows)), rows, strict=True)
            )
            self.end_wave(wave_id)

    def idempotency_keys(self, wave_id: int, count: int) -> list[str]:
        """The keys of the writes of a wave, in order: never given twice."""
        return [f"{self.identity}-{wave_id}-{index}" for index in range(count)]

    def keep_intents(self, rows: Iterable[Row]) -> None:
        """Unknown outcomes: (link_id, entity, system, op, remote_id, sent, pre, if_version, resolve_after, run_id, sent_at,
        idempotency_key, body)."""
        self._many(
            "INSERT INTO intent(link_id, entity, system, op, remote_id, sent, pre, if_version, resolve_after, run_id, sent_at,"
            " idempotency_key, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            # Of a key, what is this store's alone: its name in front of all of them is known.
            ((*row[:11], row[11] and row[11].removeprefix(f"{self.identity}-"), row[12]) for row in rows),
        )

    def close_intents(self, intent_ids: Iterable[int]) -> None:
        """The outcome is known and recorded."""
        self._many("DELETE FROM intent WHERE intent_id = ?", [(intent_id,) for intent_id in intent_ids])

    def give_up_intents(self, intent_ids: Iterable[int]) -> None:
        """The write can no longer land; kept, in case it does."""
        self._many("UPDATE intent SET state = 'failed' WHERE intent_id = ?", [(intent_id,) for intent_id in intent_ids])

    def open_intents(self, entity: str) -> list[IntentRow]:
        rows = self._execute(
            "SELECT intent_id, link_id, system, op, remote_id, sent, pre, if_version, resolve_after, sent_at,"
            " ?2 || '-' || idempotency_key, body FROM intent WHERE entity = ?1 AND state = 'open' ORDER BY intent_id",
            (entity, self.identity),
        )
        return [IntentRow._make(row) for row in rows]

    def purge_intents(self, before: float) -> None:
        self._execute("DELETE FROM intent WHERE state <> 'open' AND resolve_after < ?", (before,))

    def add_members(self, entity: str, system: str, rows: Iterable[Row]) -> None:
        """Created or adopted records: (remote_id, link_id, shadow, seen, renders, version, as_of, first_seen).

        A record that was staged before its creation was recognised is taken over.
        """
        side = self._side(entity, system, make=True)
        self._many(
            "INSERT INTO member(side, remote_id, link_id, shadow, seen, renders, version, as_of, first_seen)"
            f" VALUES ({side}, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT(side, remote_id) DO UPDATE SET"
            " link_id = excluded.link_id, shadow = excluded.shadow, seen = excluded.seen, renders = excluded.renders,"
            " version = excluded.version, as_of = excluded.as_of, state = 'live', missing_since = NULL",
            rows,
        )

    def written(self, rows: Iterable[Row]) -> None:
        """Acknowledged updates: (shadow, seen, renders, version, as_of, member_id)."""
        self._many(
            "UPDATE member SET shadow = ?, seen = ?, renders = ?, version = ?, as_of = ? WHERE member_id = ?", rows
        )


def _alive(holder: str) -> bool:
    """Whether the process that holds a lease may still be running; one on another host may."""
    host, _, process = holder.rpartition(":")
    if host != socket.gethostname():
        return True
    try:
        os.kill(int(process), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
