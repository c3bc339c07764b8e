"""Which map a record of a system belongs to: where entities share a resource, what it shows tells."""

from collections.abc import Collection

from syncline_runtime.declaration import FieldMap, Package
from syncline_runtime.simulation.inventing import MAPPING_ERRORS
from syncline_runtime.values import Native


class Belonging:
    """The maps of each resource. A record stays with the map to which it belonged when it was made: nobody in a simulated world
    makes of a record of one entity one of another."""

    def __init__(self, package: Package) -> None:
        self._maps: dict[tuple[str, str], list[FieldMap]] = {}
        for one in package.mappings:
            self._maps.setdefault((one.system, one.resource), []).append(one)
        self._known: dict[tuple[str, str, str], FieldMap] = {}

    def maps(self, system: str, resource: str) -> Collection[FieldMap]:
        """The maps that a resource of a system has: one for each entity that the spec keeps there."""
        return self._maps.get((system, resource), ())

    def told_by(self, system: str, resource: str, native: Native) -> FieldMap | None:
        """The map to which a record that shows this belongs; None where the spec has none, or more than one takes it."""
        maps = self.maps(system, resource)
        if len(maps) > 1:
            maps = [one for one in maps if _takes(one, native)]
        return next(iter(maps)) if len(maps) == 1 else None

    def of(self, system: str, resource: str, remote_id: str) -> FieldMap | None:
        """The map to which a record belongs, by its id."""
        maps = self.maps(system, resource)
        return next(iter(maps)) if len(maps) == 1 else self._known.get((system, resource, remote_id))

    def made(self, remote_id: str, mapping: FieldMap) -> None:
        """A record was made, and belongs to a map."""
        self._known.setdefault((mapping.system, mapping.resource, remote_id), mapping)

    def own(self, mapping: FieldMap, remote_ids: Collection[str]) -> list[str]:
        """Of the records of a resource, those that belong to a map."""
        where = mapping.system, mapping.resource
        if len(self.maps(*where)) == 1:
            return list(remote_ids)
        return [one for one in remote_ids if (known := self.of(*where, one)) and known.entity == mapping.entity]

    def telling(self, system: str) -> frozenset[str]:
        """The native fields of a system that tell the records of one entity from those of another."""
        shared = [maps for (name, _), maps in self._maps.items() if name == system and len(maps) > 1]
        return frozenset(condition.field for maps in shared for one in maps for condition in one.where)


def _takes(mapping: FieldMap, native: Native) -> bool:
    try:
        return mapping.in_scope is None or mapping.in_scope(native)
    except MAPPING_ERRORS:
        return False
