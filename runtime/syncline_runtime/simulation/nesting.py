"""What people do to nested records: they add elements, take some out, change one field of one, and leave them in any order."""

from collections.abc import Callable, Iterable, Mapping
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import UnionType
from typing import Any, Final, Union, get_args, get_origin, get_type_hints

from syncline_runtime.declaration import Collection, FieldMap, Flow, Package
from syncline_runtime.simulation.inventing import MAPPING_ERRORS, UNIQUE, canonical, members, shown, spelled
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.world import World
from syncline_runtime.values import ABSENT, Money, Native


class Nesting:
    """Elements for people to type: what they hold is new, and the key often one that another record has, too."""

    def __init__(self, package: Package, world: World, ledger: Ledger, number: Callable[[], int]) -> None:
        self._package, self._world, self._ledger, self._number = package, world, ledger, number
        self._keys: dict[tuple[str, str], list[Any]] = {}
        self._used: set[tuple[str, str, str, Any]] = set()
        self._hints: dict[tuple[str, str], dict[str, Any]] = {}

    def takes(self, mapping: FieldMap, flow: Flow) -> bool:
        """Whether people of this world edit what a line shows: the elements of a keyed collection."""
        collection = self._package.entities[mapping.entity].collections.get(flow.field)
        return bool(self._world.faults.nested) and collection is not None and collection.key is not None

    def begun(self, mapping: FieldMap, flow: Flow, native: Native) -> Native | None:
        """Native fields of a new record with some elements; None where none can be made up."""
        elements: list[Mapping[str, Any]] = []
        for _ in range(self._world.rng.randint(0, 3)):
            elements += self._made(mapping, flow, elements)
        return self._spelled(mapping, flow, elements, native)

    def changed(self, mapping: FieldMap, flow: Flow, before: Native) -> Native | None:
        """Native fields that show an element more, one less, or one changed; None where none of it can be made up."""
        rng, now = self._world.rng, shown(mapping, before).get(flow.field, ABSENT)
        elements: list[Mapping[str, Any]] = list(now) if isinstance(now, tuple) else []
        chance = rng.random()
        if not elements or chance < 0.3:
            made = self._made(mapping, flow, elements)
            return self._spelled(mapping, flow, [*elements, *made], before) if made else None
        at = rng.randrange(len(elements))
        if chance < 0.5:
            del elements[at]
            return self._spelled(mapping, flow, elements, before)
        key = self._collection(mapping, flow).key or ""
        parts = [part for part in self._parts(mapping, flow, elements[at][key]) if part in elements[at]]
        if not parts:
            return None
        part = rng.choice(parts)
        found = self._with_new(mapping, flow, elements[at], part)
        if found is None:
            return None
        elements[at] = found
        return self._spelled(mapping, flow, elements, before)

    def _collection(self, mapping: FieldMap, flow: Flow) -> Collection:
        return self._package.entities[mapping.entity].collections[flow.field]

    def _parts(self, mapping: FieldMap, flow: Flow, key: Any) -> list[str]:
        """The fields of an element that a system shows, references and the key aside."""
        collection = self._collection(mapping, flow)
        parts = flow.picked.fields.get(key, ()) if flow.picked is not None else flow.hears
        return [part for part in parts if part != collection.key and part not in collection.refers]

    def _made(self, mapping: FieldMap, flow: Flow, beside: list[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
        """A new element, under a key that none `beside` it has."""
        collection = self._collection(mapping, flow)
        name = collection.key or ""
        taken = [element.get(name) for element in beside]
        for key in self._named(mapping, flow, name):
            if key in taken:
                continue
            empty = dict.fromkeys(self._parts(mapping, flow, key))
            empty.update(dict.fromkeys(part for part in flow.hears if part in collection.refers))
            found: Mapping[str, Any] | None = {**empty, name: key}
            for part in self._parts(mapping, flow, key):
                if found is not None and self._world.rng.random() < 0.8:
                    found = self._with_new(mapping, flow, found, part, alone=False) or found
            for part in self._parts(mapping, flow, key):
                if found is not None and not self._fits(mapping, flow, found) and found.get(part) is None:
                    found = self._with_new(mapping, flow, found, part, alone=False) or found
            if found is not None and self._fits(mapping, flow, found):
                known = self._keys.setdefault((mapping.entity, flow.field), [])
                if key not in known:
                    known.append(key)
                return [found]
        return []

    def _named(self, mapping: FieldMap, flow: Flow, name: str) -> Iterable[Any]:
        """Keys for a new element: of those that a system picks, of those that others have, or one that nobody had."""
        rng = self._world.rng
        picked = [
            key
            for one in self._package.mappings
            if one.entity == mapping.entity
            for line in one.flows
            if line.field == flow.field and line.picked is not None
            for key in line.picked.fields
        ]
        if flow.picked is not None:
            yield from rng.sample(list(flow.picked.fields), len(flow.picked.fields))
            return
        if picked and rng.random() < 0.6:
            yield from rng.sample(picked, len(picked))
        known = self._keys.get((mapping.entity, flow.field), [])
        if known and rng.random() < 0.4:
            yield from rng.sample(known, len(known))
        for _, value in self._values(mapping, flow, name):
            if value not in known:
                yield value

    def _values(self, mapping: FieldMap, flow: Flow, part: str) -> Iterable[tuple[str, Any]]:
        """Values that a field of an element may take, each with its kind, the most natural ones first."""
        where = mapping.entity, flow.field
        if where not in self._hints:
            self._hints[where] = get_type_hints(self._collection(mapping, flow).shape)
        hint = self._hints[where].get(part)
        sorts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
        number, rng = self._number(), self._world.rng
        for kind in (kind for sort in sorts for kind in _KINDS.get(sort, ())):
            values = members(mapping, rng) if kind == "enum" else canonical(kind, number, rng, part)
            yield from ((kind, value) for value in values)

    def _with_new(
        self, mapping: FieldMap, flow: Flow, element: Mapping[str, Any], part: str, *, alone: bool = True
    ) -> Mapping[str, Any] | None:
        """An element with a value in one field that no other has; not `alone`, others may still be missing in it."""
        for kind, value in self._values(mapping, flow, part):
            mark = (mapping.entity, flow.field, part, value)
            if (kind in UNIQUE and mark in self._used) or element.get(part) == value:
                continue
            found = {**element, part: value}
            if self._fits(mapping, flow, found, only=None if alone else part):
                self._used.add(mark)
                if kind not in UNIQUE:
                    self._ledger.elements.repeated.add(mark[:3])
                return found
        return None

    def _fits(self, mapping: FieldMap, flow: Flow, element: Mapping[str, Any], only: str | None = None) -> bool:
        """Whether a system shows an element, or the `only` field of one, as it was typed."""
        absent = dict.fromkeys((one.field for one in mapping.flows), ABSENT)
        try:
            native = mapping.write({**absent, flow.field: (element,)}, None)
            back = mapping.read({name: native[name] for name in flow.native if name in native}).get(flow.field, ABSENT)
        except MAPPING_ERRORS:
            return False
        if not isinstance(back, tuple) or len(back) != 1:
            return False
        return bool(back[0] == element if only is None else back[0].get(only) == element[only])

    def _spelled(
        self, mapping: FieldMap, flow: Flow, elements: list[Mapping[str, Any]], before: Native
    ) -> Native | None:
        """Native fields that show some elements, lists of them in any order."""
        key = self._collection(mapping, flow).key or ""
        inner = tuple(sorted(elements, key=lambda element: f"{type(element[key]).__name__} {element[key]}"))
        native = spelled(mapping, flow, inner, before, self._world.rng)
        for listed in (native or {}).values():
            if isinstance(listed, list):
                self._world.rng.shuffle(listed)
        return native


_KINDS: Final[Mapping[Any, tuple[str, ...]]] = {
    str: ("text", "enum", "email", "phone", "url", "uuid", "country", "currency", "language"),
    int: ("integer",),
    Decimal: ("decimal",),
    Money: ("money",),
    bool: ("boolean",),
    date: ("date",),
    datetime: ("instant",),
    time: ("local_time",),
    timedelta: ("duration",),
    bytes: ("bytes",),
}
"""The kinds of which a value of a type may be."""
