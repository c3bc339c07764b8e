"""What a report must not repeat of a spec: credentials, whether a check knows them for what they are or not.

A line is covered where a finding says that a credential stands in it; where a name says so; and in the whole of a `system`
declaration, where a pasted key may stand under a misspelled name: there only addresses without a user and the variables of
`env` and `secret` are shown. Stars stand for characters, so that columns stay.
"""

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import islice
from typing import Final

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Source, Span

_NAMED: Final = re.compile(
    r"""(\b\w*(?:token|passw(?:or)?d|secret|api_?key|private_key|credential)\w*"?[ \t]*:[ \t]*|://[^\s/"@:]*:)"""
    r"""([^\s/"@]+(?=@)|"[^"]*"?)""",
    re.IGNORECASE,
)
_SETTING: Final = re.compile(
    r"""((?:env|secret)[ \t]*\([ \t]*"[A-Za-z_]\w*"[ \t]*\)|"https?://[^"@]*")|"(?:[^"\\]|\\.)*"?|(?<=secret\()[^")]*"""
)
_SYSTEM: Final = re.compile(r"[ \t]*system[ \t]+[\w`]+[ \t]*=").match
_HEAD: Final = re.compile(r"[a-z]").match
_LONGEST: Final = 200
"""Lines of a `system` declaration."""


def credentials(found: Iterable[Diagnostic]) -> tuple[Span, ...]:
    """The places that are credentials because a finding says so."""
    return tuple(
        each.span
        for each in found
        if each.code == "secret.literal" and each.facts.get("problem") in ("literal", "in-url")
    )


def covered_line(source: Source, number: int, secrets: Sequence[Span]) -> str:
    """A line of a source, counted from 1, with a star for each character of a credential."""
    return _covered(source, number, tuple(secrets))


@lru_cache(maxsize=16)  # a thousand findings in one long line look at it once
def _covered(source: Source, number: int, secrets: tuple[Span, ...]) -> str:
    line = source.line(number)
    if '"' not in line and "(" not in line and not secrets:
        return line
    offset = source.offset(number)
    for secret in secrets:
        start, end = max(0, secret.start - offset), min(len(line), secret.end - offset)
        if secret.source.name == source.name and start < end:
            line = line[:start] + "*" * (end - start) + line[end:]
    line = _NAMED.sub(lambda found: found[1] + "*" * len(found[2]), line)
    if _in_system(source, number):
        line = _SETTING.sub(lambda found: found[1] or "*" * len(found[0]), line)
    return line


def _in_system(source: Source, number: int) -> bool:
    above = (source.line(at) for at in range(number, 0, -1))
    for line in islice(above, _LONGEST):
        if _SYSTEM(line):
            return True
        if _HEAD(line):
            return False
    return False
