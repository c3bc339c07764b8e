"""Codecs: a two-way line reads back what it writes; the finding names a value for which it does not."""

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.spec import Arrow, CodecUse, Line, Map
from syncline.model.types import Type
from syncline_runtime import codecs
from syncline_runtime.codecs import CODECS, MINOR_UNITS, CodecDefinition, CodecError, table
from syncline_runtime.values import ABSENT, Money

_TEXTS = ("Ana Ek", "a", "AB-12", "7")
_SAMPLES: dict[str, tuple[Any, ...]] = {
    "text": _TEXTS,
    "email": ("ana@example.com",),
    "url": ("https://example.com/a",),
    "country": ("NO",),
    "currency": ("EUR",),
    "language": ("en",),
    "boolean": (True, False),
    "integer": (0, 1, 42),
    "decimal": (Decimal(0), Decimal(1), Decimal(42)),
    "percent": (Decimal(0), Decimal(1)),
    "date": (date(2026, 1, 31), date(1999, 12, 1)),
    "instant": (datetime(2026, 1, 31, 12, 30, tzinfo=UTC),),
}
"""Values that every pipeline of the type should carry, in their canonical form."""

_ENUMERATED = ("enum", "boolean")
_UNTRIED = frozenset(("python", "e164"))
"""Codecs that are not run here: one is somebody's own code, the other loads a large library."""


class _Step(NamedTuple):
    """A codec with its arguments, without its place in the text."""

    name: str
    arguments: tuple[Any, ...]
    rows: tuple[tuple[str, tuple[Any, ...]], ...]
    otherwise: str | None


_Ready = tuple[tuple[CodecDefinition, tuple[Any, ...]], ...]
"""Codecs with what they are run with, from the system's side to the entity's."""


class _Witness(NamedTuple):
    """A value that a pipeline does not carry: `unwritable`, `refused` when read back, read back as `other`; or `none` can."""

    problem: str
    value: str
    native: str = ""
    back: str = ""


def check_codecs(field_map: Map) -> Iterator[Diagnostic]:
    """codec.not-invertible, codec.empty-domain."""
    for line in field_map.lines:
        if line.field is None or not line.pipeline or line.arrow is Arrow.READ:
            continue
        doubled = _doubled(line) if line.arrow is Arrow.BOTH else None
        if doubled is not None:
            yield doubled
            continue
        steps = tuple(_Step(use.name, use.arguments, use.table, use.otherwise) for use in line.pipeline)
        witness = _witness(steps, line.field.type, len(line.natives))
        if witness is not None and (line.arrow is Arrow.BOTH or witness.problem == "none"):
            yield _finding(line, witness)


class Evidence(NamedTuple):
    """What `check_codecs` has tried of a two-way line: `cases` values were written and read back, each as itself (`equal`) or at
    least as some value; `exhaustive` says that there are no others, null aside."""

    cases: int
    equal: bool
    exhaustive: bool


def evidence(line: Line) -> Evidence:
    """What is behind it when `check_codecs` finds nothing in a line."""
    steps = tuple(_Step(use.name, use.arguments, use.table, use.otherwise) for use in line.pipeline)
    if line.field is None or not steps or not _is_tried(steps):
        return Evidence(0, equal=False, exhaustive=False)
    type_, count = line.field.type, len(line.natives)
    samples = _samples(steps, type_)
    ready = _ready(steps)
    cases = sum(_is_writable(ready, value, count) for value in samples)
    every = {"enum": frozenset(type_.members), "boolean": frozenset((True, False))}.get(type_.kind)
    return Evidence(
        cases,
        equal=type_.kind in _ENUMERATED or all(CODECS[step.name].exact for step in steps),
        exhaustive=bool(every) and cases == len(samples) and every == frozenset(samples),
    )


def _is_tried(steps: tuple[_Step, ...]) -> bool:
    return not any(step.name in _UNTRIED for step in steps) and not any(step.rows for step in steps[:-1])


def _is_writable(ready: _Ready, value: Any, count: int) -> bool:
    try:
        _put(ready, value, count)
    except CodecError:
        return False
    return True


def _doubled(line: Line) -> Diagnostic | None:
    """A value whose spelling means another value when it is read: the table is no function both ways."""
    for step in line.pipeline:
        meaning: dict[tuple[str, object], str] = {}
        for value, natives in step.table:
            for native in natives:
                first = meaning.setdefault((type(native).__name__, native), value)
                if first != value:
                    return _not_invertible(line, step, _Witness("other", value, _shown(native), first))
    return None


def _finding(line: Line, witness: _Witness) -> Diagnostic:
    if witness.problem == "none":
        facts: dict[str, Fact] = {"field": line.slot, "value": witness.value, "expected": witness.back}
        return Diagnostic("codec.empty-domain", line.pipeline[0].span, facts, _labels(line, line.pipeline[0]))
    return _not_invertible(line, line.pipeline[0], witness)


def _not_invertible(line: Line, step: CodecUse, witness: _Witness) -> Diagnostic:
    facts: dict[str, Fact] = {"field": line.slot, **witness._asdict()}
    return Diagnostic("codec.not-invertible", step.span, facts, _labels(line, step))


def _labels(line: Line, step: CodecUse) -> tuple[Label, ...]:
    return (
        (Label(line.span, "two-way-line"),) if line.arrow is Arrow.BOTH and line.span.start != step.span.start else ()
    )


@lru_cache(maxsize=4096)
def _witness(steps: tuple[_Step, ...], type_: Type, count: int) -> _Witness | None:
    """A value of the type that does not come back, or the first one when none can be written; None where all is well."""
    if not _is_tried(steps):
        return None
    refused: list[_Witness] = []
    samples, ready = _samples(steps, type_), _ready(steps)
    for value in samples:
        try:
            native = _put(ready, value, count)
        except CodecError as error:
            refused.append(_Witness("unwritable", _shown(value, type_), back=error.expected))
            continue
        if (found := _unlike(ready, value, native, type_)) is not None:
            return found
    if refused and len(refused) == len(samples):
        return refused[0]._replace(problem="none")
    if refused and type_.kind in _ENUMERATED:
        return refused[0]
    if type_.nullable and samples:
        try:
            return _unlike(ready, None, _put(ready, None, count), type_)
        except CodecError:
            return None
    return None


def _unlike(ready: _Ready, value: Any, native: Any, type_: Type) -> _Witness | None:
    """The witness that `native`, which was written for `value`, is read as something else."""
    try:
        back = _get(ready, native)
        back = frozenset(back) if type_.kind == "set" and isinstance(back, tuple) else back
        exact = type_.kind in _ENUMERATED or value is None or all(definition.exact for definition, _ in ready)
        # What the codecs take for the same may differ once, and then stays.
        same = back == value if exact else back is not None
    except CodecError:
        return _Witness("refused", _shown(value, type_), _shown(native))
    return None if same else _Witness("other", _shown(value, type_), _shown(native), _shown(back, type_))


def _samples(steps: tuple[_Step, ...], type_: Type) -> tuple[Any, ...]:
    last = steps[-1]
    if last.rows:
        return tuple(member for member, _ in last.rows)  # members without a row are another check's
    if type_.kind == "enum":
        return type_.members
    if type_.kind == "money":
        return tuple(Money(Decimal(12), step.arguments[0]) for step in steps if step.arguments[:1] and _is_fixed(step))
    if type_.pattern is not None:
        return ()
    if type_.kind in ("set", "list") and type_.item is not None and type_.item.kind == "text":
        return (frozenset(("a", "b")), frozenset()) if type_.kind == "set" else (("b", "a"), ())
    found = (*_SAMPLES.get(type_.kind, ()), *(_near_placeholders(steps) if type_.kind == "text" else ()))
    return tuple(value for value in found if type_.length is None or len(value) <= type_.length)


def _near_placeholders(steps: tuple[_Step, ...]) -> Iterator[str]:
    """Texts that a later codec may turn into the spelling of absence, so that they come back as nothing."""
    for step in steps:
        if step.name == "none" and isinstance(step.arguments[0], str) and step.arguments[0]:
            placeholder = step.arguments[0]
            yield from (placeholder.upper(), placeholder.lower(), f" {placeholder} ")


def _is_fixed(step: _Step) -> bool:
    return step.name in ("money_in", "money_minor") and step.arguments[0] in MINOR_UNITS


def _ready(steps: tuple[_Step, ...]) -> _Ready:
    """The steps as they are run: a table is made once, and not again for each value."""
    return tuple((CODECS[step.name], _arguments(step)) for step in steps)


def _put(ready: _Ready, value: Any, count: int) -> Any:
    for definition, arguments in reversed(ready):
        extra = (count,) if definition.needs_count else ()
        value = getattr(codecs, definition.put)(value, *arguments, *extra)
    return value


def _get(ready: _Ready, native: Any) -> Any:
    for definition, arguments in ready:
        native = getattr(codecs, definition.get)(native, *arguments)
    return native


def _arguments(step: _Step) -> tuple[Any, ...]:
    if step.rows:
        return (table(dict(step.rows), ABSENT if step.otherwise is None else step.otherwise),)
    return step.arguments


def _shown(value: object, type_: Type | None = None) -> str:
    """A value as the language writes it."""
    match value:
        case str() if type_ is not None and type_.kind == "enum":
            return value
        case str():
            return json.dumps(value, ensure_ascii=False)
        case None | bool():
            return json.dumps(value)
        case Money(amount=amount, currency=currency):
            return f"{amount} {currency}"
        case tuple() | frozenset():
            return f"[{', '.join(sorted(map(_shown, value)))}]"
    return str(value)
