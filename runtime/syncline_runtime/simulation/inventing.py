"""Values for users to type: each unique, where its kind has enough of them, so that a lost one can be named."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from random import Random
from typing import Any, Final
from uuid import UUID

from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.declaration import Entity, FieldMap, Flow
from syncline_runtime.values import ABSENT, Money, Native, Reference, Shown

UNIQUE: Final = frozenset(
    ("text", "email", "phone", "url", "uuid", "integer", "decimal", "money", "date", "instant", "duration", "bytes")
)
"""Kinds of which no two values that users type are equal."""

MAPPING_ERRORS: Final = (CodecError, ArithmeticError, LookupError, TypeError, ValueError, AttributeError)

_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def canonical(kind: str, number: int, rng: Random, field: str) -> Iterable[Any]:
    """Canonical values of a kind that stand for `number`, the most natural one first."""
    initial = next((letter for letter in field.rpartition(".")[2] if letter.isalpha()), "x").lower()
    match kind:
        case "text":
            yield f"{initial}{number:05d} of many"
            yield f"{initial}{number:05d}"
            yield f"{initial}{_short(number)}"
            yield f"{initial}{_short(number)}".upper()
            yield _short(number)[-2:]
        case "email":
            yield f"{initial}{number}@example.org"
        case "phone":
            yield f"+4722{number % 10**6:06d}"
        case "url":
            yield f"https://example.org/{number}"
        case "uuid":
            yield str(UUID(int=number))
        case "country":
            yield rng.choice(("NO", "SE", "DE", "FR"))
        case "currency":
            yield rng.choice(("EUR", "NOK", "USD"))
        case "language":
            yield rng.choice(("nb", "en", "de"))
        case "integer":
            yield number
            yield number % 100
        case "decimal" | "percent":
            yield Decimal(number) + Decimal("0.25")
            yield Decimal(number)
            yield Decimal(number % 100)
        case "money":
            yield Money(Decimal(number), "EUR")
            yield Money(Decimal(number), "NOK")
        case "boolean":
            yield rng.random() < 0.5
        case "date":
            yield date(2000, 1, 1) + timedelta(days=number)
        case "instant":
            yield datetime(2020, 1, 1, tzinfo=UTC) + timedelta(hours=number)
        case "local_time":
            yield time(number // 60 % 24, number % 60)
        case "duration":
            yield timedelta(minutes=number)
        case "bytes" | "binary":
            yield number.to_bytes(4, "big")
        case "set":
            yield frozenset((f"{initial}{number}",))
            yield frozenset((number,))
        case "list":
            yield (f"{initial}{number}",)
            yield (number,)
        case _:
            return


def members(mapping: FieldMap, rng: Random) -> list[str]:
    """Members of the enumerations that a map knows: generated code keeps them as constants beside its functions."""
    found: set[str] = set()
    for constant in getattr(mapping.write, "__globals__", {}).values():
        if isinstance(constant, frozenset):
            found.update(member for member in constant if isinstance(member, str))
    return rng.sample(sorted(found), len(found))


def spelled(mapping: FieldMap, flow: Flow, value: Any, old: Native | None, rng: Random) -> Native | None:
    """Native fields by which a record shows `value` in the field of a line; None where that cannot be found out."""
    for native in _spellings(mapping, flow, value, old):
        try:
            if mapping.read({**(old or {}), **native}).get(flow.field, ABSENT) == value:
                return _as_people_type(mapping, flow, native, value, old, rng)
        except MAPPING_ERRORS:
            continue
    return None


def shown(mapping: FieldMap, native: Native) -> Mapping[str, Shown]:
    """What a record shows of the entity; nothing where it cannot be mapped."""
    try:
        return mapping.read(dict(native))
    except MAPPING_ERRORS:
        return {}


def in_system(values: Mapping[str, Any], system: str, remotes: Mapping[tuple[str, str, int], str]) -> dict[str, Any]:
    """Agreed values as a system takes them: a reference is the remote id that its link has there, ABSENT where it has none; so
    is a nested collection with one that has none. `remotes` are remote ids by (system, entity, link)."""
    return {name: _one_in_system(value, system, remotes) for name, value in values.items()}


def _one_in_system(value: Any, system: str, remotes: Mapping[tuple[str, str, int], str]) -> Any:
    if isinstance(value, Reference):
        return remotes.get((system, value.entity, value.link), ABSENT)
    if isinstance(value, tuple) and not isinstance(value, Money) and any(isinstance(one, Mapping) for one in value):
        elements = tuple(in_system(one, system, remotes) for one in value)
        return ABSENT if any(ABSENT in one.values() for one in elements) else elements
    return value


def hears(entity: Entity, mapping: FieldMap) -> tuple[Flow, ...]:
    """The lines of a map whose field a person may edit: keys and computed texts aside."""
    matched = {name for rule in entity.match for name in rule.fields}
    return tuple(
        flow
        for flow in mapping.flows
        if not flow.field.startswith("=") and flow.field not in matched and flow.field in entity.kinds
    )


def _spellings(mapping: FieldMap, flow: Flow, value: Any, old: Native | None) -> Iterable[Native]:
    if flow.writes:
        try:
            native = mapping.write(
                {**dict.fromkeys((one.field for one in mapping.flows), ABSENT), flow.field: value}, old
            )
        except MAPPING_ERRORS:
            native = {}
        found = {name: native[name] for name in flow.native if name in native}
        if found:
            yield found
    if len(flow.native) == 1:
        # A line that is only read: its spelling is found by trying.
        amount = value.amount if isinstance(value, Money) else value
        for native_value in (amount, str(amount), _plain(amount)):
            yield {flow.native[0]: native_value}


def _as_people_type(
    mapping: FieldMap, flow: Flow, native: Native, value: Any, old: Native | None, rng: Random
) -> Native:
    """The same value as a person might type it: with a space behind, or in capitals, where that makes no difference."""
    careless = rng.choice((lambda text: text, lambda text: text + " ", str.upper))
    typed = {name: careless(text) if isinstance(text, str) and text else text for name, text in native.items()}
    try:
        alike = mapping.read({**(old or {}), **typed}).get(flow.field, ABSENT) == value
    except MAPPING_ERRORS:
        alike = False
    return typed if alike else native


def _plain(value: Any) -> Any:
    match value:
        case frozenset() | tuple():
            return sorted(value, key=str)
        case Decimal():
            return float(value)
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else value


def _short(number: int) -> str:
    digits = ""
    while number or len(digits) < 3:
        number, digit = divmod(number, 36)
        digits = _DIGITS[digit] + digits
    return digits
