"""Where the columns of a line begin: what `fmt` aligns in a run of lines of one kind, and which spaces a name decides."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from syncline.syntax import declarations as d
from syncline.syntax import expressions as e
from syncline.syntax import policy as p
from syncline.syntax.scanning import Token


class Columns(NamedTuple):
    """What the tree says about the tokens of a source, by their start."""

    rows: dict[int, tuple[str, tuple[int, ...]]]
    """By the first token of an item: the kind of its row, and the tokens that begin its columns after the first."""
    closing: set[int]
    """Tokens with no space before them: the bracket of a call or a key, `<` and `>` of a type."""
    opening: set[int]
    """Tokens with no space after them: `<` of a type, the minus of a negative value."""


def columns_of(spec: d.Spec, tokens: list[Token]) -> Columns:
    """The columns of a spec whose tokens, without line ends, are given."""
    starts = {start: at for at, (_, start, _) in enumerate(tokens)}
    ends = {end: at for at, (_, _, end) in enumerate(tokens)}
    found = Columns({}, set(), set())

    def after(offset: int) -> int:
        """The start of the token that follows the one ending at an offset."""
        return tokens[ends[offset] + 1][1]

    def before(offset: int) -> int:
        return tokens[starts[offset] - 1][1]

    def row(node: Any, kind: str, *columns: int) -> None:
        found.rows[node.span.start] = (kind, columns)

    for node in _nodes(spec):
        match node:
            case d.Field():
                type_end = node.type.span.end
                rest = ends[type_end] + 1 + node.optional
                more = type_end < node.span.end and tokens[rest][1] < node.span.end if rest < len(tokens) else False
                row(node, "field", after(node.name.span.end), *([tokens[rest][1]] if more else []))
            case d.Property():
                row(node, "field", after(node.name.span.end), *[word.span.start for word in node.words[:1]])
            case d.Directive(_, (e.Path() as verb, e.Text() as target, *_)):
                row(node, "request", verb.span.start, target.span.start)
            case d.FieldLine():
                columns = [node.arrow_span.start, after(node.arrow_span.end)]
                if node.codec is not None:
                    columns.append(before(node.codec.span.start))
                row(node, "line", *columns)
            case d.Sample():
                row(node, "sample", node.values.span.start)
            case p.FieldTruth() | p.OtherwiseTruth():
                row(node, "truth", node.rule.span.start)
            case p.RecordTruth():
                row(node, "truth", node.owner.span.start)
            case e.Call(function=name) | e.CodecCall(name=name) | e.NamedType(name=name):
                if name.span.end < node.span.end and spec.source.text[after(name.span.end)] == "(":
                    found.closing.add(after(name.span.end))
            case p.PythonMerge():
                found.closing.add(after(tokens[starts[node.span.start]][2]))
            case e.Key():
                found.closing.add(node.span.start)
            case e.CollectionType():
                left = after(node.kind.span.end)
                right = after(node.element.span.end)
                found.closing.update((left, right))
                found.opening.add(left)
            case e.Unary(operator="-"):
                found.opening.add(node.span.start)
    return found


def _nodes(spec: d.Spec) -> Iterator[Any]:
    """Every node below the declarations, parents first."""
    waiting: list[Any] = list(reversed(spec.declarations))
    while waiting:
        node = waiting.pop()
        if isinstance(node, tuple):
            waiting.extend(node)
        elif hasattr(node, "__match_args__") and hasattr(node, "span"):
            yield node
            waiting.extend(getattr(node, name) for name in node.__match_args__)
