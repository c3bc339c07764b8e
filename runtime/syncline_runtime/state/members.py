"""Members: the records of the systems, linked or not, and the index of correlation."""

import json
from collections.abc import Iterable, Sequence
from typing import Final

from syncline_runtime.rows import SAME, MemberRow, Row
from syncline_runtime.state.backing import Backing

_CODE_BYTES: Final = 12
_COLUMNS: Final = (
    "m.member_id, {system}, m.remote_id, m.link_id, m.state, m.shadow, m.seen, m.renders, m.version, m.as_of, m.missing_since,"
    " m.first_seen, CASE WHEN length(m.shadow) = 0 THEN (SELECT l.doc FROM link l WHERE l.link_id = m.link_id) END"
)
_OF_SIDE: Final = _COLUMNS.format(system="s.system")
_OF_ONE: Final = _COLUMNS.format(system="NULL")


_PRESENT = " AND m.state <> 'gone'"
_TAKEN_OVER = (
    " ON CONFLICT(side, remote_id) DO UPDATE SET link_id = excluded.link_id, shadow = excluded.shadow, seen = excluded.seen,"
    " renders = excluded.renders, version = excluded.version, as_of = excluded.as_of, state = 'live', missing_since = NULL,"
    " alone = 0"
)


class Members:
    """The part of a store that keeps records. A shadow of no bytes is the document of its link."""

    def __init__(self, backing: Backing) -> None:
        self._backing = backing
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._doc = backing.sealer.place("link.doc")
        self._shadow = backing.sealer.place("member.shadow")
        self._seen = backing.sealer.place("member.seen")
        self._renders = backing.sealer.place("member.renders")

    def _opened(self, system: str, rows: Iterable[Row]) -> list[MemberRow]:
        """The rows with their documents; of one system if that is named, else each row names its own."""
        found = []
        known: tuple[int | None, bytes | None] = (None, None)
        shadow_of, seen_of, renders_of = self._shadow.open, self._seen.open, self._renders.open
        for number, own, remote_id, link_id, state, shadow, seen, renders, version, as_of, since, first, doc in rows:
            if shadow is None:
                base = None
            elif shadow:
                base = shadow_of(number, shadow)
            else:
                # The members of one link follow one another: its document is opened once.
                if known[0] != link_id:
                    known = (link_id, self._doc.open(link_id, doc))
                base = known[1]
            if seen is not None:
                seen = seen_of(number, seen)
            if renders is not None:
                renders = renders_of(number, renders)
            row = (number, system or own, remote_id, link_id, state, base, seen, renders, version, as_of, since, first)
            found.append(MemberRow._make(row))
        return found

    # -- reading -------------------------------------------------------------------------------------------------------

    def by_id(self, entity: str, system: str, remote_ids: Sequence[str]) -> dict[str, MemberRow]:
        """Those of the records that are known."""
        rows = self._execute(
            f"SELECT {_OF_ONE} FROM json_each(?) j CROSS JOIN member m ON m.side = ? AND m.remote_id = j.value",
            (json.dumps(remote_ids), self._backing.side(entity, system)),
        )
        return {row.remote_id: row for row in self._opened(system, rows)}

    def of_links(self, link_ids: Sequence[int]) -> dict[int, list[MemberRow]]:
        """The members of each link."""
        rows = self._execute(
            f"SELECT {_OF_SIDE} FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value"
            " CROSS JOIN side s ON s.side_id = m.side ORDER BY m.link_id, m.member_id",
            (json.dumps(link_ids),),
        )
        found: dict[int, list[MemberRow]] = {}
        for row in self._opened("", rows):
            if row.link_id is not None:
                found.setdefault(row.link_id, []).append(row)
        return found

    def unlinked(self, entity: str, system: str, after: int, limit: int) -> list[MemberRow]:
        """Live records without a link, by id."""
        rows = self._execute(
            f"SELECT {_OF_ONE} FROM member m WHERE m.side = ? AND m.link_id IS NULL AND m.member_id > ?"
            " AND m.state = 'live' ORDER BY m.member_id LIMIT ?",
            (self._backing.side(entity, system), after, limit),
        )
        return self._opened(system, rows)

    def any_unlinked(self, entity: str, system: str) -> bool:
        """Whether a system has records without a link, those included that are set aside."""
        side = self._backing.side(entity, system)
        return bool(self._execute("SELECT 1 FROM member m WHERE m.side = ? AND m.link_id IS NULL LIMIT 1", (side,)))

    def known(self, entity: str, system: str, after: int, limit: int) -> list[MemberRow]:
        """Records that show or showed something, by id."""
        rows = self._execute(
            f"SELECT {_OF_ONE} FROM member m WHERE m.side = ? AND m.member_id > ?"
            " AND (m.seen IS NOT NULL OR m.shadow IS NOT NULL) ORDER BY m.member_id LIMIT ?",
            (self._backing.side(entity, system), after, limit),
        )
        return self._opened(system, rows)

    def troubled(self, entity: str, system: str) -> list[MemberRow]:
        """Members whose absence is suspected but not confirmed."""
        rows = self._execute(
            f"SELECT {_OF_ONE} FROM member m WHERE m.side = ? AND m.state = 'missing'",
            (self._backing.side(entity, system),),
        )
        return self._opened(system, rows)

    def count(self, entity: str, system: str) -> int:
        """Linked, live members."""
        statement = "SELECT count(*) FROM member WHERE side = ? AND state = 'live' AND link_id IS NOT NULL"
        return int(self._execute(statement, (self._backing.side(entity, system),))[0][0])

    def systems_of(self, link_ids: Sequence[int], *, standing: bool = False) -> dict[int, frozenset[str]]:
        """The systems that have a record in each link, gone ones left out; `standing`: and those that have left it."""
        states = "IN ('live', 'missing')" if standing else "<> 'gone'"
        rows = self._execute(
            "SELECT m.link_id, s.system FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value"
            f" CROSS JOIN side s ON s.side_id = m.side WHERE m.state {states}",
            (json.dumps(list(set(link_ids))),),
        )
        found: dict[int, set[str]] = {}
        for link_id, system in rows:
            found.setdefault(link_id, set()).add(system)
        return {link_id: frozenset(systems) for link_id, systems in found.items()}

    def links_of(self, entity: str, system: str, remote_ids: Sequence[str]) -> dict[str, int]:
        """The link of each record that has one."""
        rows = self._execute(
            "SELECT m.remote_id, m.link_id FROM json_each(?) j CROSS JOIN member m ON m.side = ? AND m.remote_id = j.value"
            " WHERE m.link_id IS NOT NULL",
            (json.dumps(remote_ids), self._backing.side(entity, system)),
        )
        return dict(rows)

    def remotes_of(self, entity: str, system: str, link_ids: Sequence[int]) -> dict[int, str]:
        """The record that each link has in a system, missing and gone ones left out, and those that were deleted in an erasure."""
        rows = self._execute(
            "SELECT m.link_id, m.remote_id FROM json_each(?) j CROSS JOIN member m ON m.link_id = j.value AND m.side = ?"
            " WHERE m.state <> 'gone' AND m.state <> 'missing' AND (m.shadow IS NOT NULL OR m.missing_since IS NULL)",
            (json.dumps(link_ids), self._backing.side(entity, system)),
        )
        return dict(rows)

    def lone(self, link_ids: Sequence[int]) -> dict[int, str]:
        """Of the links whose only record is live and accounted for, with nothing seen since: its system."""
        if not link_ids:
            return {}
        first, last = min(link_ids), max(link_ids)
        values: list[int | str]
        if last - first < 2 * len(link_ids):
            # Links that follow one another, as those of a first run do: read in the order of the index.
            among, values = "member m WHERE m.link_id BETWEEN ? AND ?", [first, last]
        else:
            among, values = "json_each(?) j CROSS JOIN member m ON m.link_id = j.value", [json.dumps(link_ids)]
        rows = self._execute(
            f"SELECT m.link_id, min(m.side) FROM {among} GROUP BY m.link_id HAVING count(*) = 1 AND min(m.state) = 'live'"
            " AND count(m.shadow) = 1 AND count(m.seen) = 0",
            values,
        )
        systems: dict[int, str] = dict(self._execute("SELECT side_id, system FROM side"))
        asked = set(link_ids)
        return {link_id: systems[side] for link_id, side in rows if link_id in asked}

    # -- listings ------------------------------------------------------------------------------------------------------

    def begin_listing(self, entity: str, system: str) -> bool:
        """Forget which ids the former full listing of `system` showed; they never outlive the connection. Whether any record is
        known that this one could miss."""
        self._execute(
            "CREATE TEMP TABLE IF NOT EXISTS listed(system TEXT, remote_id TEXT, PRIMARY KEY(system, remote_id)) WITHOUT ROWID"
        )
        self._execute("DELETE FROM listed WHERE system = ?", (system,))
        known = self._execute("SELECT 1 FROM member WHERE side = ? LIMIT 1", (self._backing.side(entity, system),))
        return bool(known)

    def add_listed(self, system: str, remote_ids: Iterable[str]) -> None:
        rows = [(system, remote_id) for remote_id in remote_ids]
        self._many("INSERT INTO listed VALUES (?, ?) ON CONFLICT DO NOTHING", rows)

    def unlisted(self, entity: str, system: str, after: int, limit: int) -> list[MemberRow]:
        """Known members that the full listing did not show, gone ones aside."""
        rows = self._execute(
            f"SELECT {_OF_ONE} FROM member m WHERE m.side = ? AND m.state <> 'gone' AND m.member_id > ?"
            " AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.system = ? AND l.remote_id = m.remote_id)"
            " ORDER BY m.member_id LIMIT ?",
            (self._backing.side(entity, system), after, system, limit),
        )
        return self._opened(system, rows)

    def count_unlisted(self, entity: str, system: str) -> int:
        """Linked, live members that the full listing did not show."""
        (row,) = self._execute(
            "SELECT count(*) FROM member m WHERE m.side = ? AND m.state = 'live' AND m.link_id IS NOT NULL"
            " AND NOT EXISTS (SELECT 1 FROM listed l WHERE l.system = ? AND l.remote_id = m.remote_id)",
            (self._backing.side(entity, system), system),
        )
        return int(row[0])

    # -- writing -------------------------------------------------------------------------------------------------------

    def stage(self, entity: str, system: str, rows: Iterable[Row]) -> None:
        """Records without a link: (remote_id, seen, version, as_of, first_seen, state)."""
        rows = list(rows)
        if not rows:
            return
        side, first, seal = (
            self._backing.side(entity, system, make=True),
            self._backing.reserve("member", len(rows)),
            self._seen.seal,
        )
        self._many(
            "INSERT INTO member(member_id, side, remote_id, seen, version, as_of, first_seen, state)"
            f" VALUES (?, {side}, ?, ?, ?, ?, ?, ?)",
            [(number, row[0], seal(number, row[1]), *row[2:]) for number, row in enumerate(rows, first)],
        )

    def see(self, rows: Iterable[Row]) -> None:
        """Accepted observations: (state, seen, version, as_of, missing_since, member_id)."""
        seal = self._seen.seal
        self._many(
            "UPDATE member SET state = ?, seen = ?, version = ?, as_of = ?, missing_since = ? WHERE member_id = ?",
            [(row[0], seal(row[5], row[1]), *row[2:]) for row in rows],
        )

    def renew_versions(self, rows: Iterable[Row]) -> None:
        """Same content under a new version: (version, member_id)."""
        self._many("UPDATE member SET version = ? WHERE member_id = ?", rows)

    def render(self, rows: Iterable[Row]) -> None:
        """What was sent where something else was stored: (renders, member_id)."""
        seal = self._renders.seal
        self._many(
            "UPDATE member SET renders = ? WHERE member_id = ?", [(seal(row[1], row[0]), row[1]) for row in rows]
        )

    def rename(self, rows: Iterable[Row]) -> None:
        """Records that go on under another id: (remote_id, member_id)."""
        self._many("UPDATE member SET remote_id = ? WHERE member_id = ?", rows)

    def forget(self, member_ids: Iterable[int]) -> None:
        """Take records out altogether."""
        self._many("DELETE FROM member WHERE member_id = ?", [(member_id,) for member_id in member_ids])

    def attach(self, rows: Iterable[Row]) -> None:
        """(link_id, shadow, seen, member_id)."""
        shadow, seen = self._shadow.seal, self._seen.seal
        self._many(
            "UPDATE member SET link_id = ?, shadow = ?, seen = ?, renders = NULL, state = 'live', alone = 0 WHERE member_id = ?",
            [(row[0], shadow(row[3], row[1]), seen(row[3], row[2]), row[3]) for row in rows],
        )

    def account(self, rows: Iterable[Row]) -> None:
        """What was decided upon: (state, shadow, seen, renders, member_id)."""
        shadow, seen, renders = self._shadow.seal, self._seen.seal, self._renders.seal
        self._many(
            "UPDATE member SET state = ?, shadow = ?, seen = ?, renders = ? WHERE member_id = ?",
            [(row[0], shadow(row[4], row[1]), seen(row[4], row[2]), renders(row[4], row[3]), row[4]) for row in rows],
        )

    def written(self, rows: Iterable[Row]) -> None:
        """Acknowledged updates: (shadow, seen, renders, version, as_of, member_id)."""
        shadow, seen, renders = self._shadow.seal, self._seen.seal, self._renders.seal
        self._many(
            "UPDATE member SET shadow = ?, seen = ?, renders = ?, version = ?, as_of = ? WHERE member_id = ?",
            [(shadow(row[5], row[0]), seen(row[5], row[1]), renders(row[5], row[2]), *row[3:]) for row in rows],
        )

    def add(self, entity: str, system: str, rows: Iterable[Row]) -> None:
        """Created or adopted records: (remote_id, link_id, shadow, seen, renders, version, as_of, first_seen).

        A record that was staged before its creation was recognised is taken over.
        """
        rows = list(rows)
        side, first = self._backing.side(entity, system, make=True), self._backing.reserve("member", len(rows))
        if all(row[2] == SAME and row[3] is None and row[4] is None for row in rows):
            self._add_as_sent(side, first, rows)
            return
        shadow, seen, renders = self._shadow.seal, self._seen.seal, self._renders.seal
        staged: dict[str, int] = {}
        if any(row[2] or row[3] or row[4] for row in rows):
            # A document is sealed for its row, which may be there already.
            known = self._execute(
                "SELECT m.remote_id, m.member_id FROM json_each(?) j CROSS JOIN member m ON m.side = ? AND m.remote_id = j.value",
                (json.dumps([row[0] for row in rows]), side),
            )
            staged = dict(known)
        values = []
        for new, row in enumerate(rows, first):
            number = staged.get(row[0], new) if staged else new
            documents = (shadow(number, row[2]), seen(number, row[3]), renders(number, row[4]))
            values.append((new, row[0], row[1], *documents, *row[5:]))
        self._many(
            "INSERT INTO member(member_id, side, remote_id, link_id, shadow, seen, renders, version, as_of, first_seen)"
            f" VALUES (?, {side}, ?, ?, ?, ?, ?, ?, ?, ?){_TAKEN_OVER}",
            values,
        )

    def _add_as_sent(self, side: int, first: int, rows: Sequence[Row]) -> None:
        """Records that show just what their links agree on. To bind nothing, or bytes, takes the driver longer than all else."""
        versions = any(row[5] is not None for row in rows)
        self._many(
            f"INSERT INTO member(member_id, side, shadow, remote_id, link_id, {'version, ' if versions else ''}as_of, first_seen)"
            f" VALUES (?, {side}, x'', ?, ?, {'?, ' if versions else ''}?, ?){_TAKEN_OVER}",
            [(number, *row[:2], *row[5 if versions else 6 :]) for number, row in enumerate(rows, first)],
        )

    def add_linked(self, entity: str, system: str, first_link: int, rows: Sequence[Row]) -> None:
        """Records that show just what their links, numbered from `first_link`, agree on: (remote_id, version, as_of)."""
        side, first = self._backing.side(entity, system, make=True), self._backing.reserve("member", len(rows))
        self._many(
            "INSERT INTO member(member_id, side, remote_id, link_id, version, as_of, first_seen, alone, shadow)"
            f" VALUES (?, {side}, ?, ?, ?, ?, ?, 1, x'')",
            [
                (first + index, remote_id, first_link + index, version, as_of, as_of)
                for index, (remote_id, version, as_of) in enumerate(rows)
            ],
        )

    # -- the index of correlation --------------------------------------------------------------------------------------

    def _code(self, entity: str, rule: int, key: str) -> str:
        (code,) = self._backing.sealer.codes("key", _about(entity, rule), (key.encode(),), _CODE_BYTES)
        return code.hex()

    def add_keys(self, rows: Iterable[Row]) -> set[tuple[str, str]]:
        """(entity, rule, key, system, remote_id). The records (system, remote_id) that share one of these keys with another."""
        by_rule: dict[tuple[str, int], list[Row]] = {}
        for row in rows:
            by_rule.setdefault((row[0], row[1]), []).append(row)
        coded: list[tuple[str, int, str]] = []
        for (entity, rule), own in by_rule.items():
            codes = self._backing.sealer.codes(
                "key", _about(entity, rule), (row[2].encode() for row in own), _CODE_BYTES
            )
            side = self._backing.side
            coded += [
                (code.hex(), side(entity, row[3], make=True), row[4]) for code, row in zip(codes, own, strict=True)
            ]
        coded.sort()  # neighbours in the index are written one after the other
        self._many("INSERT INTO record_key VALUES (?, ?, ?) ON CONFLICT DO NOTHING", coded)
        asked = list(dict.fromkeys(code for code, _, _ in coded))
        held = "FROM json_each(?) j CROSS JOIN record_key k ON k.code = j.value"
        text = json.dumps(asked)
        ((count,),) = self._execute(f"SELECT count(*) {held}", (text,))
        if count == len(asked):
            return set()
        shared = self._execute(f"SELECT k.code {held} GROUP BY k.code HAVING count(*) > 1", (text,))
        if not shared:
            return set()
        holders = self._execute(
            "SELECT s.system, k.remote_id FROM json_each(?) j CROSS JOIN record_key k ON k.code = j.value"
            " CROSS JOIN side s ON s.side_id = k.side",
            (json.dumps([code for (code,) in shared]),),
        )
        return {(system, remote_id) for system, remote_id in holders}

    def drop_keys(self, rows: Iterable[Row]) -> None:
        """(entity, rule, key, system, remote_id)."""
        self._many(
            "DELETE FROM record_key WHERE code = ? AND side = ? AND remote_id = ?",
            [
                (self._code(entity, rule, key), self._backing.side(entity, system), remote_id)
                for entity, rule, key, system, remote_id in rows
            ],
        )

    def holders(
        self, entity: str, rule: int, keys: Sequence[str], *, gone: bool = False
    ) -> list[tuple[str, str, str, int | None, str]]:
        """Who holds each key: (key, system, remote_id, link_id, state), gone records left out unless asked for; a closed link
        counts as none."""
        keys_of = {self._code(entity, rule, key): key for key in keys}
        rows = self._execute(
            "SELECT k.code, s.system, k.remote_id, CASE l.status WHEN 'tombstone' THEN NULL ELSE m.link_id END, m.state"
            " FROM json_each(?) j CROSS JOIN record_key k ON k.code = j.value CROSS JOIN side s ON s.side_id = k.side"
            " CROSS JOIN member m ON m.side = k.side AND m.remote_id = k.remote_id"
            f"{'' if gone else _PRESENT} LEFT JOIN link l ON l.link_id = m.link_id",
            (json.dumps(list(keys_of)),),
        )
        return [(keys_of[code], system, remote_id, link_id, state) for code, system, remote_id, link_id, state in rows]


def _about(entity: str, rule: int) -> bytes:
    return f"{entity}\x1f{rule}\x1f".encode()
