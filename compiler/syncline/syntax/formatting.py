"""The one way to lay out a spec. Lines stay as their author broke them; spaces, indentation and columns are ours.

In { } a comma at the end of a line is dropped, and a block that holds a line end opens and closes on lines of its own.
At most one blank line is kept. Columns are aligned in a run of lines of one kind, which a blank line ends.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Source, Span
from syncline.syntax.columns import Columns, columns_of
from syncline.syntax.declarations import Spec
from syncline.syntax.parsing import parse
from syncline.syntax.scanning import NEWLINE, Layout, Token, layout_of, scanned
from syncline.syntax.tables import tables

_INDENT = "  "
_ARROWS = {"->": " ->", "<-": "<- "}
_TIGHT_BEFORE = frozenset({",", ")", "]", ".", "?"})
_TIGHT_AFTER = frozenset({"(", "[", "."})


def formatted(source: Source) -> str | tuple[Diagnostic, ...]:
    """The text of a source, laid out; its diagnostics when it has any, because a broken spec is left alone.

    Every call checks itself: the result has the same tree and the same comments, and laying it out changes nothing.
    """
    spec, diagnostics = parse(source)
    if diagnostics:
        return diagnostics
    text = _laid_out(spec)
    again, found = parse(Source(source.name, text))
    if found or again.declarations != spec.declarations:
        return _refusal(source, "meaning")
    if [comment.text for comment in again.comments] != [comment.text for comment in spec.comments]:
        return _refusal(source, "comments")
    if _laid_out(again) != text:
        return _refusal(source, "stability")
    return text


def _refusal(source: Source, lost: str) -> tuple[Diagnostic, ...]:
    return (Diagnostic("syntax.not-formattable", Span(source, 0, 0), {"problem": lost}),)


@dataclass(slots=True)
class _Line:
    """A line to be: tokens as (start, text), what stands around them, and whether it holds several items of its block."""

    tokens: list[tuple[int, str]] = field(default_factory=list)
    comment: str = ""
    blank_before: bool = False
    depth: int = 0
    several: bool = False
    indent: int = 0
    kind: str = ""
    cells: list[str] = field(default_factory=list)


def _laid_out(spec: Spec) -> str:
    source = spec.source
    parser = tables()
    raw = scanned(source, parser).tokens
    columns = columns_of(spec, [token for token in raw if token[0] != NEWLINE])
    lines = _broken(source, raw, layout_of(parser), {comment.span.start: comment.text for comment in spec.comments})
    _indented(lines)
    for line in lines:
        _spaced(line, columns)
    _aligned(lines)
    return "".join(_written(lines))


def _broken(source: Source, raw: list[Token], layout: Layout, comments: dict[int, str]) -> list[_Line]:
    """The tokens in lines: as in the source, and around the braces of every block that holds a line end."""
    text = source.text
    wide = _wide_braces(raw, layout)
    lines = [_Line()]
    braces: list[tuple[int, bool]] = []  # open brackets: terminal, and whether it is a brace over several lines
    pending = sorted(comments.items(), reverse=True)
    comma = False  # one that separates, if more follows on its line
    newlines = 0

    def broken() -> None:
        nonlocal comma
        comma = False
        if lines[-1].tokens or lines[-1].comment:
            lines.append(_Line())

    for at, (kind, start, end) in enumerate(raw):
        while pending and pending[-1][0] < start:
            _, comment = pending.pop()
            newlines = _place_comment(lines, comment, newlines)
        if kind == NEWLINE:
            newlines += 1
            broken()
            continue
        in_braces = bool(braces) and braces[-1][0] == layout.left_brace
        if kind == layout.comma:
            if in_braces:
                comma = bool(lines[-1].tokens) and lines[-1].tokens[-1][1] != "{"
                if at and raw[at - 1][1] in wide and raw[at - 1][0] == layout.right_brace:
                    broken()
                newlines = 0
                continue
            if _next(raw, at) in (layout.right_round, layout.right_square):
                continue
        closing = kind in (layout.right_brace, layout.right_round, layout.right_square)
        if kind == layout.right_brace and start in wide:
            broken()
        elif comma and not closing:
            lines[-1].tokens.append((raw[at - 1][1], ","))
            lines[-1].several |= lines[-1].depth == len(braces)
        comma = False
        line = lines[-1]
        free = bool(braces) and not in_braces
        if not line.tokens and newlines > 1 and not closing and not free:
            line.blank_before = True
        newlines = 0
        if not line.tokens:
            line.depth = len(braces)
        line.tokens.append((start, _text(text[start:end])))
        if closing:
            braces.pop()
        elif kind in (layout.left_brace, layout.left_round, layout.left_square):
            braces.append((kind, start in wide))
            if start in wide:
                broken()
    for _, comment in reversed(pending):
        newlines = _place_comment(lines, comment, newlines)
    return _kept(lines)


def _kept(lines: list[_Line]) -> list[_Line]:
    """The lines that hold something, without blank ones at the edges of a block."""
    kept = [line for line in lines if line.tokens or line.comment]
    for previous, line in zip([None, *kept], kept, strict=False):
        last = previous.tokens[-1][1] if previous is not None and previous.tokens else ""
        first = line.tokens[0][1] if line.tokens else ""
        if previous is None or last in ("{", "(", "[", ",") or first == "}":
            line.blank_before = False
    return kept


def _place_comment(lines: list[_Line], comment: str, newlines: int) -> int:
    """Put a comment behind the last token when it stands on that line, else on a line of its own."""
    if newlines == 0 and not lines[-1].tokens and len(lines) > 1:
        lines[-2].comment = comment
        return 0
    if not lines[-1].tokens:
        lines[-1].blank_before = newlines > 1
    lines[-1].comment = comment
    return 0


def _wide_braces(raw: list[Token], layout: Layout) -> set[int]:
    """The starts of all braces, opening and closing, of the blocks that hold a line end."""
    wide: set[int] = set()
    open_: list[tuple[int, int]] = []
    newlines = 0
    for kind, start, _ in raw:
        if kind == NEWLINE:
            newlines += 1
        elif kind in (layout.left_brace, layout.left_round, layout.left_square):
            open_.append((start, newlines))
        elif kind in (layout.right_brace, layout.right_round, layout.right_square):
            opener, before = open_.pop()
            if kind == layout.right_brace and newlines > before:
                wide.update((opener, start))
    return wide


def _next(raw: list[Token], at: int) -> int:
    """The terminal of the next token that is no line end."""
    return next((kind for kind, _, _ in raw[at + 1 :] if kind != NEWLINE), 0)


def _text(text: str) -> str:
    """A token with one space where it has blanks of its own, as in `5 minutes`."""
    return text if text[0] in '"`' else " ".join(text.split())


def _indented(lines: list[_Line]) -> None:
    """Give each line a level for each earlier line that leaves brackets open, however many."""
    opened: list[int] = []
    continued = False
    for number, line in enumerate(lines):
        texts = [text for _, text in line.tokens]
        leading = 0
        while leading < len(texts) and texts[leading] in ("}", ")", "]"):
            leading += 1
        line.indent = len(set(opened[: len(opened) - leading])) + (continued and not opened)
        for text in texts:
            if text in ("{", "(", "["):
                opened.append(number)
            elif text in ("}", ")", "]"):
                opened.pop()
        continued = not opened and (texts[-1] == "," if texts else continued)


def _spaced(line: _Line, columns: Columns) -> None:
    """Set the spaces inside a line and cut it into cells."""
    if not line.tokens:
        return
    kind, boundaries = columns.rows.get(line.tokens[0][0], ("", ()))
    if line.several:
        kind, boundaries = "", ()
    line.kind = kind
    cell = ""
    previous = ""
    tight = True
    for start, text in line.tokens:
        if start in boundaries and text != ",":
            line.cells.append(cell)
            cell, tight = "", True
        if not tight and text not in _TIGHT_BEFORE and text != ":" and start not in columns.closing:
            cell += "" if previous + text == "{}" else " "
        cell += text
        tight = text in _TIGHT_AFTER or (start in columns.opening and text in "<-")
        previous = text
    line.cells.append(cell)
    if len(line.cells) <= len(boundaries):
        line.kind = ""  # the item goes on in the next line before its last column


def _runs(lines: list[_Line]) -> Iterator[list[_Line]]:
    """The lines of one kind and indentation that follow each other; a line with only a comment does not part them."""
    run: list[_Line] = []
    for line in lines:
        if not line.tokens and not line.blank_before:
            continue
        if run and (line.blank_before or line.kind != run[0].kind or line.indent != run[0].indent):
            yield run
            run = []
        if line.kind:
            run.append(line)
    if run:
        yield run


def _aligned(lines: list[_Line]) -> None:
    """Pad the cells of each run, then the lines of each run of comments; a last cell is as wide as it is."""
    for run in _runs(lines):
        if run[0].kind == "line" and len({line.cells[1] for line in run}) > 1:
            for line in run:
                line.cells[1] = _ARROWS.get(line.cells[1], line.cells[1])
        for column in range(max(len(line.cells) for line in run)):
            padded = [line for line in run if len(line.cells) > column + 1]
            width = max((len(line.cells[column]) for line in padded), default=0)
            for line in padded:
                line.cells[column] = line.cells[column].ljust(width)
    run = []
    for line in [*lines, _Line()]:
        joins = bool(line.tokens and line.comment) and not line.blank_before
        if run and not (joins and line.indent == run[0].indent):
            _align_comments(run)
            run = []
        if line.tokens and line.comment:
            run.append(line)


def _align_comments(run: list[_Line]) -> None:
    width = max(len(" ".join(line.cells)) for line in run)
    for line in run:
        line.cells = [" ".join(line.cells).ljust(width) + " "]


def _written(lines: Iterable[_Line]) -> Iterator[str]:
    for line in lines:
        if line.blank_before:
            yield "\n"
        parts = line.cells + ([line.comment] if line.comment else [])
        yield f"{_INDENT * line.indent}{' '.join(parts)}".rstrip() + "\n"
