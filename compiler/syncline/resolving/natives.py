"""Fields of a resource: what a record holds under a name in its system, and how that is spelled there."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from syncline.model.spec import CodecUse, NativeField
from syncline.model.types import Type
from syncline.resolving.directives import constant, item_name, word_text
from syncline.resolving.findings import Findings
from syncline.source import Span
from syncline.syntax import declarations as syntax
from syncline.syntax.expressions import (
    Call,
    CollectionType,
    Name,
    NamedType,
    Null,
    Number,
    Path,
    Quantity,
    ReferenceType,
    Text,
)
from syncline_runtime import declaration as runtime
from syncline_runtime.codecs import CODECS, WIRE, default_wire

_MARK = 64
"""Characters that a mark may take."""
KINDS = frozenset(kind for kind, _ in WIRE) - {"set", "list", "ref"}

_NOT_OF_TEXT = frozenset({"integer", "decimal", "percent", "boolean", "ref"})


@dataclass(frozen=True, slots=True)
class Spelling:
    """How a connector, or a resource of it, spells values: its own choices over those of the protocol.

    `absent`: what a record lacks is null.
    """

    protocol: str
    chosen: Mapping[str, str]
    nulls: Mapping[str, str]
    absent: bool = False

    def of(self, kind: str) -> str:
        """The spelling of a kind of value."""
        return self.chosen.get(kind) or default_wire(self.protocol, kind)

    def null_of(self, kind: str, wire: str) -> str:
        """How null is spelled for a kind of value in a spelling; empty where it is the protocol's own null.

        A number that is kept as a text is absent as texts are, a time that is kept as a number as numbers are.
        """
        codec = WIRE.get((kind, wire))
        native = "" if codec is None else codec.kinds[0][0]
        if native == "string" and kind in _NOT_OF_TEXT:
            kind = "text"  # a reference, too, is written as the identity it holds
        elif native == "number" and kind != "boolean":
            kind = "integer"
        return self.nulls.get(kind, "")


def resolve_native(item: syntax.Property, spelling: Spelling, findings: Findings) -> NativeField | None:
    """The field that a declaration in a resource describes; None when it has no type that could stand there."""
    type_ = native_type(item, findings)
    if type_ is None:
        return None
    facts: dict[str, object] = {}
    states: dict[str | int | bool, runtime.Operation] = {}
    wire = spelling.of(type_.kind)
    absence: Span | None = None
    words = list(item.words)
    while words:
        word = words.pop(0)
        name = word_text(word) or (word.function.text if isinstance(word, Call) else "")
        match name, words:
            case (("identity" | "version" | "unique" | "required"), _):
                facts[name] = True
            case "readonly", _:
                facts["writable"] = False
            case (("precision" | "lag"), [Quantity() | Number(), *_]):
                words.pop(0)
            case "marker", _:
                facts["marker"] = True
            case "counts", [Path() as what, *_] if word_text(what) == "writes":
                facts["counts"] = True
                words.pop(0)
            case "counts", _:
                findings.malformed(name, item.span, EXPECTED[name])
                return None
            case "fallback", [Path(), *_]:
                words.pop(0)
            case "at", [Text(value=path), *_]:
                facts["path"] = tuple(path.split("."))
                words.pop(0)
            case "child", [Call(function=children, arguments=[kind]), Path() as value, *_] if kind.name is not None:
                facts["child"] = runtime.Child(
                    list=children.text,
                    value=word_text(value) or "",
                    kind_field=kind.name.text,
                    kind=str(constant(kind.value)),
                )
                words = words[2:]
            case "spelled", [spelled, *_]:
                wanted = word_text(spelled) or ""
                known = sorted(name for kind, name in WIRE if kind == type_.kind)
                if wanted in known:
                    wire = wanted
                else:
                    findings.unknown_word(f"spelling of {type_.kind}", wanted, spelled.span, known)
                words.pop(0)
            case _, [Path() as absent, *_] if isinstance(word, Null) and word_text(absent) == "absent":
                absence = word.span
                words.pop(0)
            case "normalises", _ if isinstance(word, Call):
                facts["normalises"] = _normalises(word, type_, findings)
            case "set", [value, by, Path() as verb, Text() as target, *_] if word_text(by) == "by":
                held = constant(value)
                if not isinstance(held, str | int | bool) or "{id}" not in target.value:
                    findings.malformed(name, item.span, EXPECTED[name])
                    return None
                call = runtime.Call(verb=(word_text(verb) or "").upper(), target=runtime.Text(target.value))
                states[held] = runtime.Operation(call=call)
                words = words[4:]
            case "set", _:
                findings.malformed(name, item.span, EXPECTED[name])
                return None
            case _:
                findings.unknown_word("field", name, word.span, FIELD_WORDS)
    if facts.get("counts") and type_.kind != "integer":
        findings.malformed("counts", item.span, EXPECTED["counts"])
        facts["counts"] = False
    if facts.get("marker") and (type_.kind != "text" or (type_.length or _MARK) < _MARK or "writable" in facts):
        findings.malformed("marker", item.span, EXPECTED["marker"])
        facts["marker"] = False
    if any(facts.get(fact) for fact in ("identity", "version", "counts", "marker")):
        facts["writable"] = False
    if states:
        facts["states"] = states
    always = next((fact for fact in ("identity", "version", "counts", "required") if facts.get(fact)), None)
    facts["absent_is_null"] = always is None and (spelling.absent or absence is not None)
    if absence is not None and always is not None:
        fact = "counting" if always == "counts" else always
        findings.report("connector.never-null", absence, field=item_name(item), fact=fact)
    elif absence is not None:
        type_ = replace(type_, nullable=True)
    null = spelling.null_of(type_.kind, wire)
    return NativeField(name=item_name(item), type=type_, span=item.name.span, wire=wire, null=null, **facts)  # type: ignore[arg-type]


FIELD_WORDS = (
    "identity", "version", "unique", "required", "readonly", "precision", "lag", "fallback", "at", "child", "spelled",
    "normalises", "null", "counts", "marker", "set",
)  # fmt: skip


def _normalises(word: Call, type_: Type, findings: Findings) -> tuple[CodecUse, ...]:
    uses: list[CodecUse] = []
    for argument in word.arguments:
        name = ""
        parameters: tuple[str | int | None, ...] = ()
        match argument.value:
            case Path() as path:
                name = word_text(path) or ""
            case Call(function=function, arguments=given):
                name, parameters = function.text, tuple(constant(one.value) for one in given)
        if name in CODECS:
            uses.append(CodecUse(name=name, arguments=parameters, gives=type_, span=argument.span))  # type: ignore[arg-type]
        else:
            findings.unknown_word("normaliser", name, argument.span, CODECS)
    return tuple(uses)


EXPECTED = {
    "counts": "revision : integer counts writes",
    "marker": "reference : text(64) marker",
    "set": 'set "won" by POST "/deals/{id}/win"',
}


def native_type(item: syntax.Property, findings: Findings) -> Type | None:
    """The type of a resource's field; only built-in kinds and references stand there."""
    match None if item.value is None else syntax.type_of(item.value):
        case NamedType(name=name, arguments=arguments) if name.text in KINDS:
            sizes = [constant(argument.value) for argument in arguments]
            whole = [size for size in sizes if isinstance(size, int)]
            match name.text, whole:
                case "text", [length]:
                    return Type("text", nullable=item.optional, length=length)
                case "decimal", [precision, scale]:
                    return Type("decimal", nullable=item.optional, precision=precision, scale=scale)
                case kind, []:
                    return Type(kind, nullable=item.optional)
            findings.malformed(name.text, item.span, "text(120)` or `decimal(10, 2)")
        case ReferenceType(targets=targets):
            return Type("ref", nullable=item.optional, targets=tuple(target.text for target in targets))
        case CollectionType(kind=kind, element=NamedType(name=element)) if (
            kind.text in ("set", "list") and element.text in KINDS
        ):
            return Type(kind.text, nullable=item.optional, item=Type(element.text))
        case CollectionType(kind=Name(text="list"), element=NamedType(name=element, arguments=())):
            return Type("list", nullable=item.optional, item=Type("record", name=element.text))
        case CollectionType(kind=Name(text="list"), element=ReferenceType(targets=targets)):
            item_type = Type("ref", targets=tuple(target.text for target in targets))
            return Type("list", nullable=item.optional, item=item_type)
        case NamedType(name=name):
            findings.unknown_word("type", name.text, name.span, KINDS)
        case _:
            findings.malformed("field", item.span, "email : text(200)")
    return None
