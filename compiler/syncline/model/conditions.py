"""Conditions on an entity's values, held against one another: whether two can hold at once, and whether one always does.

Fields of few values (enums, booleans, and others as far as they are only compared with literals) are tried out in full.
Anything else that a condition asks is left open: true or false, whatever the rest says. What holds for every answer is proven; an
example is given only where no open answer is needed for it.
"""

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from itertools import combinations, islice, product
from typing import Any, Final, NamedTuple

from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression
from syncline.model.spelling import spelled
from syncline.model.types import Type
from syncline_runtime import expressions
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.expressions import FUNCTIONS, find_signature

_COMPARISONS: Final = frozenset(("=", "!=", "<", "<=", ">", ">="))
_STATES: Final = frozenset(("is present", "is empty"))
_NUMBERS: Final = frozenset(("integer", "decimal", "percent"))
_TEXTS: Final = frozenset(("text", "email", "phone", "url", "uuid", "country", "currency", "language"))
_MOST: Final = 20_000
"""Combinations tried; beyond them nothing is claimed."""


class Verdict(NamedTuple):
    """`clash` names two conditions that hold at once, by position, `gap` a record for which none holds, each with an example in
    words. `disjoint` and `complete` say what was proven for every record."""

    clash: tuple[int, int, str] | None
    gap: str | None
    disjoint: bool
    complete: bool


class _Tried(NamedTuple):
    """What a condition is tried with: values by field, and the open questions by their spelling."""

    fields: Mapping[str, tuple[Any, ...]]
    open: tuple[str, ...]


def compare(conditions: Sequence[Expression]) -> Verdict:
    """Hold conditions on the same entity against one another."""
    tried = _tried(conditions)
    size = 2 ** len(tried.open)
    for values in tried.fields.values():
        size *= len(values)
    if size > _MOST:
        return Verdict(None, None, disjoint=False, complete=False)
    clash: tuple[int, int, str] | None = None
    gap: str | None = None
    disjoint = complete = True
    for chosen in product(*tried.fields.values()):
        record = dict(zip(tried.fields, chosen, strict=True))
        sure_pairs: set[tuple[int, int]] | None = None
        sure_gap = True
        for answers in product((False, True), repeat=len(tried.open)):
            answered = dict(zip(tried.open, answers, strict=True))
            held = [index for index, one in enumerate(conditions) if _holds(one, record, answered)]
            pairs = set(combinations(held, 2))
            disjoint = disjoint and not pairs
            complete = complete and bool(held)
            sure_pairs = pairs if sure_pairs is None else sure_pairs & pairs
            sure_gap = sure_gap and not held
        if sure_pairs and clash is None:
            one, other = min(sure_pairs)
            clash = (one, other, _example(record, (conditions[one], conditions[other])))
        if sure_gap and gap is None:
            gap = _example(record, conditions)
    return Verdict(clash, gap, disjoint, complete)


# -- what is asked -----------------------------------------------------------------------------------------------------


def _tried(conditions: Sequence[Expression]) -> _Tried:
    literals: dict[str, list[Any]] = {}
    types: dict[str, Type] = {}
    unknown: dict[str, None] = {}
    for condition in conditions:
        for atom in _atoms(condition):
            found = _simple(atom)
            if found is None:
                unknown[spelled(atom)] = None
                continue
            field, values = found
            types[field.name] = field.type
            literals.setdefault(field.name, []).extend(values)
    return _Tried({name: _values(types[name], given) for name, given in literals.items()}, tuple(unknown))


def _atoms(expression: Expression) -> Iterator[Expression]:
    """The questions that a condition asks, without what joins them."""
    match expression:
        case Both(parts=parts):
            for part in parts:
                yield from _atoms(part)
        case Apply(function="not", arguments=(inner,)) if _simple(expression) is None:
            yield from _atoms(inner)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _atoms(part)
        case Constant():
            return
        case _:
            yield expression


def _simple(atom: Expression) -> tuple[EntityField, tuple[Any, ...]] | None:
    """The field that a question is about, and the literals it is compared with; None where it asks something else."""
    match atom:
        case EntityField(type=kind) if kind.kind == "boolean":
            return atom, ()
        case Apply(function="not", arguments=(EntityField(type=kind) as field,)) if kind.kind == "boolean":
            return field, ()
        case Apply(function=function, arguments=(EntityField() as field,)) if function in _STATES:
            return field, ("",) if field.type.kind in _TEXTS else ()
        case Apply(function=function, arguments=(EntityField() as field, Constant(value=value))):
            return (field, (value,)) if _comparable(function, field.type, value) else None
        case Apply(function=function, arguments=(Constant(value=value), EntityField() as field)):
            return (field, (value,)) if _comparable(function, field.type, value) else None
    return None


def _comparable(function: str, kind: Type, value: object) -> bool:
    if function in ("=", "!="):
        return kind.kind in {"enum", "boolean", *_NUMBERS, *_TEXTS} or value is None
    return function in _COMPARISONS and kind.kind in _NUMBERS and value is not None


def _values(kind: Type, literals: Sequence[Any]) -> tuple[Any, ...]:
    """A value of each class that the questions about a field can tell apart."""
    given = sorted({value for value in literals if value is not None})
    found: list[Any]
    if kind.kind == "enum":
        found = list(kind.members)
    elif kind.kind == "boolean":
        found = [True, False]
    elif kind.kind in _NUMBERS:
        found = list(_numbers(kind, given))
    else:
        other = next(word for word in ("another", "yet another", "…") if word not in given)
        found = [*given, other] if kind.kind in _TEXTS else [_Some()]
        found += [frozenset()] if kind.kind == "set" else [()] if kind.kind == "list" else []
    return (*found, None) if kind.nullable else tuple(found)


class _Some:
    """Some value of a type that conditions only ask the presence of."""

    def __repr__(self) -> str:
        return "a value"


def _numbers(kind: Type, given: Sequence[Any]) -> Iterator[Any]:
    numbers = [int(value) if kind.kind == "integer" and value == int(value) else Decimal(value) for value in given]
    if not numbers:
        yield 0 if kind.kind == "integer" else Decimal(0)
        return
    yield numbers[0] - 1
    for number, following in zip(numbers, [*numbers[1:], None], strict=True):
        yield number
        if following is None:
            yield number + 1
        elif kind.kind != "integer":
            yield (number + following) / 2
        elif following - number > 1:
            yield number + 1


# -- whether it holds --------------------------------------------------------------------------------------------------


def _holds(condition: Expression, record: Mapping[str, Any], answers: Mapping[str, bool]) -> bool:
    try:
        return _evaluated(condition, record, answers) is True
    except CodecError:
        return False  # a record that fails here is set aside before anything is decided by it


def _evaluated(expression: Expression, record: Mapping[str, Any], answers: Mapping[str, bool]) -> Any:
    match expression:
        case Constant(value=constant):
            return constant
        case EntityField(name=name) if name in record:
            return record[name]
        case Both(every=every, parts=parts):
            found = (_evaluated(part, record, answers) is True for part in parts)
            return all(found) if every else any(found)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            chosen = then if _evaluated(condition, record, answers) is True else otherwise
            return _evaluated(chosen, record, answers)
        case Apply(function="not", arguments=(inner,)) if _simple(expression) is None:
            return _evaluated(inner, record, answers) is not True
        case Apply(function=function, arguments=arguments) if _simple(expression) is not None:
            kinds = tuple(part.type.kind for part in arguments)
            signature = find_signature(function, kinds) or FUNCTIONS[function].signatures[0]
            operation = getattr(expressions, signature.python)
            return operation(*(_evaluated(part, record, answers) for part in arguments))
    return answers.get(spelled(expression), False)


def _example(record: Mapping[str, Any], conditions: Sequence[Expression]) -> str:
    named = dict.fromkeys(field.name for one in conditions for field in _fields(one) if field.name in record)
    shown = [f"{name} is {_word(record[name])}" for name in islice(named, 4)]
    return " and ".join(shown) or "the record is any"


def _fields(expression: Expression) -> Iterator[EntityField]:
    match expression:
        case EntityField():
            yield expression
        case Apply(arguments=parts) | Both(parts=parts):
            for part in parts:
                yield from _fields(part)
        case Choose(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _fields(part)


def _word(value: Any) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case "" | () | frozenset():
            return "empty"
    return str(value) if not isinstance(value, _Some) else "present"
