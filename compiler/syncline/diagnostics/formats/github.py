"""Workflow commands of GitHub Actions, which it shows beside the lines of a change.

GitHub shows ten annotations of a kind and step, and drops the rest without a word: so errors come first, ten of a kind are
annotations, and what is left follows as plain lines of the log, which the last annotation says.
"""

from collections.abc import Sequence
from typing import Final

from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.formats.reported import Reported
from syncline.diagnostics.rendering import concise, printable
from syncline.diagnostics.words import worded

MOST: Final = 10
"""Annotations of one kind that GitHub shows of a step."""

_COMMANDS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "notice"}


def github(found: Sequence[Reported]) -> str:
    """Annotations, errors first; then one line each for what is left."""
    lines: list[str] = []
    rest: list[Reported] = []
    for severity in Severity:
        # The note on the rest is a notice itself.
        room = MOST - 1 if severity is Severity.HINT else MOST
        of_kind = [each for each in found if each.diagnostic.severity is severity]
        lines += map(_annotation, of_kind[:room])
        rest += of_kind[room:]
    if rest:
        lines.append(f"::notice title=syncline::{len(rest)} more in the log of this step, below its annotations")
    return "".join(f"{line}\n" for line in lines) + concise(each.diagnostic for each in rest)


def _annotation(each: Reported) -> str:
    found = each.diagnostic
    line, column = found.span.source.position(found.span.start)
    end_line, end_column = found.span.source.position(max(found.span.start, found.span.end))
    words = worded(found)
    place = [f"file={_property(each.file)}", f"line={line}", f"endLine={end_line}", f"col={column}"]
    if end_line == line:
        place.append(f"endColumn={end_column}")
    title = _property(f"syncline {found.code}")
    message = _data("\n".join(printable(part) for part in (words.message, words.why, words.mend) if part))
    return f"::{_COMMANDS[found.severity]} {','.join(place)},title={title}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
