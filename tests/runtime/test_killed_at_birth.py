"""A process that is killed while it makes its state leaves one that is opened, or nothing that stands in the way."""

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any

from syncline_runtime.state import SqliteStore

_KILLED = 9
_LEAVES_TRACES = {"connect", "execute", "executemany", "open", "write", "flush", "fsync", "close", "chmod", "rename"}


def made_or_killed(path: Path, calls: int) -> int:
    """Make a state in a process of its own, which ends before the nth of its calls that leave traces; its exit code."""
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    left = calls

    def count(frame: FrameType, event: str, argument: Any) -> None:
        nonlocal left
        if event == "c_call" and argument.__name__ in _LEAVES_TRACES:
            left -= 1
            if not left:
                os._exit(_KILLED)

    sys.setprofile(count)
    try:
        SqliteStore(path, "p").close()
    finally:
        os._exit(0)


def test_killed_before_any_call_that_leaves_traces(tmp_path: Path) -> None:
    calls = 1
    while made_or_killed(tmp_path / f"{calls}.db", calls) == _KILLED:
        path = tmp_path / f"{calls}.db"
        SqliteStore(path, "p").close()
        with SqliteStore(path, "p", create=False) as store:
            assert store.audit.faults() == []
        assert sorted(one.name for one in tmp_path.glob(f"{calls}.db*")) == [path.name, f"{path.name}.key"]
        calls += 1
    assert calls > 40
