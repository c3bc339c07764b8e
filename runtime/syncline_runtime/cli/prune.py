"""`prune`: lets go what is kept for people and is older than a policy says."""

import argparse
import json
import time
from typing import TextIO

from syncline_runtime.cli.acting import note
from syncline_runtime.cli.arguments import Commands, whole, with_json, with_state
from syncline_runtime.declaration import Package
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.retention import POLICY
from syncline_runtime.telling import FORMAT_VERSION, Redacted

_MEANING = {
    "values": "former and overruled values in the audit; that they were decided, when and why stays",
    "snapshots": "what deleted records held; that they were deleted stays",
    "intents": "writes that failed, or whose outcome was settled late",
    "answers": "the values that people decided upon; who decided what and when stays",
    "runs": "the summaries of past runs",
}


def add(commands: Commands, package: Package) -> None:
    """The arguments of `prune`."""
    parser = commands.add_parser("prune", help="let go what is kept for people and is older than so many days")
    for kind, days in POLICY.items():
        parser.add_argument(
            f"--{kind}", type=whole, default=days, metavar="DAYS", help=f"{_MEANING[kind]} (%(default)s)"
        )
    with_state(parser, package)
    with_json(parser)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Let go; say how much."""
    out, now = Redacted(stdout, ()), time.time()
    days = {kind: getattr(arguments, kind) for kind in POLICY}
    with SqliteStore(arguments.state, package.name, create=False) as store:
        store.acquire(package.name, now, 3600.0)
        try:
            with store.transaction():
                found = store.retention.prune(now, days)
                told = ", ".join(
                    f"{kind} older than {days[kind]} days: {count}" for kind, count in found.items() if count
                )
                if told:
                    note(store, "pruned", told)
        finally:
            store.release()
    if arguments.json:
        out.line(json.dumps({"format_version": FORMAT_VERSION, "kind": "prune", "days": days, "pruned": found}))
    else:
        out.line(
            f"{package.name}: "
            + " · ".join(f"{kind} {count} (older than {days[kind]} days)" for kind, count in found.items())
        )
    return 0
