"""Changes as text: `text` for people, `concise` for one line each, `json` for programs."""

import json
from collections.abc import Sequence
from typing import Any, NamedTuple

from syncline.diagnostics.rendering import printable
from syncline.evolution.change import Change, Impact
from syncline.evolution.comparing import impact
from syncline.evolution.kinds import KINDS
from syncline.evolution.words import worded
from syncline.source import Span

FORMAT_VERSION = "1.0"
"""Of the JSON output: the first number changes when a reader would break, the second when something is added."""

_COLOURS = {
    Impact.DATA: "\x1b[1;31m",
    Impact.STATE: "\x1b[1;35m",
    Impact.API: "\x1b[1;33m",
    Impact.BEHAVIOUR: "\x1b[1;36m",
    Impact.SAFE: "\x1b[1;32m",
}
_BOLD, _OFF = "\x1b[1m", "\x1b[0m"
_SHOWN = 8
"""So many places that a change reaches are named in the text; the JSON has all."""


class Compared(NamedTuple):
    """The changes of one spec. `before` and `after` say where its sides were read from: empty, or `git:main:`; `versions` are
    those of both sides, None where there is no side."""

    name: str
    changes: tuple[Change, ...]
    before: str = ""
    after: str = ""
    versions: tuple[int | None, int | None] = (None, None)

    @property
    def unraised(self) -> bool:
        """Whether something is not safe, but the version stays."""
        old, new = self.versions
        return old is not None and old == new and any(impact(change) is not Impact.SAFE for change in self.changes)


def text(compared: Sequence[Compared], *, colour: bool = False) -> str:
    """Each change with its places, why it counts, what must happen and what it reaches; then the totals."""
    blocks = [_block(change, one, colour) for one in compared for change in one.changes]
    unraised = "".join(
        f"{one.name}: the version stays {one.versions[0]}, raise it\n" for one in compared if one.unraised
    )
    return "\n".join([*blocks, totals(compared) + unraised])


def concise(compared: Sequence[Compared]) -> str:
    """One line each: `file:line:column: CLASS[code] message`; the place is the new one where there is one."""
    return "".join(
        printable(f"{_where(change, one)}: {classes(change)}[{change.code}] {worded(change).message}") + "\n"
        for one in compared
        for change in one.changes
    )


def as_json(compared: Sequence[Compared]) -> str:
    """A JSON document: `format_version`, `impact` (the worst class; null when nothing changed) and `specs`."""
    changes = [change for one in compared for change in one.changes]
    found = {impact(change) for change in changes}
    worst = next((each.value for each in Impact if each in found), None)
    specs = [
        {
            "spec": one.name,
            "old_version": one.versions[0],
            "new_version": one.versions[1],
            "changes": [_entry(change, one) for change in one.changes],
        }
        for one in compared
    ]
    document = {"format_version": FORMAT_VERSION, "impact": worst, "specs": specs}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def totals(compared: Sequence[Compared]) -> str:
    """`3 changes: 2 data, 1 safe`, with a line end."""
    changes = [change for one in compared for change in one.changes]
    if not changes:
        return "nothing changes\n"
    counts = [(each, sum(impact(change) is each for change in changes)) for each in Impact]
    parts = ", ".join(f"{count} {each.value}" for each, count in counts if count)
    return f"{len(changes)} change{'s' if len(changes) > 1 else ''}: {parts}\n"


def _block(change: Change, one: Compared, colour: bool) -> str:
    def paint(style: str, words: str) -> str:
        return f"{style}{words}{_OFF}" if colour else words

    words = worded(change)
    head = f"{classes(change)}[{change.code}]"
    lines = [paint(_COLOURS[impact(change)], head) + paint(_BOLD, printable(f": {words.message}"))]
    places = [("was", change.old, one.before), ("now", change.new, one.after)]
    lines += [f"  {label}: {printable(_line(span, origin))}" for label, span, origin in places if span is not None]
    lines += [printable(f"  why: {words.why}")] if words.why else []
    if change.effects:
        shown = [str(effect) for effect in change.effects]
        names = list(dict.fromkeys(shown))
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        lines += [printable(f"  reaches: {', '.join(names[:_SHOWN])}{more}")]
    lines += [printable(f"  then: {words.then}")] if words.then else []
    return "\n".join(lines) + "\n"


def _line(span: Span, origin: str) -> str:
    """A place and the line that stands there."""
    return f"{_place(span, origin)}  {span.source.line(span.line).strip()[:160]}".rstrip()


def classes(change: Change) -> str:
    """The classes of a change, the worst first: `STATE+API`."""
    return "+".join(each.value.upper() for each in KINDS[change.code].impacts)


def _where(change: Change, one: Compared) -> str:
    if change.new is not None:
        return _place(change.new, one.after)
    assert change.old is not None
    return _place(change.old, one.before)


def _place(span: Span, origin: str) -> str:
    line, column = span.source.position(span.start)
    return f"{origin}{span.source.name}:{line}:{column}"


def _entry(change: Change, one: Compared) -> dict[str, Any]:
    kind, words = KINDS[change.code], worded(change)
    return {
        "code": change.code,
        "subject": change.subject,
        "impacts": [each.value for each in kind.impacts],
        "needs": [each.value for each in kind.needs],
        "message": words.message,
        "why": words.why,
        "then": words.then,
        "old": _span(change.old, one.before),
        "new": _span(change.new, one.after),
        "reaches": [
            {
                "system": effect.system,
                "resource": effect.resource,
                "native": effect.native or None,
                "field": effect.field or None,
            }
            for effect in change.effects
        ],
        "facts": {name: list(fact) if isinstance(fact, tuple) else fact for name, fact in change.facts.items()},
    }


def _span(span: Span | None, origin: str) -> dict[str, Any] | None:
    return None if span is None else {**span.place(), "file": origin + span.source.name}
