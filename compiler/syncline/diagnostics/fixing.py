"""Mends that can be carried out: for findings of which it is known what to write instead.

A safe one leaves no doubt what was meant; of the others somebody should look at the difference. What a person has to decide
(who is right, what becomes of deleted records) is none.
"""

import re
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Source, Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True)
class Edit:
    """Another text for the characters of a span."""

    span: Span
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """Edits of one file, none of which overlap, in order; `title` says in words what they do."""

    title: str
    edits: tuple[Edit, ...]
    safe: bool


_SAME: Final = {
    "bigint": "integer",
    "bool": "boolean",
    "char": "text",
    "guid": "uuid",
    "int": "integer",
    "long": "integer",
    "lowercase": "lower",
    "str": "text",
    "string": "text",
    "uppercase": "upper",
    "uri": "url",
    "varchar": "text",
}
"""Words of other languages that mean exactly one of ours."""

_NAME: Final = re.compile(r"[A-Za-z_][\w.-]*").fullmatch


def fix_of(found: Diagnostic) -> Fix | None:
    """The mend of a finding; None where a person has to decide."""
    if found.code.startswith(("config.", "baseline.")):
        return None
    facts, span = found.facts, found.span
    match found.code:
        case "syntax.reserved-word" if span.text == facts.get("word"):
            return _replacing(span, f"`{span.text}`", "put it in back quotes", safe=True)
        case "secret.literal" if facts.get("problem") == "env" and span.text.startswith("env"):
            word = Span(span.source, span.start, span.start + len("env"))
            return _replacing(word, "secret", "read it as a secret", safe=True)
        case "allow.unused":
            return Fix("remove the allowance", (Edit(_whole_line(span), ""),), True)
        case "truth.no-tie-break" if span.text.endswith("newest") and _NAME(str(facts.get("first", ""))):
            end = Span(span.source, span.end, span.end)
            return _replacing(end, f" else {facts['first']}", f"let `{facts['first']}` win a tie", safe=False)
        case "url.insecure" if span.text.startswith('"http://'):
            scheme = Span(span.source, span.start + 1, span.start + len('"http'))
            return _replacing(scheme, "https", "use `https://`", safe=False)
    name, meant, known = facts.get("name"), facts.get("suggestion"), facts.get("known", ())
    if not isinstance(name, str) or not isinstance(meant, str) or span.text != name or not _NAME(meant):
        return None
    certain = _is_certain(name, meant, known if isinstance(known, tuple) else ())
    return _replacing(span, meant, f"write `{meant}`", safe=certain)


def after(line: str, start: int, edits: Sequence[Edit]) -> str:
    """A line that begins at an offset, as it is after edits within it."""
    for edit in sorted(edits, key=lambda edit: edit.span.start, reverse=True):
        line = line[: edit.span.start - start] + edit.text + line[edit.span.end - start :]
    return line


def _replacing(span: Span, text: str, title: str, *, safe: bool) -> Fix:
    return Fix(title, (Edit(span, text),), safe)


def _whole_line(span: Span) -> Span:
    """The line of a span with its end, where nothing else stands on it; else the span and the blanks before what follows."""
    source = span.source
    start = span.start - (source.position(span.start)[1] - 1)
    line_end = _line_end(source, span.end)
    if source.text[start : span.start].strip() or source.text[span.end : line_end].strip():
        rest = source.text[span.end : line_end]
        return Span(source, span.start, span.end + len(rest) - len(rest.lstrip(" \t")))
    return Span(source, start, line_end)


def _line_end(source: Source, offset: int) -> int:
    end = source.text.find("\n", offset)
    return len(source.text) if end < 0 else end + 1


def _is_certain(name: str, meant: str, known: tuple[str, ...]) -> bool:
    """Whether only one name can be meant: the same but for case and dashes, or one slip away from no other known name."""
    if _folded(name) == _folded(meant) or _SAME.get(name.lower()) == meant:
        return True
    near = [candidate for candidate in known if _is_slip(name, candidate)]
    return near == [meant]


def _folded(name: str) -> str:
    return re.sub(r"[-_]", "", name).lower()


def _is_slip(name: str, meant: str) -> bool:
    """Whether one letter is missing, too many or another, or two are swapped; a digit is no slip: `line1` is not `line2`."""
    if min(len(name), len(meant)) < 4 or re.sub(r"\D", "", name) != re.sub(r"\D", "", meant):
        return False
    short, long = sorted((name, meant), key=len)
    if len(long) - len(short) == 1:
        return any(long[:at] + long[at + 1 :] == short for at in range(len(long)))
    unlike = [at for at in range(len(short)) if short[at] != long[at]] if len(short) == len(long) else []
    swapped = len(unlike) == 2 and unlike[1] == unlike[0] + 1 and short[unlike[0]] == long[unlike[1]]
    return len(unlike) == 1 or (swapped and short[unlike[1]] == long[unlike[0]])
