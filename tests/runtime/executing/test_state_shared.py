"""Two processes at one state file: who opens it while another is at it, or closes it, does not take it for a damaged one."""

import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime.state import SqliteStore, intact, opening

PACKAGE = "customers"
OPENED = """
import sqlite3, sys
try:
    sqlite3.connect(sys.argv[1], timeout=0).execute("SELECT code FROM file_code").fetchall()
except sqlite3.OperationalError as error:
    print(error)
else:
    print("opened")
"""


HOLDING = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1])
connection.execute("SELECT 1 FROM meta").fetchall()
print("opened", flush=True)
input()
"""


def written(path: Path, value: str) -> None:
    """The state is opened, written to, and closed."""
    with SqliteStore(path, PACKAGE) as store, store.transaction():
        store.save_setting("of a test", value)


def by_another(path: Path) -> str:
    """What another process is told that opens the file without waiting."""
    asked = [sys.executable, "-c", OPENED, str(path)]
    return subprocess.run(asked, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.in_a_file
def test_what_another_wrote_while_it_was_opened_is_no_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, holds = tmp_path / "state.db", intact.holds
    written(path, "first")

    def late(*about: Any) -> bool:
        monkeypatch.setattr(opening, "holds", holds)
        written(path, "second")
        return holds(*about)

    monkeypatch.setattr(opening, "holds", late)
    with SqliteStore(path, PACKAGE) as store:
        assert store.setting("of a test") == "second"


@pytest.mark.in_a_file
def test_nobody_opens_it_while_its_code_is_put_into_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, code, told = tmp_path / "state.db", intact._code, list[str]()

    def slow(*about: Any) -> Any:
        found = code(*about)
        told.append(by_another(path))
        return found

    monkeypatch.setattr(intact, "_code", slow)
    written(path, "first")
    monkeypatch.setattr(intact, "_code", code)
    assert told == ["database is locked"]
    assert by_another(path) == "opened"
    written(path, "second")


@pytest.mark.in_a_file
def test_no_code_is_put_into_a_file_that_another_has_open(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "state.db"
    written(path, "first")
    store = SqliteStore(path, PACKAGE)
    with store.transaction():
        store.save_setting("of a test", "second")
    with subprocess.Popen(
        [sys.executable, "-c", HOLDING, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout is not None
        other.stdout.readline()
        store.close()
        other.communicate(b"\n")
    with sqlite3.connect(path) as database:
        ((stored,),) = database.execute("SELECT code FROM file_code")
    assert intact.is_mark(stored)
    written(path, "third")
