"""The small nodes of the tree: names, literals, expressions, types, codecs and sample values."""

from typing import TYPE_CHECKING, TypeAlias

from syncline.source import Span
from syncline.syntax.node import node

if TYPE_CHECKING:
    from decimal import Decimal


def _decimal(text: str) -> "Decimal":
    from decimal import Decimal  # parsing and formatting do without, and its import is a tenth of theirs

    return Decimal(text)


@node
class Name:
    """An identifier as its owner spells it; back quotes are gone, so `text` may be any text on one line."""

    text: str
    span: Span


@node
class Text:
    """A string literal; `value` has its escapes resolved."""

    value: str
    span: Span


@node
class Number:
    """A literal such as `5` or `0.25`; the text is kept because `1.0` and `1.00` are different decimals."""

    text: str
    span: Span

    @property
    def value(self) -> "Decimal":
        """The number, to the last digit."""
        return _decimal(self.text)


@node
class Percent:
    """A literal such as `10%`; `text` is the digits without the sign."""

    text: str
    span: Span

    @property
    def value(self) -> "Decimal":
        """The percentage as written: 10 for `10%`."""
        return _decimal(self.text)


@node
class Quantity:
    """A number with a unit of time: `5 minutes`; `unit` is one of ms, second, minute, hour, day, week, month, year."""

    text: str
    unit: str
    span: Span

    @property
    def value(self) -> "Decimal":
        """The number before the unit."""
        return _decimal(self.text)


@node
class Boolean:
    """`true` or `false`."""

    value: bool
    span: Span


@node
class Null:
    """`null`: a value that says there is none."""

    span: Span


@node
class Key:
    """The element of a keyed collection that a path passes through: the `["EUR"]` of `prices["EUR"].amount`."""

    value: "Text | Number"
    span: Span


@node
class Path:
    """Names joined by dots, read from left to right; a single name is a path of one step, and so is an enum member.

    `parent.F` in a nested block is a path whose first step is the name `parent`; only resolving can tell it from a
    field called `parent`. The first step is always a Name.
    """

    steps: "tuple[Name | Key, ...]"
    span: Span


@node
class Argument:
    """One argument of a call or codec, named in `max: 500`, else positional."""

    name: "Name | None"
    value: "Expression"
    span: Span


@node
class Call:
    """A function or codec applied to arguments: `sum(quotations.paid)`, `secret("KEY")`, `money("MXN", minor)`."""

    function: Name
    arguments: tuple[Argument, ...]
    span: Span
    height: int


@node
class ListLiteral:
    """`[a, b]`: native fields read as one value, members after `in`, alternatives in a table."""

    items: "tuple[Expression, ...]"
    span: Span
    height: int


@node
class Entry:
    """One `key: value` of an object."""

    key: "Name | Text | Number | Boolean | Null"
    value: "Expression"
    span: Span


@node
class ObjectLiteral:
    """`{ key: value, … }`: a system's settings, a sample record; never part of a larger expression."""

    entries: tuple[Entry, ...]
    span: Span
    height: int


@node
class Unary:
    """`- x` or `not x`; `operator` is `-` or `not`."""

    operator: str
    operand: "Expression"
    span: Span
    height: int


@node
class Binary:
    """Two operands around one of `+ - * / = != < <= > >= and or`."""

    operator: str
    left: "Expression"
    right: "Expression"
    span: Span
    height: int


@node
class Test:
    """A value against members or states: `stage is won`, `vat is not present`, `stage in [won, lost]`, `x becomes y`.

    `operator` is one of `is`, `is not`, `in`, `not in`, `becomes`; the states `present`, `empty` and `past` are paths
    of one name.
    """

    operator: str
    subject: "Expression"
    against: "Expression"
    span: Span
    height: int


@node
class If:
    """`if condition then one else other`."""

    condition: "Expression"
    then: "Expression"
    otherwise: "Expression"
    span: Span
    height: int


@node
class NamedType:
    """A type by name, with its arguments: `text(120)`, `money`, `decimal(10, 2)`, `Address`."""

    name: Name
    arguments: tuple[Argument, ...]
    matching: "Text | None"
    span: Span


@node
class ReferenceType:
    """`ref Contact or Company`: a reference to a record of one of the targets."""

    targets: tuple[Name, ...]
    span: Span


@node
class CollectionType:
    """`list<Line> by sku` or `set<text>`; `kind` is the word before `<`, `by` what aligns the elements."""

    kind: Name
    element: "Type"
    by: "Path | None"
    span: Span


@node
class TableEntry:
    """A row of a table codec: the entity's value, and the natives that mean it; the first one is written on create."""

    value: "Name | Text | Number | Boolean | Null"
    natives: "tuple[Expression, ...]"
    span: Span


@node
class Table:
    """`{ open: ["a", "b"], won: "c", otherwise: open }`: a codec by enumeration."""

    entries: tuple[TableEntry, ...]
    otherwise: "Expression | None"
    span: Span


@node
class CodecCall:
    """A codec by name, with the arguments it was given, if any: `trim`, `e164("MX")`."""

    name: Name
    arguments: tuple[Argument, ...]
    span: Span


@node
class Codec:
    """`as` what the value is spelled in the system: steps joined by `then`, in the order of reading from the system."""

    steps: "tuple[CodecCall | Table, ...]"
    span: Span


Literal: TypeAlias = Text | Number | Percent | Quantity | Boolean | Null
Expression: TypeAlias = Literal | Path | Call | ListLiteral | ObjectLiteral | Unary | Binary | Test | If
Type: TypeAlias = NamedType | ReferenceType | CollectionType
