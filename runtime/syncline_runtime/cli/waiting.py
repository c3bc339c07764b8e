"""What waits for a person, told after a run, by `status` and by `review`."""

import argparse
from collections.abc import Sequence
from typing import Any

from syncline_runtime.pending import Item
from syncline_runtime.state import SqliteStore
from syncline_runtime.state.packing import tagged
from syncline_runtime.telling import Redacted, shown, waiting_line
from syncline_runtime.values import ABSENT

LISTED = 20
PAGE = 1000
"""So many of each kind are listed unless somebody asks for more."""

_COUNTED = ("quarantined", "conflicts", "unknown")


def with_limit(parser: argparse.ArgumentParser) -> None:
    """`--limit`."""
    parser.add_argument(
        "--limit",
        type=int,
        default=PAGE,
        metavar="N",
        help="list N of each kind (%(default)s; 0 for all): conflicts, what was set aside, unknown outcomes",
    )


def totals(store: SqliteStore) -> dict[str, int]:
    """How much waits, by kind, whatever of it is listed."""
    counts = store.review.counts(*_COUNTED).values()
    return {name: sum(one[name] for one in counts) for name in _COUNTED}


def is_whole(store: SqliteStore, limit: int) -> bool:
    """Whether `limit` of each kind are all that wait."""
    return limit < 1 or all(count <= limit for count in totals(store).values())


def more_line(store: SqliteStore, limit: int) -> str:
    """That not all are listed, how many there are and how to see them."""
    found = totals(store)
    return (
        f"… {limit} of each kind are listed; in all {found['quarantined']} were set aside, {found['conflicts']} fields are in "
        f"conflict, {found['unknown']} outcomes are unknown: `review --limit 0` lists them all"
    )


def tell_waiting(items: Sequence[Item], out: Redacted) -> None:
    """The first of what waits, each with a way to settle it."""
    for item in items[:LISTED]:
        first, *rest = item_lines(item)
        out.line(f"  ! {first}")
        for line in rest:
            out.line(f"  {line}")
    if len(items) > LISTED:
        out.line("  … and more: `review` lists what waits, and how much is alike")


def item_lines(item: Item) -> list[str]:
    """An item for people: what and why, the values, the commands."""
    who = ", ".join(f"{system} {remote_id}" for system, remote_id in item.members.items() if system)
    field = f" {item.field}" if item.field and item.kind != "guard" else ""
    code = f" ({item.code})" if item.code else ""
    lines = [
        f"{item.name}  {item.entity} {who}{field}: {item.reason}{code}" + (f"  [{item.place}]" if item.place else "")
    ]
    if item.kind == "conflict":
        lines.append(f"    agreed: {shown(item.agreed)}")
    for system, value in item.candidates.items():
        now = item.shows.get(system, ABSENT)
        lines.append(f"    {system}: {shown(value)}" + ("" if now == value else f", now {shown(now)}"))
    if item.answered:
        lines.append(f"    = {item.answered}: the next run carries it out")
    else:
        lines += [f"    > {command}" for command in item.commands]
    return lines


def item_document(item: Item) -> dict[str, Any]:
    """An item as JSON values."""

    def spelled(value: Any) -> Any:
        return ["absent"] if value is ABSENT else tagged(value)

    return {
        "item": item.name,
        "kind": item.kind,
        "entity": item.entity,
        "link": item.link_id,
        "system": item.system,
        "id": item.remote_id,
        "field": item.field,
        "code": item.code,
        "reason": item.reason,
        "place": item.place,
        "members": dict(item.members),
        "agreed": spelled(item.agreed),
        "candidates": {system: spelled(value) for system, value in item.candidates.items()},
        "shows": {system: spelled(value) for system, value in item.shows.items()},
        "commands": list(item.commands),
        "answered": item.answered,
    }


def tell_deferred(store: SqliteStore, out: Redacted) -> None:
    """Which records wait for others that they refer to, the first of them; nobody has to do anything about them here."""
    rows = store.waiting(LISTED)
    members = store.members_of([row.link_id for row in rows])
    for row in rows:
        known = {one.system: one.remote_id for one in members.get(row.link_id, [])}
        out.line(f"  … {waiting_line(row, known)}")
