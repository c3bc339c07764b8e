"""Guards: what is held back when a plan would do too much, before the first write of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final

from syncline_runtime.declaration import GuardLimit, Sync
from syncline_runtime.records import ActionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Actions of one system held in this run: why, and the command that releases them. `operation` as the spec names it."""

    system: str
    operation: str
    operations: tuple[ActionKind, ...]
    count: int
    reason: str
    release: str
    line: int = 0


_KINDS: Final[Mapping[str, tuple[ActionKind, ...]]] = {
    "create": (ActionKind.CREATE,),
    "update": (ActionKind.UPDATE, ActionKind.RESTORE),
    "delete": (ActionKind.DELETE, ActionKind.ARCHIVE),
}
_DEFAULTS: Final = (
    GuardLimit(operation="delete", count=10, percent=10.0),
    GuardLimit(operation="update", count=20, percent=50.0),
)


def guard(sync: Sync, counts: Mapping[tuple[str, ActionKind], int], links: int) -> tuple[Hold, ...]:
    """Hold what exceeds the guards: `counts` of planned actions by system and kind, `links` the entity's live links.

    A guard of the spec replaces the default of its operation; a limit is exceeded when both its count and its percentage are.
    Archiving counts as deleting. The holds come in the order of the spec's systems.
    """
    stated = {limit.operation for limit in sync.guards}
    limits = (*sync.guards, *(limit for limit in _DEFAULTS if limit.operation not in stated))
    holds = []
    for system in sync.systems:
        for limit in limits:
            kinds = _KINDS[limit.operation]
            count = sum(counts.get((system, kind), 0) for kind in kinds)
            if count > limit.count and count * 100 > limit.percent * links:
                holds.append(_hold(sync, system, limit, kinds, count, links))
    return tuple(holds)


def rebased(sync: Sync) -> Sync:
    """The sync as it is guarded after its state was lost: no create passes by itself, for it may bring a deleted record back."""
    others = tuple(limit for limit in sync.guards if limit.operation != "create")
    return replace(sync, guards=(*others, GuardLimit(operation="create", count=0, percent=0.0)))


def listing_shrunk(listed: int, known: int) -> bool:
    """Tell whether a full listing is too short to be evidence of absence (under half of the known live members)."""
    return listed * 2 < known


def _hold(sync: Sync, system: str, limit: GuardLimit, kinds: tuple[ActionKind, ...], count: int, links: int) -> Hold:
    by = f"guard {limit.operation} over {limit.count} and {limit.percent:g}%" + ("" if limit.line else " (default)")
    if not limit.count and not limit.line:
        by = "after a rebase; one that was deleted there would come back"
    return Hold(
        system=system,
        operation=limit.operation,
        operations=kinds,
        count=count,
        reason=f"{count} {limit.operation}s of {sync.entity} in {system}, of {links} links: {by}",
        release=f"run --approve {limit.operation}",
        line=limit.line,
    )
