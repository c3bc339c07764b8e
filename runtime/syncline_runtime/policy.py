"""A sync's policy made ready for deciding: what depends on the declaration alone, worked out once and not per record."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncline_runtime.declaration import Entity, FieldMap, Sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """A sync, its entity and the map of each of its systems."""

    sync: Sync
    entity: Entity
    maps: Mapping[str, FieldMap]


def prepare(sync: Sync, entity: Entity, maps: Mapping[str, FieldMap]) -> Policy:
    """Prepare the policy of `sync`; `maps` has a map for each system of the sync. Done once a run."""
    return Policy(sync=sync, entity=entity, maps=maps)
