"""Which declaration a place of a spec belongs to, in words that stay the same when lines move."""

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, Final

from syncline.syntax.declarations import Spec

_HEAD_END: Final = re.compile(r"[{=\"\n]|\b(?:version|across|from|where|when)\b")
_PARTS: Final = ("fields", "members", "lines", "items", "clauses", "rules", "samples")
_WORDS: Final = {"WriteRule": 3, "Directive": 2}
"""How many words name an item, where one does not."""


def declaration_path(spec: Spec, offset: int) -> str:
    """The declaration at an offset and the items in it, as `sync Customer / truth / name`; "" outside of all."""
    node = _around((spec.declarations,), offset)
    if node is None:
        return ""
    head = _HEAD_END.split(node.span.text, maxsplit=1)[0] or node.span.text
    path = [_plain(head)]
    while (node := _around(_items(node), offset)) is not None:
        words = _plain(re.split(r"<->|<-|->|[:{=(,\n]", node.span.text, maxsplit=1)[0]).split()
        path.append(" ".join(words[: _WORDS.get(type(node).__name__, 1)]))
    return " / ".join(part for part in path if part)


def _items(node: Any) -> Iterator[tuple[Any, ...]]:
    return (items for name in _PARTS if (items := getattr(node, name, None)))


def _around(groups: Iterable[tuple[Any, ...]], offset: int) -> Any:
    """The node at an offset; the nodes of a group stand in the order of writing."""
    for nodes in groups:
        at = bisect_right(nodes, offset, key=_start) - 1
        if at >= 0 and offset < max(nodes[at].span.end, nodes[at].span.start + 1):
            return nodes[at]
    return None


def _start(node: Any) -> int:
    return int(node.span.start)


def _plain(text: str) -> str:
    return " ".join(text.replace("`", "").split())
