"""Ctrl-C before a command has begun: most of a short one is imports, and they end in a line, too."""

import io
import subprocess
import sys
from pathlib import Path

import pytest

from syncline_runtime import cli
from tests.runtime.executing.conftest import package

INTERRUPTED = """
from syncline_runtime.certified import require_as_built

require_as_built(__file__, "wares.sync")
raise {error}
"""


def started(folder: Path, error: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """`python -m` in a folder where the package `wares` ends in an error while it is imported."""
    (folder / "wares").mkdir()
    (folder / "wares" / "__init__.py").write_text(INTERRUPTED.format(error=error))
    return subprocess.run(
        [sys.executable, "-m", *arguments, "status"], cwd=folder, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize("arguments", [("wares",), ("syncline_runtime", "wares")])
def test_an_import_that_is_interrupted_ends_in_a_line(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ended = started(tmp_path, "KeyboardInterrupt", *arguments)
    assert ended.stderr == "wares: stopped; the next run goes on from here\n"
    assert ended.returncode != 0


def test_a_mistake_of_ours_keeps_its_traceback(tmp_path: Path) -> None:
    ended = started(tmp_path, "ZeroDivisionError", "wares")
    assert "Traceback" in ended.stderr
    assert "ZeroDivisionError" in ended.stderr


def test_a_command_that_is_interrupted_while_it_is_imported_ends_in_a_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "interrupted.py").write_text("raise KeyboardInterrupt")
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setitem(cli.COMMANDS, "status", "interrupted")  # type: ignore[misc]
    err = io.StringIO()
    assert cli.execute(package("crm", "erp"), ["status"], stderr=err) == 2
    assert err.getvalue().endswith(": stopped; the next run goes on from here\n")
