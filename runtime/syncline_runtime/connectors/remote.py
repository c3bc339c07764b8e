"""A system behind HTTP: the port over a session, told by the declaration alone."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace

from syncline_runtime.answering import Purpose
from syncline_runtime.connectors import children, listing, writing
from syncline_runtime.connectors.calls import UnsafeId
from syncline_runtime.connectors.paths import at
from syncline_runtime.connectors.records import NotARecord, Shape, answered, items_at, shape
from syncline_runtime.connectors.session import Dialect, Failed, Session
from syncline_runtime.declaration import Condition, Operation, System
from syncline_runtime.ports import (
    Applied,
    Clock,
    Deletions,
    Gone,
    Limiter,
    NativeRecord,
    Outcome,
    Page,
    Reading,
    SystemFailure,
    Unavailable,
    Unidentified,
    Write,
)
from syncline_runtime.settings import Settings
from syncline_runtime.values import Native


class RemoteSystem:
    """`ports.System` over REST or JSON-RPC."""

    def __init__(
        self,
        declared: System,
        settings: Settings,
        clock: Clock,
        limiter: Limiter,
        dialect: Dialect,
        jitter: Callable[[], float],
    ) -> None:
        self.name = declared.name
        self._session = Session(declared, settings, clock, limiter, dialect, jitter)
        self._shapes = {name: shape(resource) for name, resource in declared.resources.items()}
        self._feeds = {
            name: shape(resource.deleted, bare=True)
            for name, resource in declared.resources.items()
            if resource.deleted is not None
        }
        self._is_jsonrpc = declared.connector.protocol == "jsonrpc"

    async def open(self) -> None:
        """Log in and check the settings. Raises SystemFailure."""
        await self._session.open()

    async def close(self) -> None:
        """Release connections."""
        await self._session.close()

    def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        """List a resource. Raises SystemFailure."""
        return listing.pages(self._session, self._shapes[resource], fields=fields, where=where, since=since)

    async def deletions(self, resource: str, *, since: str | None = None) -> AsyncIterator[Deletions]:
        """What the feed of a resource's deletions tells. Raises SystemFailure."""
        feed = self._feeds.get(resource)
        if feed is None:
            raise SystemFailure(self.name, f"{resource} has no feed of deletions")
        async for page in listing.pages(self._session, feed, fields=tuple(feed.resource.fields), where=(), since=since):
            yield Deletions([record.remote_id for record in page.records], page.cursor, page.unidentified)

    async def read(self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]) -> Mapping[str, Reading]:
        """Read records by id. Raises SystemFailure."""
        known = self._shapes[resource]
        operation = known.resource.read
        if operation is None:
            raise SystemFailure(self.name, f"{resource} cannot be read by id")
        asked = known.asked(fields)
        if operation.many > 1:
            size = operation.many
            chunks = [remote_ids[start : start + size] for start in range(0, len(remote_ids), size)]
            parts = await asyncio.gather(*(self._read_many(known, operation, chunk, asked) for chunk in chunks))
            found = {identity: record for part in parts for identity, record in part.items()}
            records = [found.get(identity) for identity in remote_ids]
        else:
            records = await asyncio.gather(
                *(self._read_one(known, operation, identity, asked) for identity in remote_ids)
            )
        unread = [one for one in records if isinstance(one, Unidentified)]
        if len(unread) > listing.ALL_WRONG and len(unread) == len(records):
            raise SystemFailure(
                self.name, f"could not read {resource}: {unread[0].place} {unread[0].why}, and so it is with all others"
            )
        return dict(zip(remote_ids, records, strict=True))

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Create records; one outcome each, in order."""
        return await self._write(resource, Purpose.CREATE, writes)

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Update records; one outcome each, in order."""
        return await self._write(resource, Purpose.UPDATE, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        """Delete records; one outcome each, in order."""
        return await writing.write(self._session, self._shapes[resource], Purpose.DELETE, writes)

    async def _write(self, resource: str, purpose: Purpose, writes: Sequence[Write]) -> Sequence[Outcome]:
        stated = [name for name, field in self._shapes[resource].resource.fields.items() if field.states]
        if stated and any(name in one.native for one in writes for name in stated):
            return await self._with_states(resource, purpose, writes, stated)
        return await self._plainly(resource, purpose, writes)

    async def _with_states(
        self, resource: str, purpose: Purpose, writes: Sequence[Write], stated: Sequence[str]
    ) -> Sequence[Outcome]:
        """Write what can be written, then have operations bring the records to their states; a new record has a state of its own.

        Where an operation fails, the state is what it was, and is asked for again when the record has been read.
        """
        known = self._shapes[resource]
        rest = [
            replace(one, native={name: value for name, value in one.native.items() if name not in stated})
            for one in writes
        ]
        outcomes: list[Outcome] = [Applied(one.remote_id or "") for one in writes]
        plain = [at for at, one in enumerate(rest) if one.native or purpose is Purpose.CREATE]
        if plain:
            done = await self._plainly(resource, purpose, [rest[at] for at in plain])
            for at_, outcome in zip(plain, done, strict=True):
                outcomes[at_] = outcome
        if purpose is Purpose.CREATE:
            return outcomes
        moving = [at for at, one in enumerate(writes) if isinstance(outcomes[at], Applied)]
        moved = await asyncio.gather(
            *(writing.moved(self._session, known, writes[at], outcomes[at], stated) for at in moving)
        )
        for at_, outcome in zip(moving, moved, strict=True):
            outcomes[at_] = outcome
        return outcomes

    async def _plainly(self, resource: str, purpose: Purpose, writes: Sequence[Write]) -> Sequence[Outcome]:
        known = self._shapes[resource]
        try:
            ready = await self._with_children(known, purpose, writes) if self._is_jsonrpc else writes
        except SystemFailure as failure:
            return [Unavailable(str(failure))] * len(writes)
        now, then = writing.in_turns(known, ready) if self._is_jsonrpc else (ready, {})
        outcomes = await writing.write(self._session, known, purpose, now)
        second: dict[int, Write] = {}
        for position, later in then.items():
            done = outcomes[position]
            if isinstance(done, Applied):
                second[position] = Write(later.native, done.remote_id)
        if second:
            results = await writing.write(self._session, known, Purpose.UPDATE, list(second.values()))
            outcomes = [*outcomes]
            for position, outcome in zip(second, results, strict=True):
                outcomes[position] = outcome
        return await self._with_stored(known, resource, writes, outcomes)

    async def _with_children(self, known: Shape, purpose: Purpose, writes: Sequence[Write]) -> Sequence[Write]:
        """The writes with their child fields as commands, for which an update needs to know the children that are there."""
        names = [field.name for field in known.children]
        touched = [one for one in writes if any(name in one.native for name in names)]
        operation = known.resource.read
        if not touched:
            return writes
        lists: dict[str, Native] = {}
        if purpose is Purpose.UPDATE and operation is not None:
            remote_ids = list(dict.fromkeys(str(one.remote_id) for one in touched))
            size = max(1, operation.many)
            for start in range(0, len(remote_ids), size):
                part = remote_ids[start : start + size]
                found = await self._read_many(known, operation, part, known.asked(names))
                lists.update((one, record.native) for one, record in found.items() if isinstance(record, NativeRecord))
        return [
            replace(one, native=children.commanded(one.native, known.resource.fields, lists.get(str(one.remote_id))))
            for one in writes
        ]

    async def _with_stored(
        self, known: Shape, resource: str, writes: Sequence[Write], outcomes: Sequence[Outcome]
    ) -> Sequence[Outcome]:
        """The outcomes with what the system stored, read back in one call where answers do not show it."""
        silent = [one.remote_id for one in outcomes if isinstance(one, Applied) and one.record is None]
        operation = known.resource.read
        if not silent or operation is None or operation.many <= 1 or operation.lag_seconds:
            return outcomes
        fields = list(dict.fromkeys(name for one in writes for name in one.native))
        try:
            read = await self.read(resource, silent, fields=fields)
        except SystemFailure:
            return outcomes  # the writes happened all the same
        stored = {identity: record for identity, record in read.items() if isinstance(record, NativeRecord)}
        # Nothing was asked of the other fields.
        unasked = [name for name in known.left_out if name not in fields]
        if unasked:
            stored = {
                identity: replace(record, native=answered(record.native, unasked, {}))
                for identity, record in stored.items()
            }
        return [
            writing.merged(one, stored.get(one.remote_id)) if isinstance(one, Applied) and one.record is None else one
            for one in outcomes
        ]

    async def _read_many(
        self, known: Shape, operation: Operation, remote_ids: Sequence[str], asked: list[str]
    ) -> dict[str, NativeRecord | Unidentified]:
        slots = {"ids": [known.spelled_id(identity) for identity in remote_ids], "fields": asked}
        what = f"read {known.resource.name}"
        answer = await self._session.exchange(operation.call, slots, Purpose.READ, missing=operation.missing)
        if isinstance(answer, Failed):
            raise self._session.failure(answer, what)
        try:
            items = items_at(answer.document, operation.answer, known.resource.name)
        except NotARecord as error:
            raise SystemFailure(self.name, f"could not {what}: {error}") from None
        records, unidentified, _ = known.records(items, 1)
        found: dict[str, NativeRecord | Unidentified] = {record.remote_id: record for record in records}
        if unidentified:
            why = f"may be {unidentified[0].place.rpartition(', ')[2]} of that answer, which {unidentified[0].why}"
            found |= {identity: _unread(identity, why) for identity in remote_ids if identity not in found}
        return found

    async def _read_one(self, known: Shape, operation: Operation, remote_id: str, asked: list[str]) -> Reading:
        slots = {"id": known.spelled_id(remote_id), "ids": [known.spelled_id(remote_id)], "fields": asked}
        what = f"read {known.resource.name}"
        try:
            answer = await self._session.exchange(operation.call, slots, Purpose.READ, missing=operation.missing)
        except UnsafeId as error:
            raise SystemFailure(self.name, f"could not {what}: {error}") from None
        if isinstance(answer, Failed):
            if isinstance(answer.outcome, Gone):
                return None
            raise self._session.failure(answer, what)
        try:
            return known.record(at(answer.document, operation.answer), answer.headers.get("etag"))
        except NotARecord as error:
            return _unread(remote_id, error.why)


def _unread(remote_id: str, why: str) -> Unidentified:
    return Unidentified(f"what is answered for {remote_id}", why)
