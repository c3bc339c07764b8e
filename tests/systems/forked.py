"""Commands of generated packages in processes forked from one that has imported the runtime: for a short command, most of its time.

Such a process does, and leaves undone when it is killed, what `python -m PACKAGE` does and leaves undone after its imports.
"""

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import suppress
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.context import ForkServerContext, ForkServerProcess
from pathlib import Path
from pkgutil import walk_packages

import syncline_runtime

_HERE = __spec__.name
_STREAMS = {1: "out", 2: "err"}
_NOT_RUN = ("syncline_runtime.simulation", "syncline_runtime.__main__")


class Forked:
    """A command that was started, with what is used of `subprocess.Popen`."""

    def __init__(self, process: ForkServerProcess, told: Path) -> None:
        self._process, self._told = process, told

    @property
    def returncode(self) -> int | None:
        """The exit code, or less the signal that ended it; None while it runs."""
        return self._process.exitcode

    def poll(self) -> int | None:
        """`returncode`."""
        return self._process.exitcode

    def kill(self) -> None:
        """SIGKILL."""
        self.send_signal(signal.SIGKILL)

    def send_signal(self, number: int) -> None:
        """Nothing is done to one that has ended. Also for a thread beside the one that waits for its end."""
        if self._process.pid is not None:
            with suppress(ProcessLookupError):
                os.kill(self._process.pid, number)

    def communicate(self, timeout: float | None = None) -> tuple[str, str]:
        """What it wrote to stdout and stderr. Raises subprocess.TimeoutExpired while it runs on."""
        self._process.join(timeout)
        if self.poll() is None:
            raise subprocess.TimeoutExpired(self._process.name, timeout or 0)
        out, problems = ((self._told / name).read_text() for name in _STREAMS.values())
        return out, problems


def start(folder: Path, package: str, arguments: Sequence[str]) -> Forked:
    """`python -m PACKAGE ARGUMENTS` in a folder."""
    told = Path(tempfile.mkdtemp(prefix=".told-", dir=folder))
    for name in _STREAMS.values():
        (told / name).touch()
    process = _context().Process(target=_execute, args=(folder, package, arguments, told), name=package)
    process.start()
    return Forked(process, told)


def _context() -> ForkServerContext:
    context = get_context("forkserver")
    context.set_forkserver_preload([_HERE, *_modules()])  # looked at when the first process is started
    return context


def _modules() -> Iterator[str]:
    for found in walk_packages(syncline_runtime.__path__, "syncline_runtime."):
        if not found.name.startswith(_NOT_RUN):
            yield found.name


def _execute(folder: Path, package: str, arguments: Sequence[str], told: Path) -> None:
    os.chdir(folder)
    for number, name in _STREAMS.items():
        written = os.open(told / name, os.O_WRONLY)
        os.dup2(written, number)
        os.close(written)
    sys.argv = [f"{package}/__main__.py", *arguments]
    sys.path.insert(0, str(folder))
    from syncline_runtime.cli import main

    main(import_module(package).PACKAGE)
