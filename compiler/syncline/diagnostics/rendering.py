"""Diagnostics as text: `text` for people, `concise` for one line each, `json` for programs."""

import json
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias
from unicodedata import combining, east_asian_width

from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.diagnostics.fixing import after, fix_of
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.masking import covered_line, credentials
from syncline.diagnostics.words import worded
from syncline.source import Span

FORMAT_VERSION = "1.1"
"""Of the JSON output: the first number changes when a reader would break, the second when something is added."""

_COLOURS = {Severity.ERROR: "\x1b[1;31m", Severity.WARNING: "\x1b[1;33m", Severity.HINT: "\x1b[1;36m"}
Paint: TypeAlias = Callable[[str, str], str]
"""Gives words a style, or leaves them as they are where there is no colour."""

_BOLD, _BLUE, _OFF = "\x1b[1m", "\x1b[1;34m", "\x1b[0m"


def concise(diagnostics: Iterable[Diagnostic]) -> str:
    """One line each: `file:line:column: severity[code] message`."""
    return "".join(
        printable(f"{where(found.span)}: {found.severity.value}[{found.code}] {worded(found).message}") + "\n"
        for found in diagnostics
    )


def text(diagnostics: Sequence[Diagnostic], *, colour: bool = False) -> str:
    """The full form: message, source line with caret, labels, why, how to mend; then the totals."""
    secrets = credentials(diagnostics)
    blocks = [_block(found, colour, secrets) for found in diagnostics]
    return "\n".join([*blocks, totals(diagnostics) + _fixable(diagnostics)]) if blocks else ""


def totals(diagnostics: Sequence[Diagnostic]) -> str:
    """`2 errors, 1 warning`, with a line end; empty for nothing."""
    parts = []
    for severity in Severity:
        count = sum(found.severity is severity for found in diagnostics)
        if count:
            parts.append(f"{count} {severity.value}{'s' if count > 1 else ''}")
    return ", ".join(parts) + "\n" if parts else ""


def _fixable(diagnostics: Iterable[Diagnostic]) -> str:
    fixes = [fix for found in diagnostics if (fix := fix_of(found)) is not None]
    safe = sum(fix.safe for fix in fixes)
    parts = [f"{safe} can be mended with --fix"] if safe else []
    parts += [f"{len(fixes) - safe} with --unsafe-fixes, after a look at the difference"] if len(fixes) > safe else []
    return ", ".join(parts) + "\n" if parts else ""


def as_json(diagnostics: Iterable[Diagnostic]) -> str:
    """A JSON document: `format_version` and `diagnostics`, each with its place, facts and words."""
    document = {"format_version": FORMAT_VERSION, "diagnostics": [_entry(found) for found in diagnostics]}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def where(span: Span) -> str:
    """`file:line:column`, counted from 1."""
    line, column = span.source.position(span.start)
    return f"{span.source.name}:{line}:{column}"


def _entry(found: Diagnostic) -> dict[str, Any]:
    words = worded(found)
    return {
        "code": found.code,
        "severity": found.severity.value,
        "message": words.message,
        "why": words.why,
        "mend": words.mend,
        **_place(found.span),
        "labels": [
            {"message": message, **_place(label.span)}
            for label, message in zip(found.labels, words.labels, strict=True)
        ],
        "fix": _fix(found),
        "facts": {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in found.facts.items()},
    }


def _fix(found: Diagnostic) -> dict[str, Any] | None:
    fix = fix_of(found)
    if fix is None:
        return None
    edits = [{**_place(edit.span), "text": edit.text} for edit in fix.edits]
    return {"title": fix.title, "safe": fix.safe, "edits": edits}


def _place(span: Span) -> dict[str, Any]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(max(span.start, span.end))
    return {
        "file": span.source.name,
        "line": line,
        "column": column,
        "end_line": end_line,
        "end_column": end_column,
    }


def _block(found: Diagnostic, colour: bool, secrets: Sequence[Span]) -> str:
    def paint(style: str, words: str) -> str:
        return f"{style}{words}{_OFF}" if colour else words

    words = worded(found)
    severity = _COLOURS[found.severity]
    numbers = [found.span.source.position(found.span.start)[0]]
    numbers += [label.span.source.position(label.span.start)[0] for label in found.labels]
    gutter = len(str(max(numbers)))
    bar = " " * gutter + paint(_BLUE, " |")
    lines = [
        paint(severity, f"{found.severity.value}[{found.code}]") + paint(_BOLD, f": {printable(words.message)}"),
        " " * gutter + paint(_BLUE, "--> ") + printable(where(found.span)),
        bar,
        *_excerpt(found.span, gutter, "^", "", severity, paint, secrets),
    ]
    for label, message in zip(found.labels, words.labels, strict=True):
        if label.span.source.name != found.span.source.name:
            lines += [" " * gutter + paint(_BLUE, "::: ") + printable(where(label.span))]
        else:
            lines += [bar]
        lines += _excerpt(label.span, gutter, "-", message, _BLUE, paint, secrets)
    lines += [bar]
    for name, sentence in (("why", words.why), ("mend", words.mend)):
        if sentence:
            lines += [" " * gutter + paint(_BLUE, " = ") + paint(_BOLD, f"{name}: ") + printable(sentence)]
    lines += _difference(found, gutter, paint, secrets)
    if found.code in LEXICON:  # a team's own check has no page here
        lines += [" " * gutter + paint(_BLUE, " = ") + paint(_BOLD, "more: ") + f"syncline explain {found.code}"]
    return "\n".join(lines) + "\n"


def _difference(found: Diagnostic, gutter: int, paint: Paint, secrets: Sequence[Span]) -> list[str]:
    """The mend that can be carried out, as the lines before and after it."""
    fix = fix_of(found)
    if fix is None:
        return []
    option = "--fix" if fix.safe else "--unsafe-fixes"
    lines = [" " * gutter + paint(_BLUE, " = ") + paint(_BOLD, "fix: ") + printable(f"{fix.title} ({option})")]
    for edit in fix.edits:
        number, column = edit.span.source.position(edit.span.start)
        start = edit.span.start - (column - 1)
        before = covered_line(edit.span.source, number, secrets)
        if len(before) > 240 or "\n" in edit.text:
            continue
        gone = not edit.text and column == 1 and edit.span.end - start > len(before)
        lines.append(paint(_BLUE, f"{number:>{gutter}} - ") + printable(before))
        lines += [] if gone else [paint(_BLUE, f"{number:>{gutter}} + ") + printable(after(before, start, [edit]))]
    return lines


def _excerpt(
    span: Span, gutter: int, mark: str, message: str, style: str, paint: Paint, secrets: Sequence[Span]
) -> list[str]:
    number, column = span.source.position(span.start)
    line = covered_line(span.source, number, secrets)
    before, marked = line[: column - 1], line[column - 1 : column - 1 + max(1, span.end - span.start)]
    # What is not shown of a long line is not looked at: a thousand findings in one would cost a second.
    shown = printable(line[:241])
    if len(shown) > 240:
        start = max(0, column - 80)
        before, shown = line[start : column - 1], printable(line[start : start + 200])
    under = " " * _width(printable(before)) + paint(style, mark * max(1, min(_width(printable(marked)), 200)))
    return [
        paint(_BLUE, f"{number:>{gutter}} |") + (f" {shown}" if shown else ""),
        " " * gutter + paint(_BLUE, " |") + f" {under}" + (f" {paint(style, printable(message))}" if message else ""),
    ]


def printable(line: str) -> str:
    """A line safe for a terminal: tabs as four blanks, and a mark for each character that moves, hides or turns others."""
    if line.isprintable():
        return line
    return "".join(
        "    " if character == "\t" else character if character.isprintable() else "\N{REPLACEMENT CHARACTER}"
        for character in line
    )


def _width(line: str) -> int:
    if line.isascii():
        return len(line)
    return sum(0 if combining(character) else 2 if east_asian_width(character) in "WF" else 1 for character in line)
