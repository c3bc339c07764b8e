"""Baselines: old findings do not fail the check, new ones do, and what is mended does not come back."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncline.cli import main
from syncline.diagnostics.pages import sample

SPEC = """\
spec example version 1
import "sample.sync"

entity Customer { email : email, note : text(40)?, other : text(20)?, match email }
map Customer to crm.contacts { email <-> email }
map Customer to shop.contacts { email -> email, note -> name, other -> vat }
sync Customer from crm to shop { delete in shop never }
"""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("sample.sync").write_text(sample(), encoding="utf-8")
    spec(SPEC)
    return tmp_path


def spec(text: str) -> None:
    Path("a.sync").write_text(text, encoding="utf-8")


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", "a.sync", "--output", "concise", *arguments])


def entries() -> list[dict[str, object]]:
    found = json.loads(Path("old.json").read_text(encoding="utf-8"))["findings"]
    assert isinstance(found, list)
    return found


def test_old_findings_are_kept_by_declaration_and_do_not_fail() -> None:
    assert check().output.count("field.no-source") == 2
    written = check("--write-baseline", "old.json")
    assert written.exit_code == 0
    assert "old.json: 2 findings kept" in written.output
    assert entries() == [
        {"code": "field.no-source", "file": "a.sync", "declaration": f"entity Customer / {name}", "count": 1}
        for name in ("note", "other")
    ]
    assert check("--baseline", "old.json").output == ""
    assert check("--baseline", "old.json").exit_code == 0


def test_lines_may_move() -> None:
    check("--write-baseline", "old.json")
    spec(SPEC.replace("entity Customer {", "# moved\n\n\nentity Customer {\n"))
    assert check("--baseline", "old.json").output == ""


def test_a_new_finding_fails() -> None:
    check("--write-baseline", "old.json")
    spec(
        SPEC.replace("other : text(20)?,", "other : text(20)?, third : text(9)?,").replace(
            "other -> vat", "other -> vat, third -> currency"
        )
    )
    result = check("--baseline", "old.json")
    assert result.exit_code == 1
    assert "`third`" in result.output
    assert "`note`" not in result.output


def test_what_is_mended_is_told_and_taken_out_and_does_not_come_back() -> None:
    check("--write-baseline", "old.json")
    mended = SPEC.replace("other : text(20)?, ", "").replace(", other -> vat", "")
    spec(mended)
    told = check("--baseline", "old.json")
    assert (
        "warning[baseline.outdated] the baseline expects 1 of `field.no-source` in `entity Customer / other`"
        in told.output
    )
    assert told.exit_code == 1
    assert check("--baseline", "old.json", "--prune-baseline").exit_code == 0
    assert [entry["declaration"] for entry in entries()] == ["entity Customer / note"]
    spec(SPEC)
    assert "`other`" in check("--baseline", "old.json", "--prune-baseline").output
    assert len(entries()) == 1


def test_entries_of_files_that_are_not_checked_now_stay() -> None:
    check("--write-baseline", "old.json")
    Path("b.sync").write_text("spec other version 1\nentity Other { a : text, match a }\n", encoding="utf-8")
    result = CliRunner().invoke(main, ["check", "b.sync", "--baseline", "old.json", "--prune-baseline"])
    assert result.exit_code == 0, result.output
    assert len(entries()) == 2
    Path("a.sync").unlink()
    CliRunner().invoke(main, ["check", "b.sync", "--baseline", "old.json", "--prune-baseline"])
    assert entries() == []


def test_what_does_not_bend_is_never_kept() -> None:
    spec(SPEC.replace("{ delete in shop never }", "{ }"))
    written = check("--write-baseline", "old.json")
    assert "delete.no-rule" in written.output
    assert written.exit_code == 1
    assert {entry["code"] for entry in entries()} == {"field.no-source"}
    forged = [{"code": "delete.no-rule", "file": "a.sync", "declaration": "sync Customer", "count": 1}]
    Path("old.json").write_text(json.dumps({"format_version": "1.0", "findings": forged}), encoding="utf-8")
    assert "error[delete.no-rule]" in check("--baseline", "old.json").output


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"format_version": "2.0"}', '{"format_version": "1.0", "findings": [1]}']
)
def test_a_file_that_is_no_baseline_is_one_line(text: str) -> None:
    Path("old.json").write_text(text, encoding="utf-8")
    result = check("--baseline", "old.json")
    assert result.exit_code == 2
    assert result.output.startswith("syncline: old.json is no baseline: ")
    assert len(result.output.splitlines()) == 1


def test_pruning_needs_a_baseline() -> None:
    assert check("--prune-baseline").exit_code == 2
    assert check("--baseline", "nowhere.json").output.startswith("syncline: cannot read nowhere.json")
