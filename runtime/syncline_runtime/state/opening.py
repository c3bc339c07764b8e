"""Opening a state file: made if there is none, refused with one line if it is not ours, damaged or newer."""

import os
import sqlite3
import stat
from pathlib import Path

from syncline_runtime.state.schema import APPLICATION_ID, SCHEMA_VERSION, TABLES


class StateFailure(Exception):
    """The state file cannot be used; the message is one line: which file, why, how to mend it."""


def open_database(path: Path, package: str, *, create: bool = True) -> sqlite3.Connection:
    """A connection to the state file of `package`, WAL and `synchronous=FULL`, readable by its owner only.

    Raises StateFailure for a file of another program or package, of a newer schema, or a damaged one.
    """
    if path.is_symlink():
        raise StateFailure(f"state file {path} is a symbolic link: name the file itself with --state")
    try:
        fresh = not path.exists() or path.stat().st_size == 0
        if fresh and not create:
            raise StateFailure(f"there is no state file {path} yet: run a plan first, or name another one with --state")
        if fresh:
            os.close(os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600))
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            path.chmod(0o600)
        connection = sqlite3.connect(path, isolation_level=None, timeout=5.0, cached_statements=256)
    except (OSError, sqlite3.Error) as error:
        raise StateFailure(f"state file {path} cannot be opened: {error}") from error
    try:
        if not fresh:
            _check(connection, path)
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",
            "foreign_keys=ON",
            "cache_size=-6000",
            "wal_autocheckpoint=8000",
            "temp_store=FILE",
        ):
            connection.execute(f"PRAGMA {pragma}").fetchall()
        if fresh:
            _create(connection, package)
        owner = connection.execute("SELECT value FROM meta WHERE key = 'package'").fetchone()
    except sqlite3.DatabaseError as error:
        connection.close()
        raise StateFailure(
            f"state file {path} cannot be read ({error}): restore it from a backup, or name another file with --state"
        ) from error
    except StateFailure:
        connection.close()
        raise
    if owner is None or owner[0] != package:
        connection.close()
        raise StateFailure(
            f"state file {path} belongs to {owner[0] if owner else 'nobody'!r}, not to {package!r}: name another with --state"
        )
    return connection


def _check(connection: sqlite3.Connection, path: Path) -> None:
    (application,) = connection.execute("PRAGMA application_id").fetchone()
    if application != APPLICATION_ID:
        raise StateFailure(f"{path} is no state file of Syncline: name another with --state")
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version != SCHEMA_VERSION:
        raise StateFailure(
            f"state file {path} has schema {version}, this runtime uses {SCHEMA_VERSION}: "
            "upgrade it with `pip install -U syncline-runtime`"
        )
    interrupted = connection.execute("SELECT 1 FROM run WHERE ended IS NULL LIMIT 1").fetchone()
    # A full check reads the whole file, so only a run that did not end is reason enough.
    if interrupted is not None:
        (verdict,) = connection.execute("PRAGMA quick_check(1)").fetchone()
        if verdict != "ok":
            raise StateFailure(f"state file {path} is damaged ({verdict}): restore it from a backup")


def _create(connection: sqlite3.Connection, package: str) -> None:
    connection.execute("BEGIN IMMEDIATE")
    for statement in TABLES.split(";\n"):
        if statement.strip():
            connection.execute(statement)
    connection.execute("INSERT INTO meta VALUES ('package', ?), ('store', ?)", (package, os.urandom(16).hex()))
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
    connection.execute("COMMIT")
