"""Whether a generated package is still what its certificate vouches for."""

import json
import sys
from hashlib import sha256
from pathlib import Path
from typing import Any, Final

from syncline_runtime.declaration import Package

CERTIFICATE: Final = "certificate.json"
FORMAT_VERSION: Final = "1.0"


def uncertified(package: Package) -> str | None:
    """Why the package must not run, in one line with its remedy; None where its files are those that were certified.

    A package without maps does nothing, and is not looked at.
    """
    folder = _folder(package)
    if folder is None:
        return None
    again = f"build it again with `syncline build {package.source} -o {folder.parent.name or '.'}`"
    try:
        document = json.loads((folder / CERTIFICATE).read_bytes())
    except FileNotFoundError:
        return f"{CERTIFICATE} is missing beside the package, so nothing vouches for it: {again}, and ship all of its files"
    except (OSError, ValueError, RecursionError):
        document = None
    files = _files(document)
    if files is None:
        return f"{CERTIFICATE} cannot be read: {again}"
    if document["spec"]["sha256"] != package.spec_sha256:
        return f"{CERTIFICATE} is of another version of {package.source}: {again}"
    for name, expected in files.items():
        try:
            found = sha256((folder / name).read_bytes()).hexdigest()
        except OSError:
            return f"{name} is missing, which {CERTIFICATE} vouches for: {again}"
        if found != expected:
            return f"{name} is not what was built, so {CERTIFICATE} no longer holds: move the change into the spec and {again}"
    return None


def _folder(package: Package) -> Path | None:
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
