"""`state check`: look at all of a state. `state rekey`: seal it anew, or under another outer key."""

import argparse
import os
import time
from pathlib import Path
from typing import Final, TextIO

from syncline_runtime.cli.arguments import Commands, with_state
from syncline_runtime.cli.exits import IN_STEP, UNUSABLE
from syncline_runtime.declaration import Package
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.keys import VARIABLE, outer_key
from syncline_runtime.state.opening import check

NEW_KEY: Final = "SYNCLINE_STATE_NEW_KEY"
"""The outer key that is to take the place of the present one, as `SYNCLINE_STATE_KEY` holds it."""


def add(commands: Commands, package: Package) -> None:
    """Declare the arguments."""
    parser = commands.add_parser("state", help="look at all of the state, or exchange its keys")
    what = parser.add_subparsers(dest="what", required=True, metavar="check|rekey")
    with_state(
        what.add_parser("check", help="tables, indexes, every sealed value and the audit: does all hold?"), package
    )
    rekey = what.add_parser(
        "rekey", help=f"seal every value anew; with {NEW_KEY} also under that outer key instead of the present one"
    )
    with_state(rekey, package)


def execute(package: Package, arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    """Do what is asked for. Raises StateFailure."""
    if arguments.what == "check":
        return _check(package, arguments, out, err)
    given = os.environ.get(NEW_KEY)
    with SqliteStore(arguments.state, package.name, create=False) as store:
        store.acquire(package.name, time.time(), 3600.0)
        try:
            with store.transaction():
                count = store.rekeying.reseal()
                if given:
                    new = outer_key(str(arguments.state), Path(), fresh=False, given=given)
                    store.rekeying.rewrap(new, str(arguments.state))
        finally:
            store.release()
    out.write(f"{package.name}: {count} values are sealed anew\n")
    if given:
        out.write(f"{package.name}: the state opens with the new key from now on: keep it in {VARIABLE}\n")
    return IN_STEP


def _check(package: Package, arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    with SqliteStore(arguments.state, package.name, create=False) as store:
        check(store.backing.database)
        problems = [f"{table} {row} does not open" for table, row in store.rekeying.unreadable()]
        problems += [f"audit row {fault.seq}: {fault.problem}" for fault in store.audit.faults()]
        for problem in problems:
            err.write(f"{package.name}: {problem}\n")
        if not problems:
            out.write(f"{package.name}: the state holds; audit {store.audit.head}\n")
        return UNUSABLE if problems else IN_STEP
