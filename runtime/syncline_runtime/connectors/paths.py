"""Dotted paths into answers, and records between their delivered shape and their flat one. Pure."""

from collections.abc import Callable, Mapping, Sequence
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


def flattening(fields: Sequence[NativeField]) -> Callable[[dict[str, Any]], Native]:
    """What gives a delivered record by field name: fields with a path are taken from there, all others stay as they are."""
    # Most paths lead into one object of the record: each such object is looked up once.
    outer: dict[str, list[tuple[str, str]]] = {}
    for field in fields:
        if len(field.path) == 2:
            outer.setdefault(field.path[0], []).append((field.name, field.path[1]))
    groups = list(outer.items())
    deep = [(field.name, field.path) for field in fields if len(field.path) != 2]

    def flattened(record: dict[str, Any]) -> Native:
        flat = record.copy()
        for first, names in groups:
            inner = record.get(first, MISSING)
            if type(inner) is dict:
                for name, second in names:
                    if second in inner:
                        flat[name] = inner[second]
                    elif first != name:
                        flat.pop(name, None)
            else:
                for name, second in names:
                    put(flat, name, (first, second), record)
        for name, path in deep:
            put(flat, name, path, record)
        return flat

    def put(flat: Native, name: str, path: tuple[str, ...], record: dict[str, Any]) -> None:
        found = _inside(record, path)
        if found is not MISSING:
            flat[name] = found
        elif path[0] != name:
            flat.pop(name, None)

    return flattened


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


def flattened_of(resource: Resource) -> Callable[[dict[str, Any]], Native] | None:
    """What flattens the resource's records; None where every field stands under its name."""
    elsewhere = [field for field in resource.fields.values() if field.path and field.path != (field.name,)]
    return flattening(elsewhere) if elsewhere else None


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
