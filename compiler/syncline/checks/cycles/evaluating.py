"""Lines of a map, carried out on one value: codecs by the runtime's registry, expressions by its functions."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, Final

from syncline.checks.cycles.graph import Edge
from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.spec import CodecUse
from syncline.model.types import Type
from syncline_runtime import codecs, expressions
from syncline_runtime.codecs import CODECS, table
from syncline_runtime.expressions import FUNCTIONS, find_signature
from syncline_runtime.values import ABSENT, Money

_TEXTS: Final = ("Ana Ek", " ana ", "A-1", "x")
_SAMPLES: Final[Mapping[str, tuple[Any, ...]]] = {
    "boolean": (True, False),
    "integer": (0, 1, 2, -7, 42),
    "decimal": (Decimal(0), Decimal(1), Decimal("2.5"), Decimal(-7)),
    "percent": (Decimal(0), Decimal("0.25"), Decimal(1)),
    "date": (date(2026, 1, 31),),
    "instant": (datetime(2026, 1, 31, 12, 30, tzinfo=UTC),),
    "email": ("Ana@Example.com", "ana@example.com"),
    "url": ("https://example.com/a",),
    "country": ("NO",),
    "currency": ("EUR",),
    "language": ("en",),
    "money": (Money(Decimal(12), "EUR"), Money(Decimal("12.5"), "EUR"), Money(Decimal(12), "JPY")),
    "set": (frozenset(), frozenset(("a", "b"))),
    "list": ((), ("b", "a")),
    "phone": ("+4722334455",),
}
_ENUMERATED: Final = ("enum", "boolean")


class Unknown(Exception):
    """A line whose effect cannot be known here: a function of one's own, or several fields of which one comes round."""


@dataclass(frozen=True, slots=True)
class _Several:
    """The natives of a line that is spelled in several fields."""

    natives: tuple[Any, ...]


def samples_of(edge: Edge) -> tuple[tuple[Any, ...], bool]:
    """Values of the entity's field at which a loop is entered, and whether these are all there are."""
    assert edge.line is not None
    type_ = _type_at(edge)
    values = _values(type_)
    return ((*values, None) if type_.nullable else values), type_.kind in _ENUMERATED


def write(edge: Edge, value: Any) -> Any:
    """What the system holds where the entity holds `value`."""
    line = edge.line
    assert line is not None
    if line.picked:
        raise Unknown
    if line.expression is not None:
        return _evaluated(line.expression, edge.name or edge.source.name, value)
    for step in reversed(line.pipeline):
        value = _put(step, value, len(line.natives))
    if len(line.natives) > 1:
        return _Several(value)
    for step in line.natives[0].normalises:
        value = _put(step, value, 1)
    return value


def read(edge: Edge, value: Any) -> Any:
    """What the entity holds where the system holds `value`."""
    line = edge.line
    assert line is not None
    if line.picked:
        raise Unknown
    if line.expression is not None:
        native = next(native.name for native in line.natives if edge.source.text.endswith(f".{native.name}"))
        return _evaluated(line.expression, native, value)
    if (len(line.natives) > 1) is not isinstance(value, _Several):
        raise Unknown  # one of several fields came round, and what the others hold is not known
    if isinstance(value, _Several):
        value = value.natives
    for step in line.pipeline:
        value = getattr(codecs, CODECS[step.name].get)(value, *_arguments(step))
    return value


def follow(edge: Edge, value: Any) -> Any:
    """What follows from `value` in the record itself, or where several records have it."""
    line = edge.line
    assert line is not None
    assert line.expression is not None
    return _evaluated(line.expression, edge.name, (value, value) if edge.several else value)


def shown(value: Any) -> str:
    """A value as the language writes it."""
    if isinstance(value, str | bool | None):
        return json.dumps(value, ensure_ascii=False)
    # Only a loop that is refused needs it: a clean check does not pay for the runtime's records.
    from syncline_runtime.records import value_text

    return value_text(value)


def _put(step: CodecUse, value: Any, count: int) -> Any:
    definition = CODECS[step.name]
    if definition.trusted:
        raise Unknown
    return getattr(codecs, definition.put)(value, *_arguments(step), *((count,) if definition.needs_count else ()))


def _arguments(step: CodecUse) -> tuple[Any, ...]:
    if step.table:
        return (table(dict(step.table), ABSENT if step.otherwise is None else step.otherwise),)
    return step.arguments


def _type_at(edge: Edge) -> Type:
    line = edge.line
    assert line is not None
    if edge.kind == "follow":
        found = next(part.type for part in _leaves(line.expression) if part.name == edge.name)
        return found.item if edge.several and found.item is not None else found
    if line.field is not None and line.field.name == edge.source.name:
        return line.field.type
    return next(part.type for part in _leaves(line.expression) if part.name == (edge.name or edge.source.name))


def _values(type_: Type) -> tuple[Any, ...]:
    if type_.kind == "enum":
        return type_.members
    found = _SAMPLES.get(type_.kind, _TEXTS)
    return tuple(value for value in found if type_.length is None or len(value) <= type_.length)


def _leaves(expression: Expression | None) -> tuple[EntityField | NativeValue, ...]:
    match expression:
        case EntityField() | NativeValue():
            return (expression,)
        case Apply(arguments=parts) | Both(parts=parts):
            return tuple(leaf for part in parts for leaf in _leaves(part))
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return (*_leaves(condition), *_leaves(then), *_leaves(otherwise))
    return ()


def _evaluated(expression: Expression, name: str, value: Any) -> Any:
    match expression:
        case Constant(value=constant):
            return constant
        case EntityField(name=own, type=type_) | NativeValue(name=own, type=type_):
            # Beside the value that goes round, the others stay as they are.
            return value if own == name else _values(type_)[0]
        case Both(every=every, parts=parts):
            found = [_evaluated(part, name, value) is True for part in parts]
            return all(found) if every else any(found)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return _evaluated(then if _evaluated(condition, name, value) is True else otherwise, name, value)
        case Apply(function=function, arguments=arguments):
            kinds = tuple(
                f"{part.type.kind}<{part.type.item.kind}>" if part.type.item is not None else part.type.kind
                for part in arguments
            )
            signature = find_signature(function, kinds) or FUNCTIONS[function].signatures[0]
            return getattr(expressions, signature.python)(*(_evaluated(part, name, value) for part in arguments))
