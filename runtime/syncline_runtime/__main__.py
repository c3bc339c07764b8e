"""`python -m syncline_runtime PACKAGE COMMAND …`: `python -m PACKAGE COMMAND …`, but no file of it is read before all are checked.

Python compiles a package's `__init__.py` before anything of ours can look at it: damage to that file ends `python -m PACKAGE` in a
traceback of the interpreter. What starts packages unattended (a scheduler, a unit file) goes through this door.
"""

import sys
from collections.abc import Sequence
from functools import partial
from importlib import import_module
from importlib.machinery import PathFinder
from pathlib import Path
from typing import NoReturn

from syncline_runtime.certified import CERTIFICATE, certified_source, differing, tell_stopped
from syncline_runtime.cli import main
from syncline_runtime.cli.exits import FAILED


def launch(argv: Sequence[str]) -> NoReturn:
    """Check a package and run a command of it; exits with its code, or 2 and a line that says what is wrong."""
    if not argv or argv[0].startswith("-"):
        _refuse("python -m syncline_runtime", "name a package and a command: `python -m syncline_runtime PACKAGE run`")
    name, *arguments = argv
    folder = _folder(name)
    if folder is None:
        _refuse(
            name, f"there is no such package in {Path.cwd()}: go to the folder that `syncline build … -o` wrote into"
        )
    problem = differing(folder, certified_source(folder))
    if problem is not None:
        _refuse(name, problem)
    try:
        package = import_module(name).PACKAGE
    except (ImportError, SyntaxError, AttributeError) as error:
        _refuse(name, f"it is no generated package ({type(error).__name__}: {error}), and has no whole {CERTIFICATE}")
    main(package, arguments)


def _folder(name: str) -> Path | None:
    """Where a package is; nothing of it is imported."""
    found = PathFinder.find_spec(name) if name.isidentifier() else None
    return (
        Path(found.origin).parent if found is not None and found.origin and found.submodule_search_locations else None
    )


def _refuse(name: str, problem: str) -> NoReturn:
    sys.stderr.write(f"{name}: {problem}\n")
    raise SystemExit(FAILED)


if __name__ == "__main__":
    sys.excepthook = partial(tell_stopped, " ".join(sys.argv[1:2]))
    launch(sys.argv[1:])
