"""Nested collections: what each side changed of which element, and what the changes of several make of it. Pure.

Elements are told from one another by their key, never by their place. A cell is one field of one element; the cell without a
field says whether the element is there.
"""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, Final, TypeAlias

from syncline_runtime.codecs.elements import Elements, aligned
from syncline_runtime.declaration import Entity, Flow, Picked
from syncline_runtime.values import Shown

_THERE: Final = ""


class _Gone(Enum):
    GONE = "gone"


_GONE: Final = _Gone.GONE

Key: TypeAlias = Any
Changes: TypeAlias = Mapping[tuple[Key, str], Any]
"""The new value of each changed cell."""


def changes(base: Shown, shown: Shown, key: str, hears: Collection[str]) -> Changes:
    """What a side changed since its base; only the fields that it `hears` count. Without a base all it shows is new."""
    old, new = _by_key(base, key), _by_key(shown, key)
    found: dict[tuple[Key, str], Any] = {(name, _THERE): _GONE for name in old.keys() - new.keys()}
    for name, element in new.items():
        before = old.get(name)
        if before is None:
            found[name, _THERE] = None
        found.update(
            ((name, field), value)
            for field, value in element.items()
            if field in hears and (before is None or field not in before or before[field] != value)
        )
    return found


def picked_changes(base: Shown, shown: Shown, key: str, picked: Picked, *, clears: bool) -> Changes:
    """As `changes`, for a side that shows some elements alone, in fields of the record itself: of the others it says nothing. One
    that it empties is gone if it needs a value there, and else has null; where nothing `clears`, it is no change."""
    old, new = _by_key(base, key), _by_key(shown, key)
    found: dict[tuple[Key, str], Any] = {}
    for name, fields in picked.fields.items():
        before, after = old.get(name, {}), new.get(name, {})
        moved = {field: after.get(field) for field in fields if after.get(field) != before.get(field)}
        if not clears:
            moved = {field: value for field, value in moved.items() if value is not None}
        if not moved:
            continue
        if not after and picked.needed:
            found[name, _THERE] = _GONE
            continue
        if after and not before:
            found[name, _THERE] = None
            moved = {field: after.get(field) for field in fields}
        found.update(((name, field), value) for field, value in moved.items())
    return found


def say_of(flow: Flow) -> Callable[[Key], Collection[str]]:
    """By the key of an element, the fields of it in which a line has a say."""
    picked = flow.picked
    return (lambda element: flow.hears) if picked is None else (lambda element: picked.fields.get(element, ()))


def still_shown(
    sides: Sequence[Changes], agreed: Shown, shown: Shown, key: str, hears: Callable[[Key], Collection[str]]
) -> Changes:
    """What a side shows of the elements that are `agreed` on no more, and that an edit of one of some `sides` brings back: such an
    element is to be as it stands, not the edited field alone. `hears` are the fields of an element in which the side has a say."""
    known, there = _by_key(agreed, key), _by_key(shown, key)
    back = {name for side in sides for (name, _), value in side.items() if value is not _GONE and name not in known}
    return {
        (name, field): value
        for name, element in there.items()
        if name in back
        for field, value in element.items()
        if field in hears(name)
    }


def contested(sides: Iterable[Changes]) -> bool:
    """Whether two sides changed one cell to different values, or one removed an element that another edited."""
    seen: dict[tuple[Key, str], Any] = {}
    for side in sides:
        for cell, value in side.items():
            if cell in seen and seen[cell] != value:
                return True
            seen[cell] = value
    gone = {name for (name, field), value in seen.items() if field == _THERE and value is _GONE}
    return any(name in gone for name, field in seen if field != _THERE)


def combined(agreed: Shown, sides: Sequence[Changes], key: str) -> Elements:
    """The agreed elements with the changes of some sides, the first of which wins where two changed the same."""
    elements = {name: dict(element) for name, element in _by_key(agreed, key).items()}
    winner: dict[Key, Changes] = {}
    for side in sides:
        for name, _ in side:
            winner.setdefault(name, side)
    for side in reversed(sides):
        for (name, field), value in side.items():
            if field != _THERE:
                elements.setdefault(name, {key: name})[field] = value
            elif value is None:
                elements.setdefault(name, {key: name})
    for name, side in winner.items():
        if side.get((name, _THERE)) is _GONE:
            elements.pop(name, None)
    return aligned(list(elements.values()), key)


def holds(elements: Shown, side: Changes, key: str) -> bool:
    """Whether all that a side changed is in some elements."""
    found = _by_key(elements, key)
    for (name, field), value in side.items():
        if field == _THERE:
            if (name in found) is (value is _GONE):
                return False
        elif name not in found or field not in found[name] or found[name][field] != value:
            return False
    return True


def element_keys(entity: Entity) -> Mapping[str, str]:
    """By field, the key by which the elements of its nested collections are told apart."""
    return {name: one.key for name, one in entity.collections.items() if one.key is not None}


def landed(base: Shown, sent: Shown, shown: Shown, key: str) -> tuple[Elements, bool]:
    """What of a write is in the elements that a record shows since: those of the `base` with all that was sent and is shown just
    so; and whether that is all of it."""
    old, new, now = _by_key(base, key), _by_key(sent, key), _by_key(shown, key)
    found: dict[Key, Any] = {name: dict(element) for name, element in old.items() if name in new or name in now}
    whole = all(name in new or name not in now for name in old)
    for name, element in new.items():
        before, after = old.get(name), now.get(name)
        for field, value in element.items():
            if before is not None and field in before and before[field] == value:
                continue
            if after is None or field not in after or after[field] != value:
                whole = False
            else:
                found.setdefault(name, {key: name})[field] = value
    return aligned(list(found.values()), key), whole


def _by_key(elements: Shown, key: str) -> dict[Key, Mapping[str, Any]]:
    return {element[key]: element for element in elements} if isinstance(elements, tuple) else {}
