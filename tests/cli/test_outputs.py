"""What `syncline check` writes in each format, and where."""

import json
from pathlib import Path
from xml.etree.ElementTree import fromstring

import pytest
from click.testing import CliRunner, Result

from syncline.cli import main

SOUND = "spec example version 1\nentity Customer { email : email }\n"
FAULTY = "spec example version 1\nentity Customer { email : string }\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("specs").mkdir()
    Path("specs/faulty.sync").write_text(FAULTY, encoding="utf-8")
    Path("specs/sound.sync").write_text(SOUND, encoding="utf-8")
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_each_format_is_what_its_tool_reads() -> None:
    def output(kind: str) -> str:
        result = check("specs/faulty.sync", "specs/sound.sync", "--output", kind)
        assert result.exit_code == 1
        return result.output

    assert json.loads(output("sarif"))["runs"][0]["results"][0]["ruleId"] == "type.unknown"
    assert output("github").startswith("::error file=specs/faulty.sync,line=2,")
    assert json.loads(output("gitlab"))[0]["location"]["path"] == "specs/faulty.sync"
    assert [suite.get("name") for suite in fromstring(output("junit"))] == ["specs/faulty.sync", "specs/sound.sync"]


@pytest.mark.parametrize("kind", ["sarif", "gitlab", "junit"])
def test_a_clean_spec_is_a_report_too(kind: str) -> None:
    result = check("specs/sound.sync", "--output", kind)
    assert result.exit_code == 0
    assert fromstring(result.output) if kind == "junit" else json.loads(result.output) is not None


def test_an_absolute_path_becomes_relative(folder: Path) -> None:
    shown = check(str(folder / "specs" / "faulty.sync"), "--output", "sarif").output
    location = json.loads(shown)["runs"][0]["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == "specs/faulty.sync"


def test_a_report_goes_into_a_file_and_totals_to_the_terminal() -> None:
    result = check("specs/faulty.sync", "--output", "sarif", "--output-file", "report.sarif")
    assert (result.output, result.exit_code) == ("1 error: report.sarif\n", 1)
    assert json.loads(Path("report.sarif").read_bytes())["version"] == "2.1.0"
    assert "\x1b" not in Path("report.sarif").read_text(encoding="utf-8")


def test_a_report_that_cannot_be_written_is_one_line() -> None:
    result = check("specs/faulty.sync", "--output-file", "nowhere/report.txt")
    assert result.exit_code == 2
    assert result.output.startswith("syncline: cannot write nowhere/report.txt: ")


@pytest.mark.parametrize("kind", ["text", "concise", "github"])
def test_no_line_is_wrapped(kind: str) -> None:
    Path("long.sync").write_text(FAULTY.replace("string", "s" * 150), encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "long.sync", "--output", kind], env={"COLUMNS": "40"})
    assert any(len(line) > 80 for line in result.output.splitlines())


@pytest.mark.parametrize("kind", ["text", "concise", "json", "sarif", "github", "gitlab", "junit"])
def test_no_format_repeats_a_credential(kind: str) -> None:
    spec = 'connector c over rest { setting token : secret, base "https://a.example" }\nsystem a = c { token: "hunter2" }\n'
    Path("secret.sync").write_text(f"spec example version 1\n{spec}", encoding="utf-8")
    result = check("secret.sync", "--output", kind)
    assert "secret" in result.output
    assert "hunter2" not in result.output
