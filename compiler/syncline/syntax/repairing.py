"""The layout of a spec with mistakes: what the scanner could not read, brackets that do not match, one part a declaration.

A bracket that is missing must not hide the rest of the file. A declaration's word at the start of a line ends every
bracket that is still open; so does, for ( and [, a line that cannot go on inside them.
"""

import re
import unicodedata
from dataclasses import dataclass, field

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.source import Source, Span
from syncline.syntax.scanning import DEPTH_LIMIT, NEWLINE, OPEN_NAME, OPEN_TEXT, OTHER, Token, layout_of
from syncline.syntax.tables import Tables

MISTAKE_LIMIT = 1_000
"""More mistakes than this, and the file is no spec; they are not worth reading one by one."""


@dataclass(slots=True)
class Part:
    """The tokens of one declaration, or of a line that is none; `depths` are the brackets around each token.

    `unsure` is the start of a nested block that was never closed: what stands after it may stand elsewhere.
    """

    tokens: list[Token] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    unsure: int | None = None


@dataclass(slots=True)
class Repaired:
    """The parts of a file, what was wrong with it, and where the parser should not complain again."""

    parts: list[Part] = field(default_factory=list)
    diagnostics: list[Diagnostic] = field(default_factory=list)
    quiet_offsets: set[int] = field(default_factory=set)
    quiet_lines: set[int] = field(default_factory=set)


def repaired(source: Source, raw: list[Token], tables: Tables) -> Repaired:
    """The parts of a text whose tokens are given; linear in their number."""
    return _Repair(source, tables).run(raw)


class _Repair:
    def __init__(self, source: Source, tables: Tables) -> None:
        self.source = source
        self.layout = layout_of(tables)
        layout = self.layout
        self.closer = {
            layout.left_brace: layout.right_brace,
            layout.left_round: layout.right_round,
            layout.left_square: layout.right_square,
        }
        self.closers = frozenset(self.closer.values())
        numbers = {symbol: at for at, symbol in enumerate(tables.symbols)}
        self.text_kind = numbers["STRING"]
        # Where an operand ends and another begins, with a line end between them, a bracket was left open.
        operands = {numbers[name] for name in ("NAME", "STRING", "NUMBER", "PERCENT", "QUANTITY")}
        infix = {"and", "or", "is", "in", "not", "then", "else", "becomes"}
        self.infix = {number for word, number in tables.words.items() if word in infix}
        self.words = set(tables.words.values()) | operands
        heads = [tables.phrases[kind] for kind in tables.actions[tables.start] if tables.phrases[kind].isalpha()]
        # `record owned by` is a line of a truth block, so a record needs its brace to be taken for a declaration.
        plain = "|".join(sorted(set(heads) - {"record"}))
        self.head = re.compile(rf'(?:{plain}|allow)[ \t]+["`A-Za-z_]|record[ \t]+[A-Za-z_]\w*[ \t]*\{{')
        self.open: list[Token] = []
        self.part = Part()
        self.last = layout.separator
        # Braces whose `}` stands further left than they do: the one that is missing is more likely theirs.
        self.suspects: list[Token] = []
        self.unopened_lines: set[int] = set()
        self.result = Repaired()

    def run(self, raw: list[Token]) -> Repaired:
        text = self.source.text
        line_end: Token | None = None
        for token in raw:
            kind, start, _ = token
            if kind == NEWLINE:
                line_end = token
                self.separate(token)
                continue
            if line_end is not None and (self.open or self.last == self.layout.comma):
                if (start == 0 or text[start - 1] in "\r\n") and self.head.match(text, start):
                    self.close_all(start)
                    self.finish(line_end)
                elif self.open and self.runs_on(kind):
                    while self.open and self.open[-1][0] != self.layout.left_brace:
                        self.unclosed(self.open[-1], start)
                        self.close(line_end[1])
                    self.separate(line_end)
            line_end = None
            if len(self.result.diagnostics) > MISTAKE_LIMIT or not self.take(token):
                self.result.parts.clear()
                return self.result
        self.close_all(len(text))
        self.finish((self.layout.end, len(text), len(text)))
        return self.result

    def take(self, token: Token) -> bool:
        """Lay out one token that is no line end; False when brackets are nested too deep to go on."""
        layout = self.layout
        kind, start, end = token
        if kind < 0:
            self.unreadable(token)
        elif kind == layout.comma and self.open and self.open[-1][0] == layout.left_brace:
            self.separate(token)
        elif kind in self.closer:
            if kind == layout.left_brace and not self.part.tokens and self.result.parts:
                self.rejoin()
            if len(self.open) == DEPTH_LIMIT:
                self.report("syntax.too-deep", start, end, {"limit": DEPTH_LIMIT})
                return False
            self.emit(token)
            self.open.append(token)
        elif kind in self.closers:
            self.close_with(token)
        else:
            self.emit(token)
        return True

    def emit(self, token: Token) -> None:
        self.part.tokens.append(token)
        self.part.depths.append(len(self.open))
        self.last = token[0]

    def separate(self, token: Token) -> None:
        """A line end or comma where it may separate: see `scanning.laid_out`, whose rules these are."""
        layout = self.layout
        if self.last in (layout.separator, layout.left_brace):
            return
        if not self.open:
            if self.last != layout.comma:
                self.finish(token)
        elif self.open[-1][0] == layout.left_brace:
            self.emit((layout.separator, token[1], token[2]))

    def finish(self, token: Token) -> None:
        """End the part of the open declaration at a token."""
        if self.part.tokens:
            self.part.tokens.append((self.layout.end, token[1], token[1]))
            self.part.depths.append(0)
            self.result.parts.append(self.part)
        self.part = Part()
        self.last = self.layout.separator

    def rejoin(self) -> None:
        """Take up the last part again, whose block begins on the line below."""
        self.part = self.result.parts.pop()
        self.part.tokens.pop()
        self.part.depths.pop()
        end = self.part.tokens[-1][2]
        facts: dict[str, Fact] = {"found": "the end of the line", "expected": ("`{`",), "suggestion": ""}
        self.result.diagnostics.append(Diagnostic("syntax.unexpected", Span(self.source, end, end), facts))
        self.result.quiet_lines.add(self.source.position(end)[0])

    def close_with(self, token: Token) -> None:
        kind, start, end = token
        layout = self.layout
        shown = self.source.text[start:end]
        depth = len(self.open) - 1
        while depth >= 0 and self.closer[self.open[depth][0]] != kind:
            if self.open[depth][0] == layout.left_brace:
                depth = -1
                break
            depth -= 1
        if depth < 0:
            if self.open and self.open[-1][0] != layout.left_brace:
                opener = self.open[-1]
                opened = self.source.text[opener[1] : opener[2]]
                label = Label(Span(self.source, opener[1], opener[2]), "opened-here")
                facts = {"opened": opened, "closed": shown}
                span = Span(self.source, start, end)
                self.result.diagnostics.append(Diagnostic("syntax.mismatched-bracket", span, facts, (label,)))
                self.result.quiet_lines.add(span.line)
                self.close(start)
            elif (line := self.source.position(start)[0]) not in self.unopened_lines:
                self.report("syntax.unopened-brace", start, end, {"bracket": shown})
                self.unopened_lines.add(line)
            return
        while len(self.open) > depth + 1:
            self.unclosed(self.open[-1], start)
            self.close(start)
        if kind == layout.right_brace and self.indentation(start) < self.indentation(self.open[-1][1]):
            self.suspects.append(self.open[-1])
        self.close(start, end)

    def close(self, start: int, end: int | None = None) -> None:
        """Close the innermost bracket, with a token that is there or one that should have been."""
        layout = self.layout
        opener = self.open.pop()
        if self.last == layout.separator or (self.last == layout.comma and opener[0] != layout.left_brace):
            self.part.tokens.pop()
            self.part.depths.pop()
        if end is None:
            self.result.quiet_offsets.add(start)
        # Its depth is that of what it closes, so that skipping an item of the block stops here.
        self.part.tokens.append((self.closer[opener[0]], start, start if end is None else end))
        self.part.depths.append(len(self.open) + 1)
        self.last = self.closer[opener[0]]

    def close_all(self, noticed: int) -> None:
        while self.open:
            self.unclosed(self.open[-1], noticed)
            self.close(noticed)
        self.suspects.clear()

    def indentation(self, offset: int) -> int:
        line = self.source.line(self.source.position(offset)[0])
        return len(line) - len(line.lstrip())

    def unclosed(self, opener: Token, noticed: int) -> None:
        if opener[0] == self.layout.left_brace and self.suspects:
            opener = self.suspects.pop(0)
        span = Span(self.source, opener[1], opener[2])
        if span.line in self.result.quiet_lines:
            return
        if opener[0] != self.layout.left_brace:
            self.result.quiet_lines.add(span.line)
        elif opener[1] != next(token[1] for token in self.part.tokens if token[0] == self.layout.left_brace):
            self.part.unsure = opener[1] if self.part.unsure is None else min(self.part.unsure, opener[1])
        label = Label(Span(self.source, noticed, noticed), "noticed-here")
        self.result.diagnostics.append(Diagnostic("syntax.unclosed-brace", span, {"bracket": span.text}, (label,)))

    def runs_on(self, kind: int) -> bool:
        """Whether a token at the start of a line cannot go on inside the ( or [ that is open."""
        if self.open[-1][0] == self.layout.left_brace or kind in self.infix:
            return False
        ended = self.last in self.words or self.last in self.closers
        return ended and self.last not in self.infix and kind in self.words

    def unreadable(self, token: Token) -> None:
        kind, start, end = token
        line = self.source.position(start)[0]
        if kind == OPEN_TEXT:
            self.emit((self.text_kind, start, end))
            self.report("syntax.unterminated-string", start, end, {})
        elif kind == OPEN_NAME:
            self.emit((self.layout.name, start, end))
            self.report("syntax.unterminated-name", start, end, {})
        elif kind == OTHER and line not in self.result.quiet_lines:
            character = self.source.text[start]
            name = unicodedata.name(character, f"U+{ord(character):04X}")
            self.report("syntax.bad-character", start, end, {"character": character, "name": name})
        self.result.quiet_lines.add(line)

    def report(self, code: str, start: int, end: int, facts: dict[str, str | int]) -> None:
        self.result.diagnostics.append(Diagnostic(code, Span(self.source, start, end), facts))
