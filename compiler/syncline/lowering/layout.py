"""Python expressions as trees, laid out as `ruff format` lays them out: flat where they fit, else one item a line."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from syncline.lowering.quoting import CHUNK, literal, pieces

WIDTH: Final = 120
INDENT: Final = "    "


@dataclass(frozen=True, slots=True)
class Plain:
    """Source that is never broken: a literal, a local name, a keyword argument's value."""

    text: str


@dataclass(frozen=True, slots=True)
class Imported:
    """A name that the module must import."""

    name: str


@dataclass(frozen=True, slots=True)
class LongText:
    """A text whose literal, `whole`, may be too long for any line: then it is broken into adjacent pieces."""

    whole: str
    parts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Item:
    """One item between brackets; `label` is `name=` or `"key": `."""

    label: str
    code: "Code"


@dataclass(frozen=True, slots=True)
class Bracketed:
    """A call, tuple, set, dict or subscript: items between brackets after an optional head."""

    head: "Code | None"
    opening: str
    items: tuple[Item, ...]
    closing: str


@dataclass(frozen=True, slots=True)
class Joined:
    """Parts that stand side by side without a break, such as a method call on a name."""

    parts: tuple["Code", ...]


@dataclass(frozen=True, slots=True)
class Infix:
    """Operands between operators, in parentheses where they do not stand alone: each part is (operator before it, operand)."""

    parts: tuple[tuple[str, "Code"], ...]


Code: TypeAlias = Plain | Imported | LongText | Bracketed | Joined | Infix


# -- building -----------------------------------------------------------------------------------------------------------


def text(value: str) -> Code:
    """The literal of a text, in pieces when it is long."""
    whole = literal(value)
    return Plain(whole) if len(whole) <= CHUNK else LongText(whole, pieces(value))


def call(function: str | Code, *arguments: Code, **named: Code) -> Code:
    """A call; a function given by name is imported."""
    head = Imported(function) if isinstance(function, str) else function
    items = (*(Item("", argument) for argument in arguments), *(Item(f"{name}=", code) for name, code in named.items()))
    return Bracketed(head, "(", items, ")")


def mapping(entries: Iterable[tuple[str, Code]]) -> Code:
    """A dict display; keys are source already."""
    return Bracketed(None, "{", tuple(Item(f"{key}: ", code) for key, code in entries), "}")


def sequence(items: Iterable[Code]) -> Code:
    """A tuple display."""
    return Bracketed(None, "(", tuple(Item("", code) for code in items), ")")


def members(items: Iterable[Code]) -> Code:
    """A set display of at least one item."""
    return Bracketed(None, "{", tuple(Item("", code) for code in items), "}")


def imported(code: Code) -> Iterator[str]:
    """The names that the code needs imported, with repetitions."""
    match code:
        case Imported(name):
            yield name
        case Bracketed(head, _, items, _):
            if head is not None:
                yield from imported(head)
            for item in items:
                yield from imported(item.code)
        case Joined(parts):
            for part in parts:
                yield from imported(part)
        case Infix(operands):
            for _, operand in operands:
                yield from imported(operand)
        case Plain() | LongText():
            return


# -- laying out ---------------------------------------------------------------------------------------------------------


def flat(code: Code) -> str:
    """The code on one line; adjacent pieces of a long text never are, and make it too long for any line."""
    match code:
        case Plain(source) | Imported(source):
            return source
        case LongText(whole):
            return whole
        case Bracketed(head, opening, items, closing):
            inside = ", ".join(item.label + flat(item.code) for item in items)
            comma = "," if head is None and opening == "(" and len(items) == 1 else ""
            return f"{flat(head) if head else ''}{opening}{inside}{comma}{closing}"
        case Joined(parts):
            return "".join(flat(part) for part in parts)
        case Infix(parts):
            return " ".join(f"{operator} {_operand(operand, parts)}".strip() for operator, operand in parts)


def _operand(code: Code, parts: tuple[tuple[str, Code], ...]) -> str:
    if not isinstance(code, Infix):
        return flat(code)
    return flat(code) if _binding(code.parts) > _binding(parts) else f"({flat(code)})"


def _binding(parts: tuple[tuple[str, Code], ...]) -> int:
    """How tightly operators bind; `and` in `or` is put in parentheses as well, for people."""
    operators = {operator for operator, _ in parts}
    return 0 if "if" in operators else 1 if operators & {"and", "or"} else 2


def laid_out(code: Code, *, indent: str, before: int, after: int, remark: str = "", wrap: bool = True) -> str:
    """The code from column `before` on, leaving `after` columns on its last line; `remark` ends every line but the last.

    Lines after the first are indented by `indent` or more. `wrap` says that a literal may go to a line of its own in parentheses,
    as the formatter has it for what is assigned and for values of a dict.
    """
    if _fits(code, before + after + len(remark)):
        return flat(code)
    inner = indent + INDENT

    def nested(part: Code, label: str, tail: str) -> str:
        before, wrap = len(inner) + len(label), label.endswith(": ")
        body = laid_out(part, indent=inner, before=before, after=len(tail), remark=remark, wrap=wrap)
        return f"{inner}{label}{body}{tail}{remark}\n"

    match code:
        case Plain(source) | Imported(source):
            return source
        case LongText(whole, parts):
            if len(inner) + len(whole) + len(remark) <= WIDTH:
                return f"({remark}\n{inner}{whole}{remark}\n{indent})" if wrap else whole
            return f"({remark}\n" + "".join(f"{inner}{part}{remark}\n" for part in parts) + f"{indent})"
        case Bracketed(head, opening, items, closing):
            if not items:
                return flat(code)
            shown = flat(head) if head else ""
            # A comma in a subscript would make its key a tuple.
            comma = "" if opening == "[" and len(items) == 1 else ","
            return (
                f"{shown}{opening}{remark}\n"
                + "".join(nested(item.code, item.label, comma) for item in items)
                + indent
                + closing
            )
        case Joined(parts):
            first = "".join(flat(part) for part in parts[:-1])
            return first + laid_out(parts[-1], indent=indent, before=before + len(first), after=after, remark=remark)
        case Infix(operands):
            if len(inner) + len(flat(code)) + len(remark) <= WIDTH:
                return f"({remark}\n{inner}{flat(code)}{remark}\n{indent})"
            lines = "".join(_line(operator, operand, operands, inner, remark) for operator, operand in operands)
            return f"({remark}\n{lines}{indent})"


def _line(operator: str, operand: Code, parts: tuple[tuple[str, Code], ...], indent: str, remark: str) -> str:
    label = f"{operator} " if operator else ""
    if isinstance(operand, Infix) and not _fits(operand, len(indent) + len(label) + 2 + len(remark)):
        # A remark after the parenthesis would be moved above the operator by the formatter.
        body = laid_out(operand, indent=indent, before=WIDTH, after=0, remark=remark).removeprefix(f"({remark}")
        return f"{indent}{label}({body}{remark}\n"
    if isinstance(operand, Infix):
        return f"{indent}{label}{_operand(operand, parts)}{remark}\n"
    return f"{indent}{label}{laid_out(operand, indent=indent, before=len(indent) + len(label), after=0, remark=remark)}{remark}\n"


def _fits(code: Code, taken: int) -> bool:
    return taken + len(flat(code)) <= WIDTH
