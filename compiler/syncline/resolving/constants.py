"""Literals as values of a type: defaults, equalities, table rows, arguments."""

from datetime import timedelta
from decimal import Decimal
from typing import Final

from syncline.model.expressions import Constant
from syncline.model.types import Type
from syncline.resolving.scope import Scope
from syncline.syntax import (
    Boolean,
    Expression,
    ListLiteral,
    Name,
    Null,
    Number,
    Path,
    Percent,
    Quantity,
    Text,
    Unary,
)
from syncline_runtime.codecs.numbers import fits, shifted

TEXTS: Final = frozenset(("text", "email", "phone", "url", "uuid", "country", "currency", "language"))
"""Kinds whose value a text literal is."""

MOST_DIGITS: Final = 60
"""Digits that a number in a spec may have, the point counted: more are a mistake, and cost where they are used."""

_UNITS: Final = {
    unit: timedelta(**{name: 1}) // timedelta(microseconds=1)
    for unit, name in (
        ("ms", "milliseconds"),
        ("second", "seconds"),
        ("minute", "minutes"),
        ("hour", "hours"),
        ("day", "days"),
        ("week", "weeks"),
    )
}
"""Microseconds of each unit that has a fixed length."""

_LONGEST: Final = timedelta(days=365_000) // timedelta(microseconds=1)
_NUMBERS: Final = frozenset(("integer", "decimal", "percent"))


def is_constant(node: Expression) -> bool:
    """Whether an expression is a literal, or the name of what may be a member."""
    match node:
        case Text() | Number() | Percent() | Boolean() | Null() | ListLiteral(items=()):
            return True
        case Unary(operator="-", operand=Number()):
            return True
        case Path(steps=(Name(),)):
            return True
    return False


def constant(node: Expression, expected: Type, scope: Scope) -> Constant | None:
    """The literal as a value of the type; None when it has been reported as not being one."""
    match node:
        case Null() if expected.nullable:
            return Constant(None, expected, node.span)
        case Text(value=value) if expected.kind in TEXTS:
            return _text(node, value, expected, scope)
        case Boolean(value=yes) if expected.kind == "boolean":
            return Constant(yes, expected, node.span)
        case Path(steps=(Name(text=member),)) if expected.kind == "enum":
            if member in expected.members:
                return Constant(member, expected, node.span)
            scope.findings.unknown(
                "name.unknown-member", member, node.span, expected.members, type=str(expected.required())
            )
            return None
        case Percent() if expected.kind in ("percent", "decimal") and (part := fraction(node)) is not None:
            return Constant(part, expected, node.span)
        case _ if expected.kind in _NUMBERS:
            number = number_of(node)
            if number is not None:
                return _number(node, number, expected, scope)
        case ListLiteral(items=()) if expected.kind in ("set", "list"):
            return Constant(frozenset() if expected.kind == "set" else (), expected, node.span)
    scope.findings.report("type.mismatch", node.span, expected=str(expected), found=described(node))
    return None


def duration_of(node: Quantity) -> timedelta | None:
    """The length of time that a quantity spells; None for months and years, which have none of their own."""
    unit = _UNITS.get(node.unit)
    if unit is None or len(node.text) > 12:
        return None
    length = unit * node.value
    return timedelta(microseconds=int(length)) if length == int(length) and length < _LONGEST else None


def number_of(node: Expression) -> Decimal | None:
    """The number that a literal spells, with its sign; None when it is no number, or one of too many digits."""
    match node:
        case Number(text=text) if len(text) <= MOST_DIGITS:
            return node.value
        case Unary(operator="-", operand=Number(text=text) as digits) if len(text) <= MOST_DIGITS:
            return digits.value.copy_negate()  # the operator would round to the context's digits
    return None


def fraction(percent: Percent) -> Decimal | None:
    """The part of one that a percentage is, 0.16 for `16%`; None when it has too many digits."""
    return shifted(percent.value, -2) if len(percent.text) <= MOST_DIGITS else None


def _fits(number: Decimal, kind: Type) -> bool:
    """Whether a number has no more digits, before and after the point, than a decimal of the type."""
    if kind.precision is None:
        return True
    scale = kind.scale or 0
    return fits(number, scale) and abs(number) < 10 ** (kind.precision - scale)


def described(node: Expression) -> str:
    """What a literal is, in the words of the language."""
    match node:
        case Text():
            return "text"
        case Number() | Unary(operator="-"):
            return "number"
        case Percent():
            return "percent"
        case Boolean():
            return "boolean"
        case Null():
            return "null"
        case ListLiteral():
            return "list"
        case Path():
            return "name"
    return "expression"


def _text(node: Text, value: str, expected: Type, scope: Scope) -> Constant | None:
    if expected.length is not None and len(value) > expected.length:
        scope.findings.report("type.mismatch", node.span, expected=str(expected), found=f"text({len(value)})")
        return None
    return Constant(value, expected, node.span)


def _number(node: Expression, number: Decimal, expected: Type, scope: Scope) -> Constant | None:
    whole = number == number.to_integral_value()
    if expected.kind == "integer":
        if whole:
            return Constant(int(number), expected, node.span)
        scope.findings.report("type.mismatch", node.span, expected=str(expected), found="decimal")
        return None
    if not _fits(number, expected):
        scope.findings.report("type.mismatch", node.span, expected=str(expected), found=f"{number:f}")
        return None
    return Constant(number, expected, node.span)
