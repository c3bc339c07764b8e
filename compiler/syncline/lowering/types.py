"""Types of the language in Python: the annotation of a canonical value, and the function that holds a value to its type."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from syncline.lowering.constants import Constants, members_of, pattern_of
from syncline.lowering.imports import SOURCES
from syncline.lowering.layout import Bracketed, Code, Imported, Infix, Item, Plain, call
from syncline.lowering.naming import is_plain, slug
from syncline.lowering.quoting import literal
from syncline.model.spec import CodecUse, NativeField
from syncline.model.types import Type
from syncline_runtime.codecs import CODECS, TEXT_KINDS

_ANNOTATIONS: Final[Mapping[str, Code]] = MappingProxyType(
    {
        **dict.fromkeys(TEXT_KINDS, Plain("str")),
        "ref": Imported("Reference"),
        "integer": Plain("int"),
        "decimal": Imported("Decimal"),
        "percent": Imported("Decimal"),
        "money": Imported("Money"),
        "boolean": Plain("bool"),
        "date": Imported("date"),
        "instant": Imported("datetime"),
        "local_time": Imported("time"),
        "duration": Imported("timedelta"),
        "binary": Plain("bytes"),
    }
)
# Kinds whose every spelling is read into a canonical value, or refused, by the wire codec alone.
_SETTLED: Final = frozenset(
    {"integer", "money", "boolean", "date", "instant", "local_time", "duration", "binary", "percent"}
)
# Codecs that never lengthen what they read.
_SHORTENING: Final = frozenset({"trim", "strip", "prefix", "suffix", "none"})


def annotation(type_: Type) -> Code:
    """The annotation of the type's canonical values, null included."""
    return Infix((("", _plain(type_)), ("|", Plain("None"))))


def _plain(type_: Type) -> Code:
    match type_.kind:
        case "set":
            item = _plain(type_.item) if type_.item else Imported("Any")
            return Bracketed(Plain("frozenset"), "[", (Item("", item),), "]")
        case "list" if type_.item is not None and type_.item.kind == "record":
            element = Plain(element_name(type_.item.name or ""))
            return Bracketed(Plain("tuple"), "[", (Item("", element), Item("", Plain("..."))), "]")
        case "list":
            item = _plain(type_.item) if type_.item else Imported("Any")
            return Bracketed(Plain("tuple"), "[", (Item("", item), Item("", Plain("..."))), "]")
        case kind:
            return _ANNOTATIONS.get(kind, Imported("Any"))


def element_name(record: str) -> str:
    """The TypedDict of a record that stands in a collection."""
    return (
        record
        if is_plain(record) and record not in SOURCES and not record.isupper()
        else slug(f"Shape_{record}", record)
    )


def guarded(
    value: Code, type_: Type, native: NativeField, pipeline: tuple[CodecUse, ...], constants: Constants
) -> Code:
    """The value held to the field's type, by a call only where its codecs do not guarantee that already."""
    kind = type_.kind
    if kind == "ref" or kind == "record" or _guaranteed(type_, native, pipeline):
        return value
    if (
        isinstance(value, Bracketed)
        and value.head == Imported("decimal_text")
        and None not in (type_.precision, type_.scale)
    ):
        return call("scaled_text", value.items[0].code, *_parameters(type_, constants))
    function = f"{kind}_or_empty" if kind in ("set", "list") and not type_.nullable else _function(type_)
    return call(function, value, *_parameters(type_, constants))


def _guaranteed(type_: Type, native: NativeField, pipeline: tuple[CodecUse, ...]) -> bool:
    last = pipeline[-1] if pipeline else None
    match type_.kind:
        case "text" if type_.pattern is None:
            within = native.type.length is not None and type_.length is not None and native.type.length <= type_.length
            return type_.length is None or (within and all(use.name in _SHORTENING for use in pipeline))
        case "decimal":
            return type_.precision is None and type_.scale is None
        case "enum":
            return last is not None and bool(last.table) and _members(last) <= set(type_.members)
        case "phone":
            return last is not None and last.name == "e164"
        case kind:
            return kind in _SETTLED and (last is None or (last.name in CODECS and last.name not in ("json", "python")))


def _members(use: CodecUse) -> set[str]:
    return {member for member, _ in use.table} | ({use.otherwise} if use.otherwise is not None else set())


def _function(type_: Type) -> str:
    return "matching_of" if type_.kind == "text" and type_.pattern is not None else f"{type_.kind}_of"


def _parameters(type_: Type, constants: Constants) -> tuple[Code, ...]:
    match type_.kind:
        case "text":
            limit = () if type_.length is None else (Plain(literal(type_.length)),)
            return limit if type_.pattern is None else (constants.name(pattern_of(type_)), *limit)
        case "decimal" | "percent":
            numbers = (type_.precision, type_.scale)
            return () if numbers == (None, None) else tuple(Plain(literal(number)) for number in numbers)
        case "enum":
            return (constants.name(members_of(type_)),)
        case "set" | "list":
            item = type_.item
            if item is None or item.kind in ("ref", "record"):
                return ()
            return (Imported(_function(item)), *_parameters(item, constants))
        case _:
            return ()
