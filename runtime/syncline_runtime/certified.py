"""Whether a generated package is still what its certificate vouches for. Its files are looked at before any of them is imported."""

import json
import sys
from functools import partial
from hashlib import sha256
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Final, NoReturn

if TYPE_CHECKING:
    from syncline_runtime.declaration import Package

CERTIFICATE: Final = "certificate.json"
FORMAT_VERSION: Final = "1.0"
STOPPED: Final = "stopped; the next run goes on from here"
_FAILED: Final = 2


class NotAsBuilt(ImportError):
    """A file of the package is not the one that was certified; the message is one line with its remedy."""


def require_as_built(init: str, source: str) -> None:
    """Raise NotAsBuilt unless the files beside `init`, the `__init__.py` of a package of `source`, are those of its certificate.

    Run as `python -m PACKAGE` the process ends with the message instead. A package without a certificate may be imported, to be
    looked at and tested; it is not run.
    """
    folder = Path(init).parent
    if _is_run():
        # The imports that follow take most of the time of a short command.
        sys.excepthook = partial(tell_stopped, folder.name)
    problem = differing(folder, source)
    if problem is not None:
        refuse(NotAsBuilt(f"{folder.name}: {problem}"))


def tell_stopped(name: str, kind: type[BaseException], error: BaseException, traceback: TracebackType | None) -> None:
    """A hook for what nobody has caught: Ctrl-C is a line, everything else is a mistake of ours, with where it was made."""
    if issubclass(kind, KeyboardInterrupt):
        sys.stderr.write(f"{name}: {STOPPED}\n")
    else:
        sys.__excepthook__(kind, error, traceback)


def _is_run() -> bool:
    """Whether this is `python -m`: Python says so while it looks for the module."""
    return sys.argv[:1] == ["-m"]


def refuse(problem: ImportError) -> NoReturn:
    """Raise, or end a process that would show people a traceback."""
    if _is_run():
        sys.stderr.write(f"{problem}\n")
        raise SystemExit(_FAILED)
    raise problem


def differing(folder: Path, source: str) -> str | None:
    """What is wrong with the files of a package, in one line with its remedy; None where they are those that were certified, or
    nothing vouches for them."""
    try:
        document = json.loads((folder / CERTIFICATE).read_bytes())
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError):
        document = None
    files, again = _files(document), _again(folder, source)
    if files is None:
        return f"{CERTIFICATE} cannot be read: {again}"
    for name, expected in files.items():
        try:
            found = sha256((folder / name).read_bytes()).hexdigest()
        except OSError:
            return f"{name} is missing, which {CERTIFICATE} vouches for: {again}"
        if found != expected:
            return f"{name} is not what was built, so {CERTIFICATE} no longer holds: move the change into the spec and {again}"
    return None


def certified_source(folder: Path) -> str:
    """The spec that a package was built from, as its certificate names it, or as it was most likely called."""
    try:
        return str(json.loads((folder / CERTIFICATE).read_bytes())["spec"]["file"])
    except (OSError, ValueError, RecursionError, LookupError, TypeError):
        return f"{folder.name}.sync"


def uncertified(package: "Package") -> str | None:
    """Why the package must not run, in one line with its remedy; None where its files are those that were certified.

    A package without maps does nothing, and is not looked at.
    """
    folder = _folder(package)
    if folder is None:
        return None
    again = _again(folder, package.source)
    problem = differing(folder, package.source)
    if problem is not None:
        return problem
    try:
        document = json.loads((folder / CERTIFICATE).read_bytes())
    except OSError:
        return f"{CERTIFICATE} is missing beside the package, so nothing vouches for it: {again}, and ship all of its files"
    if document["spec"]["sha256"] != package.spec_sha256:
        return f"{CERTIFICATE} is of another version of {package.source}: {again}"
    return None


def _again(folder: Path, source: str) -> str:
    return f"build it again with `syncline build {source} -o {folder.parent.name or '.'}`"


def _folder(package: "Package") -> Path | None:
    """Where the package's own modules stand, told by the functions that they define."""
    for mapping in package.mappings:
        module = sys.modules.get(mapping.read.__module__)
        if module is not None and module.__file__ is not None:
            return Path(module.__file__).parent
    return None


def _files(document: Any) -> dict[str, str] | None:
    """The certified files by name, if it is a certificate of a format that is known."""
    match document:
        case {"format_version": "1.0", "spec": {"sha256": str()}, "files": dict(files)} if all(
            isinstance(name, str) and Path(name).name == name for name in files
        ):
            return files
    return None
