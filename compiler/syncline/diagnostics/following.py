"""Findings that only follow from others: what a line that does not parse declared is no news when it is missing."""

import re
from collections.abc import Iterable

from syncline.diagnostics.diagnostic import Diagnostic

_ABSENCES = frozenset(
    (
        "codec.table-empty",
        "connector.no-identity",
        "connector.since-without-version",
        "entity.empty",
        "enum.gap",
        "setting.missing",
        "spec.header-missing",
        "sync.after-unsynced",
        "sync.no-map",
        "type.enum-empty",
    )
)
"""Codes that say of something that it is not there."""

_WORDS = re.compile(r"\w+")


def independent(parsing: Iterable[Diagnostic], resolving: Iterable[Diagnostic]) -> tuple[Diagnostic, ...]:
    """Those of `resolving` that hold whatever the lines meant that did not parse.

    Left out are absences in a file of which lines are missing, and unknown names that stand in one of these lines.
    """
    resolving = tuple(resolving)
    broken = [found for found in (*parsing, *resolving) if found.code.startswith("syntax.")]
    if not broken:
        return resolving
    files = {found.span.source.name for found in broken}
    names = {name for found in broken for name in _WORDS.findall(found.span.source.line(found.span.line))}
    return tuple(
        found
        for found in resolving
        if not (found.code in _ABSENCES and found.span.source.name in files)
        and not ("known" in found.facts and found.facts.get("name") in names)
    )
