"""Nested collections: a list of records inside a record, each told from the others by its key and never by its place."""

import json
from collections.abc import Callable, Collection, Mapping
from decimal import Decimal
from typing import Any, TypeAlias

from syncline_runtime.codecs.refusal import refusal, wrong_type
from syncline_runtime.values import ABSENT, Absent, Native

Elements: TypeAlias = tuple[Mapping[str, Any], ...]
Reading: TypeAlias = Callable[[Native], dict[str, Any]]
Writing: TypeAlias = Callable[[Mapping[str, Any], Native | None], Native]


def elements_get(native: object, read: Reading, key: str | None) -> Elements | Absent:
    """The elements of an embedded list in the order of their keys; null is none. Raises CodecError for one without a key, or
    two with the same."""
    if native is ABSENT:
        return ABSENT
    if native is None:
        return ()
    if type(native) is not list:
        raise wrong_type("a list of records", native)
    found: list[dict[str, Any]] = []
    for element in native:
        if type(element) is not dict:
            raise wrong_type("a list of records", element)
        # What is only written there has a slot of its own: nobody's edit of the hub, and no reason to write.
        shown = read(element).items()
        found.append({name: value for name, value in shown if value is not ABSENT and not name.startswith("=")})
    return tuple(found) if key is None else aligned(found, key)


def elements_made(value: Elements | Absent | None, read: Reading, key: str | None) -> Elements | Absent:
    """The elements that follow from those of another collection, in the order of their keys; null is none. Raises CodecError for
    one without a key, or two with the same."""
    if value is ABSENT:
        return ABSENT
    made = (read(dict(element)) for element in value or ())
    found = [{name: one for name, one in each.items() if one is not ABSENT} for each in made]
    return tuple(found) if key is None else aligned(found, key)


def elements_put(
    value: Elements | Absent | None, write: Writing, read: Reading, key: str | None, old: object
) -> list[Native] | Absent:
    """An embedded list that holds these elements. One that is there already keeps what it holds beside them, its id and its
    place; new ones stand behind."""
    if value is ABSENT:
        return ABSENT
    present: dict[str, Native] = {}
    if key is not None and type(old) is list:
        for native in old:
            name = _name(read(native).get(key)) if type(native) is dict else ""
            if name:
                present[name] = native
    kept: dict[str, Native] = {}
    added: list[Native] = []
    for element in value or ():
        name = "" if key is None else _name(element.get(key))
        before = present.get(name)
        native = {**(before or {}), **write(element, before)}
        if before is None:
            added.append(native)
        else:
            kept[name] = native
    return [*(kept[name] for name in present if name in kept), *added]


def picked_get(
    native: Native, reads: Mapping[Any, Reading], key: str, needed: Collection[str] = ()
) -> Elements | Absent:
    """The elements that a record shows in fields of its own, each under the value of its key. One of which all fields are null is
    not there; a record that does not show all of them says nothing. Raises CodecError for one that lacks what it `needs`."""
    found: list[dict[str, Any]] = []
    for name, read in reads.items():
        shown = read(native)
        if any(value is ABSENT for value in shown.values()):
            return ABSENT
        if all(value is None for value in shown.values()):
            continue
        if any(shown.get(field) is None for field in needed):
            raise refusal("collection.incomplete", f"all of {', '.join(sorted(needed))} of {name}, or none", None)
        found.append({key: name, **shown})
    return aligned(found, key)


def picked_put(
    value: Elements | Absent | None, writes: Mapping[Any, tuple[Writing, tuple[str, ...]]], key: str, old: Native | None
) -> Native:
    """The fields of a record in which it shows some elements, each found by the value of its key; null for what is not
    there."""
    if value is ABSENT:
        return {}
    present = {element.get(key): element for element in value or ()}
    native: Native = {}
    for name, (write, fields) in writes.items():
        native.update(write({**dict.fromkeys(fields), **present.get(name, {})}, old))
    return native


def elements_json_get(native: object, read: Reading, key: str | None) -> Elements | Absent:
    """As `elements_get`, of a list that is kept as JSON text; numbers with a point are exact. Raises CodecError."""
    return elements_get(_parsed(native), read, key)


def elements_json_put(
    value: Elements | Absent | None, write: Writing, read: Reading, key: str | None, old: object
) -> str | Absent:
    """As `elements_put`, for a list that is kept as JSON text."""
    found = elements_put(value, write, read, key, _parsed(old))
    return ABSENT if found is ABSENT else _encoded(found)


def _parsed(native: object) -> object:
    if type(native) is not str:
        return native
    try:
        return json.loads(native, parse_float=Decimal) if native else None
    except ValueError:
        raise wrong_type("a list of records as JSON", native) from None


def _encoded(elements: list[Native]) -> str:
    import msgspec  # only who keeps lists as texts pays for it

    return msgspec.json.Encoder(decimal_format="number").encode(elements).decode()


def aligned(elements: list[dict[str, Any]], key: str) -> Elements:
    """The elements in the order of their keys. Raises CodecError for one without a key, or two with the same."""
    named = {_name(element.get(key)): element for element in elements}
    if "" in named:
        raise refusal("collection.no-key", f"elements that each have a {key}", elements)
    if len(named) < len(elements):
        raise refusal("collection.key-twice", f"elements of which no two have the same {key}", elements)
    return tuple(named[name] for name in sorted(named))


def _name(value: object) -> str:
    return "" if value is None or value is ABSENT else f"{type(value).__name__} {value}"
