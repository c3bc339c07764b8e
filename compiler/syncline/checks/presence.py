"""Presence: no expression is given null where it needs a value, whatever the record."""

from collections.abc import Iterable, Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.spec import Arrow, Line, Map, Spec

_TAKE_NULL = frozenset({"=", "!=", "in", "is empty", "is present", "is past"})
"""Functions that have an answer for null; with any other, the record cannot be computed and is set aside."""

_Known = frozenset[str]
"""What is known to be present where an expression is evaluated, as the spec spells it."""

_NOTHING: _Known = frozenset()


def check_presence(spec: Spec) -> Iterator[Diagnostic]:
    """type.null-operand. Conditions of truth and delete rules have their own answer for null: which of them holds."""
    for entity in spec.entities.values():
        for field in entity.fields.values():
            yield from _asked(field.computed)
    for field_map in (nested for each in spec.maps for nested in each.nested()):
        yield from _in_map(field_map)
    for derivation in spec.derivations:
        yield from _asked(derivation.condition)
        yield from _in_lines(derivation.lines, _present(derivation.condition, True))
    for sync in spec.syncs:
        for rule in (*sync.creates, *sync.updates):
            yield from _asked(rule.when)


def _in_map(field_map: Map) -> Iterator[Diagnostic]:
    yield from _asked(field_map.when)
    written = _present(field_map.when, True) if field_map.when is not None else _NOTHING
    yield from _in_lines([line for line in field_map.lines if line.arrow is Arrow.READ], _NOTHING)
    yield from _in_lines([line for line in field_map.lines if line.arrow is not Arrow.READ], written)


def _in_lines(lines: Iterable[Line], known: _Known) -> Iterator[Diagnostic]:
    for line in lines:
        yield from _asked(line.expression, known)
        yield from _in_lines(line.made or (), _NOTHING)


def _asked(expression: Expression | None, known: _Known = _NOTHING) -> Iterator[Diagnostic]:
    """What is wrong in an expression that is evaluated where this much is known."""
    match expression:
        case Choose(condition=condition, then=then, otherwise=otherwise):
            yield from _asked(condition, known)
            yield from _asked(then, known | _present(condition, True))
            yield from _asked(otherwise, known | _present(condition, False))
        case Both(every=every, parts=parts):
            for part in parts:
                yield from _asked(part, known)
                known |= _present(part, every)
        case Apply(function=function, arguments=arguments):
            for argument in arguments:
                yield from _asked(argument, known)
                if function not in _TAKE_NULL and _may_be_null(argument, known):
                    facts = {"operand": _spelled(argument), "function": function}
                    yield Diagnostic("type.null-operand", argument.span, facts, _declared(expression, argument))


def _declared(whole: Expression, part: Expression) -> tuple[Label, ...]:
    return (Label(whole.span, "this-expression"),) if whole.span.start != part.span.start else ()


def _may_be_null(expression: Expression, known: _Known) -> bool:
    if _spelled(expression) in known:
        return False
    match expression:
        case Constant(value=value):
            return value is None
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return _may_be_null(then, known | _present(condition, True)) or _may_be_null(
                otherwise, known | _present(condition, False)
            )
        case EntityField(type=type_) | NativeValue(type=type_) | Apply(type=type_):
            return type_.nullable
    return False


def _present(condition: Expression | None, holds: bool) -> _Known:
    """What has a value where the condition holds, or where it does not."""
    match condition:
        case Apply(function="not", arguments=(denied,)):
            return _present(denied, not holds)
        case Apply(function=("is present" | "is past"), arguments=(subject,)) if holds:
            return frozenset({_spelled(subject)})
        case Apply(function="is empty", arguments=(subject,)) if not holds:
            return frozenset({_spelled(subject)})
        case Apply(function="in", arguments=(subject, _)) if holds:
            return frozenset({_spelled(subject)})
        case Apply(function=("=" | "!=") as function, arguments=(one, other)):
            same = holds is (function == "=")
            return frozenset(
                _spelled(left)
                for left, right in ((one, other), (other, one))
                if isinstance(right, Constant) and (right.value is not None) is same
            )
        case Both(every=every, parts=parts):
            each = [_present(part, holds) for part in parts]
            return _NOTHING.union(*each) if every is holds else each[0].intersection(*each[1:])
    return _NOTHING


def _spelled(expression: Expression) -> str:
    return " ".join(expression.span.text.split())
