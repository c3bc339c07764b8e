"""The inverse of filling a template: what a call that fits a template says in its slots. Pure."""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from syncline_runtime.declaration import Body, Slot, Text

_PLACEHOLDER = re.compile(r"\{\{|\}\}|\{([A-Za-z0-9_.]+)\}")


def matched(template: Body, actual: Any) -> dict[str, Any] | None:
    """The slots of `actual`, or None where it does not fit `template`. Members that the template does not name are let be."""
    slots: dict[str, Any] = {}
    return slots if _fits(template, actual, slots) else None


def matched_text(template: str, actual: str, *, path: bool = False) -> dict[str, str] | None:
    """The placeholders of a text; in a path each is one segment, and is decoded."""
    names: list[str] = []
    pattern: list[str] = []
    end = 0
    for found in _PLACEHOLDER.finditer(template):
        pattern.append(re.escape(template[end : found.start()]))
        if found[1] is None:
            pattern.append(re.escape(found[0][0]))
        else:
            names.append(found[1])
            pattern.append("([^/]+)" if path else "(.*?)")
        end = found.end()
    pattern.append(re.escape(template[end:]))
    hit = re.fullmatch("".join(pattern), actual, re.DOTALL)
    if hit is None:
        return None
    return {name: unquote(value) if path else value for name, value in zip(names, hit.groups(), strict=True)}


def placed(path: str, value: Any) -> Any:
    """A document with `value` at a dotted path; numbers in the path make lists."""
    for part in reversed(path.split(".") if path else []):
        value = [*([None] * int(part)), value] if part.isdigit() else {part: value}
    return value


def _fits(template: Body, actual: Any, slots: dict[str, Any]) -> bool:
    match template:
        case Slot(name):
            slots[name] = actual
            return True
        case Text(text):
            found = matched_text(text, actual) if isinstance(actual, str) else None
            slots.update(found or {})
            return found is not None
        case Mapping():
            return isinstance(actual, dict) and all(
                key in actual and _fits(part, actual[key], slots) for key, part in template.items()
            )
        case tuple() if template and template[0] == Slot("updates") and isinstance(actual, list):
            rest = len(template) - 1
            slots["updates"] = actual[: len(actual) - rest]
            return _fits(template[1:], actual[len(actual) - rest :], slots)
        case tuple():
            return (
                isinstance(actual, list)
                and len(actual) == len(template)
                and all(_fits(part, item, slots) for part, item in zip(template, actual, strict=True))
            )
        case _:
            return bool(template == actual)
