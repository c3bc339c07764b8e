"""Same spec, same bytes: whatever the hash seed, locale, time zone, working directory or optimisation of the interpreter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
EXAMPLE = next((ROOT / "specs" / "examples").glob("*.sync"))
PROGRAM = """
import hashlib, sys
from pathlib import Path
from syncline.cli.files import loader
from syncline.pipeline import check_spec, generate
path = sys.argv[1]
checked = check_spec(path, Path(path).read_bytes(), loader(path))
files = generate(checked.model)
digest = hashlib.sha256()
for name, text in files.items():
    digest.update(name.encode() + b"\\0" + text.encode() + b"\\0")
print(len(files), digest.hexdigest())
"""


def digest(environment: dict[str, str], folder: Path, *flags: str, path: str = str(EXAMPLE)) -> str:
    done = subprocess.run(
        [sys.executable, *flags, "-c", PROGRAM, path],
        env={"PATH": os.environ["PATH"], **environment},
        cwd=folder,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return done.stdout


@pytest.fixture(scope="module")
def expected(tmp_path_factory: pytest.TempPathFactory) -> str:
    return digest({"PYTHONHASHSEED": "0"}, tmp_path_factory.mktemp("cwd"))


@pytest.mark.parametrize(
    "environment",
    [
        {"PYTHONHASHSEED": "1", "LC_ALL": "C", "TZ": "Pacific/Kiritimati"},
        {"PYTHONHASHSEED": "4242", "LC_ALL": "tr_TR.UTF-8", "PYTHONUTF8": "0", "TZ": "America/Mexico_City"},
        {"PYTHONHASHSEED": "random", "LC_ALL": "POSIX", "PYTHONIOENCODING": "latin-1"},
    ],
    ids=["C", "Turkish", "random"],
)
def test_the_bytes_do_not_depend_on_the_environment(environment: dict[str, str], expected: str, tmp_path: Path) -> None:
    assert digest(environment, tmp_path) == expected


def test_the_bytes_do_not_depend_on_how_the_spec_is_named(expected: str) -> None:
    relative = os.path.relpath(EXAMPLE, EXAMPLE.parent)
    assert digest({}, EXAMPLE.parent, "-O", path=relative) == expected
