"""SARIF 2.1.0 (OASIS, errata 01): what code scanning reads.

URIs are relative to `%SRCROOT%`; lines and columns count from 1, columns in characters; a finding is known again by its
fingerprint, which is made of code and declaration. The rules are those that were broken, in the words of their pages.
"""

import json
import re
from collections.abc import Sequence
from typing import Any, Final, NamedTuple
from urllib.parse import quote

from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.fixing import fix_of
from syncline.diagnostics.formats.reported import Reported
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.pages import page, summary
from syncline.diagnostics.words import worded
from syncline.source import Span

SCHEMA: Final = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_LEVELS: Final = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.HINT: "note"}
_ROOT: Final = "%SRCROOT%"
_MOST: Final = 25_000
"""Results of one run that GitHub takes."""


class Suppression(NamedTuple):
    """Why a result is not to be acted upon: `inSource` by an allowance, `external` by a baseline."""

    kind: str
    justification: str


def sarif(found: Sequence[Reported], version: str, suppressed: Sequence[tuple[Reported, Suppression]] = ()) -> str:
    """A log of one run of this `version` of the compiler; what is `suppressed` comes last, with why."""
    kept = sorted(found, key=lambda each: list(Severity).index(each.diagnostic.severity))[:_MOST]
    quiet = suppressed[: _MOST - len(kept)]
    results = len(kept)
    kept += [each for each, _ in quiet]
    codes = list(dict.fromkeys(each.diagnostic.code for each in kept))
    levels = {each.diagnostic.code: _LEVELS[each.diagnostic.severity] for each in reversed(kept)}
    driver = {"name": "syncline", "version": version, "rules": [_rule(code, levels[code]) for code in codes]}
    log = {
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {"driver": driver},
                "columnKind": "unicodeCodePoints",
                "originalUriBaseIds": {_ROOT: {"description": {"text": "The root of the project."}}},
                "results": [
                    *(_result(each, codes) for each in kept[:results]),
                    *({**_result(each, codes), "suppressions": [why._asdict()]} for each, why in quiet),
                ],
            }
        ],
    }
    return json.dumps(log, ensure_ascii=False, indent=2) + "\n"


def _rule(code: str, level: str) -> dict[str, Any]:
    rule: dict[str, Any] = {"id": code, "defaultConfiguration": {"level": level}}
    if code in LEXICON:
        text = page(code)
        rule["shortDescription"] = {"text": summary(code)}
        rule["fullDescription"] = {"text": LEXICON[code].why}
        rule["help"] = {"text": re.sub(r"^```\w*\n|^#+ ", "", text, flags=re.MULTILINE), "markdown": text}
    return rule


def _result(each: Reported, codes: Sequence[str]) -> dict[str, Any]:
    found = each.diagnostic
    words = worded(found)
    location = _location(found.span, each.file)
    if each.declaration:
        location["logicalLocations"] = [{"fullyQualifiedName": each.declaration}]
    result: dict[str, Any] = {
        "ruleId": found.code,
        "ruleIndex": codes.index(found.code),
        "level": _LEVELS[found.severity],
        "message": {"text": " ".join(part for part in (f"{words.message}.", words.why, words.mend) if part)},
        "locations": [location],
        "partialFingerprints": {"primaryLocationLineHash": each.fingerprint, "declaration/v1": each.fingerprint},
    }
    related = [
        {**_location(label.span, file), "message": {"text": message}}
        for label, message, file in zip(found.labels, words.labels, each.label_files, strict=True)
    ]
    if related:
        result["relatedLocations"] = related
    fix = fix_of(found)
    if fix is not None:
        replacements = [
            {"deletedRegion": _region(edit.span), "insertedContent": {"text": edit.text}} for edit in fix.edits
        ]
        changes = [{"artifactLocation": _artifact(each.file), "replacements": replacements}]
        result["fixes"] = [{"description": {"text": fix.title}, "artifactChanges": changes}]
    return result


def _location(span: Span, file: str) -> dict[str, Any]:
    return {"physicalLocation": {"artifactLocation": _artifact(file), "region": _region(span)}}


def _artifact(file: str) -> dict[str, str]:
    return {"uri": quote(file), "uriBaseId": _ROOT}


def _region(span: Span) -> dict[str, int]:
    line, column = span.source.position(span.start)
    end_line, end_column = span.source.position(max(span.start, span.end))
    return {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column}
