"""Where a person's values stand beside their own records: every value of the state is opened and searched for them."""

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any, Final

import msgspec

from syncline_runtime.rows import Row
from syncline_runtime.state.backing import Backing
from syncline_runtime.state.packing import unpack_value
from syncline_runtime.traced import Alike, Trace, Wanted, spelled
from syncline_runtime.values import ABSENT

_BATCH: Final = 1000
_MANY: Final = 10_000
"""So many records that share something with a person are looked at."""
_REMEMBERED: Final[Mapping[str, tuple[str, tuple[str, ...], str]]] = {
    "audit": ("seq", ("before", "after"), "before = NULL, after = NULL"),
    "tombstone": ("tombstone_id", ("snapshot",), "snapshot = NULL"),
    "quarantine": ("quarantine_id", ("detail",), "detail = x''"),
    "run": ("run_id", ("summary",), "summary = NULL"),
    "answer": ("answer_id", ("value", "seen", "told"), "value = NULL, seen = x'', told = NULL"),
}
"""What is kept of the past: by table its number, its values, and how they are forgotten."""


class Traces:
    """The part of a state that searches it. `forget` must be called inside the store's `transaction()`."""

    def __init__(self, backing: Backing) -> None:
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._sealer = backing.sealer

    def values(self, link_ids: Collection[int], fields: Mapping[str, frozenset[str]]) -> list[tuple[str, str, Any]]:
        """What links show, or once had agreed, in some fields of their entities: (entity, field, value as documents spell it)."""
        found: dict[tuple[str, str, bytes], Any] = {}

        def add(entity: str, field: str, value: Any) -> None:
            if field in fields.get(entity, ()):
                found[entity, field, spelled(value)] = value

        for entity, link_id, _, _, documents in self._records(link_ids):
            for document in documents if link_id in link_ids else ():
                for name, value in _fields(document):
                    add(entity, name, value)
        before, after = (self._sealer.place(f"audit.{name}") for name in ("before", "after"))
        for link_id in link_ids:
            rows = self._execute("SELECT seq, entity, field, before, after FROM audit WHERE link_id = ?", (link_id,))
            for seq, entity, field, *sealed in rows:
                for place, value in zip((before, after), sealed, strict=True):
                    if (opened := place.open(seq, value)) and (shown := unpack_value(opened.decode())) is not ABSENT:
                        add(entity, field, msgspec.to_builtins(shown))
        return [(entity, field, value) for (entity, field, _), value in found.items()]

    def of(self, wanted: Wanted, besides: Collection[int]) -> list[Trace]:
        """Where records of other links, or of none, show one of the values."""
        found: dict[Trace, None] = {}
        for entity, link_id, system, remote_id, documents in self._records(()):
            if link_id in besides:
                continue
            for document in documents:
                if wanted.stands_in(document):
                    for name, value in _fields(document):
                        if wanted.stands_in(msgspec.json.encode(value)):
                            found[Trace(entity, link_id, system, remote_id, name)] = None
        return list(found)

    def alike(self, wanted: Wanted, besides: Collection[int]) -> list[Alike]:
        """Records of other links, or of none, that show just a value of the person in the same field; the first of them."""
        found: list[Alike] = []
        for entity, link_id, system, remote_id, documents in self._records(()):
            if link_id in besides:
                continue
            fields = {name for document in documents for name in wanted.same(entity, _fields(document))}
            if fields:
                found.append(Alike(entity, link_id, system, remote_id, tuple(sorted(fields))))
                if len(found) == _MANY:
                    break
        return found

    def forget(self, wanted: Wanted) -> int:
        """Forget what is only remembered, of whatever record, where one of the values stands in it; how many rows."""
        count = 0
        for table, (number, columns, change) in _REMEMBERED.items():
            places = [self._sealer.place(f"{table}.{name}") for name in columns]
            chosen: list[Row] = []
            for row, *sealed in self._all(table, number, columns):
                opened = (place.open(row, value) for place, value in zip(places, sealed, strict=True))
                if any(wanted.stands_in(value) for value in opened if value):
                    chosen.append((row,))
            self._many(f"UPDATE {table} SET {change} WHERE {number} = ?", chosen)
            count += len(chosen)
        return count

    def _records(self, link_ids: Collection[int]) -> Iterator[tuple[str, int, str, str, list[bytes]]]:
        """Of each record (of some links, or all) entity, link, system, remote id, and the documents that are kept of it."""
        doc = self._sealer.place("link.doc")
        places = [self._sealer.place(f"member.{name}") for name in ("shadow", "seen", "renders")]
        only = f" AND m.link_id IN ({', '.join(str(int(one)) for one in link_ids)})" if link_ids else ""
        statement = (
            "SELECT m.member_id, s.entity, m.link_id, s.system, m.remote_id, l.doc, m.shadow, m.seen, m.renders FROM member m"
            " JOIN side s ON s.side_id = m.side LEFT JOIN link l ON l.link_id = m.link_id"
            f" WHERE m.member_id > ?{only} ORDER BY m.member_id LIMIT {_BATCH}"
        )
        last = 0
        while rows := self._execute(statement, (last,)):
            last = rows[-1][0]
            for member_id, entity, link_id, system, remote_id, agreed, *sealed in rows:
                found = [place.open(member_id, value) for place, value in zip(places, sealed, strict=True)]
                # A record that shows just what is agreed has no document of its own.
                if agreed is not None and (link_ids or not found[0]):
                    found.append(doc.open(link_id, agreed))
                yield entity, link_id or 0, system, remote_id, [one for one in found if one]

    def _all(self, table: str, number: str, columns: Iterable[str]) -> Iterator[Row]:
        last = -1
        statement = (
            f"SELECT {number}, {', '.join(columns)} FROM {table} WHERE {number} > ? ORDER BY {number} LIMIT {_BATCH}"
        )
        while rows := self._execute(statement, (last,)):
            last = rows[-1][0]
            yield from rows


def _fields(document: bytes) -> Iterator[tuple[str, Any]]:
    try:
        found = msgspec.json.decode(document)
    except msgspec.DecodeError:
        return
    if isinstance(found, dict):
        yield from found.items()
