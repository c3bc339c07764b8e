"""What the servers need, installed once into a cache folder: pinned packages in virtual environments of their own."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from hashlib import sha256
from pathlib import Path


class NotToBeHad(Exception):
    """A system cannot be installed or run on this machine; the message is the reason, for a skip."""


def cache_folder() -> Path:
    """Where installations and snapshots are kept between runs: `SYNCLINE_SYSTEMS`, else a folder of the user's cache."""
    folder = Path(os.environ.get("SYNCLINE_SYSTEMS") or "~/.cache/syncline-systems").expanduser()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def fingerprint(*parts: str) -> str:
    """A short name for what an installation or a snapshot was made of, so that a change of it makes a new one."""
    return sha256("\0".join(parts).encode()).hexdigest()[:12]


@contextmanager
def once(folder: Path) -> Iterator[bool]:
    """Give True to the one caller, over all processes, that must fill the (then empty) folder; it counts as filled
    when the block ends without an exception, and never before."""
    done = folder / ".complete"
    folder.parent.mkdir(parents=True, exist_ok=True)
    with (folder.parent / f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if done.exists():
            yield False
            return
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        yield True
        done.touch()


def environment(name: str, requirements: Sequence[str]) -> Path:
    """The `bin` folder of a virtual environment with these pinned packages. Raises NotToBeHad."""
    folder = cache_folder() / f"{name}-{fingerprint(sys.version, *requirements)}"
    try:
        with once(folder) as empty:
            if empty:
                run(sys.executable, "-m", "venv", str(folder))
                run(str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet", *requirements)
    except subprocess.CalledProcessError as problem:
        raise NotToBeHad(f"{name} cannot be installed: {_last_line(problem)}") from problem
    return folder / "bin"


def run(*command: str, **environment: str) -> str:
    """Run a command to its end and give its output. Raises CalledProcessError."""
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, stdin=subprocess.DEVNULL, env={**os.environ, **environment}
    )
    return done.stdout


def _last_line(problem: subprocess.CalledProcessError) -> str:
    lines = [line for line in str(problem.stderr or problem.stdout or problem).splitlines() if line.strip()]
    return lines[-1] if lines else f"it ended with {problem.returncode}"
