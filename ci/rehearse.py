"""What others' CI runs, run here: the steps of `action.yml` as GitHub's runner would, and the hooks as `pre-commit` does.

`python ci/rehearse.py` installs into a virtual environment of its own, and needs `pyyaml` and `pre-commit`. GitHub itself is not
seen: `uses` steps are left out, and what a runner puts into the environment is what this file puts there.
"""

import os
import re
import subprocess
import sys
import tempfile
import venv
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import yaml

ROOT = Path(__file__).parents[1]
SOUND = "spec example version 1\n\nentity Customer { email: email }\n"
FAULTY = SOUND.replace(": email", ": string")


class Step(NamedTuple):
    """A `run` step: its script, and its variables with the inputs filled in."""

    script: str
    env: Mapping[str, str]


def steps(inputs: Mapping[str, str]) -> Iterator[Step]:
    """The `run` steps of the action, with inputs as a workflow gives them and the defaults of the rest. Raises KeyError for an
    input that the action does not have."""
    action: Any = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
    values = {name: str(said.get("default", "")) for name, said in action["inputs"].items()}
    for name, value in inputs.items():
        if name not in values:
            raise KeyError(name)
        values[name] = value

    def filled(text: str) -> str:
        return re.sub(r"\$\{\{ *inputs\.([\w-]+) *\}\}", lambda found: values[found[1]], text)

    for step in action["runs"]["steps"]:
        if "run" in step:
            assert step["shell"] == "bash"
            yield Step(filled(step["run"]), {name: filled(str(text)) for name, text in step.get("env", {}).items()})


def run(step: Step, workspace: Path, path: str) -> "subprocess.CompletedProcess[str]":
    """A step as the runner runs it: `bash --noprofile --norc -eo pipefail`, in the workspace, with its variables."""
    github = {
        "CI": "true",
        "GITHUB_ACTIONS": "true",
        "GITHUB_ACTION_PATH": str(ROOT),
        "GITHUB_WORKSPACE": str(workspace),
        "PATH": path,
    }
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step.script],
        cwd=workspace, env={**os.environ, **github, **step.env}, capture_output=True, text=True, timeout=900, check=False,
    )  # fmt: skip


def rehearse_action(folder: Path) -> None:
    """The whole action, its installation included, over a repository with a faulty spec."""
    workspace = folder / "workspace"
    (workspace / "specs").mkdir(parents=True)
    (workspace / "specs" / "faulty.sync").write_text(FAULTY, encoding="utf-8")
    venv.create(folder / "venv", with_pip=True)
    path = f"{folder / 'venv' / 'bin'}{os.pathsep}{os.environ['PATH']}"
    install, check = steps({})
    done = run(install, workspace, path)
    assert done.returncode == 0, done.stderr
    done = run(check, workspace, path)
    assert done.returncode == 1, done.stderr
    assert done.stdout.startswith("::error file=specs/faulty.sync,line=3,"), done.stdout
    print("action.yml: installed, and annotated a faulty spec")


def rehearse_hooks(folder: Path) -> None:
    """Both hooks by `pre-commit run`, installed once from a clone of this repository."""
    clone, workspace = folder / "clone", folder / "repository"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    told = subprocess.run(["git", "rev-parse", "HEAD"], cwd=clone, capture_output=True, text=True, check=True)
    hooks = [{"id": "syncline-check"}, {"id": "syncline-fmt"}]
    config = {"repos": [{"repo": str(clone), "rev": told.stdout.strip(), "hooks": hooks}]}
    workspace.mkdir()
    (workspace / ".pre-commit-config.yaml").write_text(yaml.safe_dump(config), encoding="utf-8")
    (workspace / "sound.sync").write_text(SOUND, encoding="utf-8")
    (workspace / "faulty.sync").write_text(FAULTY, encoding="utf-8")
    subprocess.run(["git", "init", "-q"], cwd=workspace, check=True)
    subprocess.run(["git", "add", "-A"], cwd=workspace, check=True)
    for files, expected in ((["sound.sync"], 0), (["sound.sync", "faulty.sync"], 1)):
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--files", *files],
            cwd=workspace, env={**os.environ, "PRE_COMMIT_HOME": str(folder / "home")}, capture_output=True, text=True,
            timeout=900, check=False,
        )  # fmt: skip
        assert done.returncode == expected, done.stdout + done.stderr
        assert ("type.unknown" in done.stdout) == bool(expected), done.stdout
    print(".pre-commit-hooks.yaml: both hooks pass a sound spec; a faulty one is told")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        (Path(scratch) / "action").mkdir()
        rehearse_action(Path(scratch) / "action")
        rehearse_hooks(Path(scratch))
