"""How protocols spell typed values, as data: every spelling of every kind, and what each protocol does by default."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Final

from syncline_runtime.codecs import wire_collections, wire_references, wire_scalars, wire_times
from syncline_runtime.codecs.definitions import CodecDefinition, Parameter, Registry, WireRegistry
from syncline_runtime.codecs.registry import TEXT_KINDS, same_after, writes

_MODULES: Final = (wire_scalars, wire_times, wire_collections, wire_references)
_SCALE: Final = (Parameter("scale", "integer", optional=True),)
_PRECISION: Final = (Parameter("precision", "choice", ("s", "ms", "us"), optional=True),)
_MONEY: Final = (Parameter("amount", "text", optional=True), Parameter("currency", "text", optional=True))

# kind -> (spelling, native kind). The functions are wire_<kind>_<spelling>_get and _put, those of text for kinds of text.
_SPELLINGS: Final[Mapping[str, tuple[tuple[str, str], ...]]] = {
    "text": (("plain", "string"), ("blank", "string"), ("false", "string")),
    "uuid": (("native", "uuid"),),
    "country": (("lower", "string"),),
    "currency": (("lower", "string"),),
    "language": (("underscore", "string"),),
    "integer": (("number", "number"), ("zero", "number"), ("text", "string")),
    "decimal": (("number", "number"), ("zero", "number"), ("text", "string"), ("tagged", "object")),
    "money": (("object", "object"),),
    "boolean": (("json", "boolean"), ("number", "number"), ("text", "string")),
    "date": (("iso", "string"), ("native", "date"), ("tagged", "object"), ("epoch_ms", "number")),
    "instant": (
        ("iso", "string"),
        ("spaced", "string"),
        ("naive", "string"),
        ("local", "string"),
        ("native", "datetime"),
        ("tagged", "object"),
        ("epoch_s", "number"),
        ("epoch_ms", "number"),
    ),
    "local_time": (("iso", "string"), ("native", "time"), ("tagged", "object")),
    "duration": (
        ("seconds", "number"),
        ("milliseconds", "number"),
        ("iso", "string"),
        ("native", "interval"),
        ("tagged", "object"),
    ),
    "binary": (("base64", "string"), ("native", "bytes"), ("tagged", "object")),
    "set": (("array", "array"), ("comma", "string"), ("semicolon", "string"), ("json", "string")),
    "list": (("array", "array"), ("comma", "string"), ("semicolon", "string"), ("json", "string")),
    "ref": (("plain", "string"), ("blank", "string"), ("number", "number"), ("false", "number")),
}
_DOMAINS: Final = {
    "local": "local dates and times, as the codec zone writes them",
    "comma": "trimmed texts, none empty and none holding a comma",
    "semicolon": "trimmed texts, none empty and none holding a semicolon",
    "epoch_ms": "",
}
_QUOTIENTS: Final = {
    ("text", "blank"): "empty-is-null",
    ("integer", "zero"): "zero-is-null",
    ("decimal", "zero"): "zero-is-null",
    ("instant", "iso"): "precision",
    ("instant", "spaced"): "precision",
    ("instant", "naive"): "precision",
    ("instant", "local"): "precision",
    ("instant", "native"): "precision",
    ("instant", "tagged"): "precision",
    ("instant", "epoch_s"): "precision",
    ("instant", "epoch_ms"): "precision",
}


_EXACT_WITHOUT_PRECISION: Final = {("instant", "iso"), ("instant", "native"), ("instant", "tagged")}


def _function(name: str) -> object | None:
    return next((getattr(module, name) for module in _MODULES if hasattr(module, name)), None)


def _definition(kind: str, spelling: str, native: str) -> CodecDefinition:
    own = f"wire_{kind}_{spelling}"
    name = own if _function(f"{own}_get") else f"wire_text_{spelling}"
    get, put = _function(f"{name}_get"), _function(f"{name}_put")
    assert callable(get)
    assert callable(put)
    quotient = _QUOTIENTS.get((kind, spelling))

    def view(value: object, *parameters: object) -> object:
        return get(put(value, *parameters), *parameters)

    parameters = {"decimal": _SCALE, "instant": _PRECISION, "money": _MONEY}.get(kind, ())
    canonical = "local" if spelling == "local" else kind
    domain = _DOMAINS.get(spelling, "") or "every value of the type"
    if quotient is None:
        return CodecDefinition(
            spelling, ((native, canonical),), f"{name}_get", f"{name}_put", parameters, domain, in_domain=writes(put)
        )
    return CodecDefinition(
        spelling,
        ((native, canonical),),
        f"{name}_get",
        f"{name}_put",
        parameters,
        domain,
        in_domain=writes(put),
        quotient=(quotient,),
        equal=same_after(view),
        exact=(kind, spelling) in _EXACT_WITHOUT_PRECISION,
    )


def _definitions() -> Iterator[tuple[tuple[str, str], CodecDefinition]]:
    for kind, spellings in _SPELLINGS.items():
        for spelling, native in spellings:
            yield (kind, spelling), _definition(kind, spelling, native)
    for kind in TEXT_KINDS[1:]:
        for spelling, native in _SPELLINGS["text"]:
            yield (kind, spelling), _definition(kind, spelling, native)
    for spelling, native in _SPELLINGS["decimal"]:
        yield ("percent", spelling), replace(_definition("decimal", spelling, native), kinds=((native, "percent"),))


WIRE: Final[WireRegistry] = MappingProxyType(dict(_definitions()))
"""(kind, spelling) -> codec."""

NULLS: Final[Registry] = MappingProxyType(
    {
        spelling: CodecDefinition(
            spelling,
            (("any", "any"),),
            f"wire_null_{spelling}_get",
            f"wire_null_{spelling}_put",
            quotient=(f"{spelling}-is-null",),
            exact=False,
        )
        for spelling in ("blank", "zero", "false")
    }
)
"""How a system spells null whatever the kind: read outermost, before the kind's own spelling, and written last."""

_TEXT: Final = dict.fromkeys(TEXT_KINDS, "plain")
_DEFAULTS: Final[Mapping[str, Mapping[str, str]]] = {
    "rest": {
        **_TEXT,
        "integer": "number",
        "decimal": "number",
        "money": "object",
        "percent": "number",
        "boolean": "json",
        "date": "iso",
        "instant": "iso",
        "local_time": "iso",
        "duration": "seconds",
        "set": "array",
        "list": "array",
        "binary": "base64",
        "ref": "plain",
    },
    "jsonrpc": {
        **_TEXT,
        "integer": "number",
        "decimal": "tagged",
        "money": "object",
        "percent": "tagged",
        "boolean": "json",
        "date": "tagged",
        "instant": "tagged",
        "local_time": "tagged",
        "duration": "tagged",
        "set": "array",
        "list": "array",
        "binary": "tagged",
        "ref": "plain",
    },
    "sql": {
        **_TEXT,
        "integer": "number",
        "decimal": "number",
        "money": "object",
        "percent": "number",
        "boolean": "json",
        "date": "native",
        "instant": "native",
        "local_time": "native",
        "duration": "native",
        "set": "json",
        "list": "json",
        "binary": "native",
        "ref": "plain",
    },
    "files": {
        **dict.fromkeys(TEXT_KINDS, "blank"),
        "integer": "text",
        "decimal": "text",
        "money": "object",
        "percent": "text",
        "boolean": "text",
        "date": "iso",
        "instant": "iso",
        "local_time": "iso",
        "duration": "iso",
        "set": "comma",
        "list": "comma",
        "binary": "base64",
        "ref": "blank",
    },
}
PROTOCOLS: Final = tuple(_DEFAULTS)


def default_wire(protocol: str, kind: str) -> str:
    """The spelling that a protocol uses unless its connector says otherwise; raises KeyError for an unknown kind.

    A protocol without an entry of its own (graphql, odata) speaks JSON as `rest` does.
    """
    return _DEFAULTS.get(protocol, _DEFAULTS["rest"])[kind]


def spellings(kind: str) -> tuple[str, ...]:
    """The spellings that a connector may choose for a kind, in alphabetical order."""
    return tuple(sorted(spelling for known, spelling in WIRE if known == kind))
