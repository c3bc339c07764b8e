"""Dotted paths into answers, and records between their delivered shape and their flat one. Pure."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, Final

from syncline_runtime.declaration import NativeField, Resource
from syncline_runtime.values import Native

MISSING: Final = object()


def at(document: Any, path: str) -> Any:
    """What stands at a dotted path (`data.items`, `result.0`), MISSING where nothing does; the empty path is the document."""
    for part in path.split(".") if path else ():
        match document:
            case Mapping() if part in document:
                document = document[part]
            case list() | tuple() if part.isascii() and part.isdigit() and int(part) < len(document):
                document = document[int(part)]
            case _:
                return MISSING
    return document


def text_at(document: Any, path: str) -> str:
    """The text for people at a dotted path, or at the first of several (`error.1.0 | error.0`) that leads to one."""
    for alternative in path.split("|"):
        found = at(document, alternative.strip()) if alternative.strip() else MISSING
        if isinstance(found, str) and found:
            return found
        if isinstance(found, int | Decimal) and not isinstance(found, bool):
            return str(found)
    return ""


def texts_at(document: Any, path: str) -> dict[str, str]:
    """The texts of a path with one `*`, by the key or index that stands there (`data.*.message`)."""
    before, star, after = path.partition("*")
    if not star:
        return {}
    container = at(document, before.rstrip("."))
    match container:
        case Mapping():
            pairs = [(str(key), item) for key, item in container.items()]
        case list():
            pairs = [(str(index), item) for index, item in enumerate(container)]
        case _:
            return {}
    told = {key: at(item, after.lstrip(".")) for key, item in pairs}
    return {key: value if isinstance(value, str) else str(value) for key, value in told.items() if value is not MISSING}


def flattened(record: Mapping[str, Any], fields: Sequence[NativeField]) -> Native:
    """A delivered record by field name: fields with a path are taken from there, all others stay as they are."""
    flat = dict(record)
    for field in fields:
        found = _inside(record, field.path)
        if found is not MISSING:
            flat[field.name] = found
        elif field.path[0] != field.name:
            flat.pop(field.name, None)
    return flat


def nested(native: Native, fields: Mapping[str, NativeField]) -> dict[str, Any]:
    """The inverse of `flattened`, for writing: only what `native` has."""
    document: dict[str, Any] = {}
    for name, value in native.items():
        declared = fields.get(name)
        path = declared.path if declared is not None and declared.path else (name,)
        inner = document
        for part in path[:-1]:
            inner = inner.setdefault(part, {})
        inner[path[-1]] = value
    return document


def with_path(resource: Resource) -> tuple[NativeField, ...]:
    """The fields that stand elsewhere than under their name."""
    return tuple(field for field in resource.fields.values() if field.path and field.path != (field.name,))


def asked_name(resource: Resource, name: str) -> str:
    """How a field is called when asking for it: its path, whose levels may end in a dot of their own (Tryton's `lang.`)."""
    declared = resource.fields.get(name)
    if declared is None or not declared.path:
        return name
    return ".".join(part.rstrip(".") for part in declared.path)


def _inside(record: Any, path: tuple[str, ...]) -> Any:
    for part in path:
        match record:
            case Mapping() if part in record:
                record = record[part]
            case list() if part.isascii() and part.isdigit() and int(part) < len(record):
                record = record[int(part)]
            case None:
                return None
            case _:
                return MISSING
    return record
