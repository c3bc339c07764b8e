"""Types: what flows along an arrow fits at the other end, whatever the record."""

from collections.abc import Iterator

from syncline.diagnostics.diagnostic import Diagnostic, Label
from syncline.model.spec import Arrow, Line, Map, NativeField
from syncline.model.types import Type
from syncline_runtime.codecs import CODECS
from syncline_runtime.declaration import When

TEXTS = frozenset({"text", "email", "phone", "url"})


def check_types(field_map: Map) -> Iterator[Diagnostic]:
    """type.narrowing-length, -scale and -range, type.null-into-required, type.null-from-optional, enum.gap."""
    for line in field_map.lines:
        if line.expression is not None:
            if line.arrow is Arrow.WRITE and len(line.natives) == 1:
                yield from _fits(line, line.expression.type, line.natives[0])
            continue
        if line.field is None or len(line.natives) != 1:
            continue
        native = line.natives[0]
        if line.arrow is not Arrow.READ:
            yield from _written(line, line.field.type, native)
        if line.arrow is not Arrow.WRITE:
            yield from _read(line, line.field.type, native)


def _written(line: Line, type_: Type, native: NativeField) -> Iterator[Diagnostic]:
    yield from _length(line, type_, native)
    yield from _scale(line, type_, native.type, native)
    if type_.nullable and native.required and line.when is not When.PRESENT and not _none_spelled(line):
        yield _finding("type.null-into-required", line, native, {"type": str(type_)})
    yield from _enum_gap(line, type_)


def _read(line: Line, type_: Type, native: NativeField) -> Iterator[Diagnostic]:
    if not line.pipeline and type_.length and native.type.kind in TEXTS:
        length = native.type.length
        if length and length > type_.length:
            yield _narrowing("type.narrowing-length", line, native, str(type_), length, type_.length)
    yield from _scale(line, native.type, type_, native)
    if native.type.nullable and not type_.nullable:
        yield _finding("type.null-from-optional", line, native, {"type": str(type_)})


def _fits(line: Line, type_: Type, native: NativeField) -> Iterator[Diagnostic]:
    if native.type.kind in TEXTS and native.type.length and type_.length and type_.length > native.type.length:
        yield _narrowing("type.narrowing-length", line, native, str(type_), type_.length, native.type.length)
    yield from _scale(line, type_, native.type, native)
    if type_.nullable and native.required:
        yield _finding("type.null-into-required", line, native, {"type": str(type_)})


def _length(line: Line, type_: Type, native: NativeField) -> Iterator[Diagnostic]:
    room = native.type.length
    if native.type.kind not in TEXTS or not room:
        return
    length = _written_length(line, type_)
    if length is not None and length > room:
        yield _narrowing("type.narrowing-length", line, native, str(type_), length, room)
    elif type_.kind == "text" and type_.length is None and type_.pattern is None and not line.pipeline:
        yield _narrowing("type.narrowing-length", line, native, str(type_), "any number of", room)


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


def _scale(line: Line, source: Type, target: Type, native: NativeField) -> Iterator[Diagnostic]:
    """Decimals, and digits before the point, that flow from one end and have no room at the other."""
    if source.kind != "decimal" or target.kind != "decimal" or source.scale is None or target.scale is None:
        return
    type_ = str(line.field.type if line.field else source)
    if source.scale > target.scale and not any(step.name == "round" for step in line.pipeline):
        yield _narrowing("type.narrowing-scale", line, native, type_, source.scale, target.scale)
    if source.precision is not None and target.precision is not None:
        wide, narrow = source.precision - source.scale, target.precision - target.scale
        if wide > narrow:
            yield _narrowing("type.narrowing-range", line, native, type_, wide, narrow)


def _none_spelled(line: Line) -> bool:
    return any(step.name == "none" for step in line.pipeline)


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


def _narrowing(code: str, line: Line, native: NativeField, type_: str, wide: int | str, narrow: int) -> Diagnostic:
    return _finding(code, line, native, {"type": type_, "wide": wide, "narrow": narrow})


def _finding(code: str, line: Line, native: NativeField, facts: dict[str, str | int]) -> Diagnostic:
    field = line.field.name if line.field else "the expression"
    labels = (Label(line.field.span, "declared-here"),) if line.field else ()
    return Diagnostic(
        code,
        line.span,
        {"field": field, "native": native.name, "native_type": str(native.type), **facts},
        (*labels, Label(native.span, "native-here")),
    )
