"""Forgetting a person: every place of the state that holds a value of theirs, or a code made of one."""

import json
from collections.abc import Sequence
from typing import Final

from syncline_runtime.rows import NO_VALUES
from syncline_runtime.state.audit import Audit
from syncline_runtime.state.backing import Backing

_LINKS: Final = "(SELECT value FROM json_each(?))"
_SIDES: Final = f"(SELECT side, remote_id FROM member WHERE link_id IN {_LINKS})"
_RECORDS: Final = (
    "(SELECT s.entity, s.system, m.remote_id FROM member m JOIN side s ON s.side_id = m.side"
    f" WHERE m.link_id IN {_LINKS})"
)


class Erasures:
    """The part of a state that forgets. Writers must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing, audit: Audit) -> None:
        self._execute = backing.database.execute
        self._scrub = backing.database.scrub
        self._audit = audit
        self._doc = backing.sealer.place("link.doc")

    def close(self, link_ids: Sequence[int]) -> None:
        """These links are being erased: no run decides them any more, and their records stay theirs."""
        self._execute(
            f"UPDATE link SET status = 'tombstone', unsettled = 0, cause = 'erased' WHERE link_id IN {_LINKS}",
            (json.dumps(link_ids),),
        )

    def leave(self, link_id: int, system: str, deleted_at: float | None) -> None:
        """The record of a system is done with: what is known of it is that it is left alone, and when it was deleted."""
        self._execute(
            "UPDATE member SET state = 'released', shadow = NULL, seen = NULL, renders = NULL, missing_since = ?"
            " WHERE link_id = ? AND side IN (SELECT side_id FROM side WHERE system = ?)",
            (deleted_at, link_id, system),
        )

    def forget(self, link_ids: Sequence[int]) -> int:
        """Forget the values of links and their records, in every table; how many rows held some. What was done stays, by ids,
        and the chain of the audit holds."""
        links = json.dumps(link_ids)
        # A record may have had other links before: what was kept of those goes too.
        rows = self._execute(
            f"SELECT value FROM json_each(?) UNION SELECT link_id FROM tombstone WHERE (entity, system, remote_id) IN {_RECORDS}",
            (links, links),
        )
        all_links = sorted(int(row[0]) for row in rows)
        chosen = json.dumps(all_links)
        count = sum(
            self._done(f"{table} WHERE {where}", change, values)
            for table, where, change, values in (
                ("conflict", f"link_id IN {_LINKS}", "", (chosen,)),
                (
                    "quarantine",
                    f"link_id IN {_LINKS} OR (entity, system, remote_id) IN {_RECORDS}",
                    "",
                    (chosen, links),
                ),
                ("contested", f"link_id IN {_LINKS}", "", (chosen,)),
                ("intent", f"link_id IN {_LINKS}", "", (chosen,)),
                ("waiting", f"link_id IN {_LINKS}", "", (chosen,)),
                ("awaiting", f"link_id IN {_LINKS}", "", (chosen,)),
                (
                    "answer",
                    f"link_id IN {_LINKS} OR (entity, system, remote_id) IN {_RECORDS}",
                    "value = NULL, seen = x'', told = NULL, state = CASE state WHEN 'open' THEN 'void' ELSE state END",
                    (chosen, links),
                ),
                ("tombstone", f"link_id IN {_LINKS} AND snapshot IS NOT NULL", "snapshot = NULL", (chosen,)),
                ("record_key", f"(side, remote_id) IN {_SIDES}", "", (links,)),
                ("dirty", f"(entity, system, remote_id) IN {_RECORDS}", "", (links,)),
                (
                    "member",
                    f"link_id IN {_LINKS}",
                    "state = 'released', shadow = NULL, seen = NULL, renders = NULL",
                    (links,),
                ),
            )
        )
        self._audit.forget_values(link_ids=all_links)
        for link_id in all_links:
            self._execute("UPDATE link SET doc = ? WHERE link_id = ?", (self._doc.seal(link_id, NO_VALUES), link_id))
        return count + len(all_links)

    def _done(self, where: str, change: str, values: Sequence[str]) -> int:
        """Change the rows, or delete them where no change is named; how many there were."""
        count = int(self._execute(f"SELECT count(*) FROM {where}", values)[0][0])
        table, _, condition = where.partition(" WHERE ")
        self._execute(f"UPDATE {table} SET {change} WHERE {condition}" if change else f"DELETE FROM {where}", values)
        return count

    def scrub(self) -> None:
        """Overwrite what was freed, in the file and in its log. Outside a transaction."""
        self._scrub()
