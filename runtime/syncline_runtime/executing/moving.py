"""Moving: whether a record that is gone from one place of a system may stand in another by now."""

from collections.abc import Sequence

from syncline_runtime.executing.context import Context
from syncline_runtime.identity import keys
from syncline_runtime.records import Link, Member, MemberState


def may_have_moved(context: Context, link: Link) -> bool:
    """Whether a record has left its place and the others of its system were not looked at since: until they were, that is no
    deletion, and the link is left as it is."""
    for group in context.sync.places:
        standing = [system for system, member in link.members.items() if member.state is MemberState.LIVE]
        if not standing or any(system in group for system in standing):
            continue
        left = [member for place in group if (member := link.members.get(place)) is not None and _left(member)]
        if any(not _looked_since(context, place, one) for one in left for place in group if place != one.system):
            return True
        if any(_may_be_placed(context, group, one) for one in left):
            return True
    return False


def _may_be_placed(context: Context, group: Sequence[str], member: Member) -> bool:
    """Whether a record without a link, which waits for a person, has a key of one that has left its place."""
    store, name = context.store, context.entity.name
    shown = member.shadow if member.seen is None else member.seen
    return any(
        system in group and link_id is None and state == "live"
        for rule, key in enumerate(keys(context.entity, shown))
        if key is not None
        for _, system, _, link_id, state in store.holders(name, rule, [key])
    )


def _left(member: Member) -> bool:
    return member.state is MemberState.GONE or (member.state is MemberState.OUT_OF_SCOPE and member.seen is not None)


def _looked_since(context: Context, place: str, member: Member) -> bool:
    if place in context.down or place in context.unlisted:
        return False
    return context.looked.get(place, 0.0) - context.sides[place].list_lag >= member.as_of
