"""Text to tokens: one pass of one regular expression, then the layout that decides which line ends and commas count.

`laid_out` is for the spec without a mistake and gives up at the first one; `repairing` does the same with care.
"""

from typing import NamedTuple, TypeAlias

from syncline.source import Source, Span
from syncline.syntax.declarations import Comment
from syncline.syntax.tables import Tables

Token: TypeAlias = tuple[int, int, int]
"""Terminal (or one of the kinds below), start and end."""

# What the scanner sees and the grammar does not name; `compile_grammar` ends its pattern with these groups.
COMMENT, NEWLINE, OPEN_TEXT, OPEN_NAME, OTHER = -1, -2, -3, -4, -5
EXTRA_GROUPS = (
    (r"#[^\r\n]*", COMMENT),
    (r"\r\n?|\n", NEWLINE),
    (r'"[^\r\n]*', OPEN_TEXT),
    (r"`[^\r\n]*", OPEN_NAME),
    (r"(?s:.)", OTHER),
)

DEPTH_LIMIT = 60
"""How deep brackets may be nested, so that no later phase runs out of stack."""


class Scanned(NamedTuple):
    """The tokens in their order, line ends and errors included, and what is not for the parser."""

    tokens: list[Token]
    comments: list[Comment]
    docs: dict[int, str]
    """By the start of the token below them: the text of `##` lines."""


class Layout(NamedTuple):
    """The terminals by number that the layout looks at."""

    separator: int
    comma: int
    left_brace: int
    right_brace: int
    left_round: int
    right_round: int
    left_square: int
    right_square: int
    name: int
    end: int


def layout_of(tables: Tables) -> Layout:
    """The numbers that these tables gave to the terminals of the layout."""
    number = {symbol: at for at, symbol in enumerate(tables.symbols[: tables.terminals])}
    names = ("_SEP", "COMMA", "LBRACE", "RBRACE", "LPAR", "RPAR", "LSQB", "RSQB", "NAME", "$END")
    return Layout(*(number[name] for name in names))


def scanned(source: Source, tables: Tables) -> Scanned:
    """Every token of the text; no text is refused."""
    text, groups, words = source.text, tables.groups, tables.words.get
    name = layout_of(tables).name
    tokens: list[Token] = []
    comments: list[Comment] = []
    docs: dict[int, str] = {}
    doc: list[str] = []
    add = tokens.append
    fresh = True
    for match in tables.pattern.finditer(text):
        group = match.lastindex
        assert group is not None
        kind = groups[group]
        start, end = match.span(group)
        if kind == name:
            kind = words(text[start:end], name)
        elif kind < 0:
            if kind == NEWLINE:
                fresh = True
            elif kind == COMMENT:
                comment = text[start:end]
                comments.append(Comment(comment.rstrip(), Span(source, start, end)))
                if fresh and comment.startswith("##"):
                    doc.append(comment[2:].strip())
                continue
        if doc and kind != NEWLINE:
            docs[start] = "\n".join(doc)
            doc.clear()
        if kind != NEWLINE:
            fresh = False
        add((kind, start, end))
    return Scanned(tokens, comments, docs)


def laid_out(raw: list[Token], layout: Layout, length: int) -> list[Token] | None:
    """The tokens for the parser, `$END` last; None when brackets do not match or something is no token at all."""
    separator, comma, left_brace, right_brace, left_round, right_round, left_square, right_square, _, end = layout
    closer = {left_brace: right_brace, left_round: right_round, left_square: right_square}
    closers = set(closer.values())
    tokens: list[Token] = []
    add = tokens.append
    awaited: list[int] = []
    innermost = 0  # the closer that is awaited; 0 at the top
    last = separator
    for token in raw:
        kind = token[0]
        if kind == NEWLINE:
            if last == separator or innermost in (right_round, right_square):
                continue
            if last in (left_brace, comma):
                continue
            last = separator
            add((separator, token[1], token[2]))
            continue
        if kind == comma:
            if innermost == right_brace:
                if last in (separator, left_brace):
                    continue
                last = separator
                add((separator, token[1], token[2]))
                continue
        elif kind in closer:
            if len(awaited) == DEPTH_LIMIT:
                return None
            innermost = closer[kind]
            awaited.append(innermost)
        elif kind in closers:
            if kind != innermost:
                return None
            awaited.pop()
            innermost = awaited[-1] if awaited else 0
            if last == separator or (last == comma and kind != right_brace):
                tokens.pop()
        elif kind < 0:
            return None
        last = kind
        add(token)
    if awaited:
        return None
    if tokens and last == separator:
        tokens.pop()
    add((end, length, length))
    return tokens
