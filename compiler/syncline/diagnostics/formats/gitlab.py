"""The code quality report of GitLab: a JSON array that it compares between branches by fingerprint."""

import json
from collections.abc import Sequence
from typing import Final

from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.formats.reported import Reported
from syncline.diagnostics.words import worded

_SEVERITIES: Final = {Severity.ERROR: "critical", Severity.WARNING: "minor", Severity.HINT: "info"}


def gitlab(found: Sequence[Reported]) -> str:
    """An entry each, with the lines counted from 1."""
    entries = []
    for each in found:
        span = each.diagnostic.span
        words = worded(each.diagnostic)
        entries.append(
            {
                "description": f"{words.message}. {words.mend}".strip(),
                "check_name": each.diagnostic.code,
                "fingerprint": each.fingerprint,
                "severity": _SEVERITIES[each.diagnostic.severity],
                "location": {
                    "path": each.file,
                    "lines": {"begin": span.line, "end": span.source.position(max(span.start, span.end))[0]},
                },
            }
        )
    return json.dumps(entries, ensure_ascii=False, indent=2) + "\n"
