"""`syncline diff` from files, folders and git references: what it prints and with what it exits."""

import json
import subprocess
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from syncline.cli import main
from syncline.evolution.kinds import KINDS
from tests.evolution.specs import BASE, changed

DATA = changed(("owned by erp", "owned by crm"))
SAFE = changed(("version 1\n", "version 2\n"))


def diff(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["diff", *arguments])


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.fixture
def repository(folder: Path) -> Path:
    """A repository whose `main` holds the base spec in two files, of which the working folder has a new version."""

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=folder, check=True, capture_output=True)

    head, _, rest = BASE.partition("type Code = text(20)\n")
    (folder / "specs" / "parts").mkdir(parents=True)
    (folder / "specs" / "base.sync").write_text(f'{head}import "parts/types.sync"\n{rest}')
    (folder / "specs" / "parts" / "types.sync").write_text("type Code = text(20)\n")
    git("init", "-q", "-b", "main")
    git("add", ".")
    git("-c", "user.name=t", "-c", "user.email=t@example.org", "commit", "-q", "-m", "first")
    (folder / "specs" / "parts" / "types.sync").write_text('type Code = text(20) matching "[A-Z]+"\n')
    return folder


def test_the_exit_code_says_whether_something_is_not_safe(folder: Path) -> None:
    for name, text in (("old", BASE), ("safe", SAFE), ("data", DATA), ("broken", "spec x version 1\nentity {\n")):
        (folder / f"{name}.sync").write_text(text)
    same = diff("old.sync", "old.sync")
    assert (same.exit_code, same.stdout) == (0, "nothing changes\n")
    safe = diff("old.sync", "safe.sync")
    assert (safe.exit_code, safe.stdout.splitlines()[-1]) == (0, "1 change: 1 safe")
    data = diff("old.sync", "data.sync")
    assert (data.exit_code, data.stdout.splitlines()[-2]) == (1, "1 change: 1 data")
    broken = diff("old.sync", "broken.sync")
    assert (broken.exit_code, broken.stdout) == (2, "")
    assert "broken.sync does not check, so that it cannot be compared" in broken.stderr


@pytest.mark.parametrize(
    ("old", "complaint"),
    [
        ("none.sync", "cannot read none.sync"),
        ("empty", "no .sync file in empty"),
        ("git:main", "write git:REFERENCE:PATH"),
        ("git:-x:a.sync", "write git:REFERENCE:PATH"),
        ("git:main:a.sync", "lies in no git repository"),
    ],
)
def test_what_is_not_there_is_said_in_one_line(folder: Path, old: str, complaint: str) -> None:
    (folder / "new.sync").write_text(BASE)
    (folder / "empty").mkdir()
    result = diff(old, "new.sync")
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in result.stderr
    assert result.stderr.count("\n") == 1


def test_text_shows_both_places_why_and_what_must_happen(folder: Path) -> None:
    (folder / "old.sync").write_text(BASE)
    (folder / "new.sync").write_text(DATA)
    line = BASE[: BASE.index("    code      owned")].count("\n") + 1
    assert diff("old.sync", "new.sync").stdout == (
        "DATA[truth.rule]: Contact.code is decided by `owned by crm`, formerly by `owned by erp`\n"
        f"  was: old.sync:{line}:5  code      owned by erp\n"
        f"  now: new.sync:{line}:5  code      owned by crm\n"
        "  why: Where systems disagree, another value wins and overwrites the rest.\n"
        "  reaches: crm.contacts.number, erp.parties.code, shop.people.number\n"
        "  then: Look at `plan` before the first run.\n"
        "\n"
        "1 change: 1 data\n"
        "base: the version stays 1, raise it\n"
    )
    assert diff("old.sync", "new.sync", "--output", "concise").stdout == (
        f"new.sync:{line}:5: DATA[truth.rule] Contact.code is decided by `owned by crm`, formerly by `owned by erp`\n"
    )


def test_json_has_a_version_and_every_fact(folder: Path) -> None:
    (folder / "old.sync").write_text(BASE)
    (folder / "new.sync").write_text(changed(("mail : text(80)", "mail : email"), ("every 5 minutes", "every 1 hour")))
    result = diff("old.sync", "new.sync", "--output", "json")
    document: dict[str, Any] = json.loads(result.stdout)
    assert result.exit_code == 1
    assert list(document) == ["format_version", "impact", "specs"]
    assert (document["format_version"], document["impact"]) == ("1.0", "state")
    ((spec),) = document["specs"]
    first, second = spec["changes"]
    assert (spec["spec"], spec["old_version"], spec["new_version"]) == ("base", 1, 1)
    assert set(first) == set(second) == {
        "code", "subject", "impacts", "needs", "message", "why", "then", "old", "new", "reaches", "facts",
    }  # fmt: skip
    assert (first["code"], first["impacts"]) == ("field.kind", ["state", "api"])
    assert first["needs"] == ["migration", "callers", "backfill"]
    assert first["facts"] == {"old": "text(80)", "new": "email"}
    assert set(first["old"]) == {"file", "line", "column", "end_line", "end_column"}
    assert (first["old"]["file"], first["new"]["file"]) == ("old.sync", "new.sync")
    assert (second["code"], second["reaches"]) == ("sync.triggers", [])
    assert json.loads(diff("old.sync", "old.sync", "--output", "json").stdout)["impact"] is None


def test_a_reference_is_read_with_its_imports(repository: Path) -> None:
    result = diff("git:main:specs/base.sync", "specs/base.sync")
    assert result.exit_code == 1
    assert (
        'DATA[field.narrowed]: field Contact.code takes fewer values: `text(20) matching "[A-Z]+"`, formerly `text(20)`'
        in result.stdout
    )
    assert "  was: git:main:specs/base.sync:" in result.stdout
    assert "  now: specs/base.sync:" in result.stdout
    assert diff("git:HEAD:specs/base.sync", "git:main:specs/base.sync").stdout == "nothing changes\n"
    assert diff(f"git:main:{repository}/specs/base.sync", "specs/base.sync").stdout == result.stdout


def test_a_reference_is_read_from_below_the_root(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(repository / "specs")
    assert diff("git:main:base.sync", "base.sync").exit_code == 1
    assert diff("git:main:.", ".").exit_code == 1
    monkeypatch.chdir(repository / "specs" / "parts")
    assert diff("git:main:../base.sync", "../base.sync").exit_code == 1
    assert diff("git:main:..", "..").exit_code == 1


@pytest.mark.parametrize(
    ("place", "complaint"),
    [
        ("git:nowhere:specs/base.sync", "git knows no reference 'nowhere'"),
        ("git:main:specs/other.sync", "there is no such file"),
        ("git:main:.git", "there is no such file"),
    ],
)
def test_an_unknown_reference_is_said(repository: Path, place: str, complaint: str) -> None:
    result = diff(place, "specs/base.sync")
    assert result.exit_code == 2
    assert complaint in result.stderr


def test_folders_are_paired_by_path_then_by_name(repository: Path) -> None:
    result = diff("git:main:specs", "specs", "--output", "concise")
    assert (result.exit_code, result.stdout.count("\n"), "field.narrowed" in result.stdout) == (1, 1, True)
    specs = repository / "specs"
    (specs / "parts" / "types.sync").write_text("type Code = text(20)\n")
    (specs / "base.sync").rename(specs / "moved.sync")
    (specs / "other.sync").write_text("spec other version 1\n")
    result = diff("git:main:specs", "specs", "--output", "concise")
    assert (result.exit_code, result.stdout) == (0, "specs/other.sync:1:6: SAFE[spec.added] spec other is new\n")
    (specs / "moved.sync").unlink()
    result = diff("git:main:specs", "specs", "--output", "concise")
    assert result.exit_code == 1
    assert "git:main:specs/base.sync:2:6: STATE+API[spec.removed] spec base is gone\n" in result.stdout


def test_what_runs_already_is_compared_although_a_newer_check_refuses_it(folder: Path) -> None:
    (folder / "old.sync").write_text(changed(("  empty propagates\n", "")))
    (folder / "new.sync").write_text(BASE)
    result = diff("old.sync", "new.sync", "--output", "concise")
    assert (result.exit_code, "DATA[sync.empty]" in result.stdout) == (1, True)
    assert diff("new.sync", "old.sync").exit_code == 2


def test_a_class_may_be_accepted_but_only_whole(folder: Path) -> None:
    (folder / "old.sync").write_text(BASE)
    (folder / "new.sync").write_text(changed(("every 5 minutes", "every 1 hour"), ("mail : text(80)", "mail : email")))
    assert diff("old.sync", "new.sync", "--accept", "behaviour", "--accept", "state").exit_code == 1
    every = ("--accept", "behaviour", "--accept", "state", "--accept", "api")
    accepted = diff("old.sync", "new.sync", *every)
    assert (accepted.exit_code, "STATE+API[field.kind]" in accepted.stdout) == (0, True)


def test_annotations_stand_at_the_new_lines_ten_of_a_kind(folder: Path) -> None:
    (folder / "old.sync").write_text(BASE)
    (folder / "new.sync").write_text(changed(("owned by erp", "owned by crm"), ("  name -> name\n", "")))
    lines = diff("old.sync", "new.sync", "--output", "github").stdout.splitlines()
    line = BASE[: BASE.index("    code      owned")].count("\n")
    assert lines[0] == (
        f"::error file=new.sync,line={line},endLine={line},col=5,title=DATA truth.rule::Contact.code is decided by `owned by crm`, "
        "formerly by `owned by erp`%0AWhere systems disagree, another value wins and overwrites the rest."
        "%0ALook at `plan` before the first run."
    )
    assert lines[1].startswith("::warning title=BEHAVIOUR line.removed::Contact.name in shop is no longer written")
    assert lines[-1] == "2 changes: 1 data, 1 behaviour"


def test_what_is_more_than_ten_of_a_kind_is_counted(folder: Path) -> None:
    fields = "".join(f"  f{at} : text(20)\n" for at in range(12))
    for name, size in (("old", 20), ("new", 10)):
        text = f"spec s version 1\nentity E {{\n{fields.replace('20', str(size))}}}\n"
        (folder / f"{name}.sync").write_text(text)
    lines = diff("old.sync", "new.sync", "--output", "github").stdout.splitlines()
    assert sum(line.startswith("::error ") for line in lines) == 10
    assert "::notice title=syncline diff::2 more in the log of this step" in lines
    assert sum("DATA[field.narrowed]" in line for line in lines) == 12


def test_changes_go_to_a_file(folder: Path) -> None:
    (folder / "old.sync").write_text(BASE)
    (folder / "new.sync").write_text(DATA)
    result = diff("old.sync", "new.sync", "--output", "json", "--output-file", "out.json")
    assert (result.exit_code, result.stdout) == (1, "1 change: 1 data\n")
    assert json.loads((folder / "out.json").read_text())["impact"] == "data"


@pytest.mark.parametrize("code", KINDS)
def test_every_kind_of_change_is_explained(code: str) -> None:
    result = CliRunner().invoke(main, ["explain", code])
    assert result.exit_code == 0
    assert result.stdout.startswith(f"# {code}\n\nA change that `syncline diff` classes as ")
    assert "{" not in result.stdout


@pytest.mark.parametrize("output", ["text", "concise", "github"])
def test_what_would_move_the_cursor_of_a_terminal_is_not_shown(folder: Path, output: str) -> None:
    (folder / "old.sync").write_text(BASE)
    (folder / "new.sync").write_text(changed(('lost: "lost" }', 'lost: "\x1b[2J\u202e" }')))
    result = diff("old.sync", "new.sync", "--output", output)
    assert "DATA" in result.stdout
    assert not {"\x1b", "\u202e"} & set(result.stdout)
