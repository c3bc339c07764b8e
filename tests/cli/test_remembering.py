"""An unchanged check is answered from what the last one found; anything else is checked anew."""

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncline.cli import inspecting, main
from syncline.cli.projects import project_at
from syncline.diagnostics.pages import sample

COMPILER = ("syncline.pipeline", "syncline.syntax", "syncline.model", "syncline.resolving", "syncline.checks", "lark")
SPEC = """spec remembered version 1
import "systems.sync"
entity Customer { email: email, name: text(100), match email }
map Customer to crm.contacts { email <- email, name <-> name }
map Customer to shop.contacts { email -> email, name <-> name }
sync Customer from crm to shop { delete in shop hold }
"""
CLEAN = SPEC.replace("delete in shop hold", "delete in shop hold, truth { name prefers crm then shop }")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNCLINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "systems.sync").write_text(sample(), encoding="utf-8")
    (tmp_path / "a.sync").write_text(SPEC, encoding="utf-8")
    return tmp_path


def check(*arguments: str) -> Result:
    project_at.cache_clear()  # every command is a process of its own
    return CliRunner().invoke(main, ["check", *(arguments or ("a.sync",))])


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The specs that are really checked, as it happens."""
    done: list[str] = []
    real = inspecting.checked_spec

    def checked(spec: str, *rest: object) -> object:
        done.append(spec)
        return real(spec, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(inspecting, "checked_spec", checked)
    return done


@pytest.mark.parametrize("output", ["text", "concise", "json"])
def test_what_is_remembered_reads_as_if_it_were_found_now(folder: Path, counted: list[str], output: str) -> None:
    first = check("a.sync", "--output", output)
    again = check("a.sync", "--output", output)
    anew = check("a.sync", "--output", output, "--no-cache")
    assert "truth.missing" in first.output
    assert (first.output, first.exit_code) == (again.output, again.exit_code) == (anew.output, anew.exit_code)
    assert counted == ["a.sync", "a.sync"]


def test_a_clean_spec_is_remembered_too_and_nothing_of_the_compiler_is_imported_for_it(folder: Path) -> None:
    (folder / "a.sync").write_text(CLEAN, encoding="utf-8")
    assert check().output == "1 spec checked, nothing found\n"
    program = (
        "import sys\n"
        "from syncline.cli import main\n"
        "try: main(['check', 'a.sync'])\n"
        "except SystemExit as end: assert not end.code\n"
        f"print([name for name in {COMPILER!r} if name in sys.modules], file=sys.stderr)\n"
        "print(sorted(name for name in sys.modules if name.startswith('syncline')), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    missing, present = done.stderr.splitlines()[-2:]
    assert done.stdout == "1 spec checked, nothing found\n"
    assert missing == "[]"
    light = ("check", "files", "remembering", "selecting")
    assert present == str(["syncline", "syncline.cli", *(f"syncline.cli.{name}" for name in light)])


def test_a_change_in_any_file_that_was_read_is_seen(folder: Path, counted: list[str]) -> None:
    systems = folder / "systems.sync"
    check()
    systems.write_text(sample().replace("name     : text(100)", "name     : text(90)"), encoding="utf-8")
    assert "type.narrowing-length" in check().output
    systems.unlink()
    assert "import.missing" in check().output
    systems.write_text(sample(), encoding="utf-8")
    assert "import.missing" not in check().output
    (folder / "a.sync").write_text(CLEAN, encoding="utf-8")
    assert check().exit_code == 0
    assert len(counted) == 5


def test_settings_that_appear_change_or_go_are_seen(folder: Path, counted: list[str]) -> None:
    (folder / "a.sync").write_text(CLEAN, encoding="utf-8")
    settings = folder / "syncline.toml"
    assert check().exit_code == 0
    settings.write_text('version = 1\ncategories = ["standard", "docs"]\n', encoding="utf-8")
    assert "docs.missing" in check().output
    assert "docs.missing" in check().output
    settings.write_text("version = 1\nnothing = 1\n", encoding="utf-8")
    assert "config.unknown-key" in check().output
    assert check().output == check("a.sync", "--no-cache").output
    settings.unlink()
    assert check().exit_code == 0
    assert len(counted) == 5


def test_two_specs_are_remembered_as_two(folder: Path, counted: list[str]) -> None:
    (folder / "b.sync").write_text(CLEAN.replace("remembered", "other"), encoding="utf-8")
    together = check("a.sync", "b.sync")
    assert check("a.sync", "b.sync").output == together.output
    assert counted == ["a.sync", "b.sync"]


def test_a_spec_that_asks_python_is_not_remembered(folder: Path, counted: list[str]) -> None:
    asks = CLEAN.replace("name prefers crm then shop", 'name python("shop.merging:longest")')
    (folder / "a.sync").write_text(asks, encoding="utf-8")
    check()
    check()
    assert counted == ["a.sync", "a.sync"]


@pytest.mark.parametrize("garbage", [b"", b"\xff\xfe", b"{}", b"0\n{}", b"[" * 100_000])
def test_what_cannot_be_read_is_replaced(folder: Path, counted: list[str], garbage: bytes) -> None:
    told = check().output
    (entry,) = (folder / "cache").iterdir()
    whole = entry.read_bytes()
    entry.write_bytes(garbage)
    assert check().output == told
    assert entry.read_bytes() == whole
    assert len(counted) == 2


def test_findings_that_somebody_took_out_are_not_believed(folder: Path) -> None:
    told = check().output
    (entry,) = (folder / "cache").iterdir()
    digest, _, text = entry.read_text(encoding="utf-8").partition("\n")
    entry.write_text(f"{digest}\n{json.dumps({**json.loads(text), 'findings': []})}", encoding="utf-8")
    assert check().output == told


@pytest.mark.skipif(sys.platform == "win32", reason="rights of files are others there")
def test_a_folder_that_others_may_enter_is_left_alone(folder: Path) -> None:
    (folder / "cache").mkdir(mode=0o755)
    (folder / "cache").chmod(0o755)
    assert "truth.missing" in check().output
    assert list((folder / "cache").iterdir()) == []


def test_it_is_made_for_its_user_alone(folder: Path) -> None:
    check()
    assert (folder / "cache").stat().st_mode & 0o077 == 0
    assert all(entry.stat().st_mode & 0o077 == 0 for entry in (folder / "cache").iterdir())


def test_two_processes_at_once_are_no_matter(folder: Path) -> None:
    command = [sys.executable, "-m", "syncline", "check", "a.sync", "--output", "concise"]

    def run(_: int) -> str:
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120, cwd=folder).stdout

    with ThreadPoolExecutor(4) as pool:
        outputs = set(pool.map(run, range(6)))
    assert outputs == {check("a.sync", "--output", "concise", "--no-cache").output}
    assert [entry.suffix for entry in (folder / "cache").iterdir()] == [".json"]
