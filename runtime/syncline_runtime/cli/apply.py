"""`apply FILE`: does what a saved plan says, or names what changed since and does nothing."""

import argparse
import asyncio
import json
from collections.abc import Iterable, Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TextIO

from syncline_runtime.applying import Applied, apply_plan
from syncline_runtime.cli.acting import note
from syncline_runtime.cli.arguments import Commands, with_json, with_log, with_state, with_systems
from syncline_runtime.cli.exits import CHANGED, FAILED, NEEDS_PERSON
from syncline_runtime.cli.run import frugal_collector, run_document
from syncline_runtime.cli.systems import Connected, connect
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Reporter
from syncline_runtime.logged import Logged
from syncline_runtime.planbook import Book, read_plan
from syncline_runtime.planned import Difference, PlanFailure, PlanHead
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.packing import untagged
from syncline_runtime.telling import FORMAT_VERSION, Quiet, Redacted, TextPlan, progress_stream, shown, summary_lines
from syncline_runtime.values import ABSENT


def add(commands: Commands, package: Package) -> None:
    """The arguments of `apply`."""
    parser = commands.add_parser(
        "apply", help="do just what a plan that `plan -o FILE` saved says, or nothing if it no longer holds"
    )
    parser.add_argument("plan", type=Path, metavar="FILE", help="the saved plan")
    parser.add_argument(
        "--skip-changed", action="store_true", help="leave out the records that changed since, and do the others"
    )
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is decided, record by record")
    with_state(parser, package)
    with_json(parser)
    with_systems(parser)
    with_log(parser)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Apply the plan; 4 if it no longer holds."""
    try:
        head, book = read_plan(arguments.plan)
    except (OSError, PlanFailure) as failure:
        problem = f"{failure.strerror}: make one with `plan -o FILE`" if isinstance(failure, OSError) else failure
        stderr.write(f"{package.name}: plan {arguments.plan}: {problem}\n")
        return FAILED
    with closing(book):
        return _applied(package, head, book, arguments, stdout, stderr)


def _applied(
    package: Package, head: PlanHead, book: Book, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO
) -> int:
    connected = connect(package, head.syncs, arguments.env, stderr)
    if connected is None:
        return FAILED
    out, problems = Redacted(stdout, connected.secrets), Redacted(stderr, connected.secrets)
    frugal_collector()
    progress = progress_stream()
    reporter = TextPlan(out, package, progress) if arguments.verbose and not arguments.json else Quiet(progress)
    with SqliteStore(arguments.state, package.name) as store:
        note(store, "applying", f"the plan of {_when(head.made_at)}, {len(book)} records")
        told: Reporter = reporter
        logged: Logged | None = None
        if arguments.log_format is not None:
            told = logged = Logged(
                reporter, problems, arguments.log_format, connected.clock.now, lambda: store.review.runs(1)[0].run_id
            )
        try:
            applied = asyncio.run(
                apply_plan(
                    package,
                    head,
                    book,
                    systems=connected.systems,
                    store=store,
                    clock=connected.clock,
                    reporter=told,
                    settle_seconds=arguments.settle,
                    skip_changed=arguments.skip_changed,
                )
            )
        except PlanFailure as failure:
            problems.line(f"{package.name}: plan {arguments.plan}: {failure}")
            return CHANGED
        reporter.end()
        code = _code(book, applied)
        if arguments.json:
            _document(package, book, applied, connected, code, out)
        else:
            _tell(package, book, applied, connected, out)
        if logged is not None and applied.report is not None:
            logged.end(applied.report, connected.requests)
        for line in _problems(book, applied):
            if logged is not None and applied.report is not None:
                logged.problem(line)
            else:
                problems.line(f"{package.name}: {line}")
    return code


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _problems(book: Book, applied: Applied) -> Iterator[str]:
    yield from applied.failures.values()
    if applied.report is None and (changed := sum(1 for _ in book.changes())):
        yield (
            f"{changed} of {len(book)} records changed since the plan was made, so nothing was written: "
            "make it again with `plan -o FILE`, or apply the rest with --skip-changed"
        )


def _code(book: Book, applied: Applied) -> int:
    if applied.failures:
        return FAILED
    if applied.report is None or any(True for _ in book.changes()) or any(True for _ in book.left()):
        return CHANGED
    return NEEDS_PERSON if applied.report.exit_code == NEEDS_PERSON else 0


def _tell(package: Package, book: Book, applied: Applied, connected: Connected, out: Redacted) -> None:
    for (_, record), differences in book.changes():
        out.line(f"{record.entity} {', '.join(f'{system} {id_}' for system, id_ in record.members.items())} changed:")
        for one in differences:
            out.line(f"    {difference_line(one)}")
    if applied.report is None:
        return
    for record, action in book.left():
        where = ", ".join(f"{system} {id_}" for system, id_ in record.members.items())
        out.line(
            f"{record.entity} {where}: {action.kind} in {action.system} was not done: it changed meanwhile, was refused, or "
            f"nobody knows yet; `review` and the next `plan` say which  [{package.source}:{action.line}]"
        )
    for summary in applied.report.summaries:
        for line in summary_lines(summary, connected.requests, planned=False):
            out.line(line)


def difference_line(one: Difference) -> str:
    """A difference on one line."""
    if not one.field:
        return f"{one.system}: {one.before} → {one.after}"
    return f"{one.system} {one.remote_id} {one.field}: {_shown(one.before)} → {_shown(one.after)}"


def _shown(value: Any) -> str:
    return shown(ABSENT if value == ["absent"] else untagged(value))


def _document(package: Package, book: Book, applied: Applied, connected: Connected, code: int, out: Redacted) -> None:
    """One document, written record by record."""
    status = "changed" if code == CHANGED else "failed" if code == FAILED else "applied"
    head = {"format_version": FORMAT_VERSION, "kind": "apply", "package": package.name, "status": status}
    out.write(json.dumps(head)[:-1] + ', "changed": [')
    _listed(
        out,
        (
            {
                "record": number - 1,
                "entity": one.entity,
                "system": one.system,
                "id": one.remote_id,
                "field": one.field,
                "before": one.before,
                "after": one.after,
            }
            for (number, _), differences in book.changes()
            for one in differences
        ),
    )
    out.write('], "left": [')
    left = book.left() if applied.report is not None else ()
    _listed(
        out,
        (
            {"entity": record.entity, "members": record.members, "kind": action.kind, "system": action.system}
            for record, action in left
        ),
    )
    run = None if applied.report is None else run_document(package, applied.report, connected)
    out.line('], "run": ' + json.dumps(run) + "}")


def _listed(out: Redacted, documents: Iterable[dict[str, Any]]) -> None:
    for at, document in enumerate(documents):
        out.write((",\n" if at else "\n") + json.dumps(document))
