"""Parsing a spec with mistakes: after each one the item or declaration around it is dropped, and the next one parsed."""

from difflib import get_close_matches
from typing import Any

from syncline.diagnostics.diagnostic import Diagnostic, Fact
from syncline.source import Source, Span
from syncline.syntax.declarations import Declaration
from syncline.syntax.driving import Driver, driven
from syncline.syntax.expecting import acceptable, expected, phrases, spelled
from syncline.syntax.repairing import MISTAKE_LIMIT, Part, Repaired, repaired
from syncline.syntax.scanning import Layout, Token, layout_of

_SHOWN = 40
"""How many characters of a token a diagnostic repeats."""


def recovered(driver: Driver, source: Source, raw: list[Token]) -> tuple[tuple[Declaration, ...], list[Diagnostic]]:
    """The declarations that could be read, and a diagnostic for each independent mistake."""
    layout = repaired(source, raw, driver.tables)
    recovery = _Recovery(driver, source, layout)
    declarations: list[Declaration] = []
    heads = driver.tables.actions[driver.tables.start]
    lost: list[tuple[int, int]] = []  # from a declaration that was dropped to the next one
    for part in layout.parts:
        kind, start, _ = part.tokens[0]
        known = kind in heads
        indented = start > 0 and source.text[start - 1] not in "\r\n"
        if lost and lost[-1][1] < 0:
            if indented and not known:
                continue
            lost[-1] = (lost[-1][0], start)
        recovery.part = part
        recovery.unsure = part.unsure
        found = driven(driver, part.tokens, recovery)
        declarations += found or ()
        if found is None and (body := _body(driver, layout_of(driver.tables), part, recovery.given_up)) is not None:
            recovery.part = body
            driven(driver, body.tokens, recovery)
        if len(layout.diagnostics) + len(recovery.diagnostics) > MISTAKE_LIMIT:
            break
        if found is None or recovery.unsure != part.unsure:
            lost.append((start, -1))
    reported = {diagnostic.span.line for diagnostic in recovery.diagnostics}
    diagnostics = recovery.diagnostics + [
        diagnostic
        for diagnostic in layout.diagnostics
        if diagnostic.code != "syntax.unopened-brace"
        or not (diagnostic.span.line in reported or _within(diagnostic.span.start, lost))
    ]
    if len(diagnostics) > MISTAKE_LIMIT:
        first = min(diagnostics, key=lambda diagnostic: diagnostic.span.start)
        return (), [Diagnostic("syntax.too-many", first.span, {"limit": MISTAKE_LIMIT})]
    return tuple(declarations), diagnostics or recovery.withheld[:1]


_HEADERS = {
    "enum": "enum NAME {",
    "record": "record NAME {",
    "entity": "entity NAME {",
    "connector": "connector NAME over NAME {",
    "extend": "extend NAME {",
    "system": "system NAME = NAME {",
    "map": "map NAME to NAME . NAME {",
    "sync": "sync NAME across NAME {",
    "derive": "derive NAME from NAME while NAME {",
    "example": "example STRING {",
}
"""By the word of a declaration: the shortest header that its block can have."""


def _body(driver: Driver, layout: Layout, part: Part, failed: int) -> Part | None:
    """The block of a declaration whose header does not parse, under a header that does; None when there is none."""
    tables = driver.tables
    brace = next(
        (at for at, (kind, _, _) in enumerate(part.tokens) if kind == layout.left_brace and part.depths[at] == 0), -1
    )
    header = _HEADERS.get(tables.phrases[part.tokens[0][0]])
    if header is None or brace <= failed:
        return None
    kinds = [tables.number(word) for word in header.split()]
    _, start, end = part.tokens[0]
    tokens = [(kind, start, end) for kind in kinds]
    return Part([*tokens, *part.tokens[brace + 1 :]], [*(0 for _ in kinds), *part.depths[brace + 1 :]], part.unsure)


def _within(offset: int, ranges: list[tuple[int, int]]) -> bool:
    return any(start <= offset and (end < 0 or offset < end) for start, end in ranges)


class _Recovery:
    """What the driver calls at a token that does not fit."""

    def __init__(self, driver: Driver, source: Source, layout: Repaired) -> None:
        tables = driver.tables
        self.tables = tables
        self.source = source
        self.layout = layout_of(tables)
        self.quiet_offsets = layout.quiet_offsets
        self.quiet_lines = layout.quiet_lines
        self.openers = frozenset({self.layout.left_brace, self.layout.left_round, self.layout.left_square})
        self.words = frozenset(tables.words.values())
        self.part = Part()
        self.unsure: int | None = None
        """Where the nesting of the part stops being sure: at a block never closed, or one never opened."""
        self.given_up = -1  # at which token, when the part could not be read at all
        self.diagnostics: list[Diagnostic] = []
        self.withheld: list[Diagnostic] = []  # what follows from a mistake that was reported already

    def __call__(self, states: list[int], values: list[Any], starts: list[int], ends: list[int], at: int) -> int:
        self.report(states, at)
        # The innermost block is the innermost state that shifts its brace; one that merely accepts it may be a state
        # whose look-ahead was merged from elsewhere.
        actions, brace = self.tables.actions, self.layout.right_brace
        while states and actions[states[-1]].get(brace, -1) < 0:
            states.pop()
            if values:
                del values[-1], starts[-1], ends[-1]
        if not states or len(self.diagnostics) > MISTAKE_LIMIT:
            self.given_up = at
            return -1
        entries = self.tables.entries
        depth = sum(entries[state] in self.openers for state in states)
        tokens, depths = self.part.tokens, self.part.depths
        stops = (self.layout.separator, brace)
        last = len(tokens) - 1
        while at < last and not (depths[at] == depth and tokens[at][0] in stops):
            at += 1
        if at == last:
            self.given_up = last
            return -1
        if tokens[at][0] == self.layout.separator and self.layout.separator not in actions[states[-1]]:
            at += 1
        return at

    def report(self, states: list[int], at: int) -> None:
        kind, start, end = self.part.tokens[at]
        before = self.part.tokens[at - 1][2] if at else 0
        if kind in (self.layout.separator, self.layout.end) or self.next_line(before, start):
            start = end = before
        span = Span(self.source, start, end)
        line = span.line
        unsure = self.unsure is not None and start > self.unsure
        if unsure or start in self.quiet_offsets or line in self.quiet_lines:
            if not self.withheld:
                self.withheld.append(self.diagnosed(states, at, span))
            return
        self.quiet_lines.add(line)
        self.diagnostics.append(self.diagnosed(states, at, span))
        if start == before and acceptable(self.tables, states, self.layout.left_brace) is not None:
            self.unsure = start

    def next_line(self, before: int, start: int) -> bool:
        """Whether the block ends on a later line than the item that is not complete."""
        return before > 0 and self.source.text[start : start + 1] == "}" and "\n" in self.source.text[before:start]

    def diagnosed(self, states: list[int], at: int, span: Span) -> Diagnostic:
        kind = self.part.tokens[at][0]
        if span.text == "<-" and not self.source.text[span.end : span.end + 1].isspace():
            return Diagnostic("syntax.arrow-spacing", span)
        reserved = self.tables.entries[states[-1]]
        if at and reserved in self.words and len(states) > 1:
            before = states[:-1]
            after = acceptable(self.tables, before, self.layout.name)
            if after is not None and acceptable(self.tables, after, kind) is not None:
                _, start, end = self.part.tokens[at - 1]
                word = Span(self.source, start, end)
                return Diagnostic("syntax.reserved-word", word, {"word": word.text})
        kinds = expected(self.tables, states)
        words = [self.tables.phrases[number] for number in kinds if number in self.words]
        close = get_close_matches(span.text, words, n=1) if span.text.isidentifier() else []
        facts: dict[str, Fact] = {
            "found": self.found(at, span),
            "expected": phrases(self.tables, kinds),
            "suggestion": close[0] if close else "",
        }
        return Diagnostic("syntax.unexpected", span, facts)

    def found(self, at: int, span: Span) -> str:
        kind, start, end = self.part.tokens[at]
        text = self.source.text[start:end]
        if kind in (self.layout.separator, self.layout.end) or span.start < start:
            if text == ",":
                return "`,`"
            return "the end of the file" if not self.source.text[span.end :].strip() else "the end of the line"
        if text.startswith('"'):
            return "this text"  # it may be a password, and reports end up in logs
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        if kind == self.layout.name:
            return f"the name `{shown}`"
        if kind in self.words:
            return f"the word `{shown}`"
        return f"`{shown}`" if start < end else f"the missing {spelled(self.tables, kind)}"
