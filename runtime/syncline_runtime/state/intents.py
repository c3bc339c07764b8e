"""Intents: writes that were about to be sent, and writes whose outcome nobody knows."""

import json
from collections.abc import Iterable, Sequence

import msgspec

from syncline_runtime.rows import NO_VALUES, SAME, IntentRow, Row
from syncline_runtime.state.backing import Backing

_NEXT_WAVE = "next wave"


class Intents:
    """The part of a store that is written before every effect. A document of no bytes is that of its link."""

    def __init__(self, backing: Backing, identity: str) -> None:
        self._backing = backing
        self._identity = identity
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._doc = backing.sealer.place("link.doc")
        self._body = backing.sealer.place("wave.body")
        self._sent = backing.sealer.place("intent.sent")
        self._pre = backing.sealer.place("intent.pre")
        self._again = backing.sealer.place("intent.body")

    def write_ahead(
        self, where: tuple[str, str, str], rows: Sequence[Row], sent_at: float, resolve_after: float, run_id: int
    ) -> int:
        """Writes about to be sent, `where` (entity, system, op): (link_id, remote_id, sent, pre, if_version, body); their wave, a
        number that is never given twice."""
        stored = self._execute("SELECT value FROM meta WHERE key = ?", (_NEXT_WAVE,))
        number = int(stored[0][0]) if stored else 1
        self._execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value",
            (_NEXT_WAVE, str(number + 1)),
        )
        self._execute(
            "INSERT INTO wave VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (number, *where, self._body.seal(number, msgspec.msgpack.encode(rows)), sent_at, resolve_after, run_id),
        )
        return number

    def end_wave(self, wave_id: int) -> None:
        """All outcomes are known and recorded, or kept as intents."""
        self._execute("DELETE FROM wave WHERE wave_id = ?", (wave_id,))

    def break_waves(self, entity: str, now: float) -> None:
        """After a crash: nobody knows what became of the writes that were under way, nor when the last of them was sent. They are
        given as long as each wave was from its beginning, from `now` on."""
        waves = self._execute(
            "SELECT wave_id, system, op, body, ? + resolve_after - sent_at, run_id, sent_at FROM wave WHERE entity = ?",
            (now, entity),
        )
        for wave_id, system, op, body, resolve_after, run_id, sent_at in waves:
            opened = self._body.open(wave_id, body) or b""
            rows = msgspec.msgpack.decode(
                opened, type=list[tuple[int, str | None, bytes, bytes | None, str | None, bytes | None]]
            )
            self.keep(
                (row[0], entity, system, op, *row[1:5], resolve_after, run_id, sent_at, key if row[5] else None, row[5])
                for key, row in zip(self.idempotency_keys(wave_id, len(rows)), rows, strict=True)
            )
            self.end_wave(wave_id)

    def idempotency_keys(self, wave_id: int, count: int) -> list[str]:
        """The keys of the writes of a wave, in order: never given twice."""
        return [f"{self._identity}-{wave_id}-{index}" for index in range(count)]

    def keep(self, rows: Iterable[Row]) -> None:
        """Unknown outcomes: (link_id, entity, system, op, remote_id, sent, pre, if_version, resolve_after, run_id, sent_at,
        idempotency_key, body)."""
        rows = list(rows)
        first = self._backing.reserve("intent", len(rows))
        docs = self._docs([row[0] for row in rows if row[5] == SAME])
        sealed = []
        for number, row in enumerate(rows, first):
            sent, pre = self._sent.seal(number, row[5] or docs[row[0]]), self._pre.seal(number, row[6])
            # Of a key, what is this store's alone: its name in front of all of them is known.
            key = row[11] and row[11].removeprefix(f"{self._identity}-")
            sealed.append((number, *row[:5], sent, pre, *row[7:11], key, self._again.seal(number, row[12])))
        self._many(
            "INSERT INTO intent(intent_id, link_id, entity, system, op, remote_id, sent, pre, if_version, resolve_after, run_id,"
            " sent_at, idempotency_key, body) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            sealed,
        )

    def _docs(self, link_ids: Sequence[int]) -> dict[int, bytes]:
        if not link_ids:
            return {}
        rows = self._execute(
            "SELECT l.link_id, l.doc FROM json_each(?) j CROSS JOIN link l ON l.link_id = j.value",
            (json.dumps(link_ids),),
        )
        return {link_id: self._doc.open(link_id, doc) or b"" for link_id, doc in rows}

    def close(self, intent_ids: Iterable[int]) -> None:
        """The outcome is known and recorded."""
        self._many("DELETE FROM intent WHERE intent_id = ?", [(intent_id,) for intent_id in intent_ids])

    def postpone(self, rows: Iterable[Row]) -> None:
        """Until when a write may still land: (resolve_after, intent_id)."""
        self._many("UPDATE intent SET resolve_after = ? WHERE intent_id = ?", rows)

    def give_up(self, intent_ids: Iterable[int]) -> None:
        """The write can no longer land; kept, in case it does."""
        self._many("UPDATE intent SET state = 'failed' WHERE intent_id = ?", [(intent_id,) for intent_id in intent_ids])

    def given_up_creates(self, entity: str, system: str) -> list[bytes]:
        """What was sent by creates that were given up, and whose link is closed."""
        rows = self._execute(
            "SELECT i.intent_id, i.sent FROM intent i JOIN link l ON l.link_id = i.link_id AND l.status = 'tombstone'"
            " WHERE i.entity = ? AND i.system = ? AND i.op = 'create' AND i.state = 'failed' ORDER BY i.intent_id",
            (entity, system),
        )
        return [self._sent.open(number, sent) or NO_VALUES for number, sent in rows]

    def open(self, entity: str) -> list[IntentRow]:
        """Writes whose outcome is not known yet, oldest first."""
        rows = self._execute(
            "SELECT intent_id, link_id, system, op, remote_id, sent, pre, if_version, resolve_after, sent_at, idempotency_key,"
            " body, run_id FROM intent WHERE entity = ? AND state = 'open' ORDER BY intent_id",
            (entity,),
        )
        found = []
        for row in rows:
            number = row[0]
            documents = (self._sent.open(number, row[5]), self._pre.open(number, row[6]))
            key = None if row[10] is None else f"{self._identity}-{row[10]}"
            found.append(
                IntentRow._make((*row[:5], *documents, *row[7:10], key, self._again.open(number, row[11]), row[12]))
            )
        return found

    def purge(self, before: float) -> None:
        """Forget writes that were given up and can no longer be of interest."""
        self._execute("DELETE FROM intent WHERE state <> 'open' AND resolve_after < ?", (before,))
