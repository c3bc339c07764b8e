"""The functions that an expression may name, as data for the compiler: kinds of the arguments, kind of the result, Python name."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from syncline_runtime.codecs.registry import TEXT_KINDS


@dataclass(frozen=True, slots=True)
class Signature:
    """One way to apply a function. `python` is its name in `syncline_runtime.expressions`.

    Kinds are those of values (`text` stands for every kind of text but `enum`), `any`, `list` and `set`, `list<number>`, and
    `number` (integer, decimal, percent). A result `item` is the element's kind, `same` that of the first argument.
    """

    parameters: tuple[str, ...]
    result: str
    python: str
    nullable: bool = False
    """Whether the result may be null where no argument is."""


@dataclass(frozen=True, slots=True)
class FunctionDefinition:
    """A function or operator (`+`, `is present`) by the name it has in a spec, with the ways to apply it."""

    name: str
    signatures: tuple[Signature, ...]


_TEXTS: Final = frozenset(TEXT_KINDS) - {"enum"}
_NUMBERS: Final = frozenset({"integer", "decimal", "percent"})
_SIGNED: Final = (("integer", "integer"), ("number", "decimal"), ("money", "money"))
_ORDERED: Final = ("number", "money", "text", "date", "instant", "local_time", "duration")


def _both(kinds: tuple[str, ...], result: str, python: str) -> tuple[Signature, ...]:
    return tuple(Signature((kind, kind), result, python) for kind in kinds)


def _over(kinds: tuple[str, ...], result: str, python: str, nullable: bool = False) -> tuple[Signature, ...]:
    return tuple(
        Signature((f"{shape}<{kind}>",), result, python, nullable) for kind in kinds for shape in ("list", "set")
    )


def _definitions() -> Iterator[tuple[str, tuple[Signature, ...]]]:
    one = Signature
    yield (
        "+",
        (
            one(("integer", "integer"), "integer", "add"),
            one(("number", "number"), "decimal", "add"),
            one(("money", "money"), "money", "add"),
            one(("text", "text"), "text", "add"),
            one(("date", "duration"), "date", "add"),
            one(("instant", "duration"), "instant", "add"),
            one(("duration", "duration"), "duration", "add"),
        ),
    )
    yield (
        "-",
        (
            one(("integer", "integer"), "integer", "subtract"),
            one(("number", "number"), "decimal", "subtract"),
            one(("money", "money"), "money", "subtract"),
            one(("date", "duration"), "date", "subtract"),
            one(("instant", "duration"), "instant", "subtract"),
            one(("date", "date"), "duration", "subtract"),
            one(("instant", "instant"), "duration", "subtract"),
            one(("duration", "duration"), "duration", "subtract"),
            one(("integer",), "integer", "negate"),
            one(("number",), "decimal", "negate"),
            one(("money",), "money", "negate"),
            one(("duration",), "duration", "negate"),
        ),
    )
    yield (
        "*",
        (
            one(("integer", "integer"), "integer", "multiply"),
            one(("number", "number"), "decimal", "multiply"),
            one(("money", "number"), "money", "multiply"),
            one(("number", "money"), "money", "multiply"),
            one(("duration", "integer"), "duration", "multiply"),
        ),
    )
    yield (
        "/",
        (
            one(("number", "number"), "decimal", "divide"),
            one(("money", "number"), "money", "divide"),
            one(("money", "money"), "decimal", "divide"),
            one(("duration", "duration"), "decimal", "divide"),
        ),
    )
    for symbol, python in (("=", "equals"), ("!=", "differs")):
        yield symbol, (*_both(("number", "text"), "boolean", python), one(("any", "same"), "boolean", python))
    for symbol, python in (("<", "less"), ("<=", "at_most"), (">", "greater"), (">=", "at_least")):
        yield symbol, _both(_ORDERED, "boolean", python)
    yield "in", (one(("any", "list"), "boolean", "is_in"), one(("any", "set"), "boolean", "is_in"))
    yield "not", (one(("boolean",), "boolean", "negated"),)
    yield "is empty", (one(("any",), "boolean", "is_empty"),)
    yield "is present", (one(("any",), "boolean", "is_present"),)
    for name in ("lower", "upper", "trim"):
        yield name, (one(("text",), "text", name),)
    yield "truncate", (one(("text", "integer"), "text", "truncate"),)
    yield "replace", (one(("text", "text", "text"), "text", "replace"),)
    yield "length", (one(("text",), "integer", "length"),)
    yield "split", (one(("text", "text"), "list<text>", "split"),)
    yield "join", (one(("list<text>", "text"), "text", "join"), one(("set<text>", "text"), "text", "join"))
    yield (
        "contains",
        (
            one(("text", "text"), "boolean", "contains"),
            one(("list", "any"), "boolean", "contains"),
            one(("set", "any"), "boolean", "contains"),
        ),
    )
    yield "starts_with", (one(("text", "text"), "boolean", "starts_with"),)
    yield "ends_with", (one(("text", "text"), "boolean", "ends_with"),)
    yield (
        "text",
        tuple(
            one((kind,), "text", "as_text")
            for kind in ("text", "enum", "number", "boolean", "date", "instant", "local_time")
        ),
    )
    yield "integer", (one(("text",), "integer", "as_integer"), one(("number",), "integer", "as_integer"))
    yield "decimal", (one(("text",), "decimal", "as_decimal"), one(("number",), "decimal", "as_decimal"))
    yield "date", (one(("instant", "text"), "date", "as_date"),)
    yield "local_time", (one(("instant", "text"), "local_time", "as_local_time"),)
    yield "instant", (one(("date", "text"), "instant", "as_instant"),)
    yield "days", (one(("duration",), "integer", "days"),)
    yield "money", (one(("number", "text"), "money", "as_money"),)
    yield "amount", (one(("money",), "decimal", "amount"),)
    yield "currency", (one(("money",), "currency", "currency"),)
    yield "round", (one(("number", "integer"), "decimal", "round_to"), one(("money", "integer"), "money", "round_to"))
    yield (
        "abs",
        (
            one(("integer",), "integer", "absolute"),
            one(("number",), "decimal", "absolute"),
            one(("money",), "money", "absolute"),
        ),
    )
    yield (
        "sum",
        (
            *_over(("integer",), "integer", "total"),
            *_over(("number",), "decimal", "total_decimal"),
            *_over(("money",), "money", "total_money", nullable=True),
        ),
    )
    yield "count", (one(("list",), "integer", "count"), one(("set",), "integer", "count"))
    yield "min", _over(_ORDERED, "item", "least", nullable=True)
    yield "max", _over(_ORDERED, "item", "greatest", nullable=True)
    yield "all", _over(("boolean",), "boolean", "every")
    yield "any", _over(("boolean",), "boolean", "some")
    yield "first", (one(("list",), "item", "first", nullable=True),)
    yield "last", (one(("list",), "item", "last", nullable=True),)


FUNCTIONS: Final[Mapping[str, FunctionDefinition]] = MappingProxyType(
    {name: FunctionDefinition(name, signatures) for name, signatures in _definitions()}
)
"""Functions and operators by the name they have in a spec; `and`, `or` and `if` are Python's own."""


def accepts(parameter: str, kind: str) -> bool:
    """Whether an argument of `kind` (`text`, `list<money>`) fits a parameter of a signature."""
    if parameter == "any" or parameter == kind:
        return True
    if parameter == "text":
        return kind in _TEXTS
    if parameter == "number":
        return kind in _NUMBERS
    shape, _, item = parameter.partition("<")
    actual, _, actual_item = kind.partition("<")
    return (
        shape in ("list", "set") and shape == actual and (not item or accepts(item[:-1], actual_item.removesuffix(">")))
    )


def find_signature(name: str, kinds: tuple[str, ...]) -> Signature | None:
    """The first signature of the function that takes arguments of these kinds; None where there is none."""
    definition = FUNCTIONS.get(name)
    for signature in definition.signatures if definition else ():
        if len(signature.parameters) == len(kinds) and all(
            accepts(kinds[0] if parameter == "same" else parameter, kind)
            for parameter, kind in zip(signature.parameters, kinds, strict=True)
        ):
            return signature
    return None


def result_kind(signature: Signature, kinds: tuple[str, ...]) -> str:
    """The kind of the result for arguments of these kinds."""
    match signature.result:
        case "item":
            return kinds[0].partition("<")[2].removesuffix(">") or "any"
        case "same":
            return kinds[0]
        case result:
            return result
