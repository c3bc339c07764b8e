"""Finding and reading files for the pipeline: the spec, what it imports, and the library's connectors."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Never

import click

import syncline

SETTINGS = "syncline.toml"
COULD_NOT_RUN = 2
"""The exit code when the work could not be done at all."""


def read_spec(path: str) -> tuple[str, bytes]:
    """The name and bytes of a spec, `-` for standard input. Ends the program with one line when it cannot be read."""
    if path == "-":
        return "<stdin>", sys.stdin.buffer.read()
    try:
        return path, Path(path).read_bytes()
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror or error}")


def loader(main: str) -> Callable[[str], bytes | None]:
    """Reads imports beside the main file and connectors from the library."""
    folder = Path.cwd() if main in ("-", "<stdin>") else Path(main).parent

    def load(name: str) -> bytes | None:
        if name.startswith("library:"):
            return _read(library() / f"{name.removeprefix('library:')}.sync")
        path = Path(name)
        return _read(path if path.is_absolute() or path.exists() else folder / path)

    return load


def settings_file(spec: str) -> Path | None:
    """The `syncline.toml` in the folder of a spec or the nearest one above it; for standard input from the working directory."""
    start = Path.cwd() if spec == "-" else Path(spec).absolute().parent
    return next((path for folder in (start, *start.parents) if (path := folder / SETTINGS).is_file()), None)


def lock_file(spec: str) -> Path | None:
    """The lock beside a spec (`crm.sync.lock`), if there is one."""
    path = Path(f"{spec}.lock")
    return path if spec != "-" and path.is_file() else None


def library() -> Path:
    """The folder of library connectors: beside the package when installed, in the checkout otherwise."""
    package = Path(syncline.__file__).parent
    installed = package / "library"
    return installed if installed.is_dir() else package.parents[1] / "specs" / "library"


def fail(message: str) -> Never:
    """Say one line on standard error and end with the exit code for "could not run"."""
    click.echo(f"syncline: {message}", err=True)
    raise SystemExit(COULD_NOT_RUN)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
