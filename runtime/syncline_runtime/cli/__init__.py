"""`python -m <package> COMMAND`: argv, files and exit codes. Each command has a file of its own, imported when it is asked for."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import Final, NoReturn, TextIO

from syncline_runtime.certified import STOPPED, uncertified
from syncline_runtime.cli.exits import FAILED, MEANING, UNUSABLE
from syncline_runtime.declaration import Package
from syncline_runtime.ports import SystemFailure

COMMANDS: Final = {
    "plan": "syncline_runtime.cli.run",
    "run": "syncline_runtime.cli.run",
    "apply": "syncline_runtime.cli.apply",
    "serve": "syncline_runtime.cli.serve",
    "review": "syncline_runtime.cli.review",
    "why": "syncline_runtime.cli.why",
    "status": "syncline_runtime.cli.status",
    "audit": "syncline_runtime.cli.audit",
    "prune": "syncline_runtime.cli.prune",
    "export": "syncline_runtime.cli.export",
    "import": "syncline_runtime.cli.export",
    "rebase": "syncline_runtime.cli.run",
    "migrate": "syncline_runtime.cli.migrate",
    "state": "syncline_runtime.cli.state",
    "erase": "syncline_runtime.cli.erase",
}
"""The module of each command: `add(commands, package)` declares its arguments, `execute(package, arguments, out, err)` does it."""


def main(package: Package, argv: Sequence[str] | None = None) -> NoReturn:
    """Run a generated package from the command line and exit; one that its certificate does not vouch for is refused."""
    problem = uncertified(package)
    if problem is not None:
        sys.stderr.write(f"{package.name}: {problem}\n")
        raise SystemExit(FAILED)
    try:
        raise SystemExit(execute(package, sys.argv[1:] if argv is None else argv))
    finally:
        try:
            sys.stdout.flush()
        except BrokenPipeError:
            # What is left is for nobody: the interpreter is not to try it again on its way out.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def execute(
    package: Package, argv: Sequence[str], *, stdout: TextIO | None = None, stderr: TextIO | None = None
) -> int:
    """Run a generated package; the exit code. Raises SystemExit for wrong arguments only."""
    out, err = stdout or sys.stdout, stderr or sys.stderr
    try:
        return _executed(package, argv, out, err)
    except KeyboardInterrupt:
        err.write(f"{package.name}: {STOPPED}\n")
        return FAILED


def _executed(package: Package, argv: Sequence[str], out: TextIO, err: TextIO) -> int:
    # Most of the time until a command begins goes into these imports: whoever stops it then is told so in a line, too.
    from syncline_runtime.executing.migrate import SpecChanged
    from syncline_runtime.state import StateFailure

    arguments = _parser(package, argv).parse_args(argv)
    try:
        code: int = import_module(COMMANDS[arguments.command]).execute(package, arguments, out, err)
        return code
    except StateFailure as failure:
        err.write(f"{package.name}: {failure}\n")
        return UNUSABLE if failure.unusable else FAILED
    except (SystemFailure, SpecChanged) as failure:
        err.write(f"{package.name}: {failure}\n")
    except BrokenPipeError:
        err.write(f"{package.name}: nobody reads what it says\n")
    return FAILED


def _parser(package: Package, argv: Sequence[str]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {package.name}",
        description=f"Keep the systems of {package.source} in step.",
        epilog=f"exit codes: {MEANING}",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="|".join(COMMANDS))
    # A command that is named needs no other's arguments; help and a wrong name need all of them.
    asked = COMMANDS.get(argv[0]) if argv else None
    for module in [asked] if asked else dict.fromkeys(COMMANDS.values()):
        import_module(module).add(commands, package)
    return parser
