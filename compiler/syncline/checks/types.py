"""Types: what flows along an arrow fits at the other end, whatever the record."""

from collections.abc import Iterator
from typing import NamedTuple

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.derivations import Derivation
from syncline.model.expressions import Apply, Choose, Expression
from syncline.model.spec import Arrow, Line, Map, NativeField
from syncline.model.types import Type
from syncline_runtime.codecs import CODECS
from syncline_runtime.declaration import When

TEXTS = frozenset({"text", "email", "phone", "url"})


class _Flow(NamedTuple):
    """One direction of a line: what flows, and where it has to fit."""

    line: Line
    source: str
    source_type: Type
    target: str
    target_type: Type
    native: NativeField | None
    writes: bool


def check_types(field_map: Map | Derivation) -> Iterator[Diagnostic]:
    """type.narrowing-length, -scale and -range, type.null-into-required, type.null-from-optional, enum.gap."""
    for line in field_map.lines:
        if line.picked:
            continue  # the maps of what is picked are checked
        for flow in _flows(line):
            yield from _length(flow)
            yield from _digits(flow)
            yield from _null(flow)
        if line.field is not None and line.arrow is not Arrow.READ:
            yield from _enum_gap(line, line.field.type)


def _flows(line: Line) -> Iterator[_Flow]:
    field = line.field
    native = line.natives[0] if len(line.natives) == 1 else None
    if line.expression is not None:
        computed = " ".join(line.expression.span.text.split()), line.expression.type
        if line.arrow is Arrow.WRITE and native is not None:
            yield _Flow(line, *computed, native.name, native.type, native, writes=True)
        elif line.arrow is Arrow.READ and field is not None:
            yield _Flow(line, *computed, field.name, field.type, None, writes=False)
    elif field is not None and native is not None:
        if line.arrow is not Arrow.READ:
            yield _Flow(line, field.name, field.type, native.name, native.type, native, writes=True)
        if line.arrow is not Arrow.WRITE:
            read = line.pipeline[-1].gives if line.pipeline else native.type
            yield _Flow(line, native.name, read, field.name, field.type, native, writes=False)


def _length(flow: _Flow) -> Iterator[Diagnostic]:
    room, line, source = flow.target_type.length, flow.line, flow.source_type
    if not room or flow.target_type.kind not in TEXTS:
        return
    length = _written_length(line, source) if flow.writes else source.length
    copy = f"truncate({flow.source}, {room})"
    facts: dict[str, Fact] = {"copy": f"{copy} -> {flow.target}" if flow.writes else f"{flow.target} <- {copy}"}
    boundless = source.kind == "text" and source.length is None and source.pattern is None
    if length is not None and length > room:
        yield _narrowing("type.narrowing-length", flow, length, room, **facts)
    elif boundless and flow.writes and line.expression is None and not line.pipeline:
        yield _narrowing("type.narrowing-length", flow, "any number of", room, **facts)


def _written_length(line: Line, type_: Type) -> int | None:
    """The longest native text that a value of the type is written as; None when nothing is known."""
    length = max(map(len, type_.members), default=None) if type_.kind == "enum" else type_.length
    for step in reversed(line.pipeline):
        definition = CODECS.get(step.name)
        if step.table:
            length = max((len(natives[0]) for _, natives in step.table if isinstance(natives[0], str)), default=None)
        elif length is None or definition is None or definition.length is None:
            return None
        else:
            length = definition.length(length, *step.arguments)
    return length


def _digits(flow: _Flow) -> Iterator[Diagnostic]:
    """Decimals, and digits before the point, that flow from one end and have no room at the other."""
    source, target = flow.source_type, flow.target_type
    if source.kind != "decimal" or target.kind != "decimal" or source.scale is None or target.scale is None:
        return
    if source.scale > target.scale and not any(step.name == "round" for step in flow.line.pipeline):
        yield _narrowing("type.narrowing-scale", flow, source.scale, target.scale)
    if source.precision is not None and target.precision is not None:
        wide, narrow = source.precision - source.scale, target.precision - target.scale
        if wide > narrow:
            yield _narrowing("type.narrowing-range", flow, wide, narrow)


def _null(flow: _Flow) -> Iterator[Diagnostic]:
    line, native = flow.line, flow.native
    if not flow.source_type.nullable or (line.expression is not None and not _may_be_null(line.expression)):
        return
    if native is not None and flow.writes:
        if native.required and When.PRESENT not in line.when and all(step.name != "none" for step in line.pipeline):
            yield _finding("type.null-into-required", flow)
    elif not flow.target_type.nullable:
        yield _finding("type.null-from-optional", flow)


def _may_be_null(expression: Expression) -> bool:
    """Whether a value may be missing, as far as the expression itself does not ask first: `if x is present then x else …`."""
    match expression:
        case Choose(condition=Apply(function=test, arguments=(asked,)), then=then, otherwise=otherwise) if test in (
            "is present",
            "is empty",
        ):
            sure, other = (then, otherwise) if test == "is present" else (otherwise, then)
            return (sure.span.text != asked.span.text and _may_be_null(sure)) or _may_be_null(other)
        case Choose(then=then, otherwise=otherwise):
            return _may_be_null(then) or _may_be_null(otherwise)
    return expression.type.nullable


def _enum_gap(line: Line, type_: Type) -> Iterator[Diagnostic]:
    table = next((step for step in line.pipeline if step.table), None)
    if type_.kind == "enum" and table is not None:
        covered = {value for value, _ in table.table}
        missing = tuple(member for member in type_.members if member not in covered)
        if missing:
            yield Diagnostic(
                "enum.gap",
                table.span,
                {"enum": type_.name or "enum", "missing": missing, "native": line.natives[0].name},
                (Label(line.span, "this-line"),) if line.span.start != table.span.start else (),
            )


def _narrowing(code: str, flow: _Flow, wide: int | str, narrow: int, **facts: Fact) -> Diagnostic:
    return _finding(code, flow, wide=wide, narrow=narrow, **facts)


def _finding(code: str, flow: _Flow, **facts: Fact) -> Diagnostic:
    field, native = flow.line.field, flow.native
    labels = (
        *((Label(field.span, "field-declared-here", {"type": str(field.type)}),) if field else ()),
        *((Label(native.span, "native-declared-here", {"type": str(native.type)}),) if native else ()),
    )
    ends: dict[str, Fact] = {
        "source": flow.source,
        "source_type": str(flow.source_type),
        "target": flow.target,
        "target_type": str(flow.target_type),
    }
    return Diagnostic(code, flow.line.span, {**ends, **facts}, labels)
