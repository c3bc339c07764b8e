"""Carrying stored state over to a changed spec. All methods must be called inside the store's `transaction()`."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from typing import Any, Final

import msgspec

from syncline_runtime.declaration import deletions_of, derived_from
from syncline_runtime.rows import NO_VALUES, SAME
from syncline_runtime.state.backing import Backing
from syncline_runtime.state.members import Members

_BATCH: Final = 1000
_KEPT: Final = frozenset({"audit"})
"""Tables of what has happened: they go on saying it in the words of their day."""
_OF_LINKS: Final = ("waiting", "referring", "awaiting", "intent", "conflict")
"""Tables that refer to links, which go only after them."""
_OF_SIDES: Final = "side IN (SELECT side_id FROM side WHERE entity = ? AND (CAST(? AS TEXT) IS NULL OR system = ?))"

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_decode: Final = msgspec.json.Decoder(dict[str, Any]).decode

Recode = Callable[[dict[str, Any]], dict[str, Any]]


class Evolution:
    """The part of a state that changes when the spec does."""

    def __init__(self, backing: Backing, members: Members) -> None:
        self._backing = backing
        self._members = members
        self._execute = backing.database.execute
        self._many = backing.database.many
        self._doc = backing.sealer.place("link.doc")
        self._places = [backing.sealer.place(f"member.{name}") for name in ("shadow", "seen", "renders")]

    def unknown_outcomes(self) -> int:
        """How many writes are under way or have no known outcome."""
        return int(
            self._execute("SELECT (SELECT count(*) FROM intent WHERE state = 'open') + (SELECT count(*) FROM wave)")[0][
                0
            ]
        )

    def rename_entity(self, old: str, new: str) -> None:
        """Whatever is stored of an entity goes by its new name; its index of correlation is to be made anew."""
        self.drop_all_keys(old)
        for table in self._tables("entity"):
            self._execute(f"UPDATE {table} SET entity = ? WHERE entity = ?", (new, old))
        self._execute("UPDATE waiting SET target = ? WHERE target = ?", (new, old))
        # What was derived from it must be known again, or it would be made once more.
        for table in self._tables("system"):
            values = (derived_from(new), derived_from(old))
            self._execute(f"UPDATE {table} SET system = ? WHERE system = ?", values)
        for word in ("spec", "applied"):
            if self._execute("SELECT 1 FROM meta WHERE key = ?", (f"{word}:{old}",)):
                self._execute("DELETE FROM meta WHERE key = ?", (f"{word}:{new}",))
            self._execute("UPDATE meta SET key = ? WHERE key = ?", (f"{word}:{new}", f"{word}:{old}"))
        self._backing.forget()

    def rename_fields(self, entity: str, names: Mapping[str, str]) -> None:
        """Stored values of fields go by their new names."""
        self._recode(entity, None, lambda values: {names.get(name, name): value for name, value in values.items()})
        for table in self._tables("entity", "field"):
            for old, new in names.items():
                self._execute(f"UPDATE {table} SET field = ? WHERE entity = ? AND field = ?", (new, entity, old))

    def rename_targets(self, entity: str, fields: Mapping[str, Collection[str]], names: Mapping[str, str]) -> None:
        """What an entity's `fields` refer to goes by its new name; of a collection, in these fields of its elements."""

        def target(value: Any) -> Any:
            return [names.get(value[0], value[0]), *value[1:]] if isinstance(value, list) else value

        def renamed(value: Any, inner: Collection[str]) -> Any:
            if not inner:
                return target(value)
            if not isinstance(value, list):
                return value
            return [{name: target(of) if name in inner else of for name, of in element.items()} for element in value]

        # Only agreed values name an entity: what a system shows is the id of a record.
        self._recode_links(
            entity,
            lambda values: {
                name: renamed(value, fields[name]) if name in fields else value for name, value in values.items()
            },
        )

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
        """All that is stored of an entity goes, the audit aside; how many links there were."""
        links = self.count_links(entity)
        self.drop_all_keys(entity)
        self._execute("DELETE FROM waiting WHERE target = ?", (entity,))
        for table in _OF_LINKS:
            self._execute(f"DELETE FROM {table} WHERE entity = ?", (entity,))
        self._execute("DELETE FROM member WHERE side IN (SELECT side_id FROM side WHERE entity = ?)", (entity,))
        for table in self._tables("entity"):
            self._execute(f"DELETE FROM {table} WHERE entity = ?", (entity,))
        self._execute("DELETE FROM meta WHERE key IN (?, ?)", (f"spec:{entity}", f"applied:{entity}"))
        self._backing.forget()
        return links

    def forget_system(self, system: str, entity: str | None) -> int:
        """What is stored of a system goes, the audit aside; links without a record left are closed. How many records."""
        entities = (
            [entity]
            if entity is not None
            else [row[0] for row in self._execute("SELECT entity FROM side WHERE system = ?", (system,))]
        )
        forgotten = 0
        for name in entities:
            side = self._backing.side(name, system)
            forgotten += int(self._execute("SELECT count(*) FROM member WHERE side = ?", (side,))[0][0])
            for table in ("member", "record_key"):
                self._execute(f"DELETE FROM {table} WHERE side = ?", (side,))
            for table in self._tables("entity", "system"):
                if table != "side":
                    self._execute(f"DELETE FROM {table} WHERE entity = ? AND system = ?", (name, system))
            self.forget_cursor(name, system)
            self._execute(
                "UPDATE link SET status = 'tombstone', unsettled = 0, cause = 'forgotten' WHERE entity = ?"
                " AND status <> 'tombstone' AND NOT EXISTS (SELECT 1 FROM member m WHERE m.link_id = link.link_id)",
                (name,),
            )
        return forgotten

    def forget_cursor(self, entity: str, system: str) -> None:
        """The next run lists the system from the beginning, and asks for all that was ever deleted there."""
        for place in (system, deletions_of(system)):
            self._execute("DELETE FROM cursor WHERE entity = ? AND system = ?", (entity, place))

    def count_links(self, entity: str) -> int:
        """Links of an entity."""
        return int(self._execute("SELECT count(*) FROM link WHERE entity = ?", (entity,))[0][0])

    def holding(self, entity: str, field: str, values: Sequence[str]) -> int:
        """How many links have agreed on one of the values, alone or in a collection."""
        wanted = set(values)
        found = last = 0
        while rows := self._execute(
            "SELECT link_id, doc FROM link WHERE entity = ? AND status <> 'tombstone' AND link_id > ? ORDER BY link_id LIMIT ?",
            (entity, last, _BATCH),
        ):
            last = rows[-1][0]
            for number, doc in rows:
                value = _decode(self._doc.open(number, doc) or NO_VALUES).get(field)
                found += bool(wanted & set(value if isinstance(value, list) else [value]))
        return found

    def drop_all_keys(self, entity: str) -> None:
        """The index of correlation of an entity, which is made anew."""
        self._execute("DELETE FROM record_key WHERE side IN (SELECT side_id FROM side WHERE entity = ?)", (entity,))

    def shown(self, entity: str, system: str, after: int, limit: int) -> list[tuple[int, str, bytes]]:
        """Records that are not gone: (member_id, remote_id, what they show), those after `after`."""
        rows = self._members.known(entity, system, after, limit)
        return [(row.member_id, row.remote_id, row.seen or row.shadow or NO_VALUES) for row in rows]

    def _tables(self, *columns: str) -> Iterator[str]:
        """The tables that have these columns."""
        for name, present in self._backing.database.columns().items():
            if name not in _KEPT and present.issuperset(columns):
                yield name

    def _recode(self, entity: str, system: str | None, recode: Recode, *, agreed: bool = True) -> None:
        """Write documents anew: those of one system's records or of all, and of the links where all are `agreed` upon."""
        everything = agreed and system is None
        last = 0
        while rows := self._execute(
            "SELECT m.member_id, m.link_id, m.shadow, m.seen, m.renders, CASE WHEN length(m.shadow) = 0 THEN l.doc END"
            f" FROM member m LEFT JOIN link l ON l.link_id = m.link_id WHERE m.{_OF_SIDES} AND m.member_id > ?"
            " ORDER BY m.member_id LIMIT ?",
            (entity, system, system, last, _BATCH),
        ):
            last = rows[-1][0]
            changed = []
            for number, link_id, *documents, doc in rows:
                sealed = []
                for place, document in zip(self._places, documents, strict=True):
                    opened = place.open(number, document)
                    if opened == SAME and not everything:
                        opened = self._doc.open(link_id, doc)
                    sealed.append(place.seal(number, _recoded(opened, recode)))
                changed.append((*sealed, number))
            self._many("UPDATE member SET shadow = ?, seen = ?, renders = ? WHERE member_id = ?", changed)
        if everything:
            self._recode_links(entity, recode)

    def _recode_links(self, entity: str, recode: Recode) -> None:
        last = 0
        while rows := self._execute(
            "SELECT link_id, doc FROM link WHERE entity = ? AND link_id > ? ORDER BY link_id LIMIT ?",
            (entity, last, _BATCH),
        ):
            last = rows[-1][0]
            self._many(
                "UPDATE link SET doc = ? WHERE link_id = ?",
                [
                    (self._doc.seal(number, _recoded(self._doc.open(number, doc), recode)), number)
                    for number, doc in rows
                ],
            )


def _recoded(document: bytes | None, recode: Recode) -> bytes | None:
    return _encode(recode(_decode(document))) if document else document
