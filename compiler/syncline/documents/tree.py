"""The syntax tree of one file as a JSON document.

`{"format_version", "document": "ast", "file", "tree"}`. Each node is an object: `node` is its class (see `syncline.syntax`), `span`
its place in the file, the rest its fields by name. A field holds a node, a list of nodes, a text, a boolean or null; numbers are
kept as written.
"""

from typing import Any, Final

from syncline.source import Span
from syncline.syntax.declarations import Spec

FORMAT_VERSION: Final = "1.0"
"""The first number changes when a reader would break, the second when something is added."""

APART: Final = frozenset({"source", "height"})
"""What is no part of a document: the text itself, and what is derived from the rest."""


def tree_document(tree: Spec) -> dict[str, Any]:
    """The document of a file's tree."""
    return {
        "format_version": FORMAT_VERSION,
        "document": "ast",
        "file": tree.source.name,
        "tree": _encoded(tree),
    }


def _encoded(value: object) -> Any:
    match value:
        case None | bool() | str():
            return value
        case Span():
            return {name: number for name, number in value.place().items() if name != "file"}
        case tuple():
            return [_encoded(item) for item in value]
        case _:
            names: tuple[str, ...] = type(value).__slots__  # type: ignore[attr-defined]
            fields = {name: _encoded(getattr(value, name)) for name in names if name not in APART}
            return {"node": type(value).__name__, **fields}
