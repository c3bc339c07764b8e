"""A resource as a table: what rows that came back say of records."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from operator import itemgetter
from typing import Any

from syncline_runtime import cursors
from syncline_runtime.connectors.databases import Row
from syncline_runtime.connectors.statements import Spelled
from syncline_runtime.declaration import Resource, Since
from syncline_runtime.ports import Applied, NativeRecord
from syncline_runtime.values import Native


@dataclass(frozen=True, slots=True)
class Table:
    """A resource as a table: its columns, and how their values are read."""

    resource: Resource
    spelled: Spelled
    identity: str
    version: str | None
    names: tuple[str, ...]
    readers: Mapping[str, Callable[[Any], Any]]
    since: Since | None
    page_size: int

    def reading(self, names: Sequence[str]) -> Callable[[Sequence[Any]], NativeRecord]:
        """What makes a record of a row with these columns."""
        converters = [(name, self.readers[name]) for name in names if name in self.readers]
        identity, version = self.identity, self.version
        spelling = self.resource.version_spelling

        def record(row: Sequence[Any]) -> NativeRecord:
            native = dict(zip(names, row, strict=True))
            for name, read in converters:
                value = native[name]
                if value is not None:
                    native[name] = read(value)
            shown = cursors.raw_text(native[version], spelling) if version else None
            return NativeRecord(str(native[identity]), native, shown)

        return record

    def storing(self, columns: Sequence[str], returned: Sequence[str]) -> Callable[[Native, Row, Row], Applied]:
        """What makes an outcome of a written record, the values bound for it and the row that came back.

        A column that came back just as it was bound, or reads as it was sent, holds what was sent.
        """
        record = self.reading(returned)
        told = self.holds_apart(columns)
        first = len(returned) - len(columns)
        plain = [at for at, name in enumerate(columns) if name not in self.readers]
        converted = [(at, name) for at, name in enumerate(columns) if name in self.readers]
        # With two places at least it gives a tuple; a place that stands twice changes nothing.
        again = plain[:1] * 2
        all_sent = itemgetter(*plain, *again) if plain else _none_of
        all_back = itemgetter(*(first + at for at in (*plain, *again))) if plain else _none_of

        def applied(native: Native, sent: Row, back: Row) -> Applied:
            stored = record(back)
            if not told:
                return Applied(stored.remote_id, stored)
            shown, bound, found = stored.native, all_sent(sent), all_back(back)
            alike = bound == found and [*map(type, bound)] == [*map(type, found)]
            for at in () if alike else plain:
                bound, found = sent[at], back[first + at]
                if found != bound or type(found) is not type(bound):
                    value, wanted = found, native[columns[at]]
                    if value != wanted or type(value) is not type(wanted):
                        return Applied(stored.remote_id, stored)
            for at, name in converted:
                value, wanted = shown[name], native[name]
                if value != wanted or type(value) is not type(wanted):
                    bound, found = sent[at], back[first + at]
                    if found != bound or type(found) is not type(bound):
                        return Applied(stored.remote_id, stored)
            return Applied(stored.remote_id, stored, as_sent=True)

        return applied

    def storing_in_part(
        self, columns: Sequence[str], odd: Sequence[int], looked: Sequence[int]
    ) -> Callable[[Native, Row, Row], Applied]:
        """The same where only the database's own columns and those at `looked` came back, all others being as they were bound, and
        those not at `odd` just as they were sent.

        This is where the bulk of a first run passes, a record at a time.
        """
        identity, version, spelling = self.identity, self.version, self.resource.version_spelling
        changed = [(at, columns[at]) for at in odd if at not in looked]
        again = [
            (name, self.readers[name]) for at, name in enumerate(columns) if name in self.readers and at not in looked
        ]
        places = [(at, columns[at], self.readers.get(columns[at])) for at in looked]
        own = len(self.own)

        def applied(native: Native, sent: Row, back: Row) -> Applied:
            shown = native.copy()
            for at, name in changed:
                shown[name] = sent[at]
            for name, read in again:
                value = shown[name]
                if value is not None:
                    shown[name] = read(value)
            as_sent = True
            for (at, name, reader), found in zip(places, back[own:], strict=True):
                value = found if reader is None or found is None else reader(found)
                wanted, bound = native[name], sent[at]
                shown[name] = value
                if value != wanted or type(value) is not type(wanted):
                    as_sent = as_sent and found == bound and type(found) is type(bound)
            remote_id = str(back[0])
            shown[identity] = back[0]
            if version is None:
                return Applied(remote_id, NativeRecord(remote_id, shown), as_sent)
            shown[version] = back[1]
            return Applied(remote_id, NativeRecord(remote_id, shown, cursors.raw_text(back[1], spelling)), as_sent)

        return applied

    @property
    def own(self) -> tuple[str, ...]:
        """The columns that the database gives each row."""
        return (self.identity,) if self.version is None else (self.identity, self.version)

    def holds_apart(self, columns: Sequence[str]) -> bool:
        """Whether all of `columns` are declared, and none is one of the database's own."""
        return set(self.own).isdisjoint(columns) and all(name in self.resource.fields for name in columns)

    def key(self, remote_id: str) -> Any:
        """A remote id as the column holds it. Raises ValueError."""
        return int(remote_id) if self.resource.fields[self.identity].kind == "integer" else remote_id


def _none_of(row: Row) -> Row:
    return ()
