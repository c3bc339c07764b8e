"""Links: what their systems agree on, and what is left to do for them."""

import json
from collections.abc import Iterable, Sequence

from syncline_runtime.rows import NO_VALUES, SAME, LinkRow, Row
from syncline_runtime.state.backing import Backing
from syncline_runtime.state.members import Members

_COLUMNS = "l.link_id, l.generation, l.status, l.doc, l.opened_run"
_CHUNK = 1000


class Links:
    """The part of a store that keeps links."""

    def __init__(self, backing: Backing, members: Members) -> None:
        self._backing = backing
        self._members = members
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._doc = backing.sealer.place("link.doc")
        self._shadow = backing.sealer.place("member.shadow")
        self._seen = backing.sealer.place("member.seen")

    def _opened(self, rows: Iterable[Row]) -> list[LinkRow]:
        opened = self._doc.open
        return [
            LinkRow(number, generation, status, opened(number, doc) or b"", opened_run)
            for number, generation, status, doc, opened_run in rows
        ]

    # -- reading -------------------------------------------------------------------------------------------------------

    def by_id(self, link_ids: Sequence[int]) -> list[LinkRow]:
        """Links, closed ones included."""
        return self._opened(
            self._execute(
                f"SELECT {_COLUMNS} FROM json_each(?) j CROSS JOIN link l ON l.link_id = j.value ORDER BY l.link_id",
                (json.dumps(link_ids),),
            )
        )

    def unsettled(self, entity: str, after: int, limit: int, *, as_seen: bool = True) -> list[LinkRow]:
        """Links in which something is left to do; without `as_seen` only those that are to be decided."""
        return self._opened(
            self._execute(
                f"SELECT {_COLUMNS} FROM link l WHERE l.entity = ? AND l.unsettled > 0 AND l.unsettled <= ? AND l.link_id > ?"
                " ORDER BY l.link_id LIMIT ?",
                (entity, 2 if as_seen else 1, after, limit),
            )
        )

    def count(self, entity: str) -> int:
        """Live links."""
        return int(
            self._execute("SELECT count(*) FROM link WHERE entity = ? AND status <> 'tombstone'", (entity,))[0][0]
        )

    # -- writing -------------------------------------------------------------------------------------------------------

    def reserve(self, count: int) -> int:
        """The first of `count` new link ids."""
        return self._backing.reserve("link", count)

    def add(self, rows: Iterable[Row]) -> None:
        """(link_id, entity, generation, doc, unsettled, opened_run)."""
        seal = self._doc.seal
        self._many(
            "INSERT INTO link(link_id, entity, generation, doc, unsettled, opened_run) VALUES (?, ?, ?, ?, ?, ?)",
            [(*row[:3], seal(row[0], row[3]), *row[4:]) for row in rows],
        )

    def decided(self, rows: Iterable[Row]) -> None:
        """(doc, status, generation, unsettled, link_id); a doc of None stays as it is."""
        rows = list(rows)
        changed = [row[4] for row in rows if row[0] is not None]
        if changed:
            self._part(changed)
        seal = self._doc.seal
        self._many(
            "UPDATE link SET doc = ?, status = ?, generation = ?, unsettled = ? WHERE link_id = ?",
            [(seal(row[4], row[0]), *row[1:]) for row in rows if row[0] is not None],
        )
        self._many(
            "UPDATE link SET status = ?, generation = ?, unsettled = ? WHERE link_id = ?",
            [row[1:] for row in rows if row[0] is None],
        )

    def _part(self, link_ids: Sequence[int]) -> None:
        """Give members that show their link's document one of their own, before that changes."""
        rows = self._execute(
            "SELECT m.member_id, m.link_id, l.doc FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value"
            " CROSS JOIN link l ON l.link_id = m.link_id WHERE length(m.shadow) = 0",
            (json.dumps(link_ids),),
        )
        opened, seal = self._doc.open, self._shadow.seal
        self._many(
            "UPDATE member SET shadow = ? WHERE member_id = ?",
            [(seal(member_id, opened(link_id, doc)), member_id) for member_id, link_id, doc in rows],
        )

    def close(self, rows: Iterable[Row]) -> None:
        """(cause, closed_run, link_id): tombstones. Their members stay attached, so that no survivor is taken for new."""
        self._many(
            "UPDATE link SET status = 'tombstone', unsettled = 0, cause = ?, closed_run = ? WHERE link_id = ?", rows
        )

    def unsettle(self, link_ids: Iterable[int]) -> None:
        """Something has happened to these links: they are to be decided."""
        self._many("UPDATE link SET unsettled = 1 WHERE link_id = ?", [(link_id,) for link_id in link_ids])

    def unsettle_all(self, entity: str) -> None:
        """Look at every live link again: the spec has changed."""
        self._execute("UPDATE link SET unsettled = 1 WHERE entity = ? AND status <> 'tombstone'", (entity,))

    def settle(self, link_ids: Iterable[int]) -> None:
        """Nothing is left to do for these links; ids that follow one another are marked by one statement."""
        runs: list[list[int]] = []
        for link_id in link_ids:
            if runs and link_id == runs[-1][1] + 1:
                runs[-1][1] = link_id
            else:
                runs.append([link_id, link_id])
        self._many(
            "UPDATE link SET unsettled = 0 WHERE link_id BETWEEN ? AND ?", [(first, last) for first, last in runs]
        )

    # -- records alone -------------------------------------------------------------------------------------------------

    def add_as_seen(self, entity: str, system: str, rows: Sequence[Row], run_id: int) -> None:
        """Give records that nobody shares a key with a link each, agreed on what they show: (remote_id, doc, version, as_of)."""
        first = self.reserve(len(rows))
        seal = self._doc.seal
        self._many(
            "INSERT INTO link(link_id, entity, unsettled, opened_run, doc) VALUES (?, ?, 2, ?, ?)",
            [(number, entity, run_id, seal(number, row[1])) for number, row in enumerate(rows, first)],
        )
        self._members.add_linked(entity, system, first, [(row[0], row[2], row[3]) for row in rows])

    def part_shared(self, entity: str, records: Iterable[tuple[str, str]]) -> None:
        """Of the records (system, remote_id), take those out of their links that were linked as they were seen, and for which
        nothing was done since: they are to be placed together with whoever shares a key with them."""
        by_system: dict[str, list[str]] = {}
        for system, remote_id in records:
            by_system.setdefault(system, []).append(remote_id)
        for system, ids in by_system.items():
            rows = self._execute(
                f"SELECT {_ALONE} FROM json_each(?) j CROSS JOIN member m ON m.side = ? AND m.remote_id = j.value"
                f" CROSS JOIN link l ON l.link_id = m.link_id WHERE {_UNTOUCHED}",
                (json.dumps(ids), self._backing.side(entity, system)),
            )
            self._take_out(rows)

    def part_all(self, entity: str, system: str) -> None:
        """The same for all records of a system: its listing was not complete."""
        while rows := self._execute(
            f"SELECT {_ALONE} FROM link l CROSS JOIN member m ON m.link_id = l.link_id AND m.side = ?"
            f" WHERE l.entity = ? AND l.unsettled > 0 AND {_UNTOUCHED} LIMIT ?",
            (self._backing.side(entity, system), entity, _CHUNK),
        ):
            self._take_out(rows)

    def _take_out(self, rows: Sequence[Row]) -> None:
        doc_of, seen_of, shadow_of, seal = self._doc.open, self._seen.open, self._shadow.open, self._seen.seal
        freed = []
        for member_id, link_id, shadow, seen, doc in rows:
            shown = seen_of(member_id, seen) or (
                doc_of(link_id, doc) if shadow == SAME else shadow_of(member_id, shadow)
            )
            freed.append((seal(member_id, shown), member_id))
        self._many("UPDATE member SET link_id = NULL, shadow = NULL, seen = ?, alone = 0 WHERE member_id = ?", freed)
        # The number is not given again: the link stays as one that came to nothing.
        self._many(
            "UPDATE link SET status = 'tombstone', unsettled = 0, cause = 'taken apart', doc = ? WHERE link_id = ?",
            [(self._doc.seal(row[1], NO_VALUES), row[1]) for row in rows],
        )


_ALONE = "m.member_id, m.link_id, m.shadow, m.seen, l.doc"
_UNTOUCHED = (
    "m.alone = 1 AND m.state = 'live' AND l.status = 'live' AND l.generation = 1 AND l.unsettled > 0"
    " AND NOT EXISTS (SELECT 1 FROM member o WHERE o.link_id = l.link_id AND o.member_id <> m.member_id)"
    " AND NOT EXISTS (SELECT 1 FROM intent i WHERE i.link_id = l.link_id)"
    " AND NOT EXISTS (SELECT 1 FROM conflict c WHERE c.link_id = l.link_id)"
    " AND NOT EXISTS (SELECT 1 FROM quarantine q WHERE q.link_id = l.link_id)"
)
