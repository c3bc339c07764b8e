"""`serve`: runs what is due by the spec's `run` lines, and listens for webhooks, until it is told to stop."""

import argparse
import asyncio
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from syncline_runtime.cli.arguments import Commands, with_log, with_state, with_systems
from syncline_runtime.cli.exits import AWAITS, FAILED, IN_STEP
from syncline_runtime.cli.run import frugal_collector
from syncline_runtime.cli.systems import Connected, connect
from syncline_runtime.declaration import OnWebhook, Package
from syncline_runtime.executing.context import Options
from syncline_runtime.executor import Report
from syncline_runtime.keeping import Keeper
from syncline_runtime.logged import Logged
from syncline_runtime.ports import SystemFailure
from syncline_runtime.receiving import HEALTH, PATH, Door
from syncline_runtime.serving import Serving
from syncline_runtime.settings import SecretText
from syncline_runtime.signing import Signing, signing
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import Quiet, Redacted, summary_lines
from syncline_runtime.webhooks import Event


def add(commands: Commands, package: Package) -> None:
    """The arguments of `serve`."""
    serve = commands.add_parser("serve", help="run what is due and listen for webhooks, until told to stop")
    with_state(serve, package)
    with_systems(serve)
    with_log(serve)
    serve.add_argument(
        "--port",
        type=int,
        metavar="PORT",
        help="where webhooks are taken and /health is told, on 127.0.0.1 only: a reverse proxy adds TLS (8787 if any system "
        "calls; 0 takes a free one)",
    )


def execute(package: Package, arguments: argparse.Namespace, stdout: TextIO, stderr: TextIO) -> int:
    """Serve until SIGTERM or SIGINT; what is being sent is finished, a second signal ends it where it is."""
    connected = connect(package, (), arguments.env, stderr)
    if connected is None:
        return FAILED
    clear, problems = Redacted(stdout, connected.secrets), Redacted(stderr, connected.secrets)
    if not any(sync.triggers for sync in package.syncs):
        problems.line(f"{package.name}: nothing is ever due: {package.source} has no `run` line for any sync")
        return FAILED
    with SqliteStore(arguments.state, package.name) as store:
        new = [sync.entity for sync in package.syncs if store.setting(f"applied:{sync.entity}") is None]
    if new:
        problems.line(
            f"{package.name}: {', '.join(new)} never ran: look at `plan`, then `run --apply-first`, then serve"
        )
        return AWAITS
    frugal_collector()
    asyncio.run(_serve(package, connected, arguments, clear, problems))
    return IN_STEP


async def _serve(
    package: Package, connected: Connected, arguments: argparse.Namespace, clear: Redacted, problems: Redacted
) -> None:
    stores: list[SqliteStore] = []

    def opened() -> SqliteStore:
        stores[:] = [SqliteStore(arguments.state, package.name, create=False)]
        return stores[0]

    logged: Logged | None = None
    if arguments.log_format is not None:
        logged = Logged(
            Quiet(None),
            problems,
            arguments.log_format,
            connected.clock.now,
            lambda: stores[0].review.runs(1)[0].run_id,
        )

    def problem(line: str) -> None:
        if logged is not None:
            logged.aside("problem", text=line)
        else:
            problems.line(f"{package.name}: {line}")
        problems.flush()

    def say(line: str, event: str, **values: object) -> None:
        clear.line(f"{package.name}: {line}")
        clear.flush()
        if logged is not None:
            logged.aside(event, **values)
            problems.flush()

    def told(report: Report) -> None:
        for summary in report.summaries:
            for line in summary_lines(summary, connected.requests, planned=False):
                clear.line(line)
        clear.flush()
        if logged is not None:
            logged.end(report, connected.requests)
            logged.begin_anew()
        for line in report.failures.values():
            problem(line)

    serving = Serving(
        package=package,
        systems=connected.systems,
        opened=opened,
        clock=connected.clock,
        reporter=logged or Quiet(None),
        told=told,
        failed=problem,
        options=Options(settle_seconds=arguments.settle),
    )
    with _door(package, connected, arguments.state, arguments.port, serving, problem) as door:
        if door is not None:
            for system in door.signings:
                say(f"webhooks of {system} at http://127.0.0.1:{door.port}{PATH}{system}", "listening", system=system)
            say(f"health at http://127.0.0.1:{door.port}{HEALTH}", "listening", port=door.port)
        syncs = [sync.entity for sync in package.syncs]
        say(f"serving {', '.join(syncs)}", "serving", syncs=syncs)
        with _signals(serving):
            await serving.serve()
    say("stopped", "stopped")


@contextmanager
def _signals(serving: Serving) -> Iterator[None]:
    """The first signal asks to stop, the second one does."""
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()
    kinds = (signal.SIGTERM, signal.SIGINT)

    def asked() -> None:
        if serving.stop.is_set() and task is not None:
            task.cancel()
        serving.stop.set()

    for kind in kinds:
        loop.add_signal_handler(kind, asked)
    try:
        yield
    except asyncio.CancelledError:
        raise KeyboardInterrupt from None
    finally:
        for kind in kinds:
            loop.remove_signal_handler(kind)


@contextmanager
def _door(
    package: Package,
    connected: Connected,
    state: Path,
    port: int | None,
    serving: Serving,
    tell: Callable[[str], None],
) -> Iterator[Door | None]:
    """The door for the webhooks of the syncs that run on them, or at a port that was named. Raises SystemFailure."""
    listening = {
        name
        for sync in package.syncs
        if any(isinstance(trigger, OnWebhook) for trigger in sync.triggers)
        for name in sync.systems
    }
    signings: dict[str, Signing] = {}
    for name in sorted(listening):
        hooks, account = package.systems[name].connector.webhooks, package.systems[name].account
        secret = connected.settings[name].get(hooks.secret) if hooks is not None else None
        if hooks is None or secret is None:
            continue
        try:
            given = secret.reveal() if isinstance(secret, SecretText) else str(secret)
            signings[account] = signing(hooks.scheme, given, str(connected.settings[name].get(hooks.address) or ""))
        except ValueError as error:
            raise SystemFailure(account, str(error), setting=hooks.secret) from None
    if not signings and port is None:
        yield None
        return
    loop = asyncio.get_running_loop()

    keeper = Keeper(lambda: SqliteStore(state, package.name, create=False), connected.clock)

    def keep(system: str, event: Event) -> None:
        keeper.keep(system, event)
        loop.call_soon_threadsafe(serving.hint.set)

    def tell_here(line: str) -> None:
        loop.call_soon_threadsafe(tell, line)

    door = Door(
        signings,
        {
            account: {
                name: resource
                for system in package.systems.values()
                if system.account == account
                for name, resource in system.resources.items()
            }
            for account in signings
        },
        keep=keep,
        now=connected.clock.now,
        tell=tell_here,
        well=lambda: not serving.stop.is_set(),
    )
    port = 8787 if port is None else port
    try:
        door.start(port)
    except (OSError, OverflowError) as error:
        keeper.close()
        why = error.strerror if isinstance(error, OSError) else "ports are numbers from 0 to 65535"
        raise SystemFailure("webhooks", f"port {port} cannot be used ({why}): name another with --port") from None
    try:
        yield door
    finally:
        door.stop()
        keeper.close()
