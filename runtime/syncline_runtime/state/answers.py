"""What people decided: written down at once, carried out by the next run, kept with who said so."""

from collections.abc import Iterable, Sequence
from typing import Any

from syncline_runtime.rows import Answer, Row
from syncline_runtime.state.backing import Backing

_COLUMNS = "answer_id, at, actor, kind, entity, link_id, system, remote_id, field, value, seen, state, run_id, told"


class Answers:
    """The part of a state that people write. Writers must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._value = backing.sealer.place("answer.value")
        self._seen = backing.sealer.place("answer.seen")
        self._told = backing.sealer.place("answer.told")

    def give(self, rows: Iterable[Row]) -> None:
        """(at, actor, kind, entity, link_id, system, remote_id, field, value, seen). An earlier one to the same is void."""
        rows = list(rows)
        # Looked up once: many are answered at once.
        earlier: dict[Row, list[int]] = {}
        for entity in {row[3] for row in rows}:
            for number, *what in self._execute(
                "SELECT answer_id, entity, link_id, system, remote_id, field FROM answer WHERE entity = ? AND state = 'open'"
                " AND kind <> 'approve'",
                (entity,),
            ):
                earlier.setdefault(tuple(what), []).append(number)
        for row in rows:
            about = tuple(row[3:8])
            self._many(
                "UPDATE answer SET state = 'void', told = ? WHERE answer_id = ?",
                [(self._told.seal_text(number, "answered again"), number) for number in earlier.pop(about, ())],
            )
            number = self._backing.reserve("answer", 1)
            value, seen = self._value.seal_text(number, row[8]), self._seen.seal_text(number, row[9])
            self._execute(
                "INSERT INTO answer(answer_id, at, actor, kind, entity, link_id, system, remote_id, field, value, seen)"
                " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (number, *row[:8], value, seen),
            )
            if row[2] != "approve":
                earlier[about] = [number]

    def open(self, entity: str) -> list[Answer]:
        """Those that are still to be carried out, or hold for good, in the order in which they were given."""
        return self._answers("entity = ? AND state = 'open'", (entity,))

    def close(self, rows: Iterable[Row]) -> None:
        """(state, run_id, told, answer_id): `done` or `void`, and what came of it."""
        self._many(
            "UPDATE answer SET state = ?, run_id = ?, told = ? WHERE answer_id = ?",
            [(*row[:2], self._told.seal_text(row[3], row[2]), row[3]) for row in rows],
        )

    def told_apart(self, entity: str) -> list[tuple[str, str, float]]:
        """The records of which a person said that each is one of its own, and when: (system, remote_id, at)."""
        return self._execute(
            "SELECT system, remote_id, max(at) FROM answer WHERE entity = ? AND kind = 'separate' AND state = 'done'"
            " AND link_id = 0 GROUP BY system, remote_id",
            (entity,),
        )

    def released(self, entity: str) -> dict[tuple[int, str], float]:
        """The creates (link, system) of which a person said that what has their key there is something else, and when."""
        rows = self._execute(
            "SELECT answer_id, link_id, system, at, kind, seen FROM answer WHERE entity = ? AND kind IN ('separate', 'retry')"
            " AND state = 'done' AND link_id <> 0 ORDER BY at",
            (entity,),
        )
        # Of a create without an answer it was said that it did not happen: none of those there is its own.
        opened = self._seen.open_text
        return {
            (link_id, system): at
            for number, link_id, system, at, kind, seen in rows
            if kind == "separate" or opened(number, seen) == "outcome.unknown"
        }

    def _answers(self, where: str, values: Sequence[Any]) -> list[Answer]:
        found = []
        for row in self._execute(f"SELECT {_COLUMNS} FROM answer WHERE {where} ORDER BY answer_id", values):
            value, seen = self._value.open_text(row[0], row[9]), self._seen.open_text(row[0], row[10]) or ""
            told = self._told.open_text(row[0], row[13]) or ""
            found.append(Answer._make((*row[:9], value, seen, *row[11:13], told)))
        return found
