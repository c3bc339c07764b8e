"""Witnesses of refusals by type: a value or a native, each within its own type, that the other end has no room for."""

from decimal import Decimal
from typing import Any

from syncline.model.spec import Line, NativeField
from syncline.model.types import Type
from syncline_runtime.codecs import CodecError
from syncline_runtime.declaration import FieldMap
from syncline_runtime.values import Money


def bounds(type_: Type, spelled: str = "") -> tuple[Any, ...]:
    """The values at the bounds of a type, and texts just beyond: a native may mean them. None of a type without bounds."""
    found: tuple[Any, ...] = (None,) if type_.nullable else ()
    if type_.kind == "text":
        room = type_.length or 60
        return (*found, *(letter * size for letter in "aA" for size in range(max(room - 6, 0), room + 9)))
    if type_.kind == "decimal" and type_.precision is not None:
        most = 10**type_.precision - 1
        numbers = [Decimal(digits).scaleb(-(type_.scale or 0)) for digits in (most, -most, 1)]
        return (*found, *(f"{number:f}" if spelled == "text" else number for number in numbers))
    return (*found, *type_.members) if type_.kind == "enum" else found


def fits(type_: Type, value: Any) -> bool:
    """Whether a value is within the bounds of a type, null aside."""
    if value is None:
        return True
    if type_.kind == "text" and isinstance(value, str):
        return type_.length is None or len(value) <= type_.length
    if type_.kind == "integer" and isinstance(value, Decimal):
        return value == value.to_integral_value()
    if type_.kind == "decimal" and isinstance(value, Decimal | int | str) and type_.precision is not None:
        number, scale = Decimal(value), type_.scale or 0
        return number == round(number, scale) and abs(number) < Decimal(10) ** (type_.precision - scale)
    return True


def strays(line: Line, name: str, made: FieldMap, plain: FieldMap, value: Any, native: tuple[Any, ...]) -> bool:
    """Whether a value or a native shows what the line was refused for.

    `made` is the generated code, `plain` the codecs alone, for a field `f0` and natives `n0_…`: what these refuse by themselves,
    as a text without its prefix, is no witness, since lines that are accepted refuse it too.
    """
    assert line.field is not None
    field_type = line.field.type
    if isinstance(value, Money) or (fits(field_type, value) and (value is not None or field_type.nullable)):
        try:
            written = made.write({name: value}, None)
        except CodecError:
            return field_type.kind == "enum"
        if any(not _takes(one, written.get(one.name)) for one in line.natives):
            return True
    return any(_comes_back_too_large(line, name, made, plain, one) for one in (native, *_spelled(line, plain, value)))


def _spelled(line: Line, plain: FieldMap, value: Any) -> tuple[tuple[Any, ...], ...]:
    """A native that means a value, which may be more than the field has room for: it has the prefix that reading asks for."""
    try:
        return (tuple(plain.write({"f0": value}, None).values()),) if len(line.natives) == 1 else ()
    except (CodecError, TypeError, AttributeError):
        return ()


def _comes_back_too_large(line: Line, name: str, made: FieldMap, plain: FieldMap, native: tuple[Any, ...]) -> bool:
    assert line.field is not None
    field_type, (first, *_) = line.field.type, line.natives
    if len(native) == 1 and fits(first.type, native[0]) and (native[0] is not None or first.type.nullable):
        try:
            read = made.read({first.name: native[0]})[name]
        except CodecError:
            try:
                # The codecs alone take a number that the system spells as text as a number.
                number = first.type.kind == "decimal" and first.wire == "text"
                (read,) = plain.read({"n0_0": Decimal(native[0]) if number else native[0]}).values()
            except CodecError:
                return False
        return not fits(field_type, read) or (read is None and not field_type.nullable)
    return False


def _takes(native: NativeField, value: Any) -> bool:
    return fits(native.type, value) and not (value is None and native.required)
