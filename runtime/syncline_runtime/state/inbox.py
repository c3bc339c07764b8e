"""What systems called about: the ids of events, so that each counts once, and the records they name until they are read."""

import json
from collections.abc import Sequence

from syncline_runtime.state.backing import Backing


class Inbox:
    """The part of a state that webhooks write. Writers must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing) -> None:
        self._execute = backing.database.execute
        self._code = backing.sealer.code

    def receive(
        self, system: str, event_id: str, at: float, records: Sequence[tuple[str, str]], body_sha256: str
    ) -> bool:
        """Keep an event with the records (resource, remote id) it names; False for one that was kept before."""
        found = self._execute(
            "INSERT INTO inbox(system, event_id, received_at, records, body_code) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING RETURNING 1",
            (system, event_id, at, json.dumps(records), self._code("inbox body", body_sha256.encode())),
        )
        return bool(found)

    def waiting(self) -> dict[tuple[str, str], list[str]]:
        """The records that events name and nobody has marked yet: (system, resource) -> remote ids."""
        found: dict[tuple[str, str], dict[str, None]] = {}
        for system, text in self._execute("SELECT system, records FROM inbox WHERE taken = 0 ORDER BY received_at"):
            for resource, remote_id in json.loads(text):
                found.setdefault((system, resource), {})[remote_id] = None
        return {place: list(ids) for place, ids in found.items()}

    def take(self) -> None:
        """All that is waiting has been marked to be read."""
        self._execute("UPDATE inbox SET taken = 1 WHERE taken = 0")

    def purge(self, before: float) -> None:
        """Forget the events of long ago."""
        self._execute("DELETE FROM inbox WHERE taken = 1 AND received_at < ?", (before,))
