"""What a system shows, held to the entity's types: an API that delivers a number for a text must not reach the state."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from operator import itemgetter
from sys import maxsize
from typing import Any
from unicodedata import normalize

from syncline_runtime.codecs.refusal import CodecError, described
from syncline_runtime.codecs.registry import TEXT_KINDS
from syncline_runtime.declaration import Entity, FieldMap
from syncline_runtime.values import ABSENT, Native


class FieldRefused(CodecError):
    """A value that is not of its field's type, found after mapping; `place` is the spec line, as `file.sync:line`."""

    def __init__(self, field: str, place: str, code: str, expected: str, value: object) -> None:
        super().__init__(code, expected, described(value), value)
        self.field = field
        self.place = place


def held_to_types(mapping: FieldMap, entity: Entity, source: str) -> FieldMap:
    """The map whose `read` refuses what is no text in a field of text, or longer than the field, and gives texts in Unicode's
    normal form C.

    Codecs see to all other types; plain texts pass generated code as they are, because a check there would cost a call a field.
    """
    texts = {
        flow.field: f"{source}:{flow.line}" for flow in mapping.flows if entity.kinds.get(flow.field) in TEXT_KINDS
    }
    return replace(mapping, read=_reading(mapping.read, texts, entity.lengths)) if texts else mapping


def _reading(
    read: Callable[[Native], dict[str, Any]], places: Mapping[str, str], lengths: Mapping[str, int]
) -> Callable[[Native], dict[str, Any]]:
    texts, plain = tuple(places), frozenset((str, type(None)))
    # With two names at least it gives a tuple; a name that stands twice changes nothing.
    all_of = itemgetter(*texts, texts[0])
    limits = tuple(lengths.get(name, maxsize) for name in (*texts, texts[0]))

    def reading(native: Native) -> dict[str, Any]:
        values: dict[str, Any] = read(native)
        try:
            shown = all_of(values)
        except KeyError:
            shown = tuple(map(values.get, (*texts, texts[0])))
        # Texts in ASCII, and nulls, are as they should be but for their length: one look at all of them.
        if plain.issuperset(map(type, shown)) and "".join(filter(None, shown)).isascii():
            for text, limit in zip(shown, limits, strict=True):
                if text and len(text) > limit:
                    break
            else:
                return values
        for field, limit in zip(texts, limits, strict=False):
            value = values.get(field)
            if type(value) is str:
                if not value.isascii():
                    values[field] = value = normalize("NFC", value)
                if len(value) > limit:
                    raise FieldRefused(
                        field, places[field], "value.too-long", f"text of at most {limit} characters", value
                    )
            elif value is not None and value is not ABSENT:
                raise FieldRefused(field, places[field], "value.wrong-type", "text", value)
        return values

    return reading
