"""`plan`, `run` and `rebase`: the executor over real systems and a state file, told as text or as one JSON document."""

import argparse
import asyncio
import gc
import json
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import TextIO

from syncline_runtime import executor
from syncline_runtime.applying import find, head_of
from syncline_runtime.cli.acting import note
from syncline_runtime.cli.arguments import Commands, with_json, with_log, with_state, with_syncs, with_systems
from syncline_runtime.cli.exits import FAILED
from syncline_runtime.cli.systems import Connected, connect
from syncline_runtime.cli.waiting import LISTED, tell_waiting
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options, Reporter
from syncline_runtime.executor import Report
from syncline_runtime.logged import Logged
from syncline_runtime.pending import pending
from syncline_runtime.planbook import Book, PlanFile
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import (
    FORMAT_VERSION,
    JsonPlan,
    Quiet,
    Redacted,
    TextPlan,
    progress_stream,
    summary_lines,
)


def add(commands: Commands, package: Package) -> None:
    """The arguments of `plan`, `run` and `rebase`."""
    plan = commands.add_parser("plan", help="say what a run would do, record by record; write nothing")
    run = commands.add_parser("run", help="bring the systems into step")
    rebase = commands.add_parser(
        "rebase",
        help="begin anew where the state is lost, or older than the systems: link by keys what there is, and hold what would be "
        "created; with --apply, do it",
    )
    for parser in (plan, run, rebase):
        with_state(parser, package)
        with_json(parser)
        with_systems(parser)
        with_syncs(parser, package)
        with_log(parser)
    plan.add_argument(
        "-o", "--output", type=Path, metavar="FILE", help="save the plan, for `apply FILE` to do just that"
    )
    run.add_argument("-v", "--verbose", action="store_true", help="say what is done, record by record, as `plan` does")
    rebase.add_argument(
        "--adopt", action="store_true", help="take over the state of another package: this one has its place"
    )
    rebase.add_argument("--apply", action="store_true", help="carry it out; without it, it is a plan")
    run.add_argument("--apply-first", action="store_true", help="let the first run write; otherwise it is a plan")


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Plan or run; the exit code."""
    connected = connect(package, arguments.sync, arguments.env, stderr)
    if connected is None:
        return FAILED
    clear, problems = Redacted(stdout, connected.secrets), Redacted(stderr, connected.secrets)
    rebasing = arguments.command == "rebase"
    planning = not arguments.apply if rebasing else arguments.command == "plan"
    options = Options(
        full=arguments.full or rebasing,
        apply_first=not planning and (rebasing or arguments.apply_first),
        rebase=rebasing,
        settle_seconds=arguments.settle,
        approved=frozenset(arguments.approve),
    )
    frugal_collector()
    with SqliteStore(arguments.state, package.name, foreign=rebasing and arguments.adopt, lost=rebasing) as store:
        if not planning:
            _note(package, store, arguments)
        telling = planning or (not rebasing and arguments.verbose and not arguments.json)
        reporter = _reporter(package, clear, telling=telling, as_json=arguments.json)
        told: Reporter = reporter
        logged: Logged | None = None
        if arguments.log_format is not None:
            begun = (lambda: 0) if planning else (lambda: store.review.runs(1)[0].run_id)
            told = logged = Logged(reporter, problems, arguments.log_format, connected.clock.now, begun)
        output: Path | None = arguments.output if arguments.command == "plan" else None
        if output is not None:
            report = _saved_plan(output, package, connected, store, told, options, arguments.sync)
        else:
            work = executor.plan if planning else executor.run
            report = asyncio.run(
                work(
                    package,
                    systems=connected.systems,
                    store=store,
                    clock=connected.clock,
                    reporter=told,
                    options=options,
                    syncs=arguments.sync,
                )
            )
        reporter.end()
        if isinstance(reporter, JsonPlan):
            reporter.close(report.summaries)
        elif arguments.json:
            clear.line(json.dumps(run_document(package, report, connected)))
        else:
            for summary in report.summaries:
                planned = planning or summary.entity in report.awaiting
                for line in summary_lines(summary, connected.requests, planned=planned):
                    clear.line(line)
            if not planning and not report.awaiting:
                tell_waiting(pending(package, store, LISTED + 1), clear)
        if logged is not None:
            logged.end(report, connected.requests)
        for line in _problems(package, report, saving=output is not None):
            if logged is not None:
                logged.problem(line)
            else:
                problems.line(f"{package.name}: {line}")
    return report.exit_code


def _note(package: Package, store: SqliteStore, arguments: argparse.Namespace) -> None:
    """Tell the audit what is not the usual run, and make the state this package's."""
    owner = store.setting("package")
    if arguments.command == "rebase":
        note(store, "rebasing", "" if owner == package.name else f"the state of {owner}")
        if owner != package.name:
            with store.transaction():
                store.save_setting("package", package.name)
    elif arguments.approve:
        note(store, "approved", f"{', '.join(sorted(set(arguments.approve)))} in the next run")


def _problems(package: Package, report: Report, *, saving: bool) -> Iterator[str]:
    """What stands in the way, a line each."""
    if report.changed:
        yield (
            f"{package.source} has changed ({'; '.join(report.changed)}): this is the plan after `migrate --apply`, "
            "and `run` waits for that"
        )
    yield from report.failures.values()
    if saving and (report.failures or report.changed):
        yield "no plan was saved: " + (
            "it would leave out what could not be read" if report.failures else "migrate first, then make it again"
        )
    if report.awaiting and not report.failures:
        yield (
            f"the first run of {', '.join(report.awaiting)} wrote nothing: look at `plan`, then run with --apply-first; if "
            "there was a state and it is lost, `rebase`"
        )


def _saved_plan(
    path: Path,
    package: Package,
    connected: Connected,
    store: SqliteStore,
    reporter: Reporter,
    options: Options,
    syncs: Sequence[str],
) -> Report:
    """Plan, and save what was planned if it is whole. Raises SystemFailure and StateFailure."""
    file, clock = PlanFile(path), connected.clock
    with closing(Book()) as book:
        try:
            report = asyncio.run(
                find(
                    package,
                    book,
                    systems=connected.systems,
                    store=store,
                    clock=clock,
                    reporter=reporter,
                    options=options,
                    syncs=syncs,
                )
            )
            if not report.failures and not report.changed:
                file.save(head_of(package, store, clock, options, syncs), book, report.held)
        finally:
            file.drop()
    return report


def frugal_collector() -> None:
    """Let the garbage collector look less: records live for one batch and hold no cycles, and what is there by now stays."""
    gc.set_threshold(50_000, 5, 5)
    gc.freeze()


def run_document(package: Package, report: Report, connected: Connected) -> dict[str, object]:
    """What a run did, as JSON values."""
    return {
        "format_version": FORMAT_VERSION,
        "kind": "run",
        "package": package.name,
        "run": report.run_id,
        "status": report.status,
        "requests": connected.requests,
        "syncs": [summary.document() for summary in report.summaries],
    }


def _reporter(package: Package, out: Redacted, *, telling: bool, as_json: bool) -> Quiet:
    if not telling:
        return Quiet(progress_stream())
    return JsonPlan(out, package) if as_json else TextPlan(out, package, progress_stream())
