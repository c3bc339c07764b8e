"""`export` and `import`: a state as lines of JSON, to be moved, kept or looked at."""

import argparse
import os
from pathlib import Path
from typing import TextIO

from syncline_runtime.cli.acting import note
from syncline_runtime.cli.arguments import Commands, with_state
from syncline_runtime.declaration import Package
from syncline_runtime.ports import SystemFailure
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.exporting import exported, imported
from syncline_runtime.state.keys import VARIABLE


def add(commands: Commands, package: Package) -> None:
    """The arguments of `export` and `import`."""
    export = commands.add_parser("export", help="write the state as lines of JSON, sealed with its key or in the clear")
    export.add_argument("file", type=Path, metavar="FILE", help="where to; its owner's alone")
    how = export.add_mutually_exclusive_group(required=True)
    how.add_argument("--sealed", action="store_true", help="as it is stored: it opens with the key of the state alone")
    how.add_argument("--clear", action="store_true", help="every value readable, and the key of the audit's codes")
    import_ = commands.add_parser(
        "import", help=f"make a state of an export; of a sealed one with its key ({VARIABLE})"
    )
    import_.add_argument("file", type=Path, metavar="FILE", help="what `export` wrote")
    for parser in (export, import_):
        with_state(parser, package)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Export or import; how many rows."""
    file: Path = arguments.file
    try:
        if arguments.command == "import":
            with file.open(encoding="utf-8") as lines:
                count = imported(arguments.state, package.name, lines)
            with SqliteStore(arguments.state, package.name) as store:
                note(store, "imported", f"{count} rows")
            stdout.write(f"{package.name}: {count} rows are in {arguments.state}: look at `plan` before the next run\n")
            return 0
        with SqliteStore(arguments.state, package.name, create=False) as store:
            note(store, "exported", "in the clear" if arguments.clear else "sealed")
            count = _written(file, store, clear=arguments.clear)
    except OSError as error:
        remedy = "name a file that `export` wrote" if arguments.command == "import" else "name another place"
        raise SystemFailure(str(file), f"the file cannot be used ({error.strerror})", remedy=remedy) from None
    except UnicodeDecodeError:
        raise SystemFailure(str(file), "this is no text", remedy="name a file that `export` wrote") from None
    how = (
        "in the clear: keep it as you keep the records themselves"
        if arguments.clear
        else "sealed: it opens with the state's key"
    )
    stdout.write(f"{package.name}: {count} rows are in {file}, {how}\n")
    return 0


def _written(file: Path, store: SqliteStore, *, clear: bool) -> int:
    descriptor = os.open(file, os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
    count = -2
    with os.fdopen(descriptor, "w", encoding="utf-8") as out:
        for line in exported(store, clear=clear):
            out.write(line + "\n")
            count += 1
        out.flush()
        os.fsync(out.fileno())
    return count
