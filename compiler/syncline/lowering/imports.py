"""Where the names of generated code come from, and how they are imported."""

import re
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from syncline.lowering.layout import WIDTH, Bracketed, Imported, Item, Plain, laid_out
from syncline.view import ImportGroup
from syncline_runtime import codecs, declaration
from syncline_runtime.expressions import FUNCTIONS

_STANDARD: Final[Mapping[str, tuple[str, ...]]] = {
    "collections.abc": ("Mapping",),
    "datetime": ("date", "datetime", "time", "timedelta"),
    "decimal": ("Decimal",),
    "typing": ("Any", "Final", "TypedDict"),
}
_DECLARED: Final = tuple(
    name
    for name, value in vars(declaration).items()
    if isinstance(value, type) and value.__module__.startswith(declaration.__name__)
)
_APPLIED: Final = {signature.python for definition in FUNCTIONS.values() for signature in definition.signatures}

_QUICK: Final = (
    "date_text", "decimal_text", "decimal_text_put", "integer_get", "member_put", "readings", "scaled_text",
)  # fmt: skip

SOURCES: Final[Mapping[str, str]] = MappingProxyType(
    {name: module for module, names in _STANDARD.items() for name in names}
    | dict.fromkeys(sorted(_APPLIED), "syncline_runtime.expressions")
    | dict.fromkeys(codecs.__all__, "syncline_runtime.codecs")
    | dict.fromkeys(_QUICK, "syncline_runtime.codecs.quick")
    | {"is_past": "syncline_runtime.expressions", "column": "syncline_runtime.expressions"}
    | {"concatenated": "syncline_runtime.expressions.quick", "load_function": "syncline_runtime.codecs.custom"}
    | {"laws": "syncline_runtime", "load_codec": "syncline_runtime.codecs.custom"}
    | dict.fromkeys(("ABSENT", "Money", "Native", "Reference"), "syncline_runtime.values")
    | dict.fromkeys(_DECLARED, "syncline_runtime.declaration")
    | {"re": ""}
)
"""Name -> module that it is imported from; a module itself comes from ""."""


def import_groups(names: Iterable[str], siblings: Iterable[str] = ()) -> tuple[ImportGroup, ...]:
    """The statements that import `names`, and `siblings`, modules of the package itself, grouped and sorted.

    Raises KeyError for a name without a source.
    """
    sources = [(SOURCES[name], name) for name in set(names)]
    modules = sorted(name for module, name in sources if not module)
    standard = _statements((pair for pair in sources if pair[0] in _STANDARD), "")
    runtime = _statements((pair for pair in sources if pair[0].startswith("syncline_runtime")), "")
    own = _statements((("", module) for module in siblings), ".")
    groups = ((*(f"import {module}" for module in modules), *standard), runtime, own)
    return tuple(ImportGroup(statements) for statements in groups if statements)


def _statements(pairs: Iterable[tuple[str, str]], prefix: str) -> tuple[str, ...]:
    found: dict[str, set[str]] = {}
    for module, name in pairs:
        found.setdefault(module, set()).add(name)
    return tuple(_statement(prefix + module, sorted(found[module], key=_order)) for module in sorted(found))


def _statement(module: str, names: list[str]) -> str:
    flat = f"from {module} import {', '.join(names)}"
    if len(flat) <= WIDTH:
        return flat
    items = tuple(Item("", Plain(name)) for name in names)
    return laid_out(Bracketed(Imported(f"from {module} import "), "(", items, ")"), indent="", before=WIDTH, after=0)


def _order(name: str) -> tuple[int, list[tuple[bool, int, str]], str]:
    # isort: constants, then classes, then the rest; without case, and `item2` before `item10`.
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[0].isupper() else 2
    parts = re.split("([0-9]+)", name.lower())
    return kind, [(not part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts if part], name
