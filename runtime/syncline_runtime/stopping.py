"""Stopping: once asked to, what has been sent is answered and kept, nothing more is sent, and the run ends where it is."""

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from typing import Final

from syncline_runtime.declaration import Condition
from syncline_runtime.ports import Deletions, Outcome, Page, Reading, System, SystemFailure, Unavailable, Write

ASKED: Final = "asked to stop, and the next run goes on from here"


class Stoppable:
    """A system that is used as long as `stopping` is not true; then nothing is listed, read or written any more."""

    def __init__(self, system: System, stopping: Callable[[], bool]) -> None:
        self.name = system.name
        self._system = system
        self._stopping = stopping

    async def open(self) -> None:
        self._go_on()
        await self._system.open()

    async def close(self) -> None:
        await self._system.close()

    async def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        self._go_on()
        async for page in self._system.pages(resource, fields=fields, where=where, since=since):
            yield page
            self._go_on()

    async def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        self._go_on()
        async for page in self._system.deletions(resource, since=since):
            yield page
            self._go_on()

    async def read(self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]) -> Mapping[str, Reading]:
        self._go_on()
        return await self._system.read(resource, remote_ids, fields=fields)

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        return self._unsent(writes) or await self._system.create(resource, writes)

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        return self._unsent(writes) or await self._system.update(resource, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        return self._unsent(writes) or await self._system.delete(resource, writes)

    def _go_on(self) -> None:
        """Raises SystemFailure."""
        if self._stopping():
            raise SystemFailure(self.name, ASKED)

    def _unsent(self, writes: Sequence[Write]) -> Sequence[Outcome]:
        """That these were not sent, for certain; nothing while all goes on."""
        return [Unavailable(ASKED)] * len(writes) if self._stopping() else ()
