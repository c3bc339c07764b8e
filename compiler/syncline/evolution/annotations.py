"""Changes as workflow commands of GitHub Actions, which it shows beside the lines of a pull request.

GitHub shows ten annotations of a kind and step, and drops the rest without a word: the worst come first, and the last says how
many are left.
"""

from collections.abc import Sequence
from typing import Final

from syncline.diagnostics.rendering import printable
from syncline.evolution.change import Change, Impact
from syncline.evolution.comparing import impact
from syncline.evolution.rendering import Compared, classes, concise, totals
from syncline.evolution.words import worded

MOST: Final = 10
"""Annotations of one kind that GitHub shows of a step."""

_COMMANDS: Final = {
    Impact.DATA: "error",
    Impact.STATE: "error",
    Impact.API: "warning",
    Impact.BEHAVIOUR: "warning",
    Impact.SAFE: "notice",
}


def github(compared: Sequence[Compared]) -> str:
    """Annotations, the worst first; then one line for each change, and the totals."""
    found = [change for one in compared for change in one.changes]
    lines: list[str] = []
    for command in ("error", "warning", "notice"):
        of_kind = [change for change in found if _COMMANDS[impact(change)] == command]
        # The note on the rest is a notice itself.
        room = MOST - 1 if command == "notice" else MOST
        lines += [_annotation(command, change) for change in of_kind[:room]]
    if len(lines) < len(found):
        lines.append(f"::notice title=syncline diff::{len(found) - len(lines)} more in the log of this step")
    return "".join(f"{line}\n" for line in lines) + concise(compared) + totals(compared)


def _annotation(command: str, change: Change) -> str:
    words = worded(change)
    title = _property(f"{classes(change)} {change.code}")
    message = _data("\n".join(printable(part) for part in (words.message, words.why, words.then) if part))
    if change.new is None:  # there is no line left to show it at
        return f"::{command} title={title}::{message}"
    place = change.new.place()
    where = (
        f"file={_property(str(place['file']))},line={place['line']},endLine={place['end_line']},col={place['column']}"
    )
    return f"::{command} {where},title={title}::{message}"


def _data(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
