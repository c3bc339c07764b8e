"""The baseline: how many old findings of each declaration do not fail the check. It only shrinks.

A JSON file with `format_version` and `findings`, each a code, a file, a declaration and a count: never a line, so that moving
text changes nothing. What does not bend (`categories`) is never kept in it.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from syncline.diagnostics.categories import rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Fact, Severity
from syncline.source import Source, Span

FORMAT: Final = "1.0"


class Key(NamedTuple):
    """What a baseline counts by."""

    code: str
    file: str
    declaration: str


KeyOf = Callable[[Diagnostic], Key]


class Unreadable(ValueError):
    """Why a file is no baseline, in words."""


class Sorted(NamedTuple):
    """Findings against a baseline: those that are shown, and the counts that are left of it."""

    shown: list[Diagnostic]
    left: dict[Key, int]


def keepable(found: Diagnostic, own: frozenset[str]) -> bool:
    """Whether a finding may be kept in a baseline; `own` are the namespaces of a team's checks."""
    return rule_of(found.code, own).bends and not found.code.startswith(("allow.", "baseline.", "config."))


def counted(found: Iterable[Diagnostic], key_of: KeyOf, own: frozenset[str]) -> dict[Key, int]:
    """The counts of a new baseline."""
    return dict(Counter(key_of(each) for each in found if keepable(each, own)))


def sort_out(found: Iterable[Diagnostic], baseline: dict[Key, int], key_of: KeyOf, own: frozenset[str]) -> Sorted:
    """What is not in the baseline. Of a declaration with more findings than it counts all are shown: nobody knows the new one."""
    findings = list(found)
    now = Counter(key_of(each) for each in findings if keepable(each, own))
    hidden = {key for key, count in now.items() if count <= baseline.get(key, 0)}
    shown = [each for each in findings if not (keepable(each, own) and key_of(each) in hidden)]
    return Sorted(shown, {key: min(count, now[key]) for key, count in baseline.items() if now[key]})


def outdated(
    source: Source, baseline: dict[Key, int], left: dict[Key, int], checked: frozenset[str]
) -> list[Diagnostic]:
    """A finding for each entry that counts more than there is, of files that were `checked` or are gone."""
    found = []
    for key, count in baseline.items():
        if left.get(key, 0) < count and key.file in checked:
            start = max(0, source.text.find(json.dumps(key.declaration, ensure_ascii=False)))
            facts: dict[str, Fact] = {
                "name": key.code,
                "declaration": f"`{key.declaration or key.file}`",
                "expected": count,
                "found": left.get(key, 0),
                "file": source.name,
            }
            found.append(Diagnostic("baseline.outdated", Span(source, start, start), facts, severity=Severity.WARNING))
    return found


def dumped(counts: dict[Key, int]) -> str:
    """The file, in an order that only its content decides."""
    findings = [{**key._asdict(), "count": count} for key, count in sorted(counts.items())]
    return json.dumps({"format_version": FORMAT, "findings": findings}, ensure_ascii=False, indent=2) + "\n"


def loaded(text: str) -> dict[Key, int]:
    """The counts of a file. Raises Unreadable."""
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"it is no JSON ({error})") from None
    if not isinstance(document, dict) or str(document.get("format_version", "")).partition(".")[0] != "1":
        raise Unreadable('it has no `"format_version": "1.0"`')
    counts: dict[Key, int] = {}
    entries = document.get("findings")
    for entry in entries if isinstance(entries, list) else [None]:
        match entry:
            case {"code": str(code), "file": str(file), "declaration": str(declaration), "count": int(count)}:
                counts[Key(code, file, declaration)] = count
            case _:
                raise Unreadable("an entry of `findings` lacks `code`, `file`, `declaration` or `count`")
    return counts
