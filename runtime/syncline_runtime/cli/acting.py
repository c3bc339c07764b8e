"""Who gives a command, and the row of the audit that says so."""

import getpass
import os
import time

from syncline_runtime.rows import AuditEntry
from syncline_runtime.state import SqliteStore


def actor(given: str | None = None) -> str:
    """Who is asking: as `given`, else SYNCLINE_ACTOR, else the user of this process."""
    try:
        return given or os.environ.get("SYNCLINE_ACTOR") or getpass.getuser()
    except (OSError, KeyError):
        return "somebody"


def note(store: SqliteStore, action: str, what: str) -> None:
    """Tell the audit that somebody commanded `action`, beside what comes of it."""
    with store.transaction():
        store.review.journal([AuditEntry(0, time.time(), action, "", 0, reason=what, actor=actor())])
