"""`status`: the last runs, what there is, and what waits for a person."""

import argparse
import json
import time
from datetime import datetime
from typing import TextIO

from syncline_runtime import executor
from syncline_runtime.cli.arguments import Commands, with_json, with_state
from syncline_runtime.cli.exits import NEEDS_PERSON
from syncline_runtime.cli.waiting import (
    LISTED,
    is_whole,
    item_document,
    tell_deferred,
    tell_waiting,
    totals,
    with_limit,
)
from syncline_runtime.declaration import OnWebhook, Package
from syncline_runtime.pending import pending
from syncline_runtime.scheduling import next_due
from syncline_runtime.serving import fired
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import FORMAT_VERSION, Redacted, run_line


def add(commands: Commands, package: Package) -> None:
    """The arguments of `status`."""
    parser = commands.add_parser("status", help="say what the last runs did and what waits for a person")
    with_state(parser, package)
    with_json(parser)
    with_limit(parser)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Tell it; 1 if something waits for a person."""
    out = Redacted(stdout, ())
    with SqliteStore(arguments.state, package.name, create=False) as store:
        runs, counts = store.review.runs(5), store.review.counts()
        limit: int | None = arguments.limit if arguments.limit > 0 else None
        items = pending(package, store, limit if arguments.json else LISTED + 1)
        due = {entity: _due(package, store, entity) for entity in package.entities}
        deferred = store.waiting()
        if arguments.json:
            document = {
                "format_version": FORMAT_VERSION,
                "kind": "status",
                "package": package.name,
                "runs": [run._asdict() for run in runs],
                "counts": counts,
                "waiting": [item_document(item) for item in items],
                "totals": totals(store),
                "complete": is_whole(store, arguments.limit),
                "due": {entity: found for entity, found in due.items() if found},
                "deferred": [row._asdict() for row in deferred],
            }
            out.line(json.dumps(document))
        else:
            if not runs:
                out.line(f"{package.name}: no run yet")
            for run in runs:
                out.line(run_line(run, _when(run.started)))
            for entity, numbers in counts.items():
                out.line(f"{entity}: " + " · ".join(f"{word} {count}" for word, count in numbers.items()))
                for what, at in due.get(entity, {}).items():
                    out.line(f"  {what} is due for a run from {_when(at)}")
            tell_waiting(items, out)
            tell_deferred(store, out)
    return NEEDS_PERSON if items else 0


def _due(package: Package, store: SqliteStore, entity: str) -> dict[str, float]:
    """What a run can do from when on: its schedule, records to be read again, writes whose outcome will be known."""
    found: dict[str, float] = {}
    scheduled = [
        next_due(trigger, fired(store, sync, trigger), time.time())
        for sync in package.syncs
        if sync.entity == entity
        for trigger in sync.triggers
        if not isinstance(trigger, OnWebhook)
    ]
    if scheduled:
        found["its schedule"] = min(scheduled)
    if (reading := store.review.next_due(entity)) is not None:
        found["reading again"] = reading
    if (awaited := store.awaiting.next(entity)) is not None:
        found["a date that records wait for"] = awaited[1]
    if young := store.setting(executor.young(entity)):
        found["a record too young to be created elsewhere"] = float(young)
    intents = [intent.resolve_after for intent in store.open_intents(entity)]
    if intents:
        found["an unknown outcome"] = min(intents)
    return found


def _when(at: float) -> str:
    return datetime.fromtimestamp(at).astimezone().isoformat(" ", "seconds")
