"""Who waits for whom: links that refer to what is not there yet."""

from collections.abc import Iterable

from syncline_runtime.rows import Row, Waiting
from syncline_runtime.state.backing import Backing
from syncline_runtime.state.links import Links

_WHOM = (
    "SELECT w.link_id, w.system, w.field, w.target FROM waiting w"
    " CROSS JOIN side s ON s.entity = w.target AND s.system = w.system CROSS JOIN member m ON m.side = s.side_id"
)


class Waiters:
    """The part of a store that keeps references which cannot be written yet."""

    def __init__(self, backing: Backing, links: Links) -> None:
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._links = links

    def wait(self, rows: Iterable[Row]) -> None:
        """(link_id, entity, system, field, target, remote_id, target_link): a link waits until the record `remote_id` of `target`
        has a link, or ("") until `target_link` has a record in the system."""
        self._many(
            "INSERT INTO waiting VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT(link_id, system, field, target) DO UPDATE SET"
            " entity = excluded.entity, remote_id = excluded.remote_id, target_link = excluded.target_link",
            rows,
        )

    def stop(self, link_ids: Iterable[int]) -> None:
        """These links wait for nobody any more."""
        self._many("DELETE FROM waiting WHERE link_id = ?", [(link_id,) for link_id in link_ids])

    def wake(self, entity: str) -> int:
        """Unsettle the links of `entity` that need wait no longer; how many there are."""
        over = self._execute(
            f"{_WHOM} AND m.remote_id = w.remote_id AND m.link_id IS NOT NULL WHERE w.entity = ? AND w.remote_id <> ''"
            f" UNION ALL {_WHOM} AND m.link_id = w.target_link AND m.state <> 'gone' AND m.state <> 'missing'"
            " WHERE w.entity = ? AND w.remote_id = ''",
            (entity, entity),
        )
        self._many("DELETE FROM waiting WHERE link_id = ? AND system = ? AND field = ? AND target = ?", over)
        links = sorted({row[0] for row in over})
        self._links.unsettle(links)
        return len(links)

    def count(self, entity: str) -> int:
        """Links of `entity` that wait for others."""
        return int(self._execute("SELECT count(DISTINCT link_id) FROM waiting WHERE entity = ?", (entity,))[0][0])

    def waiting(self, limit: int | None = None) -> list[Waiting]:
        """Who waits for whom, the first `limit`."""
        rows = self._execute(
            "SELECT link_id, entity, system, field, target, remote_id, target_link FROM waiting"
            " ORDER BY entity, link_id, system, field, target"
            + ("" if limit is None or limit < 0 else f" LIMIT {limit:d}")
        )
        return [Waiting._make(row) for row in rows]
