"""What a line's codecs and types do to values: whether the system holds every one of them unchanged."""

from typing import Final

from syncline.model.spec import CodecUse, Line, NativeField
from syncline.model.types import Type
from syncline_runtime.codecs import CODECS, TEXT_KINDS, WIRE, CodecDefinition, find_codec

# Spellings that are the canonical value already: reading and writing them needs no call.
_IDENTITIES: Final = frozenset({(kind, "plain") for kind in TEXT_KINDS})


def definition(use: CodecUse) -> CodecDefinition:
    """The registry's entry for a codec as the spec uses it. Raises LookupError where there is none."""
    found = find_codec(use.name, len(use.arguments)) if not use.table else CODECS["table"]
    found = found or CODECS.get(use.name)
    if found is None:
        raise LookupError(f"no codec {use.name!a} with {len(use.arguments)} parameters")
    return found


def wire_of(native: NativeField) -> CodecDefinition | None:
    """The codec of a native field's spelling; None where that is the canonical value already."""
    return None if (native.type.kind, native.wire) in _IDENTITIES else WIRE[(native.type.kind, native.wire)]


def is_function(use: CodecUse) -> bool:
    """Whether every native of the codec's table, if it has one, reads as one member."""
    natives = [(type(native), native) for _, row in use.table for native in row]
    return len(natives) == len(set(natives))


def holds(native: Type, field: Type) -> bool:
    """Whether a system's type holds every value of the field's type unchanged."""
    match native.kind, field.kind:
        case "text", kind if kind in TEXT_KINDS and kind != "text":
            return native.length is None
        case "text", "text":
            return native.length is None or (field.length is not None and field.length <= native.length)
        case (("decimal" | "percent"), ("decimal" | "percent")):
            return native.precision is None or (
                field.precision is not None
                and (field.scale or 0) <= (native.scale or 0)
                and field.precision - (field.scale or 0) <= native.precision - (native.scale or 0)
            )
        case one, other:
            return one == other and unbounded(native)


def unbounded(native: Type) -> bool:
    """Whether a system's type sets no limit to the values of its kind."""
    return native.length is None and native.precision is None and native.pattern is None and native.kind != "enum"


def is_exact(line: Line, slot: str) -> bool:
    """Whether the system holds every value of the line's field unchanged."""
    if line.elements is not None or line.picked:
        return False
    if line.by is not None:
        return True  # which record it is, is told by the runtime
    if line.field is None or slot != line.field.name or line.expression is not None:
        return False
    if any(native.normalises or native.null or (line.pipeline and native.wire == "blank") for native in line.natives):
        return False
    wires = [wire for native in line.natives if (wire := wire_of(native)) is not None]
    codecs = [definition(use) for use in line.pipeline]
    if not all(codec.exact and not codec.trusted for codec in (*wires, *codecs)):
        return False
    if not line.pipeline:
        return holds(line.natives[0].type, line.field.type)
    if line.pipeline[-1].table:
        return len(line.pipeline) == 1 and is_function(line.pipeline[0])
    return all(unbounded(native.type) for native in line.natives)
