"""Retention: what is kept for people is let go after a time. That something happened, and to what, stays."""

from collections.abc import Mapping
from typing import Final

from syncline_runtime.state.backing import Backing

DAY: Final = 86_400.0

POLICY: Final[Mapping[str, int]] = {"values": 365, "snapshots": 180, "intents": 7, "answers": 365, "runs": 730}
"""The days that each kind is kept: former and overruled values in the audit, what deleted records held, writes that failed or whose
outcome was settled late, what people decided upon, past runs."""

_FORGETTING: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = {
    "values": (("audit", "at", "before = NULL, after = NULL"),),
    "snapshots": (("tombstone", "confirmed_at", "snapshot = NULL"),),
    "answers": (("answer", "at", "value = NULL, seen = x'', told = NULL"),),
}
_STILL: Final = {
    "audit": "(before IS NOT NULL OR after IS NOT NULL)",
    "tombstone": "snapshot IS NOT NULL",
    "answer": "state <> 'open' AND (value IS NOT NULL OR told IS NOT NULL)",
}


class Retention:
    """The part of a state that lets go. Its methods must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing) -> None:
        self._execute = backing.database.execute

    def prune(self, now: float, days: Mapping[str, int]) -> dict[str, int]:
        """Let go what is older than its kind's `days`; how many rows of each kind that concerned."""
        found = {}
        for kind, kept in days.items():
            before = now - kept * DAY
            found[kind] = self._forget(kind, before) if kind in _FORGETTING else self._delete(kind, before)
        return found

    def _forget(self, kind: str, before: float) -> int:
        count = 0
        for table, at, change in _FORGETTING[kind]:
            where = f"{at} < ? AND {_STILL[table]}"
            count += int(self._execute(f"SELECT count(*) FROM {table} WHERE {where}", (before,))[0][0])
            self._execute(f"UPDATE {table} SET {change} WHERE {where}", (before,))
        return count

    def _delete(self, kind: str, before: float) -> int:
        table, where = {
            "intents": ("intent", "state <> 'open' AND resolve_after < ?"),
            "runs": ("run", "ended IS NOT NULL AND ended < ? AND run_id < (SELECT max(run_id) FROM run)"),
        }[kind]
        count = int(self._execute(f"SELECT count(*) FROM {table} WHERE {where}", (before,))[0][0])
        self._execute(f"DELETE FROM {table} WHERE {where}", (before,))
        return count
