"""Beside: a record that appears in one place of a system may have come from another, which is looked at before it is placed."""

from collections.abc import Iterator, Sequence

from syncline_runtime.executing.absence import look_again
from syncline_runtime.executing.context import Context
from syncline_runtime.executing.sides import Side
from syncline_runtime.identity import keys
from syncline_runtime.ports import SystemFailure
from syncline_runtime.rows import NO_VALUES, MemberRow

_STANDING = ("live", "missing")


async def look_beside(context: Context) -> None:
    """Read anew the records in other places of a system that have the keys of its new ones: what has moved is there no more."""
    suspects: dict[str, set[str]] = {}
    many = context.options.portion
    for side in context.observed:
        beside, after = context.sync.beside(side.system), 0
        while beside and (rows := context.store.unlinked(context.entity.name, side.system, after, many)):
            after = rows[-1].member_id
            for place, remote_id in _standing(context, side, rows):
                if place in beside:
                    suspects.setdefault(place, set()).add(remote_id)
    for place, remote_id in _doubled(context):
        suspects.setdefault(place, set()).add(remote_id)
    for place, ids in suspects.items():
        other = context.sides[place]
        if other.resource.read is None or place in context.down:
            continue
        try:
            for start in range(0, len(ids), many):
                await look_again(context, other, sorted(ids)[start : start + many])
        except SystemFailure as failure:
            context.down.add(place)
            context.summary.failures[place] = str(failure)


def _doubled(context: Context) -> Iterator[tuple[str, str]]:
    """The records of links that have two in one system: one that is back in a place was not seen leaving the other."""
    after = 0
    while rows := context.store.unsettled(context.entity.name, after, context.options.portion):
        after = rows[-1].link_id
        for members in context.store.members_of([row.link_id for row in rows]).values():
            live = {one.system: one for one in members if one.state in _STANDING}
            for group in context.sync.places:
                standing = [live[place] for place in group if place in live]
                if len(standing) > 1:
                    yield from ((one.system, one.remote_id) for one in standing if one.seen is None)


def _standing(context: Context, side: Side, rows: Sequence[MemberRow]) -> set[tuple[str, str]]:
    """The records that have a key of some others, or are linked to one that has."""
    store, entity = context.store, context.entity
    shown = [keys(entity, side.packing.unpack(row.seen or NO_VALUES)) for row in rows]
    found: set[tuple[str, str]] = set()
    links: set[int] = set()
    for rule, declared in enumerate(entity.match):
        wanted = [] if declared.ask else [key for own in shown if (key := own[rule]) is not None]
        for _, system, remote_id, link_id, state in store.holders(entity.name, rule, list(dict.fromkeys(wanted))):
            if state in _STANDING:
                found.add((system, remote_id))
            if link_id is not None:
                links.add(link_id)
    for members in store.members_of(sorted(links)).values():
        found.update((one.system, one.remote_id) for one in members if one.state in _STANDING)
    return found
