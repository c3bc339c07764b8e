"""`check --fix` in files, and `--stats`."""

from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncline.cli import main

FAULTY = (
    "spec example version 1\n\n# kept\nentity Customer {\n  email : string     # and this\n  since : timestamp\n}\n"
)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    Path("a.sync").write_text(FAULTY, encoding="utf-8")
    return tmp_path


def check(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["check", *arguments])


def test_what_is_certain_is_mended_in_the_file_and_the_rest_is_reported() -> None:
    result = check("a.sync", "--fix", "--output", "concise")
    assert Path("a.sync").read_text(encoding="utf-8") == FAULTY.replace("string  ", "text  ")
    assert result.stderr == "a.sync: 1 mended\n"
    assert result.stdout == "a.sync:6:11: error[type.unknown] there is no type `timestamp`\n"
    assert result.exit_code == 1


def test_likely_mends_are_made_when_asked_for_and_then_nothing_is_left() -> None:
    assert check("a.sync", "--unsafe-fixes").exit_code == 0
    text = Path("a.sync").read_text(encoding="utf-8")
    assert "since : instant" in text
    assert check("a.sync", "--unsafe-fixes").stderr == ""
    assert Path("a.sync").read_text(encoding="utf-8") == text


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("end", [b"\n", b"\r\n"])
def test_marks_and_line_ends_stay_as_they_are(mark: bytes, end: bytes) -> None:
    def data(text: str) -> bytes:
        return mark + text.encode().replace(b"\n", end)

    Path("a.sync").write_bytes(data(FAULTY))
    check("a.sync", "--fix")
    assert Path("a.sync").read_bytes() == data(FAULTY.replace("string  ", "text  "))


@pytest.mark.parametrize("data", [b"", b"\xff", b"entity {", b"\x00"])
def test_a_file_that_is_no_spec_is_left_alone(data: bytes) -> None:
    Path("a.sync").write_bytes(data)
    assert check("a.sync", "--fix", "--unsafe-fixes").exit_code == 1
    assert Path("a.sync").read_bytes() == data


def test_an_imported_file_is_left_alone_and_named() -> None:
    Path("b.sync").write_text('spec other version 1\nimport "a.sync"\n', encoding="utf-8")
    result = check("b.sync", "--fix", "--output", "concise")
    assert Path("a.sync").read_text(encoding="utf-8") == FAULTY
    assert result.stderr == "a.sync: can be mended, too, when it is given\n"
    assert check("b.sync", "a.sync", "--fix").stderr == "a.sync: 1 mended\n"


def test_standard_input_cannot_be_mended() -> None:
    assert check("-", "--fix").output == "syncline: standard input cannot be mended: give the file\n"


def test_statistics_name_phases_checks_and_counts_beside_the_report() -> None:
    result = check("a.sync", "--stats", "--output", "json")
    assert result.stdout.startswith("{")
    lines = result.stderr.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["parsing", "resolving"]
    assert any(line.startswith("check_cycles ") for line in lines)
    assert "1 files, 7 lines, 2 findings" in lines
    assert lines[-1].split() == ["2", "type.unknown"]
