"""`status`: the last runs, what there is, and what waits for a person."""

import argparse
import json
from datetime import datetime
from typing import TextIO

from syncline_runtime.cli.arguments import Commands, with_json, with_state
from syncline_runtime.cli.exits import NEEDS_PERSON
from syncline_runtime.cli.waiting import tell_waiting
from syncline_runtime.declaration import Package
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import FORMAT_VERSION, Redacted, run_line


def add(commands: Commands, package: Package) -> None:
    """The arguments of `status`."""
    parser = commands.add_parser("status", help="say what the last runs did and what waits for a person")
    with_state(parser, package)
    with_json(parser)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Tell it; 1 if something waits for a person."""
    out = Redacted(stdout, ())
    with SqliteStore(arguments.state, package.name, create=False) as store:
        review = store.review
        runs, counts = review.runs(5), review.counts()
        conflicts, quarantined = review.conflicts(), review.quarantined()
        if arguments.json:
            document = {
                "format_version": FORMAT_VERSION,
                "kind": "status",
                "package": package.name,
                "runs": [run._asdict() for run in runs],
                "counts": counts,
                "conflicts": [{**row._asdict(), "candidates": json.loads(row.candidates)} for row in conflicts],
                "quarantine": [row._asdict() for row in quarantined],
            }
            out.line(json.dumps(document))
        else:
            if not runs:
                out.line(f"{package.name}: no run yet")
            for run in runs:
                out.line(run_line(run, datetime.fromtimestamp(run.started).astimezone().isoformat(" ", "seconds")))
            for entity, numbers in counts.items():
                out.line(f"{entity}: " + " · ".join(f"{word} {count}" for word, count in numbers.items()))
            tell_waiting(package, store, out)
    return NEEDS_PERSON if conflicts or quarantined else 0
