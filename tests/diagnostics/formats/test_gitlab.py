"""GitLab code quality: what its merge request widget needs of each finding."""

import json

from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.formats.gitlab import gitlab
from tests.diagnostics.formats.places import SPEC, found_in


def test_an_entry_has_what_gitlab_asks_for() -> None:
    (entry,) = json.loads(gitlab(found_in(SPEC, "{\n  email : email", severity=Severity.WARNING)))
    assert entry["description"].startswith("`crm` stands twice in this rule. ")
    assert entry["check_name"] == "truth.system-twice"
    assert entry["severity"] == "minor"
    assert entry["location"] == {"path": "a.sync", "lines": {"begin": 2, "end": 3}}
    assert len(entry["fingerprint"]) == 32


def test_fingerprints_are_unique_and_nothing_found_is_an_empty_list() -> None:
    entries = json.loads(gitlab(found_in(SPEC, "text", "text", "never")))
    assert len({entry["fingerprint"] for entry in entries}) == 3
    assert json.loads(gitlab(())) == []
