"""The guarantee report: what a sync promises with these systems, what it cannot, and which declarations that follows from.

Nothing here is a finding. Each statement says what the runtime does today with what the connector declares; whether the
system keeps its declarations is assumed, and said so.
"""

from collections.abc import Mapping

from syncline.guarantees.cost import Account, budgets, capacities, share, thousand
from syncline.guarantees.following import following
from syncline.guarantees.guarantee import Report, SideReport, SyncReport
from syncline.guarantees.personal import erasure
from syncline.guarantees.running import assumptions, triggers
from syncline.guarantees.seeing import deletions, echo, resuming
from syncline.guarantees.writing import duplicates, lost_updates, unknown_outcomes
from syncline.model.spec import Arrow, Map, Spec, Sync

ABOUT_SYSTEM = (resuming, deletions, echo, duplicates, lost_updates, unknown_outcomes, erasure)


def report(spec: Spec) -> Report:
    """The guarantee report of a sound spec."""
    known = capacities(spec)
    return Report(
        spec=spec.name,
        version=spec.version,
        file=spec.file,
        sha256=spec.sha256,
        syncs=tuple(_of_sync(sync, known) for sync in spec.syncs),
    )


def _of_sync(sync: Sync, known: Mapping[Account, int | None]) -> SyncReport:
    return SyncReport(
        entity=sync.entity.name,
        span=sync.span,
        sides=tuple(_of_side(sync, side) for side in sync.maps),
        guarantees=(*following(sync), *triggers(sync), *assumptions(sync)),
        thousands=tuple(
            thousand(sync, side) for side in sync.maps if any(line.arrow is not Arrow.WRITE for line in side.lines)
        ),
        budgets=budgets(sync, known),
    )


def _of_side(sync: Sync, side: Map) -> SideReport:
    return SideReport(
        system=side.system.name,
        resource=side.resource.name,
        guarantees=tuple(found for about in ABOUT_SYSTEM for found in about(sync, side)),
        cost=share(sync, side),
        span=side.span,
    )
