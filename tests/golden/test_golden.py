"""The generated package of every example is a golden tree: the same bytes, well formatted, strictly typed, no orphans.

`make golden` writes the trees anew. Refreshing never passes: look at the difference, then run the tests again.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from syncline.cli.files import loader
from syncline.pipeline import check_spec, generate

GOLDEN = Path(__file__).parent
ROOT = GOLDEN.parents[1]
EXAMPLES = sorted((ROOT / "specs" / "examples").glob("*.sync"))


def generated(spec: Path) -> tuple[str, dict[str, str]]:
    """The name of the package and its files."""
    checked = check_spec(str(spec), spec.read_bytes(), loader(str(spec)))
    assert checked.sound, [f"{found.span!r} {found.code}" for found in checked.diagnostics]
    assert checked.model is not None
    from syncline.lowering import package_name

    return package_name(checked.model), generate(checked.model)


def tree(folder: Path) -> dict[str, str]:
    return {
        path.name: path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*"))
        if path.is_file() and path.suffix in (".py", ".typed")
    }


@pytest.mark.parametrize("spec", EXAMPLES, ids=lambda spec: spec.stem)
def test_an_example_generates_its_golden_tree(spec: Path, request: pytest.FixtureRequest) -> None:
    name, files = generated(spec)
    folder = GOLDEN / name
    if request.config.getoption("refresh_golden", default=False):
        folder.mkdir(exist_ok=True)
        for stale in set(tree(folder)) - set(files):
            (folder / stale).unlink()
        for path, text in files.items():
            (folder / path).write_text(text, encoding="utf-8")
        pytest.fail(f"{folder.name} was written anew: look at the difference, then test without --refresh-golden")
    assert tree(folder) == dict(sorted(files.items()))


def test_every_golden_tree_has_its_example() -> None:
    folders = {path.name for path in GOLDEN.iterdir() if path.is_dir() and path.name != "__pycache__"}
    assert folders == {generated(spec)[0] for spec in EXAMPLES}


@pytest.mark.parametrize(
    "command", [["ruff", "format", "--check"], ["ruff", "check"], ["mypy", "--strict"]], ids=" ".join
)
def test_golden_code_is_what_a_careful_person_would_commit(command: list[str]) -> None:
    # pytest does not see the packages: they are checked as a whole, as a user's own tools would.
    packages = sorted(str(path.parent.relative_to(ROOT)) for path in GOLDEN.glob("*/__init__.py"))
    done = subprocess.run(
        [sys.executable, "-m", *command, *packages], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
