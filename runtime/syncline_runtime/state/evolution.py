"""Carrying stored state over to a changed spec. All methods must be called inside the store's `transaction()`."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

_BATCH: Final = 1000
_KEPT: Final = frozenset({"journal"})
"""Tables of what has happened: they go on saying it in the words of their day."""
_FIELDS: Final = ("conflict", "quarantine")
_DOCUMENTS: Final = (("member", "member_id", ("shadow", "seen", "renders")), ("link", "link_id", ("doc",)))
_OF_ENTITY: Final = {
    "member": "side IN (SELECT side_id FROM side WHERE entity = ?1 AND (?2 IS NULL OR system = ?2))",
    "link": "entity = ?1 AND ?2 IS NULL",
    "tombstone": "entity = ?1 AND (?2 IS NULL OR system = ?2)",
}

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode

Recode = Callable[[dict[str, Any]], dict[str, Any]]


class Evolution:
    """The part of a state file that changes when the spec does."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        self._execute = connection.execute

    def unknown_outcomes(self) -> int:
        """How many writes are under way or have no known outcome."""
        (found,) = self._execute(
            "SELECT (SELECT count(*) FROM intent WHERE state = 'open') + (SELECT count(*) FROM wave)"
        ).fetchone()
        return int(found)

    def rename_entity(self, old: str, new: str) -> None:
        """Whatever is stored of an entity goes by its new name."""
        for table in self._tables("entity"):
            self._execute(f"UPDATE {table} SET entity = ? WHERE entity = ?", (new, old))
        for word in ("spec", "applied"):
            self._execute("UPDATE OR REPLACE meta SET key = ? WHERE key = ?", (f"{word}:{new}", f"{word}:{old}"))

    def rename_fields(self, entity: str, names: Mapping[str, str]) -> None:
        """Stored values of fields go by their new names."""
        self._recode(entity, None, lambda values: {names.get(name, name): value for name, value in values.items()})
        for table in _FIELDS:
            for old, new in names.items():
                self._execute(f"UPDATE {table} SET field = ? WHERE entity = ? AND field = ?", (new, entity, old))

    def rename_members(self, entity: str, field: str, names: Mapping[str, str]) -> None:
        """Stored members of an enum go by their new names, alone or in a collection."""

        def renamed(value: Any) -> Any:
            if isinstance(value, str):
                return names.get(value, value)
            return sorted(map(renamed, value)) if isinstance(value, list) else value

        self._recode(
            entity, None, lambda values: {**values, field: renamed(values[field])} if field in values else values
        )
        # An open conflict lists values: it is opened anew with the present ones.
        self._execute("DELETE FROM conflict WHERE entity = ? AND field = ?", (entity, field))

    def forget_field(self, entity: str, field: str, *, agreed: bool, system: str | None) -> None:
        """What is stored of a field goes; `agreed` also in the links."""
        self._recode(
            entity,
            system,
            lambda values: {name: value for name, value in values.items() if name != field},
            agreed=agreed,
        )
        if agreed:
            self._execute("DELETE FROM conflict WHERE entity = ? AND field = ?", (entity, field))

    def forget_entity(self, entity: str) -> int:
        """All that is stored of an entity goes, its journal aside; how many links there were."""
        (links,) = self._execute("SELECT count(*) FROM link WHERE entity = ?", (entity,)).fetchone()
        self._execute("PRAGMA defer_foreign_keys = ON")
        self._execute("DELETE FROM member WHERE side IN (SELECT side_id FROM side WHERE entity = ?)", (entity,))
        for table in self._tables("entity"):
            self._execute(f"DELETE FROM {table} WHERE entity = ?", (entity,))
        self._execute("DELETE FROM meta WHERE key IN (?, ?)", (f"spec:{entity}", f"applied:{entity}"))
        return int(links)

    def forget_system(self, system: str, entity: str | None) -> int:
        """What is stored of a system goes, its journal aside; links without a record left are closed. How many records."""
        entities = (
            [entity]
            if entity is not None
            else [row[0] for row in self._execute("SELECT entity FROM side WHERE system = ?", (system,)).fetchall()]
        )
        forgotten = 0
        for name in entities:
            forgotten += self._execute(
                "DELETE FROM member WHERE side IN (SELECT side_id FROM side WHERE entity = ? AND system = ?)",
                (name, system),
            ).rowcount
            for table in self._tables("entity", "system"):
                if table != "side":
                    self._execute(f"DELETE FROM {table} WHERE entity = ? AND system = ?", (name, system))
            self._execute(
                "UPDATE link SET status = 'tombstone', unsettled = 0, cause = 'forgotten' WHERE entity = ?"
                " AND status <> 'tombstone' AND NOT EXISTS (SELECT 1 FROM member m WHERE m.link_id = link.link_id)",
                (name,),
            )
        return forgotten

    def forget_cursor(self, entity: str, system: str) -> None:
        """The next run lists the system from the beginning."""
        self._execute("DELETE FROM cursor WHERE entity = ? AND system = ?", (entity, system))

    def count_links(self, entity: str) -> int:
        """Links of an entity."""
        return int(self._execute("SELECT count(*) FROM link WHERE entity = ?", (entity,)).fetchone()[0])

    def holding(self, entity: str, field: str, values: Sequence[str]) -> int:
        """How many links have agreed on one of the values, alone or in a collection."""
        wanted = set(values)
        found = 0
        for (document,) in self._execute(
            "SELECT doc FROM link WHERE entity = ? AND status <> 'tombstone'", (entity,)
        ).fetchall():
            value = _decode(document).get(field)
            found += bool(wanted & set(value if isinstance(value, list) else [value]))
        return found

    def drop_all_keys(self, entity: str) -> None:
        """The index of correlation of an entity, which is made anew."""
        self._execute("DELETE FROM record_key WHERE entity = ?", (entity,))

    def shown(self, entity: str, system: str, after: int, limit: int) -> list[tuple[int, str, bytes, int | None]]:
        """Records that are not gone: (member_id, remote_id, what they show, link_id), those after `after`."""
        return self._execute(
            "SELECT m.member_id, m.remote_id, coalesce(m.seen, m.shadow), m.link_id FROM member m"
            " JOIN side s ON s.side_id = m.side WHERE s.entity = ? AND s.system = ? AND m.member_id > ?"
            " AND coalesce(m.seen, m.shadow) IS NOT NULL ORDER BY m.member_id LIMIT ?",
            (entity, system, after, limit),
        ).fetchall()

    def mark_alone(self, rows: Sequence[tuple[int, int]]) -> None:
        """(alone, member_id)."""
        self._connection.executemany("UPDATE member SET alone = ? WHERE member_id = ?", rows)

    def _tables(self, *columns: str) -> Iterator[str]:
        """The tables that have these columns."""
        names = self._execute("SELECT name FROM main.sqlite_master WHERE type = 'table' ORDER BY name").fetchall()
        for (name,) in names:
            present = {row[1] for row in self._execute(f"PRAGMA table_info({name})").fetchall()}
            if name not in _KEPT and present.issuperset(columns):
                yield name

    def _recode(self, entity: str, system: str | None, recode: Recode, *, agreed: bool = True) -> None:
        for table, key, columns in _DOCUMENTS:
            if table == "link" and not agreed:
                continue
            last = 0
            while True:
                rows = self._execute(
                    f"SELECT {key}, {', '.join(columns)} FROM {table} WHERE {_OF_ENTITY[table]} AND {key} > ?3"
                    f" ORDER BY {key} LIMIT {_BATCH}",
                    (entity, system, last),
                ).fetchall()
                if not rows:
                    break
                last = rows[-1][0]
                self._connection.executemany(
                    f"UPDATE {table} SET {', '.join(f'{name} = ?' for name in columns)} WHERE {key} = ?",
                    [(*(_recoded(document, recode) for document in row[1:]), row[0]) for row in rows],
                )


def _recoded(document: bytes | None, recode: Recode) -> bytes | None:
    return None if document is None else _encode(recode(_decode(document)))
