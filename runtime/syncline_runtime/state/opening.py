"""Opening a state file: made if there is none, refused with one line if it is not ours, damaged, lost or of another version."""

import os
import sqlite3
import stat
from dataclasses import dataclass
from pathlib import Path

from syncline_runtime.state.database import Database, Sqlite
from syncline_runtime.state.failure import StateFailure
from syncline_runtime.state.keys import VARIABLE, OuterKey, outer_key
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


def open_database(
    path: Path, package: str, *, create: bool = True, key: str | None = None, foreign: bool = False
) -> Opened:
    """The state file of `package` (or, `foreign`, of another), WAL and `synchronous=FULL`, readable by its owner only.

    Raises StateFailure for a file of another program or package, of another schema, a damaged one, or one that `key` (else the
    key in the environment or next to the file) does not open.
    """
    given = os.environ.get(VARIABLE) if key is None else key
    if path.is_symlink():
        raise StateFailure(f"state file {path} is a symbolic link: name the file itself with --state")
    try:
        fresh = not path.exists() or path.stat().st_size == 0
        if fresh and not create:
            raise StateFailure(
                f"there is no state file {path} yet: run a plan first, or name another one with --state", unusable=False
            )
        outer = outer_key(str(path), path.with_name(f"{path.name}.key"), fresh=True, given=given) if fresh else None
        if fresh:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=256)
    except (OSError, sqlite3.Error) as error:
        raise StateFailure(f"state file {path} cannot be opened: {error}") from error
    database = Sqlite(connection, str(path))
    try:
        if outer is None:
            _check(database, path)
            outer = outer_key(str(path), path.with_name(f"{path.name}.key"), fresh=False, given=given)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-6000",
            "wal_autocheckpoint=8000",
            "temp_store=FILE",
        ):
            database.execute(f"PRAGMA {pragma}")
        if fresh:
            _create(database, package, outer)
        opened = _unlocked(database, None if foreign else package, outer)
    except StateFailure:
        database.close()
        raise
    return opened


def _check(database: Sqlite, path: Path) -> None:
    if database.execute("PRAGMA application_id") != [(APPLICATION_ID,)]:
        raise StateFailure(f"{path} is no state file of Syncline: name another with --state")
    ((version,),) = database.execute("PRAGMA user_version")
    if version != SCHEMA_VERSION:
        raise StateFailure(
            f"state file {path} has schema {version}, this runtime uses {SCHEMA_VERSION}: "
            "upgrade it with `pip install -U syncline-runtime`"
        )
    # A full check reads the whole file, so only a run that did not end is reason enough.
    if database.execute("SELECT 1 FROM run WHERE ended IS NULL LIMIT 1"):
        ((verdict, *_), *_) = database.execute("PRAGMA quick_check(1)")
        if verdict != "ok":
            raise StateFailure(f"state file {path} is damaged ({verdict}): restore it from a backup")


def _create(database: Sqlite, package: str, outer: OuterKey) -> None:
    identity = os.urandom(16).hex()
    database.begin(writing=True)
    for statement in TABLES.split(";\n"):
        if statement.strip():
            database.execute(statement)
    database.many("INSERT INTO meta VALUES (?, ?)", [("package", package), ("store", identity)])
    database.many(
        "INSERT INTO data_key VALUES (?, ?)",
        [(number, outer.wrap(os.urandom(32), identity, number)) for number in (CODES_KEY, CODES_KEY + 1)],
    )
    database.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    database.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    database.commit()


def _unlocked(database: Database, package: str | None, outer: OuterKey) -> Opened:
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
    return Opened(database, Sealer(database.name, identity, keys, max(keys), codes), identity)
