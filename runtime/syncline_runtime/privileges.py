"""Least privilege: the writes that a package can ever need, and a guard around each system that lets nothing else pass."""

from collections.abc import AsyncIterator, Mapping, Sequence

from syncline_runtime.declaration import Condition, OnDelete, Package
from syncline_runtime.ports import NativeRecord, Outcome, Page, System, Write
from syncline_runtime.reviewed import WriteForbidden


def needed(package: Package, system: str) -> frozenset[tuple[str, str]]:
    """The writes of a system that some sync may ask for: (operation, resource)."""
    found: set[tuple[str, str]] = set()
    for sync in package.syncs:
        if system not in sync.systems:
            continue
        mapping = package.mapping(sync.entity, system)
        resource = mapping.resource
        deletes = sync.deletes[system].policies if system in sync.deletes else frozenset((OnDelete.HOLD,))
        writes = any(flow.writes for flow in mapping.flows)
        create, update = sync.creates.get(system), sync.updates.get(system)
        if writes and (create is None or create.allowed):
            found.add(("create", resource))
        if writes and (update is None or update.allowed):
            found.add(("update", resource))
        if OnDelete.ARCHIVE in deletes or sync.out_of_scope == "archive":
            found.add(("update", resource))
        if deletes & {OnDelete.PROPAGATE, OnDelete.HOLD}:  # a deletion that is held, a person may carry out
            found.add(("delete", resource))
        erasure = sync.erases.get(system)
        if erasure is not None and erasure.action != "keep":
            found |= {("update", resource), ("delete", resource)}
    return frozenset(found)


class OnlyNeeded:
    """A system that takes no write that its package never needs: it raises WriteForbidden before it reaches the connector."""

    def __init__(self, system: System, writes: frozenset[tuple[str, str]]) -> None:
        self.name = system.name
        self._system = system
        self._writes = writes

    async def open(self) -> None:
        await self._system.open()

    async def close(self) -> None:
        await self._system.close()

    def pages(
        self, resource: str, *, fields: Sequence[str], where: Sequence[Condition] = (), since: str | None = None
    ) -> AsyncIterator[Page]:
        return self._system.pages(resource, fields=fields, where=where, since=since)

    async def read(
        self, resource: str, remote_ids: Sequence[str], *, fields: Sequence[str]
    ) -> Mapping[str, NativeRecord | None]:
        return await self._system.read(resource, remote_ids, fields=fields)

    async def create(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._check("create", resource)
        return await self._system.create(resource, writes)

    async def update(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._check("update", resource)
        return await self._system.update(resource, writes)

    async def delete(self, resource: str, writes: Sequence[Write]) -> Sequence[Outcome]:
        self._check("delete", resource)
        return await self._system.delete(resource, writes)

    def _check(self, operation: str, resource: str) -> None:
        if (operation, resource) not in self._writes:
            raise WriteForbidden(f"{self.name}: the spec never lets anybody {operation} {resource}")
