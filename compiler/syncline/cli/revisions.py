"""Where a spec is read from: a file or a folder on disk, or either at a git reference (`git:main:specs/crm.sync`)."""

import posixpath
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from syncline.cli.files import fail, loader, read_spec

GIT = "git:"
_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Revision:
    """Specs as they stand somewhere. `files` maps a name below the place (empty for the place itself, when it is a file) to the
    name by which it is read; `origin` is what is put before names in messages."""

    origin: str
    files: dict[str, str]
    read: Callable[[str], bytes]
    loader: Callable[[str], Callable[[str], bytes | None]]


def revision(place: str) -> Revision:
    """The specs at a place. Ends the program with one line when there are none."""
    if place.startswith(GIT):
        return _at_reference(place)
    if Path(place).is_dir():
        found = sorted(path for path in Path(place).rglob("*.sync") if path.is_file())
        if not found:
            fail(f"no .sync file in {place}")
        files = {path.relative_to(place).as_posix(): str(path) for path in found}
    else:
        files = {"": place}
    return Revision("", files, lambda name: read_spec(name)[1], loader)


def _at_reference(place: str) -> Revision:
    reference, _, path = place.removeprefix(GIT).partition(":")
    if not reference or not path or reference.startswith("-"):
        fail(f"{place} names no file at a reference: write git:REFERENCE:PATH, such as git:main:specs/crm.sync")
    path = _relative(path)
    kind = _git("cat-file", "-t", _object(reference, path))
    if kind is None:
        fail(f"cannot read {path} at {reference}: {_complaint(reference)}")
    if kind.strip() == b"tree":
        below = "" if path == "." else f"{path}/"
        listed = _git("ls-tree", "--full-tree", "-r", "-z", "--name-only", _object(reference, path)) or b""
        names = sorted(name.decode("utf-8", "surrogateescape") for name in listed.split(b"\0") if name)
        files = {name: below + name for name in names if name.endswith(".sync")}
        if not files:
            fail(f"no .sync file in {path} at {reference}")
    else:
        files = {"": path}

    def read(name: str) -> bytes:
        data = _git("cat-file", "blob", _object(reference, name))
        if data is None:
            fail(f"cannot read {name} at {reference}")
        return data

    def at(main: str) -> Callable[[str], bytes | None]:
        library = loader(main)

        def load(name: str) -> bytes | None:
            if name.startswith("library:"):
                return library(name)
            return _git("cat-file", "blob", _object(reference, name))

        return load

    return Revision(f"{GIT}{reference}:", files, read, at)


def _relative(path: str) -> str:
    """A path as it is named below the working folder."""
    if Path(path).is_absolute():
        try:
            return Path(path).resolve().relative_to(Path.cwd().resolve()).as_posix()
        except ValueError:
            fail(f"{path} is not below the working folder: name it from there")
    return posixpath.normpath(path)


def _object(reference: str, path: str) -> str:
    return f"{reference}:./{path}"


def _git(*arguments: str) -> bytes | None:
    """What git answers; None when it refuses."""
    try:
        done = subprocess.run(
            ["git", *arguments],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=_TIMEOUT_SECONDS,
            check=False,
        )
    except FileNotFoundError:
        fail("git is not installed, so that nothing can be read at a reference")
    except subprocess.TimeoutExpired:
        fail(f"git did not answer within {_TIMEOUT_SECONDS:g} seconds")
    return done.stdout if done.returncode == 0 else None


def _complaint(reference: str) -> str:
    if _git("rev-parse", "--git-dir") is None:
        return "the working folder lies in no git repository"
    if _git("rev-parse", "--verify", "--quiet", f"{reference}^{{commit}}") is None:
        return f"git knows no reference {reference!r}"
    return "there is no such file"
