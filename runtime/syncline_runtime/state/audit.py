"""The audit: append-only, what was decided, written and overruled, and by whom; a chain that shows whether a row was removed.

Each hash is a keyed code over the row and the hash before, so that nobody without the key can make the chain whole again; the
last hash is kept apart, so that rows missing at the end are noticed. Values themselves stand beside the chain and may be
forgotten: their codes stay.
"""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final, NamedTuple

import msgspec

from syncline_runtime.rows import AuditEntry, Row
from syncline_runtime.state.backing import Backing
from syncline_runtime.state.failure import StateFailure

_HEAD: Final = "audit head"
_FIRST: Final = bytes(32)
_SEPARATE: Final = "\x1f"
_LATELY: Final = 31
"""How many rows of a link are looked at for what two systems do to each other."""
_IN_VAIN: Final = 3
_COLUMNS: Final = (
    "seq, run_id, at, actor, action, entity, link_id, system, field, reason, line, before, after, before_code, after_code,"
    " batch, hash"
)
_encode: Final = msgspec.msgpack.Encoder().encode


class AuditFault(NamedTuple):
    """Where the chain does not hold: the row `seq`, and what is wrong there."""

    seq: int
    problem: str


class Audit:
    """The part of a store that only grows. Its writers must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing) -> None:
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._sealer = backing.sealer
        self._before = backing.sealer.place("audit.before")
        self._after = backing.sealer.place("audit.after")

    def append(self, rows: Iterable[Row]) -> None:
        """Add rows, `AuditEntry` or tuples of its first columns, in order."""
        entries = [AuditEntry(*row) for row in rows]
        if not entries:
            return
        seq, hash_ = self._head()
        code = self._sealer.code
        stored = []
        for entry in entries:
            seq += 1
            about = f"{entry.entity}{_SEPARATE}{entry.field}{_SEPARATE}".encode()
            before = None if entry.value is None else code("audit value", about + entry.value.encode())
            after = None if entry.kept is None else code("audit value", about + entry.kept.encode())
            batch = None if entry.batch is None else self._batch(entry.entity, entry.batch)
            chained = (
                seq,
                entry.run_id,
                entry.at,
                entry.actor,
                entry.action,
                entry.entity,
                entry.link_id,
                entry.system,
                entry.field,
                entry.reason,
                entry.line,
                before,
                after,
                batch,
            )
            hash_ = self._hash(hash_, chained)
            stored.append(
                (
                    *chained[:11],
                    self._before.seal_text(seq, entry.value),
                    self._after.seal_text(seq, entry.kept),
                    *chained[11:],
                    hash_,
                )
            )
        self._many(f"INSERT INTO audit({_COLUMNS}) VALUES ({', '.join('?' * 17)})", stored)
        self._execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
            (_HEAD, f"{seq} {hash_.hex()} {self._head_code(seq, hash_)}"),
        )

    def _batch(self, entity: str, rows: Sequence[tuple[int, str, bytes]]) -> bytes:
        about = f"{entity}{_SEPARATE}{_SEPARATE}".encode()
        codes = self._sealer.codes("audit value", about, (document for _, _, document in rows))
        return _encode([(row[0], row[1], code) for row, code in zip(rows, codes, strict=True)])

    def _hash(self, previous: bytes, chained: tuple[Any, ...]) -> bytes:
        return self._sealer.code("audit chain", previous + _encode(chained), 32)

    def _head_code(self, seq: int, hash_: bytes) -> str:
        return self._sealer.code("audit head", seq.to_bytes(8, "big") + hash_).hex()

    def _head(self) -> tuple[int, bytes]:
        rows = self._execute("SELECT value FROM meta WHERE key = ?", (_HEAD,))
        if not rows:
            return 0, _FIRST
        seq, hash_, _ = rows[0][0].split()
        return int(seq), bytes.fromhex(hash_)

    # -- reading -------------------------------------------------------------------------------------------------------

    def fought(self, rows: Sequence[Row], since_run: int, since: float) -> list[Row]:
        """Of changes that are about to be agreed on, (entity, link_id, system, field, value), those with which a system has put its
        value in the place of another's for the third time, since a run or a time."""
        before: dict[tuple[int, str], list[tuple[str, bytes | None]]] = {}
        for link_id, field, system, code in self._execute(
            "SELECT a.link_id, a.field, a.system, a.after_code FROM json_each(?) j CROSS JOIN audit a ON a.link_id = j.value"
            " WHERE a.link_id <> 0 AND a.seq >= coalesce((SELECT b.seq FROM audit b WHERE b.link_id = a.link_id AND b.link_id <> 0"
            f" ORDER BY b.seq DESC LIMIT 1 OFFSET {_LATELY}), 0)"
            " AND a.action = 'agreed' AND (a.run_id >= ? OR a.at >= ?) ORDER BY a.seq",
            (json.dumps(list(dict.fromkeys(row[1] for row in rows))), since_run, since),
        ):
            before.setdefault((link_id, field), []).append((system, code))
        found = []
        for row in rows:
            entity, link_id, system, field, value = row
            past = before.get((link_id, field), ())
            if len(past) < 2 * (_IN_VAIN - 1):
                continue
            about = f"{entity}{_SEPARATE}{field}{_SEPARATE}".encode()
            mine = (system, self._sealer.code("audit value", about + value.encode()))
            times, last = 1, system
            for one in reversed(past):
                times += one == mine and last != system
                last = one[0]
            if times >= _IN_VAIN:
                found.append(row)
        return found

    @property
    def head(self) -> str:
        """The number of rows and the last hash: noted elsewhere, it shows whether an older state was put in place."""
        seq, hash_ = self._head()
        return f"{seq}:{hash_.hex()}"

    def had(self, head: str) -> bool:
        """Whether the audit goes on from what `head` told earlier."""
        seq, _, hash_ = head.partition(":")
        if not seq.isdecimal():
            return False
        rows = self._execute("SELECT hash FROM audit WHERE seq = ?", (int(seq),))
        return rows[0][0].hex() == hash_ if rows else (seq, hash_) == ("0", _FIRST.hex())

    def entries(
        self, *, link_id: int | None = None, action: str = "", after: int = 0, limit: int = -1
    ) -> list[AuditEntry]:
        """Rows, oldest first, those of one link or one action if asked for; of a link all of it with the waves that it was in.

        Values that were forgotten are None.
        """
        found = []
        for row in self._rows(link_id, action, after, limit):
            entry = self._entry(row)
            if link_id is not None and entry.batch is not None:
                entry = entry._replace(batch=[one for one in entry.batch if one[0] == link_id])
                if not entry.batch:
                    continue
            found.append(entry)
        return found

    def _rows(self, link_id: int | None, action: str, after: int, limit: int) -> list[Row]:
        if link_id is not None:
            own = f"SELECT {_COLUMNS} FROM audit WHERE seq > ? AND link_id = ?"
            if action:
                return self._execute(f"{own} AND action = ? ORDER BY seq", (after, link_id, action))
            return self._execute(
                f"{own} UNION ALL SELECT {_COLUMNS} FROM audit WHERE seq > ? AND batch IS NOT NULL ORDER BY 1",
                (after, link_id, after),
            )
        return self._execute(
            f"SELECT {_COLUMNS} FROM audit WHERE seq > ? AND (? = '' OR action = ?) ORDER BY seq"
            + (f" LIMIT {int(limit)}" if limit >= 0 else ""),
            (after, action, action),
        )

    def _entry(self, row: Row) -> AuditEntry:
        seq, run_id, at, actor, action, entity, link_id, system, field, reason, line, before, after, _, _, batch, _ = (
            row
        )
        return AuditEntry(
            run_id,
            at,
            action,
            entity,
            link_id,
            system,
            field,
            self._before.open_text(seq, before),
            self._after.open_text(seq, after),
            reason,
            line,
            actor,
            None if batch is None else [(one[0], one[1], one[2]) for one in msgspec.msgpack.decode(batch)],
            seq,
        )

    def faults(self) -> list[AuditFault]:
        """Where the chain does not hold, the first of each kind of break; empty if every row is as it was written."""
        found: list[AuditFault] = []
        expected, previous, last = 0, _FIRST, 0
        while rows := self._execute(f"SELECT {_COLUMNS} FROM audit WHERE seq > ? ORDER BY seq LIMIT 1000", (last,)):
            for row in rows:
                last = row[0]
                expected += 1
                if row[0] != expected:
                    found.append(AuditFault(expected, f"removed, with all before {row[0]}"))
                    expected, previous = row[0], row[16]
                    continue
                about = f"{row[5]}{_SEPARATE}{row[8]}{_SEPARATE}".encode()
                if self._hash(previous, (*row[:11], *row[13:16])) != row[16]:
                    found.append(AuditFault(row[0], "altered, or put in another's place"))
                elif not (self._holds(self._before.open_text, row[0], row[11], row[13], about)):
                    found.append(AuditFault(row[0], "its former value was exchanged"))
                elif not (self._holds(self._after.open_text, row[0], row[12], row[14], about)):
                    found.append(AuditFault(row[0], "its new value was exchanged"))
                previous = row[16]
        stored = self._execute("SELECT value FROM meta WHERE key = ?", (_HEAD,))
        if stored:
            seq, hash_, code = stored[0][0].split()
            if code != self._head_code(int(seq), bytes.fromhex(hash_)):
                found.append(AuditFault(int(seq), "the end of the audit was altered"))
            elif int(seq) > expected:
                found.append(AuditFault(expected + 1, f"removed, with all up to {seq}"))
            elif (int(seq), bytes.fromhex(hash_)) != (expected, previous):
                found.append(AuditFault(int(seq), "rows were added after the end of the audit"))
        elif expected:
            found.append(AuditFault(expected, "the end of the audit was removed"))
        return found

    def _holds(self, opened: Any, seq: int, sealed: bytes | None, code: bytes | None, about: bytes) -> bool:
        if sealed is None:
            return True
        try:
            value = opened(seq, sealed)
        except StateFailure:
            return False
        return self._sealer.code("audit value", about + value.encode()) == code

    def forget_values(self, *, before: float | None = None, link_ids: Iterable[int] = ()) -> None:
        """Forget values, of rows `before` a time or of some links; the chain and the codes stay."""
        if before is not None:
            self._execute("UPDATE audit SET before = NULL, after = NULL WHERE at < ?", (before,))
        self._many(
            "UPDATE audit SET before = NULL, after = NULL WHERE link_id = ?", [(link_id,) for link_id in link_ids]
        )
