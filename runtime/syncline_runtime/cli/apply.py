"""`apply FILE`: does what a saved plan says, or names what changed since and does nothing."""

import argparse
import asyncio
import json
from collections.abc import Iterator
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
from syncline_runtime.planned import Difference, Plan, PlanFailure, loaded
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
    parser.add_argument("-v", "--verbose", action="store_true", help="say what is done, record by record")
    with_state(parser, package)
    with_json(parser)
    with_systems(parser)
    with_log(parser)


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Apply the plan; 4 if it no longer holds."""
    try:
        plan = loaded(arguments.plan.read_bytes())
    except (OSError, PlanFailure) as failure:
        stderr.write(f"{package.name}: plan {arguments.plan}: {failure}\n")
        return FAILED
    connected = connect(package, plan.syncs, arguments.env, stderr)
    if connected is None:
        return FAILED
    out, problems = Redacted(stdout, connected.secrets), Redacted(stderr, connected.secrets)
    frugal_collector()
    progress = progress_stream()
    reporter = TextPlan(out, package, progress) if arguments.verbose and not arguments.json else Quiet(progress)
    with SqliteStore(arguments.state, package.name) as store:
        note(store, "applying", f"the plan of {_when(plan.made_at)}, {len(plan.records)} records")
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
                    plan,
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
        code = _code(applied)
        if arguments.json:
            out.line(json.dumps(_document(package, applied, connected, code)))
        else:
            _tell(package, plan, applied, connected, out)
        if logged is not None and applied.report is not None:
            logged.end(applied.report, connected.requests)
        for line in _problems(plan, applied):
            if logged is not None and applied.report is not None:
                logged.problem(line)
            else:
                problems.line(f"{package.name}: {line}")
    return code


def _when(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).isoformat(timespec="seconds")


def _problems(plan: Plan, applied: Applied) -> Iterator[str]:
    yield from applied.failures.values()
    if applied.report is None and applied.changed:
        yield (
            f"{len(applied.changed)} of {len(plan.records)} records changed since the plan was made, so nothing was written: "
            "make it again with `plan -o FILE`, or apply the rest with --skip-changed"
        )


def _code(applied: Applied) -> int:
    if applied.failures:
        return FAILED
    if applied.changed or applied.left:
        return CHANGED
    return NEEDS_PERSON if applied.report is not None and applied.report.exit_code == NEEDS_PERSON else 0


def _tell(package: Package, plan: Plan, applied: Applied, connected: Connected, out: Redacted) -> None:
    for position, differences in applied.changed.items():
        record = plan.records[position]
        out.line(f"{record.entity} {', '.join(f'{system} {id_}' for system, id_ in record.members.items())} changed:")
        for one in differences:
            out.line(f"    {difference_line(one)}")
    for record, action in applied.left:
        where = ", ".join(f"{system} {id_}" for system, id_ in record.members.items())
        out.line(
            f"{record.entity} {where}: {action.kind} in {action.system} was not done: it changed meanwhile or was refused"
            f"  [{package.source}:{action.line}]"
        )
    if applied.report is not None:
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


def _document(package: Package, applied: Applied, connected: Connected, code: int) -> dict[str, Any]:
    changed = [
        {
            "record": position,
            "entity": one.entity,
            "system": one.system,
            "id": one.remote_id,
            "field": one.field,
            "before": one.before,
            "after": one.after,
        }
        for position, differences in applied.changed.items()
        for one in differences
    ]
    left = [
        {"entity": record.entity, "members": record.members, "kind": action.kind, "system": action.system}
        for record, action in applied.left
    ]
    run = None if applied.report is None else run_document(package, applied.report, connected)
    return {
        "format_version": FORMAT_VERSION,
        "kind": "apply",
        "package": package.name,
        "status": "changed" if code == CHANGED else "failed" if code == FAILED else "applied",
        "changed": changed,
        "left": left,
        "run": run,
    }
