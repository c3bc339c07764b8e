"""The state: one connection, one writer, everything in batches; field values sealed on their way in and opened on their way out."""

import json
import os
import socket
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from syncline_runtime.state import intact
from syncline_runtime.state.answers import Answers
from syncline_runtime.state.audit import Audit
from syncline_runtime.state.awaiting import Awaiting
from syncline_runtime.state.backing import Backing
from syncline_runtime.state.erasure import Erasures
from syncline_runtime.state.evolution import Evolution
from syncline_runtime.state.failure import StateFailure
from syncline_runtime.state.inbox import Inbox
from syncline_runtime.state.intents import Intents
from syncline_runtime.state.links import Links
from syncline_runtime.state.members import Members
from syncline_runtime.state.opening import open_database
from syncline_runtime.state.referring import Referring
from syncline_runtime.state.rekeying import Rekeying
from syncline_runtime.state.retention import Retention
from syncline_runtime.state.review import Review
from syncline_runtime.state.schema import CODES, SEALED
from syncline_runtime.state.traces import Traces
from syncline_runtime.state.waiting import Waiters


class SqliteStore:
    """A `StateStore`. All methods but the readers must be called inside `transaction()`."""

    def __init__(
        self,
        where: Path | str,
        package: str,
        *,
        create: bool = True,
        key: str | None = None,
        foreign: bool = False,
        lost: bool = False,
        examining: bool = False,
    ) -> None:
        """Open or make the state of `package`, or (`foreign`) of another, in a file or in the PostgreSQL of a URL.

        `key` as in the environment, which is asked if it is None. One whose key alone is left is refused, unless it is known to be
        `lost`; one that was changed by another hand, unless it is opened for `examining` it. Raises StateFailure.
        """
        self.path = Path(where)
        self._in_file = not is_url(where)
        if self._in_file:
            opened = open_database(
                self.path, package, create=create, key=key, foreign=foreign, lost=lost, examining=examining
            )
        else:
            from syncline_runtime.state.postgres import open_postgres

            opened = open_postgres(str(where), package, create=create, key=key, foreign=foreign, lost=lost)
        self.identity = opened.identity
        self._database = opened.database
        self._execute = opened.database.execute
        self.package = package
        self.backing = self._backing = backing = Backing(opened.database, opened.sealer)
        self._summary = opened.sealer.place("run.summary")
        self._previewing = False
        self._inside = False
        self._lease: tuple[str, int] | None = None
        ((stored,),) = self._execute("SELECT code FROM file_code")
        self._marked = stored if intact.is_mark(stored) else None
        self.audit = Audit(backing)
        self.review = Review(backing, self.audit)
        members = Members(backing)
        links = Links(backing, members)
        intents = Intents(backing, self.identity)
        waiting = Waiters(backing, links)
        self.answers = Answers(backing)
        self.retention = Retention(backing)
        self.awaiting = Awaiting(backing)
        self.referring = Referring(backing)
        self.inbox = Inbox(backing)
        self.erasure = Erasures(backing, self.audit)
        self.traces = Traces(backing)
        self.evolution = Evolution(backing, members)
        self.rekeying = Rekeying(backing, opened.outer, self.identity)

        self.begin_listing = members.begin_listing
        self.add_listed = members.add_listed
        self.unlisted = members.unlisted
        self.rename = members.rename
        self.render = members.render
        self.count_unlisted = members.count_unlisted
        self.count_members = members.count
        self.troubled = members.troubled
        self.members = members.by_id
        self.members_of = members.of_links
        self.unlinked = members.unlinked
        self.any_unlinked = members.any_unlinked
        self.lone = members.lone
        self.links_of = members.links_of
        self.remotes_of = members.remotes_of
        self.systems_of = members.systems_of
        self.stage = members.stage
        self.see = members.see
        self.renew_versions = members.renew_versions
        self.forget_members = members.forget
        self.attach = members.attach
        self.account = members.account
        self.add_members = members.add
        self.written = members.written
        self.add_keys = members.add_keys
        self.drop_keys = members.drop_keys
        self.holders = members.holders

        self.reserve_links = links.reserve
        self.add_links = links.add
        self.link_as_seen = links.add_as_seen
        self.part_shared = links.part_shared
        self.part_all = links.part_all
        self.decided = links.decided
        self.close_links = links.close
        self.unsettle = links.unsettle
        self.unsettle_all = links.unsettle_all
        self.settle = links.settle
        self.unsettled = links.unsettled
        self.links = links.by_id
        self.count_links = links.count

        self.wait = waiting.wait
        self.stop_waiting = waiting.stop
        self.wake = waiting.wake
        self.count_waiting = waiting.count
        self.waiting = waiting.waiting

        self.write_ahead = intents.write_ahead
        self.end_wave = intents.end_wave
        self.idempotency_keys = intents.idempotency_keys
        self.break_waves = intents.break_waves
        self.keep_intents = intents.keep
        self.close_intents = intents.close
        self.postpone_intents = intents.postpone
        self.give_up_intents = intents.give_up
        self.given_up_creates = intents.given_up_creates
        self.open_intents = intents.open
        self.purge_intents = intents.purge

    def close(self) -> None:
        """Close the state; one that was written to is told from then on from one that was changed by another hand."""
        self._database.close()
        if self._in_file and self._marked is not None:
            with suppress(OSError):  # it stays marked, and is checked when it is opened again
                intact.close(self.path, self._marked, lambda: self._backing.sealer.code_of_many("file"))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def opened(self) -> dict[str, list[dict[str, Any]]]:
        """Everything that is stored, opened, by table: without the codes, which are of this state alone."""
        return {table: self._opened(table, sorted(names)) for table, names in self._database.columns().items()}

    def _opened(self, table: str, names: list[str]) -> list[dict[str, Any]]:
        key, sealed = SEALED.get(table, ("", ()))
        places = {name: self._backing.sealer.place(f"{table}.{name}") for name in sealed}
        found = []
        for row in self._execute(f"SELECT {', '.join(names)} FROM {table} ORDER BY {', '.join(names)}"):
            values = dict(zip(names, row, strict=True))
            for name, place in places.items():
                values[name] = place.open(values[key], values[name])
            found.append({name: value for name, value in values.items() if name not in CODES})
        return sorted(found, key=repr)

    # -- transactions, lease, runs -------------------------------------------------------------------------------------

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """All or nothing, durable at the end; refused when another process has taken the lease over."""
        if self._inside:
            yield
            return
        self._backing.forget()
        if self._previewing:
            self._execute("SAVEPOINT step")
        else:
            self._database.begin(writing=True)
        self._inside = True
        marked = self._marked
        try:
            if marked is None and not self._previewing:
                marked = intact.mark()
                self._execute("UPDATE file_code SET code = ?", (marked,))
            if self._lease is not None:
                self._check_lease(*self._lease)
            yield
            if self._previewing:
                self._execute("RELEASE SAVEPOINT step")
            else:
                self._database.commit()
                self._marked = marked
        except BaseException:
            self._backing.forget()
            if self._previewing:
                self._execute("ROLLBACK TO SAVEPOINT step")
            else:
                self._database.roll_back()
            raise
        finally:
            self._inside = False

    @contextmanager
    def preview(self) -> Iterator[None]:
        """Everything inside is seen inside and undone at the end: the store of a plan."""
        self._database.begin(writing=False)
        self._previewing = True
        try:
            yield
        finally:
            self._previewing = False
            self._backing.forget()
            self._database.roll_back()

    @contextmanager
    def tentative(self) -> Iterator[Callable[[], None]]:
        """Everything inside is seen inside, and undone at the end unless the given callable was called: then all of it is kept."""
        wanted: list[bool] = []
        kept = False
        with self.transaction():  # before anything is written, the file says that it is being written to
            pass
        self._database.begin(writing=True)
        self._previewing = True
        try:
            yield lambda: wanted.append(True)
            if wanted:
                self._database.commit()
                kept = True
        finally:
            self._previewing = False
            self._backing.forget()
            if not kept:
                self._database.roll_back()

    def acquire(self, name: str, now: float, seconds: float) -> None:
        """Take the lease of a sync. Raises StateFailure while another living process holds it."""
        holder = f"{socket.gethostname()}:{os.getpid()}"
        with self.transaction():
            rows = self._execute("SELECT holder, fencing, expires_at FROM lease WHERE name = ?", (name,))
            if rows and rows[0][0] != holder and rows[0][2] > now and _alive(rows[0][0]):
                raise StateFailure(
                    f"another run ({rows[0][0]}) works with state {self._database.name}: wait for it to end, or end it",
                    unusable=False,
                )
            fencing = int(rows[0][1]) + 1 if rows else 1
            self._execute(
                "INSERT INTO lease VALUES (?, ?, ?, ?) ON CONFLICT(name) DO UPDATE SET holder = excluded.holder,"
                " fencing = excluded.fencing, expires_at = excluded.expires_at",
                (name, holder, fencing, now + seconds),
            )
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
        rows = self._execute("SELECT fencing FROM lease WHERE name = ?", (name,))
        if not rows or rows[0][0] != fencing:
            raise StateFailure(
                f"another run took state {self._database.name} over; this one stops without a further write",
                unusable=False,
            )

    def begin_run(self, now: float, spec_sha256: str) -> int:
        """The number of a run that begins; one that never ended is marked as interrupted."""
        self._execute("UPDATE run SET ended = ?, status = 'interrupted' WHERE ended IS NULL", (now,))
        number = self._backing.reserve("run", 1)
        self._execute(
            "INSERT INTO run(run_id, started, status, spec_sha256) VALUES (?, ?, 'running', ?)",
            (number, now, spec_sha256),
        )
        return number

    def end_run(self, run_id: int, now: float, status: str, summary: Mapping[str, Any]) -> None:
        statement = "UPDATE run SET ended = ?, status = ?, summary = ? WHERE run_id = ?"
        self._execute(statement, (now, status, self._summary.seal_text(run_id, json.dumps(summary)), run_id))

    def setting(self, key: str) -> str | None:
        rows = self._execute("SELECT value FROM meta WHERE key = ?", (key,))
        return str(rows[0][0]) if rows else None

    def save_setting(self, key: str, value: str) -> None:
        self._execute(
            "INSERT INTO meta VALUES (?, ?) ON CONFLICT(key) DO UPDATE SET value = excluded.value", (key, value)
        )

    # -- cursors -------------------------------------------------------------------------------------------------------

    def cursor(self, entity: str, system: str) -> tuple[str | None, float | None] | None:
        """The stored high-water mark and when the last full listing ended; None before the first page."""
        rows = self._execute("SELECT value, full_at FROM cursor WHERE entity = ? AND system = ?", (entity, system))
        return (rows[0][0], rows[0][1]) if rows else None

    def save_cursor(self, entity: str, system: str, value: str | None, run_id: int, full_at: float | None) -> None:
        self._execute(
            "INSERT INTO cursor VALUES (?, ?, ?, ?, ?) ON CONFLICT(entity, system) DO UPDATE SET value = excluded.value,"
            " committed_run = excluded.committed_run, full_at = excluded.full_at",
            (entity, system, value, run_id, full_at),
        )


def is_url(where: Path | str) -> bool:
    """Whether a state is in a database server."""
    return isinstance(where, str) and where.startswith(("postgresql://", "postgres://", "postgresql+psycopg://"))


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
