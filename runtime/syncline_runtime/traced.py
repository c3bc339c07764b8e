"""What a person is known by in other records: the values of their personal fields, as JSON spells them. Pure.

Words are looked for wherever they may stand. A short text, a number, a date or a choice is many people's: it is compared in the
same field of the same entity alone, and says something where few records share it, or one shares several.
"""

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import msgspec

from syncline_runtime.codecs.registry import TEXT_KINDS

_SHORTEST: Final = 4
_TELLING: Final = 8
"""Letters of a value that is nobody else's wherever it stands."""
_DAY: Final = re.compile(r"\d{4}-\d\d-\d\d(T|$)")
_FEW: Final = 3
"""So many other records may share a value that still tells whose they are."""
_WORDS: Final = frozenset((*TEXT_KINDS, "set", "list", "record")) - {"enum", "country", "currency", "language"}
"""Kinds of fields whose texts are a person's own."""

Json = Any


@dataclass(frozen=True, slots=True)
class Trace:
    """A field of a record that shows a value of the person; `link_id` 0 for a record without a link."""

    entity: str
    link_id: int
    system: str
    remote_id: str
    field: str


@dataclass(frozen=True, slots=True)
class Alike:
    """A record that is like the person in some fields, by which nobody is known for certain."""

    entity: str
    link_id: int
    system: str
    remote_id: str
    fields: tuple[str, ...]


class Wanted:
    """Values to be found: of words long ones anywhere in a text, short ones where they are all of it; all others by field."""

    def __init__(
        self, values: Iterable[tuple[str, str, Json]], kinds: Mapping[str, Mapping[str, str]] | None = None
    ) -> None:
        """(entity, field, value) as documents spell them; `kinds` by entity and field, without which all are texts."""
        words: set[str] = set()
        self._same: dict[tuple[str, str], set[bytes]] = {}
        for entity, field, value in values:
            kind = "text" if kinds is None else kinds.get(entity, {}).get(field, "")
            found = set(filter(_is_word, texts(value))) if kind in _WORDS else set()
            words |= found
            if not found and value not in (None, "", [], {}) and type(value) is not bool:
                self._same.setdefault((entity, field), set()).add(spelled(value))
        self._forms = [form for value in sorted(words) for form in _forms(value)]

    def __bool__(self) -> bool:
        return bool(self._forms)

    @property
    def compares(self) -> bool:
        """Whether there is a value that is compared by field."""
        return bool(self._same)

    def stands_in(self, document: bytes) -> bool:
        """Whether one of the words stands in a document of JSON."""
        return any(form in document for form in self._forms)

    def same(self, entity: str, values: Iterable[tuple[str, Json]]) -> set[str]:
        """The fields of a record of an entity that show just a value of the person."""
        return {
            name
            for name, value in values
            if (entity, name) in self._same and spelled(value) in self._same[entity, name]
        }


def telling(found: Sequence[Alike]) -> list[Alike]:
    """Of the records that are like a person in something, those that it tells something of."""
    shared: dict[tuple[str, str], set[tuple[int, str, str]]] = {}
    for one in found:
        for field in one.fields:
            # The records of one link are one.
            shared.setdefault((one.entity, field), set()).add((one.link_id, "", "") if one.link_id else _place(one))
    return [
        one
        for one in found
        if len(one.fields) > 1 or any(len(shared[one.entity, field]) <= _FEW for field in one.fields)
    ]


def _place(one: Alike) -> tuple[int, str, str]:
    return 0, one.system, one.remote_id


def spelled(value: Json) -> bytes:
    """A value as documents spell it."""
    return msgspec.json.encode(value, order="deterministic")


def _is_word(text: str) -> bool:
    return len(text) >= _SHORTEST and _DAY.match(text) is None


def _forms(value: str) -> set[bytes]:
    """How a value is spelled in JSON, in whichever way ours writes it."""
    spelled = {msgspec.json.encode(value), json.dumps(value).encode()}
    return {one[1:-1] for one in spelled} if len(value) >= _TELLING else spelled


def texts(value: Any) -> Iterator[str]:
    """All texts in a JSON value."""
    match value:
        case str():
            yield value
        case list():
            for one in value:
                yield from texts(one)
        case dict():
            for one in value.values():
                yield from texts(one)
