"""`audit verify`: whether every row of the audit is as it was written; `audit show`: the rows."""

import argparse
import json
from datetime import datetime
from typing import Any, TextIO

from syncline_runtime.cli.arguments import Commands, with_json, with_state
from syncline_runtime.cli.exits import FAILED
from syncline_runtime.declaration import Package
from syncline_runtime.rows import AuditEntry
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import FORMAT_VERSION, Redacted

_PORTION = 1000


def add(commands: Commands, package: Package) -> None:
    """The arguments of `audit`."""
    parser = commands.add_parser(
        "audit", help="verify the chain of what was decided, written and overruled, or show it"
    )
    what = parser.add_subparsers(dest="what", required=True, metavar="verify|show")
    verify = what.add_parser("verify", help="name every row that was removed, altered, added or put elsewhere")
    verify.add_argument(
        "--head",
        metavar="HEAD",
        help="what `audit verify` told earlier: that the audit goes on from there and was not set back",
    )
    show = what.add_parser("show", help="the rows, oldest first")
    show.add_argument("--after", type=int, default=0, metavar="SEQ", help="only those after this one")
    show.add_argument("--action", default="", help="only these: agreed, overwritten, conflict, answered, resolved, …")
    for one in (verify, show):
        with_state(one, package)
        with_json(one)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Verify, 2 if it does not hold; or show."""
    out = Redacted(stdout, ())
    with SqliteStore(arguments.state, package.name, create=False, examining=True) as store:
        if arguments.what == "show":
            return _show(store, arguments, out)
        head = store.audit.head
        faults = [fault._asdict() for fault in store.audit.faults()]
        if arguments.head and not store.audit.had(arguments.head):
            faults.append(
                {"seq": 0, "problem": f"it does not go on from {arguments.head}: an older state was put in place"}
            )
    if arguments.json:
        document = {"format_version": FORMAT_VERSION, "kind": "audit", "head": head, "faults": faults}
        out.line(json.dumps(document))
    elif not faults:
        out.line(f"{package.name}: the audit holds; its head is {head}")
    for fault in faults:
        where = f"row {fault['seq']}: " if fault["seq"] else ""
        stderr.write(f"{package.name}: audit {where}{fault['problem']}\n")
    return FAILED if faults else 0


def _show(store: SqliteStore, arguments: argparse.Namespace, out: Redacted) -> int:
    after = arguments.after
    while entries := store.audit.entries(action=arguments.action, after=after, limit=_PORTION):
        for entry in entries:
            out.line(json.dumps(_document(entry)) if arguments.json else _line(entry))
        after = entries[-1].seq
    return 0


def _line(entry: AuditEntry) -> str:
    at = datetime.fromtimestamp(entry.at).astimezone().isoformat(" ", "seconds")
    run = f"run {entry.run_id}" if entry.run_id else entry.actor
    what = " ".join(part for part in (entry.entity, str(entry.link_id or ""), entry.system, entry.field) if part)
    many = f" ({len(entry.batch)} records)" if entry.batch is not None else ""
    return f"{entry.seq}  {at}  {run}  {entry.action}{many}: {what}" + (f": {entry.reason}" if entry.reason else "")


def _document(entry: AuditEntry) -> dict[str, Any]:
    document = entry._asdict()
    document["batch"] = None if entry.batch is None else [[link_id, remote_id] for link_id, remote_id, _ in entry.batch]
    return document
