"""`python -m <package> plan|run|status`: argv, files and exit codes.

0 in step · 1 something waits for a person · 2 could not run · 3 a first run waits for `--apply-first`.
"""

import argparse
import asyncio
import gc
import json
import os
import sqlite3
import sys
import time
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import NoReturn, TextIO

from syncline_runtime import executor
from syncline_runtime.certified import uncertified
from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import Package
from syncline_runtime.executing.context import Options
from syncline_runtime.limiter import TokenBucket
from syncline_runtime.ports import System, SystemFailure
from syncline_runtime.settings import SecretText, Setting, dotenv, resolve
from syncline_runtime.state import SqliteStore, StateFailure
from syncline_runtime.telling import (
    FORMAT_VERSION,
    JsonPlan,
    Quiet,
    Redacted,
    TextPlan,
    conflict_line,
    progress_stream,
    quarantined_line,
    run_line,
    summary_lines,
)

_NEEDS_PERSON, _FAILED, _AWAITS = 1, 2, 3
_LISTED = 20


class WallClock:
    """Real time."""

    def now(self) -> float:
        return time.time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


class CountingLimiter:
    """A token bucket that counts what it grants: the requests of a system."""

    def __init__(self, bucket: TokenBucket) -> None:
        self._bucket = bucket
        self.granted = 0

    async def acquire(self, calls: int = 1) -> None:
        await self._bucket.acquire(calls)
        self.granted += calls

    def throttled(self, retry_after: float) -> None:
        self._bucket.throttled(retry_after)


def main(package: Package, argv: Sequence[str] | None = None) -> NoReturn:
    """Run a generated package from the command line and exit; one that its certificate does not vouch for is refused."""
    problem = uncertified(package)
    if problem is not None:
        sys.stderr.write(f"{package.name}: {problem}\n")
        raise SystemExit(_FAILED)
    raise SystemExit(execute(package, sys.argv[1:] if argv is None else argv))


def execute(
    package: Package, argv: Sequence[str], *, stdout: TextIO | None = None, stderr: TextIO | None = None
) -> int:
    """Run a generated package; the exit code. Raises SystemExit for wrong arguments only."""
    arguments = _parser(package).parse_args(argv)
    out, err = stdout or sys.stdout, stderr or sys.stderr
    try:
        if arguments.command == "status":
            return _status(package, arguments, Redacted(out, ()))
        return _sync(package, arguments, out, err)
    except (StateFailure, SystemFailure) as failure:
        err.write(f"{package.name}: {failure}\n")
    except sqlite3.Error as error:
        err.write(f"{package.name}: the state file cannot be written ({error}); nothing that was committed is lost\n")
    except KeyboardInterrupt:
        err.write(f"{package.name}: stopped; the next run goes on from here\n")
    return _FAILED


def _parser(package: Package) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m {package.name}",
        description=f"Keep the systems of {package.source} in step.",
        epilog="exit codes: 0 in step, 1 something waits for a person, 2 could not run, 3 a first run waits for --apply-first",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="plan|run|status")
    plan = commands.add_parser("plan", help="say what a run would do, record by record; write nothing")
    run = commands.add_parser("run", help="bring the systems into step")
    status = commands.add_parser("status", help="say what the last runs did and what waits for a person")
    for command in (plan, run, status):
        command.add_argument(
            "--state", type=Path, default=Path(f"{package.name}.db"), metavar="FILE", help="state file (%(default)s)"
        )
        command.add_argument("--json", action="store_true", help="one JSON document instead of text")
    for command in (plan, run):
        command.add_argument("--env", type=Path, metavar="FILE", help="settings and secrets (.env, if there is one)")
        command.add_argument(
            "--sync",
            action="append",
            default=[],
            choices=[sync.entity for sync in package.syncs],
            metavar="ENTITY",
            help="only this sync; may be repeated",
        )
        command.add_argument("--full", action="store_true", help="list everything again, and look for deletions")
        command.add_argument(
            "--approve",
            action="append",
            default=[],
            choices=("create", "update", "delete"),
            help="let a guard pass these operations this time",
        )
        command.add_argument(
            "--settle",
            type=float,
            metavar="SECONDS",
            help="how long a request without an answer may still be carried out (twice the time-out, at least 120)",
        )
    run.add_argument("-v", "--verbose", action="store_true", help="say what is done, record by record, as `plan` does")
    run.add_argument("--apply-first", action="store_true", help="let the first run write; otherwise it is a plan")
    return parser


# -- plan, run ---------------------------------------------------------------------------------------------------------


def _sync(package: Package, arguments: argparse.Namespace, out: TextIO, err: TextIO) -> int:
    variables = _variables(arguments.env)
    settings = _settings(package, arguments.sync, variables, err)
    if settings is None:
        return _FAILED
    secrets = [value.reveal() for each in settings.values() for value in each.values() if isinstance(value, SecretText)]
    clear, problems = Redacted(out, secrets), Redacted(err, secrets)
    clock = WallClock()
    limiters = {name: CountingLimiter(TokenBucket(package.systems[name].connector.rate, clock)) for name in settings}
    systems: dict[str, System] = {
        name: open_system(package.systems[name], own, clock, limiters[name]) for name, own in settings.items()
    }
    planning = arguments.command == "plan"
    options = Options(
        full=arguments.full,
        apply_first=not planning and arguments.apply_first,
        settle_seconds=arguments.settle,
        approved=frozenset(arguments.approve),
    )
    # Records live for one batch and hold no cycles: the collector need not look at them so often, and never again at what is
    # there by now and stays.
    gc.set_threshold(50_000, 5, 5)
    gc.freeze()
    with SqliteStore(arguments.state, package.name) as store:
        telling = planning or (arguments.verbose and not arguments.json)
        reporter = _reporter(package, clear, telling=telling, as_json=arguments.json)
        work = executor.plan if planning else executor.run
        report = asyncio.run(
            work(
                package,
                systems=systems,
                store=store,
                clock=clock,
                reporter=reporter,
                options=options,
                syncs=arguments.sync,
            )
        )
        reporter.end()
        requests = {name: limiter.granted for name, limiter in limiters.items()}
        if isinstance(reporter, JsonPlan):
            reporter.close(report.summaries)
        elif arguments.json:
            document = {
                "format_version": FORMAT_VERSION,
                "kind": "run",
                "package": package.name,
                "run": report.run_id,
                "status": report.status,
                "requests": requests,
                "syncs": [summary.document() for summary in report.summaries],
            }
            clear.line(json.dumps(document))
        else:
            for summary in report.summaries:
                planned = planning or summary.entity in report.awaiting
                for line in summary_lines(summary, requests, planned=planned):
                    clear.line(line)
            if not planning and not report.awaiting:
                _waiting(package, store, clear)
        for line in report.failures.values():
            problems.line(f"{package.name}: {line}")
        if report.awaiting and not report.failures:
            problems.line(
                f"{package.name}: the first run of {', '.join(report.awaiting)} wrote nothing: look at `plan`, "
                "then run with --apply-first"
            )
    return report.exit_code


def _variables(file: Path | None) -> Mapping[str, str]:
    if file is not None and not file.is_file():
        raise SystemFailure(str(file), "there is no such file: name another with --env")
    chosen = file or Path(".env")
    return {**(dotenv(chosen) if chosen.is_file() else {}), **os.environ}


def _settings(
    package: Package, syncs: Sequence[str], variables: Mapping[str, str], err: TextIO
) -> dict[str, dict[str, Setting]] | None:
    """The settings of the systems in use, or None after a line for each system that lacks one."""
    names = dict.fromkeys(name for sync in executor.ordered(package, syncs) for name in sync.systems)
    settings: dict[str, dict[str, Setting]] = {}
    for name in names:
        try:
            settings[name] = resolve(package.systems[name], variables)
        except SystemFailure as failure:
            err.write(f"{package.name}: {failure}\n")
    return settings if len(settings) == len(names) else None


def _reporter(package: Package, out: Redacted, *, telling: bool, as_json: bool) -> Quiet:
    if not telling:
        return Quiet(progress_stream())
    return JsonPlan(out, package) if as_json else TextPlan(out, package, progress_stream())


# -- status ------------------------------------------------------------------------------------------------------------


def _status(package: Package, arguments: argparse.Namespace, out: Redacted) -> int:
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
            _waiting(package, store, out)
    return _NEEDS_PERSON if conflicts or quarantined else 0


def _waiting(package: Package, store: SqliteStore, out: Redacted) -> None:
    """What waits for a person, the first of each kind."""
    conflicts, quarantined = store.review.conflicts(), store.review.quarantined()
    members = store.members_of([row.link_id for row in conflicts[:_LISTED]])
    lines = [
        conflict_line(row, {one.system: one.remote_id for one in members.get(row.link_id, [])}, package.source)
        for row in conflicts[:_LISTED]
    ]
    lines += [quarantined_line(row) for row in quarantined[:_LISTED]]
    for line in lines:
        out.line(f"  ! {line}")
    more = len(conflicts) + len(quarantined) - len(lines)
    if more:
        out.line(f"  … and {more} more: `status --json` lists them all")
