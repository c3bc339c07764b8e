"""Least privilege: the writes that a package can ever need, and a guard around each system that lets nothing else pass."""

from collections.abc import Sequence

from syncline_runtime.declaration import OnDelete, Package
from syncline_runtime.ports import Outcome, System, Write
from syncline_runtime.reviewed import ReadOnly, WriteForbidden


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


class OnlyNeeded(ReadOnly):
    """A system that takes no write that its package never needs: it raises WriteForbidden before it reaches the connector."""

    def __init__(self, system: System, writes: frozenset[tuple[str, str]]) -> None:
        super().__init__(system)
        self._writes = writes

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
