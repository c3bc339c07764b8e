"""Opening a state file: made if there is none, refused with one line if it is not ours, damaged, lost or of another version."""

import fcntl
import os
import sqlite3
import stat
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from syncline_runtime.state.database import Database, Sqlite, one_line
from syncline_runtime.state.failure import StateFailure
from syncline_runtime.state.intact import LARGEST, holds, is_mark, mark
from syncline_runtime.state.keys import VARIABLE, OuterKey, outer_key
from syncline_runtime.state.migrating import migrate, refuse_unless_known
from syncline_runtime.state.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES
from syncline_runtime.state.sealing import Sealer

CODES_KEY = 0
"""The number of the key that codes are made with; those of documents count from 1."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A state that may be used: its database, its keys, and what no other state is called."""

    database: Database
    sealer: Sealer
    identity: str
    outer: OuterKey


Filling: TypeAlias = Callable[[Database, OuterKey], None]
"""Puts rows into a new state, inside the transaction that makes it."""


def open_database(
    path: Path,
    package: str,
    *,
    create: bool = True,
    key: str | None = None,
    foreign: bool = False,
    lost: bool = False,
    examining: bool = False,
    filling: Filling | None = None,
) -> Opened:
    """The state file of `package` (or, `foreign`, of another), WAL and `synchronous=FULL`, readable by its owner only; a new
    one with what `filling` puts into it.

    Raises StateFailure for a file of another program or package, of another schema, a damaged one, or one that `key` (else the
    key in the environment or next to the file) does not open; for one whose key alone is left, unless it is known to be `lost`.
    `examining` one, whether it was changed by another hand is left to who looks at it.
    """
    given = os.environ.get(VARIABLE) if key is None else key
    beside, making = path.with_name(f"{path.name}.key"), path.with_name(f"{path.name}.making")
    if path.is_symlink():
        raise StateFailure(f"state file {path} is a symbolic link: name the file itself with --state")
    try:
        # An empty file beside a key is what is left of a state, not a new one.
        fresh = not path.exists() or path.stat().st_size == 0
        if fresh and not create:
            raise StateFailure(
                f"there is no state file {path} yet: run a plan first, or name another one with --state", unusable=False
            )
        if fresh or making.exists():
            with _alone(path, making) as interrupted:
                if interrupted or not path.exists() or path.stat().st_size == 0:
                    outer = outer_key(str(path), beside, fresh=True, given=given, lost=lost or interrupted)
                    os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
                    return _ready(path, package, outer, fresh=True, foreign=foreign, filling=filling)
        if filling is not None:
            raise StateFailure(f"there is a state file {path} already: name another one with --state", unusable=False)
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        with closing(_connected(path)) as database:
            version = _recognised(database, path)
            outer = outer_key(str(path), beside, fresh=False, given=given)
            opened = unlocked(database, None if foreign else package, outer)
            stored = _stored(database)
        if not examining:
            _check(opened, path, stored)
        if version < SCHEMA_VERSION:
            _carry_over(path, version)
        return _ready(path, package, outer, fresh=False, foreign=foreign)
    except OSError as error:
        # The place is wrong, not the state.
        raise StateFailure(
            f"state file {path} cannot be opened ({error.strerror or one_line(error)}): look at the folder {path.parent} and its "
            "rights, or name another file with --state",
            unusable=False,
        ) from error
    except (ValueError, TypeError, AttributeError) as error:
        raise StateFailure(f"state file {path} is damaged ({one_line(error)}): restore it from a backup") from error


@contextmanager
def _alone(path: Path, making: Path) -> Iterator[bool]:
    """Keep all others from making the same state; whether somebody began to and died, what is left of which is cleared away.

    Raises StateFailure while another process is at it.
    """
    try:
        mark_of, began = os.open(making, os.O_RDWR | os.O_CLOEXEC), True
    except FileNotFoundError:
        mark_of, began = os.open(making, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), False
    with open(mark_of, "rb"):
        try:
            fcntl.flock(mark_of, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise StateFailure(
                f"state file {path} is being made by another process: try again", unusable=False
            ) from None
        # Whoever made it to the end meanwhile has taken the mark away; this one may be another's.
        interrupted = began and making.exists() and os.fstat(mark_of).st_ino == making.stat().st_ino
        if interrupted:
            for left in (path, path.with_name(f"{path.name}-wal"), path.with_name(f"{path.name}-shm")):
                left.unlink(missing_ok=True)
        try:
            yield interrupted
        except StateFailure:
            making.unlink(missing_ok=True)
            raise
        making.unlink(missing_ok=True)


def _connected(path: Path) -> Sqlite:
    try:
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=256)
    except sqlite3.Error as error:
        raise StateFailure(f"state file {path} cannot be opened: {one_line(error)}") from error
    return Sqlite(connection, str(path))


def _recognised(database: Sqlite, path: Path) -> int:
    """The version of a state file. Raises StateFailure for any other file."""
    if database.execute("PRAGMA application_id") != [(APPLICATION_ID,)]:
        raise StateFailure(f"{path} is no state file of Syncline: name another with --state")
    ((version,),) = database.execute("PRAGMA user_version")
    refuse_unless_known(str(path), version)
    return int(version)


def _stored(database: Database) -> bytes:
    """The code that a file had when it was closed, or the mark that it is written to."""
    ((stored,),) = database.execute("SELECT code FROM file_code")
    return bytes(stored)


def _check(opened: Opened, path: Path, stored: bytes) -> None:
    """See that a file is as it was closed, or that what a crash left of it holds together. No connection may be open."""
    size = path.stat().st_size
    in_use = path.with_name(f"{path.name}-wal").exists()
    was_closed = not is_mark(stored) and size <= LARGEST and not in_use
    if was_closed and holds(path, stored, lambda: opened.sealer.code_of_many("file")):
        return
    with closing(_connected(path)) as database:
        if was_closed and _stored(database) == stored:  # else another has written to it meanwhile, as it may
            raise StateFailure(
                f"state file {path} is not as it was when it was closed: it is damaged, or was changed by another hand; "
                "restore it from a backup, or begin anew with `rebase`"
            )
        # A full check reads all of the file, so that a large one is looked at only after a run that did not end.
        if size <= LARGEST or database.execute("SELECT 1 FROM run WHERE ended IS NULL LIMIT 1"):
            check(database, quick=size > LARGEST)


def _carry_over(path: Path, version: int) -> None:
    """Make a state of an older version one of this runtime's; a copy of it as it was stays beside it."""
    with closing(_connected(path)) as database:
        former = path.with_name(f"{path.name}.schema{version}")
        if not former.exists():
            database.execute("VACUUM INTO ?", (str(former),))
            former.chmod(0o600)
        database.begin(writing=True)
        try:
            migrate(database, version)
            database.execute("UPDATE file_code SET code = ?", (mark(),))
            database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            database.commit()
        except BaseException:
            database.roll_back()
            raise


def check(database: Database, *, quick: bool = False) -> None:
    """See that tables and indexes of a file hold together. Raises StateFailure."""
    verdict = database.verdict(quick=quick)
    if verdict != "ok":
        raise StateFailure(
            f"state {database.name} is damaged ({verdict}): restore it from a backup, or begin anew with `rebase`"
        )


def _ready(
    path: Path, package: str, outer: OuterKey, *, fresh: bool, foreign: bool, filling: Filling | None = None
) -> Opened:
    database = _connected(path)
    try:
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-8000",
            "wal_autocheckpoint=8000",
            "temp_store=FILE",
        ):
            database.execute(f"PRAGMA {pragma}")
        if fresh:
            _create(database, package, outer, filling)
        return unlocked(database, None if foreign else package, outer)
    except BaseException:
        database.close()
        raise


def _create(database: Sqlite, package: str, outer: OuterKey, filling: Filling | None) -> None:
    database.begin(writing=True)
    for statement in TABLES.split(";\n"):
        if statement.strip():
            database.execute(statement)
    filled(database, package, outer)
    if filling is not None:
        filling(database, outer)
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    database.commit()


def filled(database: Database, package: str, outer: OuterKey) -> None:
    """Give new tables a name, an identity and keys."""
    identity = os.urandom(16).hex()
    database.many("INSERT INTO meta VALUES (?, ?)", [("package", package), ("store", identity)])
    database.many(
        "INSERT INTO data_key VALUES (?, ?)",
        [(number, outer.wrap(os.urandom(32), identity, number)) for number in (CODES_KEY, CODES_KEY + 1)],
    )
    database.execute("INSERT INTO file_code VALUES (1, ?)", (mark(),))


def unlocked(database: Database, package: str | None, outer: OuterKey) -> Opened:
    """A state with its keys. Raises StateFailure if it is of another package, or the key does not open it."""
    meta: dict[str, str] = dict(database.execute("SELECT key, value FROM meta WHERE key IN ('package', 'store')"))
    owner, identity = meta.get("package"), meta.get("store", "")
    if package is not None and owner != package:
        raise StateFailure(
            f"state {database.name} belongs to {owner or 'nobody'!r}, not to {package!r}: name another with --state, "
            "or take it over with `rebase --adopt`"
        )
    keys = {
        number: outer.unwrap(wrapped, identity, number, database.name)
        for number, wrapped in database.execute("SELECT key_id, wrapped FROM data_key")
    }
    codes = keys.pop(CODES_KEY, None)
    if codes is None or not keys:
        raise StateFailure(f"state {database.name} is damaged (its keys are missing): restore it from a backup")
    return Opened(database, Sealer(database.name, identity, keys, max(keys), codes), identity, outer)
