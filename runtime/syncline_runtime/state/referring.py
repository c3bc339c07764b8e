"""Who refers to whom: by the record referred to, so that what is computed from those that refer to it can be found."""

import json
from collections.abc import Sequence

from syncline_runtime.rows import Row
from syncline_runtime.state.backing import Backing


class Referring:
    """The part of a store that keeps references the other way round. Writers must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing) -> None:
        self._execute = backing.database.execute
        self._many = backing.database.many

    def put(self, rows: Sequence[Row]) -> None:
        """What each link refers to now, None for nothing: (entity, field, link_id, target)."""
        self._many(
            "DELETE FROM referring WHERE entity = ? AND field = ? AND link_id = ?",
            [(row[0], row[1], row[2]) for row in rows],
        )
        self._many(
            "INSERT INTO referring(entity, field, link_id, target) VALUES (?, ?, ?, ?)",
            [row for row in rows if row[3] is not None],
        )

    def of(self, entity: str, field: str, targets: Sequence[int]) -> dict[int, list[int]]:
        """By target, the links of an entity that refer to it in a field, in their order."""
        rows = self._execute(
            "SELECT r.target, r.link_id FROM json_each(?) j CROSS JOIN referring r"
            " ON r.entity = ? AND r.field = ? AND r.target = j.value ORDER BY r.target, r.link_id",
            (json.dumps(targets), entity, field),
        )
        found: dict[int, list[int]] = {}
        for target, link_id in rows:
            found.setdefault(int(target), []).append(int(link_id))
        return found
