"""Waiting: the date on which each decided link is looked at again, kept in the transaction that decides it."""

from collections.abc import Sequence

from syncline_runtime.executing.context import Context
from syncline_runtime.expressions import due_at
from syncline_runtime.records import Link, LinkStatus
from syncline_runtime.values import ABSENT


def next_date(context: Context, link: Link) -> float | None:
    """The first date to come that a condition on the link's values waits for. Raises what its expressions raise."""
    if link.status is LinkStatus.TOMBSTONE:
        return None
    values = {name: value for name, value in link.values.items() if value is not ABSENT}
    moments = [due_at(moment) for dates in context.dates for moment in dates(values)]
    return min((at.timestamp() for at in moments if at is not None and at > context.instant), default=None)


def keep_waiting(context: Context, dates: Sequence[tuple[int, float | None]]) -> None:
    """Keep the next date of each link, or that it has none, in the caller's transaction."""
    looked_at = context.instant.timestamp()
    awaiting = context.store.awaiting
    awaiting.wait((link_id, context.entity.name, at, looked_at) for link_id, at in dates if at is not None)
    awaiting.forget(link_id for link_id, at in dates if at is None)
