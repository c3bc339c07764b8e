"""Filters: what the condition of a map says that a system can be asked for, and that a new record there must show."""

from collections.abc import Mapping
from typing import TypeGuard

from syncline.model.expressions import Apply, Both, Constant, Expression, NativeValue
from syncline.model.spec import Equality, NativeField


def split(where: Expression, natives: Mapping[str, NativeField]) -> tuple[tuple[Equality, ...], Expression | None]:
    """The equalities that every record has which `where` lets through, set on creates, and what is left of the condition."""
    parts = where.parts if isinstance(where, Both) and where.every else (where,)
    equalities: list[Equality] = []
    rest: list[Expression] = []
    for part in parts:
        match part:
            case Apply(function="=", arguments=(NativeValue(name=name), Constant(value=value))) if _is_plain(value):
                equalities.append(Equality(native=natives[name], value=value, span=part.span))
            case Apply(function="=", arguments=(Constant(value=value), NativeValue(name=name))) if _is_plain(value):
                equalities.append(Equality(native=natives[name], value=value, span=part.span))
            case NativeValue(name=name):
                equalities.append(Equality(native=natives[name], value=True, span=part.span))
            case Apply(function="not", arguments=(NativeValue(name=name),)):
                equalities.append(Equality(native=natives[name], value=False, span=part.span))
            case _:
                rest.append(part)
    if len(rest) > 1:
        return tuple(equalities), Both(True, tuple(rest), where.type, where.span)
    return tuple(equalities), rest[0] if rest else None


def _is_plain(value: object) -> TypeGuard[str | int | bool | None]:
    return value is None or isinstance(value, str | int)
