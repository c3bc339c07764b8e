"""The records of a plan on disk, however many: put in one by one, found again by who they are, and the file they are saved in.

While a plan is made or applied its records are in an unnamed temporary file, which is gone with the process.
"""

import os
import sqlite3
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, NamedTuple, TypeAlias

import msgspec

from syncline_runtime.planned import (
    PLAN_VERSION,
    Difference,
    PlanFailure,
    PlanHead,
    PlannedAction,
    PlannedRecord,
    Where,
    wheres,
    without,
)
from syncline_runtime.ports import SystemFailure
from syncline_runtime.records import ActionKind

Held: TypeAlias = Mapping[str, Mapping[str, frozenset[ActionKind]]]
"""By entity and system, what guards hold back."""

_PORTION: Final = 500
_TABLES: Final = """
PRAGMA journal_mode = OFF;
BEGIN;
CREATE TABLE record(
  number INTEGER PRIMARY KEY, link INTEGER UNIQUE, document BLOB NOT NULL, changes BLOB, skipped INTEGER NOT NULL DEFAULT 0
);
CREATE TABLE place(
  entity TEXT, system TEXT, remote_id TEXT, number INTEGER NOT NULL, PRIMARY KEY(entity, system, remote_id)
) WITHOUT ROWID;
CREATE TABLE action(
  number INTEGER, at INTEGER, system TEXT NOT NULL, kind TEXT NOT NULL, remote_id TEXT, state TEXT NOT NULL DEFAULT 'left',
  PRIMARY KEY(number, at)
) WITHOUT ROWID;
CREATE INDEX action_of ON action(system, remote_id);
CREATE TABLE made(system TEXT, remote_id TEXT, PRIMARY KEY(system, remote_id)) WITHOUT ROWID;
"""

_record = msgspec.json.Decoder(PlannedRecord).decode
_changes = msgspec.json.Decoder(list[Difference]).decode
_spelled = msgspec.json.Encoder().encode


class Entry(NamedTuple):
    """A record of a book; `number` counts from one."""

    number: int
    record: PlannedRecord


class Book:
    """Planned records, in the order in which they were put in."""

    def __init__(self) -> None:
        self._connection = sqlite3.connect("", isolation_level=None)
        self._connection.executescript(_TABLES)

    def __len__(self) -> int:
        return int(self._execute("SELECT count(*) FROM record")[0][0])

    # -- making a book -------------------------------------------------------------------------------------------------

    def put(self, link: int, record: PlannedRecord, *, indexed: bool) -> None:
        """Put in what was decided of a link, in place of what was decided of it before; `indexed`: it is to be found."""
        ((number,),) = self._execute(
            "INSERT INTO record(link, document) VALUES (?, ?) ON CONFLICT(link) DO UPDATE SET document = excluded.document"
            " RETURNING number",
            (link, _spelled(record)),
        )
        if indexed:
            self._index([(number, record)])

    def load(self, lines: Sequence[tuple[int, bytes, PlannedRecord]]) -> None:
        """Put in some lines of a saved plan, with their numbers, to be found, and to be done one action after the other."""
        self._many("INSERT INTO record(number, document) VALUES (?, ?)", [(number, line) for number, line, _ in lines])
        self._index([(number, record) for number, _, record in lines])
        self._many(
            "INSERT INTO action(number, at, system, kind, remote_id) VALUES (?, ?, ?, ?, ?)",
            [
                (number, at, action.system, action.kind, action.id)
                for number, _, record in lines
                for at, action in enumerate(record.actions)
            ],
        )

    def _index(self, records: Iterable[tuple[int, PlannedRecord]]) -> None:
        self._many(
            "INSERT OR REPLACE INTO place VALUES (?, ?, ?, ?)",
            [(*where, number) for number, record in records for where in wheres(record)],
        )

    # -- looking something up ------------------------------------------------------------------------------------------

    def entries(self) -> Iterator[Entry]:
        """All records."""
        last = 0
        while rows := self._execute(
            "SELECT number, document FROM record WHERE number > ? ORDER BY number LIMIT ?", (last, _PORTION)
        ):
            last = rows[-1][0]
            yield from (Entry(number, _record(document)) for number, document in rows)

    def find(self, wanted: Iterable[Where]) -> Entry | None:
        """The record that one of these is, skipped ones aside."""
        for where in wanted:
            for number, document in self._execute(
                "SELECT r.number, r.document FROM place p JOIN record r ON r.number = p.number"
                " WHERE p.entity = ? AND p.system = ? AND p.remote_id = ? AND r.skipped = 0",
                where,
            ):
                return Entry(number, _record(document))
        return None

    def has(self, wanted: Iterable[Where]) -> bool:
        """Whether one of these is in the book."""
        statement = "SELECT 1 FROM place WHERE entity = ? AND system = ? AND remote_id = ?"
        return any(self._execute(statement, where) for where in wanted)

    def places(self, entity: str, system: str) -> Iterator[list[str]]:
        """The ids of a system's records, some at a time."""
        last = ""
        while rows := self._execute(
            "SELECT remote_id FROM place WHERE entity = ? AND system = ? AND remote_id > ? ORDER BY remote_id LIMIT ?",
            (entity, system, last, _PORTION),
        ):
            last = rows[-1][0]
            yield [str(remote_id) for (remote_id,) in rows]

    # -- what became of the records ------------------------------------------------------------------------------------

    def changed(self, number: int, differences: Sequence[Difference]) -> None:
        """A record is not as it was: it is skipped."""
        self._execute("UPDATE record SET skipped = 1, changes = ? WHERE number = ?", (_spelled(differences), number))
        self._execute("UPDATE action SET state = 'skipped' WHERE number = ?", (number,))

    def changes(self) -> Iterator[tuple[Entry, list[Difference]]]:
        """The records that are not as they were."""
        last = 0
        while rows := self._execute(
            "SELECT number, document, changes FROM record WHERE number > ? AND changes IS NOT NULL ORDER BY number LIMIT ?",
            (last, _PORTION),
        ):
            last = rows[-1][0]
            yield from ((Entry(number, _record(document)), _changes(changes)) for number, document, changes in rows)

    def mark(self, number: int, at: int, state: str) -> None:
        """What became of an action: `tried`, or `done`."""
        self._execute("UPDATE action SET state = ? WHERE number = ? AND at = ?", (state, number, at))

    def state(self, number: int, at: int) -> str:
        """What became of an action; `left` if nothing yet."""
        return str(self._execute("SELECT state FROM action WHERE number = ? AND at = ?", (number, at))[0][0])

    def counts(self, kind: str) -> dict[str, int]:
        """By system, how many actions of a kind are to be done."""
        statement = "SELECT system, count(*) FROM action WHERE kind = ? AND state <> 'skipped' GROUP BY system"
        return dict(self._execute(statement, (kind,)))

    def kinds(self, system: str, remote_id: str) -> set[str]:
        """What is to be done with a record of a system; one that was made for the plan may be updated."""
        rows = self._execute(
            "SELECT kind FROM action WHERE system = ? AND remote_id = ? AND state <> 'skipped'"
            " UNION SELECT 'update' FROM made WHERE system = ? AND remote_id = ?",
            (system, remote_id) * 2,
        )
        return {str(kind) for (kind,) in rows}

    def made(self, system: str, remote_ids: Iterable[str]) -> None:
        """Records that were created as the plan says."""
        self._many("INSERT OR IGNORE INTO made VALUES (?, ?)", [(system, remote_id) for remote_id in remote_ids])

    def left(self) -> Iterator[tuple[PlannedRecord, PlannedAction]]:
        """What was to be done and was not; to unlink is nothing that is done anywhere."""
        last = (0, -1)
        while rows := self._execute(
            "SELECT a.number, a.at, r.document FROM action a JOIN record r ON r.number = a.number WHERE (a.number, a.at) > (?, ?)"
            " AND a.state IN ('left', 'tried') AND a.kind <> 'unlink' ORDER BY a.number, a.at LIMIT ?",
            (*last, _PORTION),
        ):
            last = rows[-1][:2]
            for _, at, document in rows:
                record = _record(document)
                yield record, record.actions[at]

    def close(self) -> None:
        """Let go of the temporary file."""
        self._connection.close()

    def _execute(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.OperationalError as error:
            raise _no_room(error) from None

    def _many(self, statement: str, rows: Iterable[Sequence[Any]]) -> None:
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.OperationalError as error:
            raise _no_room(error) from None


def _no_room(error: sqlite3.OperationalError) -> SystemFailure:
    return SystemFailure(
        "the plan",
        f"it cannot be held in a temporary file ({error}): make room where SQLITE_TMPDIR or TMPDIR points, or /var/tmp",
    )


# -- files -------------------------------------------------------------------------------------------------------------


class PlanFile:
    """A file that a plan is saved in, for its owner's eyes alone: there whole, or as it was before."""

    def __init__(self, path: Path) -> None:
        """Open it. Raises SystemFailure."""
        self.path = path
        # What is no file cannot be put in place of another.
        self._partial = path if path.exists() and not path.is_file() else path.with_name(f"{path.name}.partial")
        try:
            flags = os.O_CREAT | os.O_WRONLY | os.O_TRUNC | os.O_CLOEXEC
            self._stream = os.fdopen(os.open(self._partial, flags, 0o600), "wb")
        except OSError as error:
            raise self._failure(error) from None

    def save(self, head: PlanHead, book: Book, held: Held) -> int:
        """Write the plan, a record a line, without what guards hold back; how many records. Raises SystemFailure."""
        count = 0
        try:
            self._stream.write(_spelled(head) + b"\n")
            for _, record in book.entries():
                kept = without(record, held.get(record.entity, {}))
                if kept.actions:
                    count += 1
                    self._stream.write(_spelled(kept) + b"\n")
            self._stream.write(_spelled({"records": count}) + b"\n")
            self._stream.close()
            if self._partial != self.path:
                self._partial.chmod(0o600)
                self._partial.replace(self.path)
        except OSError as error:
            self.drop()
            raise self._failure(error) from None
        return count

    def drop(self) -> None:
        """Nothing is saved."""
        with suppress(OSError):
            self._stream.close()
        if self._partial != self.path:
            self._partial.unlink(missing_ok=True)

    def _failure(self, error: OSError) -> SystemFailure:
        return SystemFailure(str(self.path), f"the plan cannot be saved ({error.strerror}): name another place with -o")


class _Version(msgspec.Struct):
    format_version: Any = None
    kind: Any = None


class _End(msgspec.Struct, forbid_unknown_fields=True):
    records: int


def read_plan(path: Path) -> tuple[PlanHead, Book]:
    """A saved plan, its records on disk. Raises PlanFailure and OSError."""
    book, count = Book(), 0
    end: int | None = None
    try:
        with path.open("rb") as stream:
            head = _head(stream.readline())
            portion: list[tuple[int, bytes, PlannedRecord]] = []
            for line in stream:
                if end is not None:
                    raise PlanFailure("it goes on after its end: make it again with `plan -o FILE`")
                if line.startswith(b'{"records"'):
                    end = msgspec.json.decode(line, type=_End).records
                    continue
                count += 1
                portion.append((count, line, _record(line)))
                if len(portion) == _PORTION:
                    book.load(portion)
                    portion = []
            book.load(portion)
    except msgspec.MsgspecError as error:
        raise PlanFailure(f"line {count + 1} is none of a plan ({error}): make it again with `plan -o FILE`") from None
    if end != count:
        raise PlanFailure(f"it is cut off after {count} records: make it again with `plan -o FILE`")
    return head, book


def _head(line: bytes) -> PlanHead:
    try:
        found = msgspec.json.decode(line, type=_Version)
        if found.kind == "saved plan" and found.format_version != PLAN_VERSION:
            raise PlanFailure(
                f"its format is {found.format_version}, this runtime reads {PLAN_VERSION}: make it again with `plan -o FILE`"
            )
        return msgspec.json.decode(line, type=PlanHead)
    except msgspec.MsgspecError as error:
        raise PlanFailure(f"it is no plan ({error}): make one with `plan -o FILE`") from None
