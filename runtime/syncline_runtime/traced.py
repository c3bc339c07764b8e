"""What a person is known by in other records: the values of their personal fields, as JSON spells them. Pure."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import msgspec

_SHORTEST: Final = 4
_TELLING: Final = 8
"""Letters of a value that is nobody else's wherever it stands."""


@dataclass(frozen=True, slots=True)
class Trace:
    """A field of a record that shows a value of the person; `link_id` 0 for a record without a link."""

    entity: str
    link_id: int
    system: str
    remote_id: str
    field: str


class Wanted:
    """Values to be found: long ones anywhere in a text, short ones where they are all of it."""

    def __init__(self, values: Iterable[str]) -> None:
        chosen = {value for value in values if len(value) >= _SHORTEST}
        self._forms = [form for value in sorted(chosen) for form in _forms(value)]

    def __bool__(self) -> bool:
        return bool(self._forms)

    def stands_in(self, document: bytes) -> bool:
        """Whether one of them stands in a document of JSON."""
        return any(form in document for form in self._forms)


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
