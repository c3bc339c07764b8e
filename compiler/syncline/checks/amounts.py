"""Amounts of money: counted in the minor unit that their currency has, written with their currency, and without loss."""

import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Final, NamedTuple

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.spec import Arrow, Line, Map, Spec
from syncline.source import Span
from syncline_runtime.codecs import MINOR_UNITS, plain

_FACTORS: Final = {Decimal(10) ** digits: digits for digits in range(1, 5)}
_MONEY_NAME: Final = re.compile(
    r"(^|[._])(amount|price|total|cost|fee|balance|salary|revenue|cents|credit|paid|payment|due|subtotal|net|gross)s?($|[._])"
)
_MEASURE_NAME: Final = re.compile(
    r"weight|mass|length|width|height|depth|distance|volume|size|percent|rate|share|ratio|quantity|qty|stock|score|points|duration"
)
_WITHOUT_MINOR: Final = "JPY"
_EXAMPLE: Final = 1200


class _Scaled(NamedTuple):
    """An amount that is multiplied (`digits` > 0) or divided by a power of ten, and by which expression."""

    digits: int
    expression: Expression


def check_amounts(spec: Spec) -> Iterator[Diagnostic]:
    """unit.minor, unit.currency-lost, unit.scale."""
    currencies = _currencies(spec)
    of_entity: dict[str, list[Map]] = {}
    for field_map in spec.maps:
        of_entity.setdefault(field_map.entity.name, []).append(field_map)
    for field_map in spec.maps:
        for line in field_map.lines:
            if line.expression is not None:
                yield from _minor(line, field_map, currencies)
                yield from _lost(line, field_map)
            else:
                # A currency that does not fit says it all: where its amounts come from is then no second mistake.
                found = tuple(_scale(line))
                yield from found or _narrower(line, field_map, of_entity[field_map.entity.name])
        yield from _paired(field_map)


def _currencies(spec: Spec) -> Mapping[tuple[str, str], frozenset[str]]:
    """The currencies in which each field's amounts come, by entity and field; empty text where a system says them itself."""
    found: dict[tuple[str, str], set[str]] = {}
    for field_map in spec.maps:
        for line in field_map.lines:
            if line.field is not None and line.field.type.kind == "money" and line.arrow is not Arrow.WRITE:
                names = [str(step.arguments[0]) for step in line.pipeline if step.name in ("money_in", "money_minor")]
                found.setdefault((field_map.entity.name, line.field.name), set()).update(names or [""])
    return {key: frozenset(names) for key, names in found.items()}


# -- counted in hundredths, whatever the currency ----------------------------------------------------------------------------


def _minor(line: Line, field_map: Map, currencies: Mapping[tuple[str, str], frozenset[str]]) -> Iterator[Diagnostic]:
    assert line.expression is not None
    for amount, currency in _amounts(line.expression):
        scaled = _scaled(amount)
        if scaled is None:
            continue
        known = frozenset((currency,)) if currency else frozenset(("",))
        money = [leaf.name for leaf in _leaves(amount) if leaf.type.kind == "money"]
        if money and line.arrow is Arrow.WRITE:
            known = currencies.get((field_map.entity.name, money[0]), known)
        wrong = sorted(name for name in known if name and MINOR_UNITS.get(name) != abs(scaled.digits))
        if wrong or "" in known:
            yield _finding(line, scaled, wrong[0] if wrong else "")


def _amounts(expression: Expression) -> Iterator[tuple[Expression, str]]:
    """The parts of an expression that are an amount of money as a number, each with its currency where that is a literal."""
    match expression:
        case Apply(function="money", arguments=(number, Constant(value=str(currency)))):
            yield number, currency
        case Apply(function="money", arguments=(number, _)):
            yield number, ""
        case Apply(function="*" | "/", arguments=arguments) if any(_is_amount(part) for part in arguments):
            yield expression, ""
        case Apply(arguments=parts) | Both(parts=parts):
            for part in parts:
                yield from _amounts(part)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _amounts(part)


def _is_amount(expression: Expression) -> bool:
    match expression:
        case Apply(function="amount"):
            return True
        case Apply(function="round" | "abs", arguments=(inner, *_)):
            return _is_amount(inner)
    return expression.type.kind == "money"


def _scaled(expression: Expression) -> _Scaled | None:
    """By how many digits the point of the one number is moved that the expression reads; None where it does something else."""
    match expression:
        case Apply(function="*" | "/" as operator, arguments=(one, other)):
            number, rest = (one, other) if isinstance(one, Constant) else (other, one)
            if isinstance(number, Constant) and len({leaf.name for leaf in _leaves(rest)}) == 1:
                digits = _digits(number.value)
                divides = operator == "/"
                if digits and not (divides and number is one):
                    return _Scaled(-digits if divides else digits, expression)
        case Apply(function="round" | "integer" | "decimal" | "abs", arguments=(inner, *_)):
            return _scaled(inner)
        case (
            Choose(then=inner, otherwise=Constant(value=None)) | Choose(then=Constant(value=None), otherwise=inner)
        ):  # of what is there
            return _scaled(inner)
    return None


def _digits(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return 0
    return _FACTORS.get(Decimal(value), 0)


def _finding(line: Line, scaled: _Scaled, currency: str) -> Diagnostic:
    digits = abs(scaled.digits)
    shown = currency or _WITHOUT_MINOR
    minor = MINOR_UNITS.get(shown, 0)
    facts: dict[str, Fact] = {
        "expression": " ".join(scaled.expression.span.text.split()),
        "factor": 10**digits,
        "currency": shown,
        "minor": minor,
        "amount": f"{_EXAMPLE} {shown}",
        "sent": f"{_EXAMPLE * 10**digits}",
        "right": f"{_EXAMPLE * 10**minor}",
        "read": f"{plain(Decimal(_EXAMPLE).scaleb(minor - digits)):f}",
        "problem": ("written" if scaled.digits > 0 else "read") + ("" if currency else "-any"),
    }
    return Diagnostic("unit.minor", line.span, facts, ())


def _paired(field_map: Map) -> Iterator[Diagnostic]:
    """The same number moved out by a factor and back by it, which every law lets pass: of money, where a currency is said apart."""
    out: dict[str, tuple[Line, _Scaled, str]] = {}
    for line in field_map.lines:
        if line.expression is None or line.arrow is not Arrow.WRITE or line.expression.type.kind == "money":
            continue
        scaled = _scaled(line.expression)
        names = [leaf.name for leaf in _leaves(line.expression) if leaf.type.kind in ("decimal", "integer")]
        if scaled is not None and len(set(names)) == 1 and scaled.digits > 0:
            out[line.natives[0].name] = line, scaled, names[0]
    for line in field_map.lines:
        if line.expression is None or line.arrow is not Arrow.READ or line.field is None:
            continue
        scaled = _scaled(line.expression)
        for native in line.natives:
            if scaled is None or native.name not in out:
                continue
            written, other, name = out[native.name]
            if (
                name == line.field.name
                and scaled.digits == -other.digits
                and _about_money(field_map, other.digits, name, native.name)
            ):
                found = _finding(written, other, "")
                yield Diagnostic(found.code, found.span, found.facts, (Label(line.span, "back-here"),))


def _about_money(field_map: Map, digits: int, *names: str) -> bool:
    """Whether the names say so, or it is hundredths of something beside a currency: grams and kilograms are none."""
    if any(_MONEY_NAME.search(name) for name in names):
        return True
    if digits != 2 or any(_MEASURE_NAME.search(name) for name in names):
        return False
    entity, resource = field_map.entity, field_map.resource
    kinds = [field.type.kind for field in entity.fields.values()] + [f.type.kind for f in resource.fields.values()]
    said = any("currency" in name for name in (*entity.fields, *resource.fields))
    return "currency" in kinds or said


# -- without its currency ------------------------------------------------------------------------------------------------------


def _lost(line: Line, field_map: Map) -> Iterator[Diagnostic]:
    """An amount that goes on as a number while nothing on that map says in which currency it is."""
    assert line.expression is not None
    stripped = set(_of_function(line.expression, "amount"))
    if not stripped:
        return
    for name in sorted(stripped):
        kept = any(
            name in _of_function(other.expression, "currency")
            for other in field_map.lines
            if other.expression is not None and other.arrow is line.arrow
        )
        asked = name in _of_function(line.expression, "currency")
        if not kept and not asked:
            target = line.natives[0].name if line.arrow is Arrow.WRITE else line.field.name if line.field else ""
            yield Diagnostic("unit.currency-lost", line.span, {"name": name, "target": target})


def _of_function(expression: Expression, function: str) -> Iterator[str]:
    """The money fields of which `amount` or `currency` is taken."""
    match expression:
        case Apply(function=own, arguments=(EntityField(name=name) | NativeValue(name=name),)) if own == function:
            yield name
        case Apply(arguments=parts) | Both(parts=parts):
            for part in parts:
                yield from _of_function(part, function)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _of_function(part, function)


# -- more decimals than there is room for ----------------------------------------------------------------------------------------


def _scale(line: Line) -> Iterator[Diagnostic]:
    """A currency whose minor unit the system's number has no room for: whole cents in a field of whole euros."""
    room = _room(line)
    if line.arrow is Arrow.READ or room is None:
        return
    for step in line.pipeline:
        if step.name == "money_in" and MINOR_UNITS.get(str(step.arguments[0]), 0) > room:
            yield _no_room(
                line, step.span, "currency", str(step.arguments[0]), MINOR_UNITS[str(step.arguments[0])], room
            )


def _narrower(line: Line, field_map: Map, maps: Sequence[Map]) -> Iterator[Diagnostic]:
    """An amount that another system keeps with more decimals than this one."""
    room = _room(line)
    if line.arrow is Arrow.READ or room is None:
        return
    for source in maps:
        if source.system.name == field_map.system.name:
            continue
        for other in source.lines:
            wide = _room(other) if other.field == line.field and other.arrow is not Arrow.WRITE else None
            if wide is not None and wide > room:
                name = f"{source.system.name}.{other.natives[0].name}"
                yield _no_room(line, line.span, "source", name, wide, room)
                return


def _room(line: Line) -> int | None:
    """How many decimals of an amount the line's number keeps; None where it says nothing, or rounds."""
    if line.field is None or line.field.type.kind != "money" or line.expression is not None:
        return None
    native = line.natives[0]
    if any(step.name in ("money_minor", "money_counted", "round") for step in line.pipeline):
        return None
    return 0 if native.type.kind == "integer" else native.type.scale


def _no_room(line: Line, span: Span, problem: str, source: str, wide: int, room: int) -> Diagnostic:
    native = line.natives[0]
    counted = "minor" if any(step.name == "money" for step in line.pipeline) else f'"{source}", minor'
    known = native.type.kind == "integer" and (problem == "currency" or counted == "minor")
    facts: dict[str, Fact] = {
        "problem": problem,
        "source": source,
        "wide": wide,
        "room": room,
        "native": native.name,
        "type": str(native.type),
        "hint": f"`as money({counted})`" if known else "",
    }
    return Diagnostic(
        "unit.scale", span, facts, (Label(native.span, "native-declared-here", {"type": str(native.type)}),)
    )


def _leaves(expression: Expression) -> Iterator[EntityField | NativeValue]:
    match expression:
        case EntityField() | NativeValue():
            yield expression
        case Apply(arguments=parts) | Both(parts=parts):
            for part in parts:
                yield from _leaves(part)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _leaves(part)
