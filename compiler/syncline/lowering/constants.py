"""The constants of an entity's module: members of enums, patterns, value tables, codecs of one's own."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from syncline.lowering.layout import Code, Imported, Joined, Plain, call, mapping, members, sequence, text
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.model.exactness import is_function
from syncline.model.spec import CodecUse, Entity, Line, Map
from syncline.model.types import Type


@dataclass(frozen=True, slots=True)
class Members:
    """The members of an enum."""

    members: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Pattern:
    """The pattern of a text type."""

    pattern: str


@dataclass(frozen=True, slots=True)
class Table:
    """A value table: rows of a member and its natives."""

    rows: tuple[tuple[str, tuple[tuple[str, str | int | bool | None], ...]], ...]  # natives with the name of their type
    otherwise: str | None


@dataclass(frozen=True, slots=True)
class Custom:
    """A codec of the user's own."""

    reference: str


@dataclass(frozen=True, slots=True)
class Readings:
    """A value table in the form in which it is read."""

    table: Table


Value: TypeAlias = Members | Pattern | Table | Readings | Custom


@dataclass(frozen=True, slots=True)
class Constants:
    """The constants that a module declares, by what they hold."""

    names: Mapping[Value, str]

    def name(self, value: Value) -> Code:
        """The name of the constant that holds the value."""
        return Plain(self.names[value])

    def definitions(self) -> Iterator[tuple[str, Code]]:
        """Names and values in the order of their declaration."""
        for value, name in self.names.items():
            yield name, self._spelled(value)

    def _spelled(self, value: Value) -> Code:
        match value:
            case Members(()):
                return call(Plain("frozenset"))
            case Members(names):
                return call(Plain("frozenset"), members(text(name) for name in names))
            case Pattern(pattern):
                return call(Joined((Imported("re"), Plain(".compile"))), text(pattern))
            case Table(rows, otherwise):
                entries = ((literal(member), _natives([native for _, native in natives])) for member, natives in rows)
                extra = () if otherwise is None else (text(otherwise),)
                return call("table", mapping(entries), *extra)
            case Readings(table):
                return call("readings", self.name(table))
            case Custom(reference):
                return call("load_codec", text(reference))


def members_of(type_: Type) -> Members:
    """The constant for the members of an enum."""
    return Members(type_.members)


def pattern_of(type_: Type) -> Pattern:
    """The constant for the pattern of a text type."""
    return Pattern(type_.pattern or "")


def table_of(use: CodecUse) -> Table:
    """The constant for the rows of a table."""
    rows = tuple(
        (member, tuple((type(native).__name__, native) for native in natives)) for member, natives in use.table
    )
    return Table(rows, use.otherwise)


def constants_of(entity: Entity, maps: Iterable[Map], taken: Iterable[str]) -> Constants:
    """The constants that the entity's maps need, named after what the spec calls them."""
    wishes: dict[Value, str] = {}
    for field in entity.fields.values():
        for value, wish in _of_type(field.type, field.name):
            wishes.setdefault(value, wish)
    for elements in entity.collections.values():
        for field in elements.record.fields.values():
            for value, wish in _of_type(field.type, field.name):
                wishes.setdefault(value, wish)
    for map_ in (nested for each in maps for nested in each.nested()):
        for line in map_.lines:
            for value, wish in _of_line(map_, line):
                wishes.setdefault(value, wish)
    originals = {f"{wish} {value!a}": value for value, wish in wishes.items()}
    found = distinct(((original, wishes[value]) for original, value in originals.items()), taken)
    return Constants({value: found[original] for original, value in originals.items()})


def _of_type(type_: Type, field: str) -> Iterator[tuple[Value, str]]:
    wish = _upper(type_.name or field)
    if type_.kind == "enum":
        yield members_of(type_), wish
    if type_.kind == "text" and type_.pattern is not None:
        yield pattern_of(type_), wish
    if type_.item is not None:
        yield from _of_type(type_.item, field)


def _of_line(map_: Map, line: Line) -> Iterator[tuple[Value, str]]:
    for use in (*line.pipeline, *(use for native in line.natives for use in native.normalises)):
        wish = _upper(use.declared_as or f"{line.slot.removeprefix('=')}_{map_.system.name}")
        if use.table:
            yield table_of(use), wish
            if is_function(use):
                yield Readings(table_of(use)), f"{wish}_READ"
        elif use.name == "python":
            yield Custom(str(use.arguments[0])), f"{wish}_CODEC"


def _upper(name: str) -> str:
    return snake(name).upper()


def _natives(natives: list[str | int | bool | None]) -> Code:
    spelled = [text(native) if isinstance(native, str) else Plain(literal(native)) for native in natives]
    return spelled[0] if len(spelled) == 1 else sequence(spelled)
