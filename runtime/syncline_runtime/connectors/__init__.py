"""Connectors: systems behind their protocols, told by data."""

import random
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from syncline_runtime import ports
from syncline_runtime.declaration import System
from syncline_runtime.settings import Settings


def open_system(
    declared: System,
    settings: Settings,
    clock: ports.Clock,
    limiter: ports.Limiter,
    *,
    jitter: Callable[[], float] = random.random,
) -> ports.System:
    """The port of a declared system, not yet opened. Only the protocol in use is imported."""
    match declared.connector.protocol:
        case "rest":
            with without_command_line():
                from syncline_runtime.connectors import rest
                from syncline_runtime.connectors.remote import RemoteSystem

            return RemoteSystem(declared, settings, clock, limiter, rest.DIALECT, jitter)
        case "jsonrpc":
            with without_command_line():
                from syncline_runtime.connectors import jsonrpc
                from syncline_runtime.connectors.remote import RemoteSystem

            return RemoteSystem(declared, settings, clock, limiter, jsonrpc.DIALECT, jitter)
        case "sql":
            from syncline_runtime.connectors.sql import SqlSystem

            return SqlSystem(declared, settings, clock)
        case "files":
            from syncline_runtime.connectors.files import FileSystem

            return FileSystem(declared, settings, clock)


@contextmanager
def without_command_line() -> Iterator[None]:
    """Import httpx as where its command line is not installed: that, with click and rich, is a third of what it costs to import."""
    own = "httpx._main"
    if "httpx" in sys.modules:
        yield
        return
    sys.modules[own] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        del sys.modules[own]
