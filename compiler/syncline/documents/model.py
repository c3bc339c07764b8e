"""The resolved model as a JSON document: nothing is left to look up but the names of what stands elsewhere in it.

`{"format_version", "document": "model", "file", "connectors", "spec"}`. Each part is an object: `node` is its class (see
`syncline.model`, and `syncline_runtime.declaration` for what a connector declares), `span` its place, the rest its fields by
name. What stands elsewhere in the document is named: an entity, a system, a resource, a field. Decimals, dates and times are
texts. Secrets are named by their variable; their values are nowhere in a spec.
"""

from collections.abc import Callable, Mapping
from dataclasses import fields, is_dataclass
from datetime import date, time
from enum import Enum
from typing import Any, Final

from syncline.model.spec import ConnectorModel, Spec
from syncline.source import Span

FORMAT_VERSION: Final = "1.0"
"""The first number changes when a reader would break, the second when something is added."""

OMITTED: Final[Mapping[tuple[str, str], str]] = {
    ("ConnectorModel", "resources"): "a system has them, with what `extend` adds",
    ("ConnectorModel", "spelling"): "each native field has its own",
    ("ConnectorModel", "templates"): "a system has the resources that were made of them",
    ("Spec", "file"): "stands at the top of the document",
}
"""Fields of the model that are not in the document, with the reason."""


def _name(value: Any) -> Any:
    return None if value is None else value.name


def _names(values: Any) -> list[str]:
    return [value.name for value in values]


def _place_of(value: Any) -> Any:
    """A map by its entity and system."""
    return None if value is None else {"entity": value.entity.name, "system": value.system.name}


NAMED: Final[Mapping[tuple[str, str], Callable[[Any], Any]]] = {
    ("System", "connector"): _name,
    ("Map", "entity"): _name,
    ("Map", "system"): _name,
    ("Map", "resource"): _name,
    ("Line", "field"): _name,
    ("Line", "natives"): _names,
    ("Equality", "native"): _name,
    ("MatchRule", "fields"): _names,
    ("Sync", "entity"): _name,
    ("Sync", "systems"): _names,
    ("Sync", "maps"): lambda maps: [_place_of(found) for found in maps],
    ("Truth", "systems"): _names,
    ("WriteRule", "system"): _name,
    ("DeleteRule", "system"): _name,
    ("Automation", "system"): _name,
    ("Automation", "resource"): _name,
    ("Automation", "sets"): _names,
    ("Automation", "listens"): _names,
    ("NativeSample", "map"): _place_of,
    ("TruthExample", "sync"): lambda sync: sync.entity.name,
}
"""Fields that hold what stands elsewhere in the document, with how they name it."""


def model_document(spec: Spec) -> dict[str, Any]:
    """The document of a resolved spec."""
    connectors: dict[str, ConnectorModel] = {one.connector.name: one.connector for one in spec.systems.values()}
    return {
        "format_version": FORMAT_VERSION,
        "document": "model",
        "file": spec.file,
        "connectors": {name: _encoded(connector) for name, connector in connectors.items()},
        "spec": _encoded(spec),
    }


def _encoded(value: object) -> Any:
    match value:
        case None | bool() | int() | float() | str():
            return value
        case Span():
            return value.place()
        case Enum():
            return value.value
        case Mapping():
            return {str(key): _encoded(item) for key, item in value.items()}
        case frozenset():
            return sorted((_encoded(item) for item in value), key=repr)
        case tuple():
            return [_encoded(item) for item in value]
        case _ if is_dataclass(value) and not isinstance(value, type):
            return _object(value)
        case bytes():
            return value.hex()
        case date() | time():
            return value.isoformat()
        case _:
            return str(value)


def _object(value: Any) -> dict[str, Any]:
    kind = type(value).__name__
    found: dict[str, Any] = {"node": kind}
    for field in fields(value):
        if (kind, field.name) in OMITTED:
            continue
        held = getattr(value, field.name)
        named = NAMED.get((kind, field.name))
        found[field.name] = _encoded(held) if named is None else named(held)
    return found
