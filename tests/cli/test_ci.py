"""What stands in the repository for others' CI runs as it is written."""

import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from ci import rehearse
from syncline.pipeline import check_spec
from syncline.project.reading import read_settings

ROOT = Path(__file__).parents[2]
SOUND = "spec example version 1\nentity Customer { email : email }\n"
FAULTY = SOUND.replace(": email", ": string")


def blocks(page: str, language: str) -> list[str]:
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    return re.findall(rf"^```{language}\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def run(folder: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    commands = Path(sys.executable).parent
    environment = {**os.environ, "PATH": f"{commands}{os.pathsep}{os.environ['PATH']}", **variables}
    script = ["bash", str(ROOT / "ci" / "check.sh")]
    return subprocess.run(script, cwd=folder, env=environment, capture_output=True, text=True, timeout=60, check=False)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "specs" / "deep er").mkdir(parents=True)
    (tmp_path / "specs" / "a.sync").write_text(SOUND, encoding="utf-8")
    (tmp_path / "specs" / "deep er" / "b.sync").write_text(FAULTY, encoding="utf-8")
    return tmp_path


def test_the_action_checks_all_specs_and_annotates(folder: Path) -> None:
    done = run(folder)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=specs/deep er/b.sync,line=2,")


def test_the_steps_of_the_action_run_as_a_runner_runs_them(folder: Path) -> None:
    install, check = rehearse.steps({"specs": "specs/**/*.sync"})
    assert install.script.startswith("python -m pip install ")
    for place in re.findall(r'"\$GITHUB_ACTION_PATH([^"]*)"', install.script):
        assert (ROOT / place.lstrip("/") / "pyproject.toml").is_file()
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = rehearse.run(check, folder, path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=specs/deep er/b.sync,line=2,")
    _, junit = rehearse.steps({"specs": "specs/a.sync", "output": "junit", "output-file": "found.xml"})
    assert rehearse.run(junit, folder, path).returncode == 0
    assert (folder / "found.xml").read_text(encoding="utf-8").startswith("<?xml")
    with pytest.raises(KeyError):
        list(rehearse.steps({"spec": "a.sync"}))


def test_the_action_hands_its_inputs_on(folder: Path) -> None:
    done = run(
        folder, SPECS="specs/*.sync\nspecs/deep*/b.sync", OUTPUT="sarif", OUTPUT_FILE="x y.sarif", OPTIONS="--stats"
    )
    assert done.returncode == 1
    assert "parsing" in done.stderr
    assert '"version": "2.1.0"' in (folder / "x y.sarif").read_text(encoding="utf-8")


def test_a_pattern_without_a_spec_is_told(folder: Path) -> None:
    done = run(folder, SPECS="spec/*.sync")
    assert (done.returncode, done.stderr) == (2, "syncline: no spec matches spec/*.sync\n")


def test_no_input_is_run_as_a_command(folder: Path) -> None:
    run(folder, SPECS="$(touch hacked)", OPTIONS="$(touch hacked)", OUTPUT='"; touch hacked; "')
    run(folder, SPECS="specs/a.sync; touch hacked", BASELINE="`touch hacked`")
    assert not (folder / "hacked").exists()
    action = (ROOT / "action.yml").read_text(encoding="utf-8")
    assert not [line for line in action.splitlines() if "run:" in line and "${{" in line]


def test_each_set_up_takes_ten_lines_at_most_and_names_options_that_exist() -> None:
    help_text = subprocess.run(
        [sys.executable, "-m", "syncline", "check", "--help"], capture_output=True, text=True, check=True, timeout=60
    ).stdout
    shown = [*blocks("ci.md", "yaml"), *blocks("ci.md", "sh"), *blocks("checking.md", "sh")]
    assert len(shown) >= 7
    for block in shown:
        assert len(block.splitlines()) <= 10, block
        for line in block.splitlines():
            if "syncline check" in line:
                for option in re.findall(r"--[a-z-]+", line):
                    assert option in help_text, option


def test_the_settings_and_the_check_on_the_page_hold() -> None:
    settings, entry = blocks("checking.md", "toml")
    assert read_settings("syncline.toml", settings.encode())[1] == ()
    assert tomllib.loads(entry)["project"]["entry-points"]["syncline.checks"] == {"acme": "acme_checks:check"}
    names: dict[str, Any] = {}
    (code,) = blocks("checking.md", "python")
    exec(code, names)
    spec = SOUND.replace("Customer", "customer")
    found = check_spec("a.sync", spec.encode(), lambda name: None, [names["check"]]).diagnostics
    assert [each.code for each in found] == ["acme.naming"]
