"""`migrate`: what a changed spec asks of stored state, and with `--apply` doing it."""

import argparse
import json
from typing import TextIO

from syncline_runtime.cli.acting import note
from syncline_runtime.cli.arguments import Commands, with_json, with_state
from syncline_runtime.cli.exits import AWAITS, IN_STEP, NEEDS_PERSON
from syncline_runtime.cli.systems import WallClock
from syncline_runtime.declaration import Package
from syncline_runtime.executing.migrate import Migration, admit, carry_out, prepared, told
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import FORMAT_VERSION, Redacted

_LEASE_SECONDS = 3600.0


def add(commands: Commands, package: Package) -> None:
    """The arguments of `migrate`."""
    parser = commands.add_parser("migrate", help="say what a changed spec asks of the state; with --apply, do it")
    with_state(parser, package)
    with_json(parser)
    parser.add_argument("--apply", action="store_true", help="carry it out; without it, nothing is written")
    for word, meaning in (
        ("keep", "what is stored of SUBJECT is of the same records"),
        ("forget", "let go what is stored of SUBJECT"),
    ):
        parser.add_argument(
            f"--{word}", action="append", default=[], metavar="SUBJECT", help=f"{meaning}; may be repeated"
        )


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """0 nothing is left to do, 1 a person must say something first, 3 it waits for `--apply`."""
    out, problems = Redacted(stdout, ()), Redacted(stderr, ())
    with SqliteStore(arguments.state, package.name, create=False) as store:
        if arguments.apply:
            store.acquire(package.name, WallClock().now(), _LEASE_SECONDS)
        try:
            migration = prepared(package, store, arguments.keep, arguments.forget)
            done = arguments.apply and not migration.barred
            if done:
                note(store, "migrating", "; ".join(step.says for step in migration.steps) or "nothing to carry over")
                with store.transaction():
                    carry_out(package, store, migration)
                    admit(package, store)
        finally:
            store.release()
    if arguments.json:
        out.line(json.dumps(_document(package, migration, done=done)))
    else:
        _tell(package, migration, out, done=done)
        for bar in migration.barred:
            problems.line(f"{package.name}: {bar}")
        if migration.barred:
            problems.line(f"{package.name}: nothing was changed")
    if migration.barred:
        return NEEDS_PERSON
    return AWAITS if migration.steps and not done else IN_STEP


def _tell(package: Package, migration: Migration, out: Redacted, *, done: bool) -> None:
    if not migration.steps:
        out.line(f"{package.name}: the state is of this spec")
        return
    for step in migration.steps:
        out.line(f"{told(step.difference)}\n  → {step.says}")
    if done:
        out.line(f"{package.name}: done; look at `plan`, the next run decides everything again")
    elif not migration.barred:
        out.line(f"{package.name}: nothing was changed; `plan` shows the records, `migrate --apply` carries this out")


def _document(package: Package, migration: Migration, *, done: bool) -> dict[str, object]:
    return {
        "format_version": FORMAT_VERSION,
        "kind": "migrate",
        "package": package.name,
        "done": done,
        "steps": [
            {
                "subject": step.difference.subject.replace("`", ""),
                "aspect": step.difference.aspect,
                "old": step.difference.old,
                "new": step.difference.new,
                "says": step.says,
                "asks": step.asks,
            }
            for step in migration.steps
        ],
        "barred": list(migration.barred),
    }
