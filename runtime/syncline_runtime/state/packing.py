"""How the values of a record are packed into one document: deterministic, so that equal values are equal bytes.

An absent field is not in the document. Fields of the entity are decoded by their types; an output slot carries its own
type, because no entity declares it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, Final, TypedDict, get_type_hints

import msgspec

from syncline_runtime.declaration import Collection, Entity
from syncline_runtime.values import ABSENT, Money, Reference, Shown, Value

_encode: Final = msgspec.json.Encoder(order="deterministic").encode
_PLAIN: Final = frozenset((str, int, bool, type(None)))
_TAGGED: Final[Mapping[str, Any]] = {
    "decimal": Decimal,
    "money": Money,
    "reference": Reference,
    "date": date,
    "instant": datetime,
    "time": time,
    "duration": timedelta,
    "bytes": bytes,
}


def tagged(value: Shown) -> Any:
    """A value in JSON that says its own type: plain ones stand for themselves, others are `[tag, spelling]`."""
    match value:
        case str() | int() | bool() | None:
            return value
        case Money():
            return ["money", [str(value.amount), value.currency]]
        case Reference():
            return ["reference", [value.entity, value.link]]
        case Decimal():
            return ["decimal", str(value)]
        case datetime():
            return ["instant", value.isoformat()]
        case date():
            return ["date", value.isoformat()]
        case time():
            return ["time", value.isoformat()]
        case timedelta():
            return ["duration", msgspec.to_builtins(value)]
        case bytes():
            return ["bytes", msgspec.to_builtins(value)]
        case frozenset():
            return ["set", sorted((tagged(item) for item in value), key=_encode)]
        case dict():
            return ["record", {name: tagged(item) for name, item in value.items()}]
        case tuple():
            return ["list", [tagged(item) for item in value]]
        case _:
            raise TypeError(f"no canonical value: {type(value).__name__}")


def untagged(value: Any) -> Value:
    """The value that `tagged` spelled."""
    match value:
        case ["set", list(items)]:
            return frozenset(untagged(item) for item in items)
        case ["record", dict(items)]:
            return {name: untagged(item) for name, item in items.items()}  # type: ignore[return-value]
        case ["list", list(items)]:
            return tuple(untagged(item) for item in items)
        case [str(tag), spelling]:
            decoded: Value = msgspec.convert(spelling, _TAGGED[tag])
            return decoded
        case _:
            plain: Value = value
            return plain


def pack_value(value: Shown) -> str:
    """One value as JSON text, for the journal and conflicts; an absent one is `["absent"]`."""
    return _encode(["absent"] if value is ABSENT else tagged(value)).decode()


def unpack_value(text: str) -> Shown:
    """The value that `pack_value` spelled."""
    value = msgspec.json.decode(text)
    return ABSENT if value == ["absent"] else untagged(value)


@dataclass(frozen=True, slots=True)
class Packing:
    """Packs and unpacks the values of one entity, or of one entity as one system's map shows it."""

    pack: Callable[[Mapping[str, Shown]], bytes]
    unpack: Callable[[bytes], dict[str, Any]]


def packing(entity: Entity, slots: Iterable[str] = (), references: Iterable[str] = ()) -> Packing:
    """The packing of `entity` with the output slots of one map, and with its `references` as remote ids."""
    types: dict[str, Any] = {name: kind for name, kind in _hints(entity.shape).items() if name in entity.fields}
    for name in references:
        if name in entity.collections:
            own_form: Any = _own_form(entity.collections[name])
            types[name] = tuple[own_form, ...] | None
        elif name in types:
            types[name] = str | None
    own = tuple(slots)
    shape = TypedDict("Packed", {**types, **dict.fromkeys(own, Any)}, total=False)  # type: ignore[misc]
    decode = msgspec.json.Decoder(shape).decode
    encode = _encode

    def pack(values: Mapping[str, Shown]) -> bytes:
        return encode({name: value for name, value in values.items() if value is not ABSENT})

    def pack_with_slots(values: Mapping[str, Shown]) -> bytes:
        document = {name: value for name, value in values.items() if value is not ABSENT}
        for slot in own:
            if slot in document and type(document[slot]) not in _PLAIN:
                document[slot] = tagged(document[slot])
        return encode(document)

    def unpack(document: bytes) -> dict[str, Any]:
        try:
            values: dict[str, Any] = decode(document)  # type: ignore[assignment]
        except msgspec.ValidationError:
            values = _salvage(document, types, own)
        for slot in own:
            if type(values.get(slot)) is list:
                values[slot] = untagged(values[slot])
        return values

    return Packing(pack_with_slots if own else pack, unpack)


@lru_cache(maxsize=256)
def _hints(shape: type) -> Mapping[str, Any]:
    """The types of a shape's members: each run makes several packings of an entity."""
    return get_type_hints(shape)


def _own_form(collection: Collection) -> Any:
    """The shape of an element as a system shows it, with remote ids for references."""
    hints: dict[str, Any] = {**_hints(collection.shape), **dict.fromkeys(collection.refers, str | None)}
    return TypedDict("Element", hints, total=False)  # type: ignore[operator]


def _salvage(document: bytes, types: Mapping[str, Any], slots: Iterable[str]) -> dict[str, Any]:
    """What still fits after a field changed its type: the others keep their base, that one has none."""
    values: dict[str, Any] = {}
    for name, raw in msgspec.json.decode(document, type=dict[str, msgspec.Raw]).items():
        if name in types:
            try:
                values[name] = msgspec.json.decode(raw, type=types[name])
            except msgspec.ValidationError:
                continue
        elif name in slots:
            values[name] = msgspec.json.decode(raw)
    return values
