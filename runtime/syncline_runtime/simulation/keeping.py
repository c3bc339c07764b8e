"""The state store under simulation: the real one, with crashes and full disks at its commits, and an eye on what it promises."""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

from syncline_runtime.rows import Answer, Row
from syncline_runtime.simulation.world import World
from syncline_runtime.state import SqliteStore, StateFailure


class Wave(NamedTuple):
    """Writes that were announced before they were sent."""

    entity: str
    system: str
    op: str
    rows: Sequence[Row]


class Keeper:
    """A `StateStore` around one: all goes through. `committed` is called after each commit; `waves` are the writes announced, also
    those that a crash interrupted."""

    def __init__(
        self,
        store: SqliteStore,
        world: World,
        identity: str,
        waves: dict[int, Wave],
        committed: Callable[[], None],
    ) -> None:
        self._store = store
        self._world = world
        self._committed = committed
        self._inside = False
        self._announced: dict[int, Wave] = {}
        self._ended: set[int] = set()
        self.previewing = False
        self._trying = False
        self.undone = False  # what was tried last was not kept
        self.identity = identity
        self.waves = waves

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """The store's transaction, which may fail, and at whose end the process may die, before or after it is durable."""
        if self._inside:
            yield
            return
        self._world.alive()
        if self.previewing or self._trying:
            with self._store.transaction():
                yield
            return
        if self._world.happens("locked"):
            self._world.tell("state", "fails", "the database is locked")
            raise StateFailure("the database is in use by another process")
        self._inside = True
        try:
            with self._store.transaction():
                yield
                self._world.may_crash("before a commit")
                if self._world.happens("full_disk"):
                    self._world.tell("state", "fails", "the disk is full")
                    raise sqlite3.OperationalError("database or disk is full")
                failing = self._world.happens("fsync")
                durable = failing and self._world.rng.random() < 0.5
                if failing and not durable:
                    self._world.tell("state", "fails", "a commit, which is undone")
                    raise sqlite3.OperationalError("disk I/O error")
        except BaseException:
            self._announced.clear()
            self._ended.clear()
            raise
        finally:
            self._inside = False
        self._kept()
        if durable:
            self._world.tell("state", "fails", "a commit, which is durable")
            raise sqlite3.OperationalError("disk I/O error")
        self._world.may_crash("after a commit")

    def _kept(self) -> None:
        """What was announced and what ended is durable now."""
        self.waves.update(self._announced)
        for number in self._ended:
            self.waves.pop(number, None)
        self._announced.clear()
        self._ended.clear()
        self._committed()

    @contextmanager
    def preview(self) -> Iterator[None]:
        """The store's preview: nothing of it becomes durable."""
        self.previewing = True
        try:
            with self._store.preview():
                yield
        finally:
            self.previewing = False
            self._ended.clear()

    @contextmanager
    def tentative(self) -> Iterator[Callable[[], None]]:
        """The store's, at whose end the process may die, before or after what is to be kept is durable."""
        self._world.alive()
        wanted: list[bool] = []
        self._trying = True
        try:
            with self._store.tentative() as keep:

                def kept() -> None:
                    keep()
                    wanted.append(True)

                yield kept
                if wanted:
                    self._world.may_crash("before a commit")
        finally:
            self._trying, self.undone = False, not wanted
            if not wanted:
                self._ended.clear()
        if wanted:
            self._kept()
            self._world.may_crash("after a commit")

    def acquire(self, name: str, now: float, seconds: float) -> None:
        """Take the lease."""
        self._world.alive()
        self._store.acquire(name, now, seconds)

    def release(self) -> None:
        """Give the lease back; a dead process cannot."""
        self._world.alive()
        self._store.release()

    def write_ahead(
        self, where: tuple[str, str, str], rows: Sequence[Row], sent_at: float, resolve_after: float, run_id: int
    ) -> int:
        """Announce writes."""
        number = self._store.write_ahead(where, rows, sent_at, resolve_after, run_id)
        self._announced[number] = Wave(*where, rows)
        return number

    def end_wave(self, wave_id: int) -> None:
        """The outcomes are known."""
        self._store.end_wave(wave_id)
        self._announced.pop(wave_id, None)
        self._ended.add(wave_id)

    def break_waves(self, entity: str, now: float) -> None:
        """Interrupted waves become open intents."""
        self._store.break_waves(entity, now)
        self._ended.update(number for number, wave in self.waves.items() if wave.entity == entity)

    def entities(self) -> dict[int, str]:
        """The entity of each link."""
        return dict(self._store._execute("SELECT link_id, entity FROM link"))

    def documents(self) -> dict[int, tuple[str, bytes]]:
        """The entity of each link and what is agreed on, sealed: other bytes whenever it was written."""
        rows = self._store._execute("SELECT link_id, entity, doc FROM link")
        return {number: (entity, sealed) for number, entity, sealed in rows}

    def guarded(self, entity: str) -> set[tuple[str, str]]:
        """What a guard held of an entity in the last run, by system and operation."""
        (run,) = self._store.review.runs(1)
        return {
            (system, operation)
            for sync in run.summary.get("syncs", ())
            if sync["entity"] == entity
            for system, operations in sync.get("guarded", {}).items()
            for operation in operations
        }

    def decisions(self) -> list[Answer]:
        """All that people ever answered, in order."""
        return self._store.answers._answers("1 = 1", ())

    def linked(self) -> dict[tuple[str, str, str], int]:
        """The link of each record that has one, by system, entity and remote id."""
        rows = self._store._execute(
            "SELECT s.system, s.entity, m.remote_id, m.link_id FROM member m JOIN side s ON s.side_id = m.side"
            " WHERE m.link_id IS NOT NULL"
        )
        return {(system, entity, remote_id): number for system, entity, remote_id, number in rows}

    def doubts(self) -> set[tuple[str, str]]:
        """The records, by system and remote id, of which a write has no known outcome."""
        return set(
            self._store._execute("SELECT system, remote_id FROM intent WHERE state = 'open' AND remote_id IS NOT NULL")
        )


def dump(store: SqliteStore) -> list[str]:
    """The whole state, opened, but for what differs by design between two of them: names, keys, codes, and who held the lease."""
    return [
        f"{table} {row}"
        for table, rows in store.opened().items()
        for row in rows
        if table not in _BY_DESIGN and row.get("key") not in _BY_DESIGN
    ]


_BY_DESIGN = ("data_key", "file_code", "lease", "record_key", "store", "audit head")
