"""What waits for a person, after a run and in `status`."""

from syncline_runtime.declaration import Package
from syncline_runtime.state import SqliteStore
from syncline_runtime.telling import Redacted, conflict_line, quarantined_line

_LISTED = 20


def tell_waiting(package: Package, store: SqliteStore, out: Redacted) -> None:
    """What waits for a person, the first of each kind."""
    conflicts, quarantined = store.review.conflicts(), store.review.quarantined()
    members = store.members_of([row.link_id for row in conflicts[:_LISTED]])
    lines = [
        conflict_line(row, {one.system: one.remote_id for one in members.get(row.link_id, [])}, package.source)
        for row in conflicts[:_LISTED]
    ]
    lines += [quarantined_line(row) for row in quarantined[:_LISTED]]
    for line in lines:
        out.line(f"  ! {line}")
    more = len(conflicts) + len(quarantined) - len(lines)
    if more:
        out.line(f"  … and {more} more: `status --json` lists them all")
