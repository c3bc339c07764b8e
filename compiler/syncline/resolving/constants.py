"""Literals as values of a type: defaults, equalities, table rows, arguments."""

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
    Text,
    Unary,
)

TEXTS: Final = frozenset(("text", "email", "phone", "url", "uuid", "country", "currency", "language"))
"""Kinds whose value a text literal is."""

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
        case Percent() if expected.kind in ("percent", "decimal"):
            return Constant(node.value / 100, expected, node.span)
        case _ if expected.kind in _NUMBERS:
            number = number_of(node)
            if number is not None:
                return _number(node, number, expected, scope)
        case ListLiteral(items=()) if expected.kind in ("set", "list"):
            scope.findings.report("not-yet.list-default", node.span, type=str(expected))
            return None
    scope.findings.report("type.mismatch", node.span, expected=str(expected), found=described(node))
    return None


def number_of(node: Expression) -> Decimal | None:
    """The number that a literal spells, with its sign; None when it is no number."""
    match node:
        case Number():
            return node.value
        case Unary(operator="-", operand=Number() as digits):
            return -digits.value
    return None


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
    if expected.scale is not None and number != round(number, expected.scale):
        scope.findings.report("type.mismatch", node.span, expected=str(expected), found=f"{number:f}")
        return None
    return Constant(number, expected, node.span)
