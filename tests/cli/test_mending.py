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
    assert result.stderr == "a.sync: 1 mended (type.unknown)\n"
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
    assert check("b.sync", "a.sync", "--fix").stderr == "a.sync: 1 mended (type.unknown)\n"


@pytest.fixture
def tree() -> Path:
    Path("a.sync").unlink()
    Path("specs/deep").mkdir(parents=True)
    Path("specs/types.sync").write_text("type Mail = string\ntype Word = string\n", encoding="utf-8")
    for name, up in (("specs/a.sync", ""), ("specs/deep/b.sync", "../")):
        Path(name).write_text(FAULTY.replace("\n\n", f'\nimport "{up}types.sync"\n\n', 1), encoding="utf-8")
    Path("specs/notes.txt").write_text("entity X { a : string }", encoding="utf-8")
    return Path("specs")


def texts(tree: Path) -> dict[str, bytes]:
    return {path.as_posix(): path.read_bytes() for path in sorted(tree.rglob("*")) if path.is_file()}


def test_a_folder_is_mended_as_it_is_checked_and_told_file_by_file(tree: Path) -> None:
    first = check("specs", "--output", "concise")
    assert first.exit_code == 1
    assert "specs/types.sync:1:13: error[type.unknown]" in first.stdout
    result = check("specs", "--fix", "--output", "concise")
    assert result.stderr.splitlines() == [
        "specs/a.sync: 1 mended (type.unknown)",
        "specs/deep/b.sync: 1 mended (type.unknown)",
        "specs/types.sync: 2 mended (type.unknown 2)",
    ]
    assert "string" not in b"".join(text for name, text in texts(tree).items() if name.endswith(".sync")).decode()
    assert b"string" in texts(tree)["specs/notes.txt"]
    assert check("specs", "--unsafe-fixes").exit_code == 0
    assert check("specs").exit_code == 0


def test_files_given_beside_a_folder_that_has_them_are_mended_once(tree: Path) -> None:
    result = check("specs", "specs/a.sync", "--fix", "--output", "concise")
    assert result.stderr.count("specs/a.sync: 1 mended") == 1


def test_all_files_are_written_or_none(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = texts(tree)
    replace = Path.replace

    def full(self: Path, target: str) -> Path:
        if str(target).endswith("types.sync"):
            raise OSError(28, "No space left on device", str(target))
        return replace(self, target)

    monkeypatch.setattr(Path, "replace", full)
    result = check("specs", "--fix")
    assert result.exit_code == 2
    assert "No space left on device; nothing was changed" in result.stderr
    assert texts(tree) == before


def test_a_folder_without_specs_is_said() -> None:
    Path("empty").mkdir()
    assert check("empty").output == "syncline: no .sync file in empty\n"


def test_a_file_without_a_header_that_nobody_imports_is_not_passed_over(tree: Path) -> None:
    Path("specs/lost.sync").write_text("type Word = text\n", encoding="utf-8")
    assert "specs/lost.sync:1:1: error[spec.header-missing]" in check("specs", "--output", "concise").stdout


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
