"""Keeping what systems call about: events from any thread, written one after the other over one connection of their own."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from syncline_runtime.ports import Clock
from syncline_runtime.state import SqliteStore
from syncline_runtime.webhooks import Event


class Keeper:
    """Opens the state once, and again only after a failure: opening looks the whole file over, which no caller waits for."""

    def __init__(self, opened: Callable[[], SqliteStore], clock: Clock) -> None:
        """Open the state. Raises StateFailure."""
        self._opened = opened
        self._clock = clock
        self._store: SqliteStore | None = None
        self._thread = ThreadPoolExecutor(1, "inbox")
        try:
            self._thread.submit(self._open).result()
        except BaseException:
            self._thread.shutdown()
            raise

    def keep(self, system: str, event: Event) -> None:
        """Keep an event durably, once however often it comes. Raises StateFailure."""
        self._thread.submit(self._keep, system, event).result()

    def close(self) -> None:
        """Let go of the state, when what was begun is kept."""
        self._thread.submit(self._close).result()
        self._thread.shutdown()

    def _open(self) -> SqliteStore:
        if self._store is None:
            self._store = self._opened()
        return self._store

    def _keep(self, system: str, event: Event) -> None:
        store = self._open()
        try:
            with store.transaction():
                store.inbox.receive(system, event.event_id, self._clock.now(), event.records, event.body_sha256)
        except BaseException:
            self._close()
            raise

    def _close(self) -> None:
        if self._store is not None:
            self._store.close()
            self._store = None
