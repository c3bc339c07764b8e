"""Expressions: names to fields and members, operators to functions of the runtime, and the type of every part."""

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Final

from syncline.diagnostics.diagnostic import Label
from syncline.model.expressions import Apply, Both, Choose, Constant, Expression
from syncline.model.types import Type
from syncline.resolving.constants import MOST_DIGITS, TEXTS, constant, duration_of, fraction
from syncline.resolving.entities import dotted
from syncline.resolving.fitting import kind_name, merged
from syncline.resolving.scope import Scope
from syncline.resolving.sight import EntitySight, Sight, sees, value_of
from syncline.source import Span
from syncline.syntax import (
    Binary,
    Boolean,
    Call,
    If,
    ListLiteral,
    Name,
    Null,
    Number,
    ObjectLiteral,
    Path,
    Percent,
    Quantity,
    Test,
    Text,
    Unary,
)
from syncline.syntax import Expression as Node
from syncline_runtime.expressions.registry import FUNCTIONS, find_signature, result_kind

BOOLEAN: Final = Type("boolean")
_STATES: Final = ("present", "empty")
_OPERATORS: Final = frozenset(name for name in FUNCTIONS if not name.replace("_", "").isalpha()) | {"in", "not"}
_NAMES: Final = tuple(sorted(frozenset(FUNCTIONS) - _OPERATORS))
_SAME_LENGTH: Final = frozenset(("lower", "upper", "trim"))
_EQUALITIES: Final = frozenset(("=", "!="))
_LONGEST: Final = 1_000_000


def resolve_expression(node: Node, sight: Sight, expected: Type | None, scope: Scope) -> Expression | None:
    """The typed expression; None when a part of it has been reported. `expected` tells members apart from fields."""
    match node:
        case Path():
            return _path(node, sight, expected, scope)
        case Text() | Number() | Percent() | Boolean() | Null():
            return _literal(node, expected, scope)
        case Binary(operator="and" | "or"):
            return _both(node, sight, scope)
        case Binary():
            return _binary(node, sight, scope)
        case Unary():
            return _unary(node, sight, expected, scope)
        case Test():
            return _test(node, sight, scope)
        case If():
            return _choice(node, sight, expected, scope)
        case Call():
            return _call(node, sight, scope)
        case Quantity():
            length = duration_of(node)
            if length is not None:
                return Constant(length, Type("duration"), node.span)
            scope.findings.report("expression.duration", node.span, unit=node.unit)
        case ListLiteral():
            scope.findings.report("expression.list", node.span)
            for item in node.items:
                resolve_expression(item, sight, None, scope)
        case ObjectLiteral():
            scope.findings.report("expression.object", node.span)
    return None


def resolve_condition(node: Node, sight: Sight, scope: Scope) -> Expression | None:
    """An expression that is true or false."""
    found = resolve_expression(node, sight, BOOLEAN, scope)
    if found is not None and found.type.kind != "boolean":
        scope.findings.report("type.mismatch", node.span, expected="boolean", found=str(found.type))
        return None
    return found


def _path(node: Path, sight: Sight, expected: Type | None, scope: Scope) -> Expression | None:
    steps = node.steps
    if expected is not None and expected.kind == "enum" and len(steps) == 1 and not sees(sight, dotted(node)):
        return constant(node, expected.required(), scope)
    return value_of(node, sight, scope)


def _literal(node: Text | Number | Percent | Boolean | Null, expected: Type | None, scope: Scope) -> Expression | None:
    match node:
        case Text(value=value):
            if expected is not None and expected.kind in TEXTS and expected.length is None:
                return Constant(value, Type(expected.kind, length=len(value)), node.span)
            return Constant(value, Type("text", length=len(value)), node.span)
        case Number():
            return _number(node, scope)
        case Percent():
            part = fraction(node)
            if part is None:
                _too_long(node, scope)
                return None
            return Constant(part, Type("percent"), node.span)
        case Boolean(value=yes):
            return Constant(yes, BOOLEAN, node.span)
        case Null():
            kind = expected.optional() if expected is not None else Type("null", nullable=True)
            return Constant(None, kind, node.span)


def _number(node: Number, scope: Scope) -> Constant | None:
    if len(node.text) > MOST_DIGITS:
        _too_long(node, scope)
        return None
    if "." in node.text:
        return Constant(node.value, Type("decimal"), node.span)
    return Constant(int(node.text), Type("integer"), node.span)


def _too_long(node: Number | Percent, scope: Scope) -> None:
    found, expected = f"number of {len(node.text)} digits", f"number of at most {MOST_DIGITS} digits"
    scope.findings.report("type.mismatch", node.span, expected=expected, found=found)


def _both(node: Binary, sight: Sight, scope: Scope) -> Expression | None:
    every = node.operator == "and"
    parts: list[Expression] = []
    sound = True
    for part in _operands(node):
        found = resolve_condition(part, sight, scope)
        if found is None:
            sound = False
        elif isinstance(found, Both) and found.every == every:
            parts += found.parts
        else:
            parts.append(found)
    return Both(every, tuple(parts), BOOLEAN, node.span) if sound else None


def _operands(node: Binary) -> list[Node]:
    """The operands of a run of one operator, from the left."""
    operands: list[Node] = []
    current: Node = node
    while isinstance(current, Binary) and current.operator == node.operator:
        operands.append(current.right)
        current = current.left
    operands.append(current)
    operands.reverse()
    return operands


def _binary(node: Binary, sight: Sight, scope: Scope) -> Expression | None:
    comparing = node.operator in _EQUALITIES
    first, second = node.left, node.right
    # A member or null is understood from the other side, wherever it stands.
    word = _word(first)
    swapped = comparing and (isinstance(first, Null) or (word is not None and not sees(sight, word)))
    if swapped:
        first, second = second, first
    one = resolve_expression(first, sight, None, scope)
    hint = one.type if comparing and one is not None else None
    # Beside what is unknown already, a single word may as well be a member.
    other = resolve_expression(second, sight, hint, scope) if one is not None or _word(second) is None else None
    if one is None or other is None:
        return None
    arguments = (other, one) if swapped else (one, other)
    return _apply(node.operator, arguments, node.span, scope)


def _word(node: Node) -> str | None:
    """The name that an expression is, if it is nothing more."""
    match node:
        case Path(steps=(Name(text=name),)):
            return name
    return None


def _unary(node: Unary, sight: Sight, expected: Type | None, scope: Scope) -> Expression | None:
    if node.operator == "not":
        condition = resolve_condition(node.operand, sight, scope)
        return None if condition is None else Apply("not", (condition,), BOOLEAN, node.span)
    operand = resolve_expression(node.operand, sight, expected, scope)
    match operand:
        case None:
            return None
        case Constant(value=int() | Decimal() as number) if not isinstance(number, bool):
            negative = number.copy_negate() if isinstance(number, Decimal) else -number
            return Constant(negative, operand.type, node.span)
    return _apply("-", (operand,), node.span, scope)


def _test(node: Test, sight: Sight, scope: Scope) -> Expression | None:
    if node.operator == "becomes":
        return _edge(node, sight, scope)
    negative = node.operator in ("is not", "not in")
    found = (_state if node.operator in ("is", "is not") else _membership)(node, sight, scope)
    if found is None or not negative:
        return found
    return Apply("not", (found,), BOOLEAN, node.span)


def _edge(node: Test, sight: Sight, scope: Scope) -> Expression | None:
    found = _state(node, sight, scope)
    if sight is not None and not (isinstance(sight, EntitySight) and sight.edge):
        scope.findings.report("condition.becomes", node.span)
        return None
    return None if found is None else Apply("becomes", (found,), BOOLEAN, node.span)


def _state(node: Test, sight: Sight, scope: Scope) -> Expression | None:
    against = node.against
    word = _word(against)
    subject = resolve_expression(node.subject, sight, None, scope)
    if subject is None:
        return None
    if word == "past" and not (subject.type.kind == "enum" and word in subject.type.members):
        return _past(node, subject, sight, scope)
    if word in _STATES and not (subject.type.kind == "enum" and word in subject.type.members):
        return _apply(f"is {word}", (subject,), node.span, scope)
    other = _member(against, subject, sight, scope)
    return None if other is None else _apply("=", (subject, other), node.span, scope)


def _past(node: Test, subject: Expression, sight: Sight, scope: Scope) -> Expression | None:
    if subject.type.kind not in ("date", "instant"):
        scope.findings.report("type.mismatch", node.subject.span, expected="date or instant", found=str(subject.type))
        return None
    if not (isinstance(sight, EntitySight) and sight.timed):
        scope.findings.report("condition.time", node.span)
        return None
    return Apply("is past", (subject,), BOOLEAN, node.span)


def _member(node: Node, subject: Expression, sight: Sight, scope: Scope) -> Expression | None:
    if not isinstance(node, Path):
        return resolve_expression(node, sight, subject.type, scope)
    word = _word(node)
    if subject.type.kind == "enum" and word is not None:
        return constant(node, subject.type.required(), scope)
    if word is not None and not sees(sight, word):
        scope.findings.unknown("name.unknown-state", word, node.span, (*_STATES, "null"), found=str(subject.type))
        return None
    return value_of(node, sight, scope)


def _membership(node: Test, sight: Sight, scope: Scope) -> Expression | None:
    subject = resolve_expression(node.subject, sight, None, scope)
    if not isinstance(node.against, ListLiteral):
        collection = resolve_expression(node.against, sight, None, scope)
        if subject is None or collection is None:
            return None
        return _apply("in", (subject, collection), node.span, scope)
    if subject is None:
        return None
    tests: list[Expression] = []
    sound = bool(node.against.items)
    if not sound:
        scope.findings.report("expression.list", node.against.span)
    for item in node.against.items:
        other = _member(item, subject, sight, scope)
        test = None if other is None else _apply("=", (subject, other), item.span, scope)
        sound = sound and test is not None
        if test is not None:
            tests.append(test)
    if not sound:
        return None
    return tests[0] if len(tests) == 1 else Both(False, tuple(tests), BOOLEAN, node.span)


def _choice(node: If, sight: Sight, expected: Type | None, scope: Scope) -> Expression | None:
    condition = resolve_condition(node.condition, sight, scope)
    one = resolve_expression(node.then, sight, expected, scope)
    hint = expected if expected is not None else one.type if one is not None else None
    other = resolve_expression(node.otherwise, sight, hint, scope)
    if condition is None or one is None or other is None:
        return None
    kind = merged(one.type, other.type)
    if kind is None:
        label = Label(one.span, "other-branch", {"type": str(one.type)})
        scope.findings.report("type.mismatch", other.span, label, expected=str(one.type), found=str(other.type))
        return None
    return Choose(condition, one, other, kind, node.span)


def _call(node: Call, sight: Sight, scope: Scope) -> Expression | None:
    name = node.function.text
    arguments: list[Expression] = []
    sound = True
    for argument in node.arguments:
        found = resolve_expression(argument.value, sight, None, scope)
        sound = sound and found is not None
        if argument.name is not None:
            scope.findings.report("expression.named-argument", argument.name.span, function=name)
            sound = False
        if found is not None:
            arguments.append(found)
    if name in _OPERATORS or name not in FUNCTIONS:
        scope.findings.unknown("name.unknown-function", name, node.function.span, _NAMES)
        return None
    return _apply(name, tuple(arguments), node.span, scope) if sound else None


def _apply(name: str, arguments: tuple[Expression, ...], span: Span, scope: Scope) -> Expression | None:
    kinds = tuple(kind_name(argument.type) for argument in arguments)
    if name in _EQUALITIES and "null" in kinds:
        known = next((argument.type for argument in arguments if argument.type.kind != "null"), BOOLEAN)
        arguments = tuple(
            replace(argument, type=known.optional()) if argument.type.kind == "null" else argument
            for argument in arguments
        )
        kinds = tuple(kind_name(argument.type) for argument in arguments)
    signature = find_signature(name, kinds)
    if signature is None:
        takes = tuple(
            ", ".join(one.parameters) for one in FUNCTIONS[name].signatures if len(one.parameters) == len(arguments)
        )
        counts = tuple(sorted({str(len(one.parameters)) for one in FUNCTIONS[name].signatures}))
        scope.findings.report(
            "expression.arguments",
            span,
            function=name,
            found=tuple(str(one.type) for one in arguments),
            takes=takes,
            counts=counts,
        )
        return None
    result = result_kind(signature, kinds)
    return Apply(name, arguments, _result(name, result, signature.nullable, arguments), span)


def _result(name: str, kind: str, nullable: bool, arguments: Sequence[Expression]) -> Type:
    first = arguments[0].type if arguments else None
    if first is not None and first.item is not None and kind == kind_name(first.item):
        return first.item.optional() if nullable else first.item
    shape, _, item = kind.partition("<")
    if item:
        return Type(shape, nullable=nullable, item=Type(item.removesuffix(">")))
    return Type(kind, nullable=nullable, length=_length(name, arguments) if kind == "text" else None)


def _length(name: str, arguments: Sequence[Expression]) -> int | None:
    """The longest text that a function makes, where that is plain to see."""
    lengths = [argument.type.length for argument in arguments]
    match name, arguments:
        case "truncate", (_, Constant(value=int(longest))) if longest >= 0:
            return longest if lengths[0] is None else min(longest, lengths[0])
        case "+", _:
            known = [length for length in lengths if length is not None]
            return sum(known) if len(known) == len(lengths) else None
        case "text", (only,) if only.type.kind == "enum":
            return max(map(len, only.type.members), default=None)
        case _ if name in _SAME_LENGTH:
            return lengths[0]
    return None
