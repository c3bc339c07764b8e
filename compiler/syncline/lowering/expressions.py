"""Typed expressions as Python: functions of the runtime's registry, and Python's own `and`, `or` and `if`."""

from collections.abc import Callable, Iterator
from datetime import timedelta

from syncline.lowering.layout import Code, Imported, Infix, Plain, call, text
from syncline.lowering.quoting import literal
from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.types import Type
from syncline_runtime.codecs import TEXT_KINDS
from syncline_runtime.expressions import FUNCTIONS, find_signature
from syncline_runtime.expressions.registry import Signature

Read = Callable[[EntityField | NativeValue], Code]
"""How a field that an expression names is read where the expression stands."""


def value(expression: Expression, read: Read, *, present: bool = False) -> Code:
    """The expression as a value; `present` says that every field it names is shown, so that Python's own operators will do."""
    match expression:
        case Constant():
            return constant(expression)
        case EntityField() | NativeValue():
            return read(expression)
        case Apply(function="is past", arguments=(moment,)):
            return call("is_past", value(moment, read, present=present), Plain("now"))
        case Apply():
            return _applied(expression, read, present)
        case Choose(condition, Constant(True), Constant(False)):
            return truth(condition, read, present=present)
        case Choose(condition, then, otherwise):
            chosen = ("", value(then, read, present=present)), ("if", truth(condition, read, present=present))
            return Infix((*chosen, ("else", value(otherwise, read, present=present))))
        case Both(every, parts):
            return _joined("and" if every else "or", [truth(part, read, present=present) for part in parts])


def truth(expression: Expression, read: Read, *, present: bool = False) -> Code:
    """The expression as a condition: a Python boolean, false where a boolean field is null."""
    code = value(expression, read, present=present)
    match expression:
        case Both() | Choose(_, Constant(True), Constant(False)) | Constant(bool()):
            return code
        case Apply(function="is past"):
            return code
        case Apply() if signature(expression).result == "boolean" and not signature(expression).nullable:
            return code
        case _:
            return Infix((("", code), ("is", Plain("True"))))


def _applied(expression: Apply, read: Read, present: bool) -> Code:
    function = signature(expression).python
    arguments = expression.arguments
    if function == "add" and signature(expression).result == "text":
        return call("concatenated", *(value(part, read, present=present) for part in _summands(expression)))
    codes = tuple(value(argument, read, present=present) for argument in arguments)
    kinds = {argument.type.kind for argument in arguments}
    if present and function in ("is_present", "is_empty") and not isinstance(codes[0], Infix):
        empty = function == "is_empty"
        if kinds <= _TEXTS:
            return Infix((("", codes[0]), ("in" if empty else "not in", Plain('(None, "")'))))
        if kinds <= _SCALARS:
            return Infix((("", codes[0]), ("is" if empty else "is not", Plain("None"))))
    return call(function, *codes)


_TEXTS = frozenset(TEXT_KINDS)
_SCALARS = frozenset(
    {"integer", "decimal", "percent", "money", "boolean", "date", "instant", "local_time", "duration", "ref"}
)


def _summands(expression: Expression) -> Iterator[Expression]:
    match expression:
        case Apply(_, arguments) if signature(expression).python == "add" and signature(expression).result == "text":
            for argument in arguments:
                yield from _summands(argument)
        case _:
            yield expression


def _joined(operator: str, operands: list[Code]) -> Code:
    if len(operands) == 1:
        return operands[0]
    return Infix(tuple((operator if position else "", operand) for position, operand in enumerate(operands)))


def constant(expression: Constant) -> Code:
    """The canonical value of a literal."""
    match expression.value, expression.type.kind:
        case str(spelling), _:
            return text(spelling)
        case (int() as number, ("decimal" | "percent")) if not isinstance(number, bool):
            return call("Decimal", Plain(literal(str(number))))
        case number, _ if type(number).__name__ == "Decimal":
            return call("Decimal", Plain(literal(str(number))))
        case timedelta() as length, _:
            parts = {"days": length.days, "seconds": length.seconds, "microseconds": length.microseconds}
            return call("timedelta", **{name: Plain(literal(count)) for name, count in parts.items() if count})
        case frozenset(), _:
            return call(Plain("frozenset"))
        case (), _:
            return Plain("()")
        case (None | bool() | int()) as other, _:
            return Plain(literal(other))
    raise LookupError(f"no literal for {expression.type}")


def signature(expression: Apply) -> Signature:
    """The way in which the function is applied; raises LookupError where the registry has none (the checks refuse such a spec)."""
    found = find_signature(expression.function, tuple(kind(argument.type) for argument in expression.arguments))
    if found is None:
        found = next(
            (one for known in FUNCTIONS.values() for one in known.signatures if one.python == expression.function), None
        )
    if found is None:
        raise LookupError(f"no function {expression.function!a} for these arguments")
    return found


def kind(type_: Type) -> str:
    """The type's kind as signatures spell it: `text`, `list<money>`."""
    return f"{type_.kind}<{kind(type_.item)}>" if type_.item is not None else type_.kind


def named(expression: Expression) -> Iterator[EntityField | NativeValue]:
    """The fields that the expression names, with repetitions."""
    match expression:
        case EntityField() | NativeValue():
            yield expression
        case Apply(_, arguments):
            for argument in arguments:
                yield from named(argument)
        case Choose(condition, then, otherwise):
            for part in (condition, then, otherwise):
                yield from named(part)
        case Both(_, parts):
            for part in parts:
                yield from named(part)
        case Constant():
            return


def absent_unless(shown: tuple[Code, ...], code: Code) -> Code:
    """The code where all conditions hold, else ABSENT: what a system did not show is never a change."""
    return Infix((("", code), ("if", _joined("and", list(shown))), ("else", Imported("ABSENT")))) if shown else code
