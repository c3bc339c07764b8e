"""References at the border of the pure core: remote ids outside, links inside, looked up a batch at a time.

The core decides upon `Reference` values, the same in every system. Documents of members keep the remote id that their system
shows, so that nothing is lost while its record has no link yet: until then the field is not readable, and never a change.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from syncline_runtime.executing.context import Context, Side
from syncline_runtime.records import Link, LinkStatus, Member, MemberState
from syncline_runtime.rows import LinkRow, MemberRow, Row
from syncline_runtime.values import ABSENT, Reference, Shown

Pair: TypeAlias = tuple[LinkRow, list[MemberRow]]
Ids: TypeAlias = Mapping[tuple[str, str], Mapping[str, int]]
"""By entity and system: the link of each remote id."""


class Referred(NamedTuple):
    """A link as the core sees it.

    `own` are its members in their systems' own form. `waits` are rows for `wait`: what it refers to that has no link yet.
    `bars` are the systems in which it is not created before its required references can be told.
    """

    link: Link
    own: Mapping[str, Member]
    waits: tuple[Row, ...] = ()
    bars: frozenset[str] = frozenset()


class Outgoing(NamedTuple):
    """Values as one system takes them. `deferred` are references to what has no record there yet: they are not written."""

    values: dict[str, Shown]
    deferred: Mapping[str, Reference]


def read_references(context: Context, pairs: Sequence[Pair], plain: Sequence[Link]) -> list[Referred]:
    """The links that some pairs stand for, given as they are without regard to references."""
    known = _links_of(context, plain)
    found = [_referred(context, link, members, known) for link, (_, members) in zip(plain, pairs, strict=True)]
    return _relinked(context, found)


def _linked_elsewhere(link: Link) -> list[tuple[str, Reference]]:
    """Fields of which a member, with nothing seen, refers to another link than what was agreed."""
    return [
        (name, agreed)
        for name, agreed in link.values.items()
        if type(agreed) is Reference
        and any(
            type(shown := member.shadow.get(name)) is Reference and shown != agreed for member in link.members.values()
        )
    ]


def own_row(side: Side, row: MemberRow, referred: Referred, after: Member) -> Member:
    """A decided member in its system's own form, ready to be packed."""
    before, own = referred.link.members[row.system], referred.own[row.system]
    shadow, renders = dict(after.shadow), dict(after.renders)
    for name in side.refers:
        value = shadow.get(name, ABSENT)
        if value is ABSENT:
            if name in own.shadow and name not in before.shadow:
                shadow[name] = own.shadow[name]
        elif type(value) is Reference:
            told = own.seen is not None and before.seen is not None and before.seen.get(name) == value
            shadow[name] = (own.seen or {})[name] if told else own.shadow[name]
        if type(renders.get(name)) is Reference:
            renders[name] = own.renders[name]
    seen: Mapping[str, Shown] | None = None
    if after.seen is not None:
        seen = own.seen if own.seen is not None else own.shadow
    elif own.seen is not None and after.state is MemberState.LIVE:
        shown = before.seen or {}
        hidden = {name: own.seen[name] for name in side.refers if name in own.seen and name not in shown}
        if any(shadow.get(name, ABSENT) != value for name, value in hidden.items()):
            seen = {**shadow, **hidden}
    return replace(after, shadow=shadow, seen=seen, renders=renders)


def remote_ids(
    context: Context, wanted: Iterable[tuple[str, Mapping[str, Shown]]]
) -> Mapping[tuple[str, str], Mapping[int, str]]:
    """By entity and system, the remote id of each link that some values to be written in a system refer to."""
    links: dict[tuple[str, str], set[int]] = {}
    for system, values in wanted:
        for name in context.sides[system].refers:
            value = values.get(name)
            if type(value) is Reference:
                links.setdefault((value.entity, system), set()).add(value.link)
    return {where: context.store.remotes_of(*where, sorted(found)) for where, found in links.items()}


def outgoing(side: Side, values: Mapping[str, Shown], remotes: Mapping[tuple[str, str], Mapping[int, str]]) -> Outgoing:
    """Values in a system's own form."""
    own, deferred = dict(values), dict[str, Reference]()
    for name in side.refers:
        value = own.get(name)
        if type(value) is Reference:
            remote_id = remotes.get((value.entity, side.system), {}).get(value.link)
            if remote_id is None:
                deferred[name] = value
                del own[name]
            else:
                own[name] = remote_id
    return Outgoing(own, deferred)


def waiting_for(context: Context, link_id: int, system: str, deferred: Mapping[str, Reference]) -> list[Row]:
    """Rows for `wait`: what a link refers to that has no record in a system yet."""
    name = context.entity.name
    return [(link_id, name, system, field, value.entity, "", value.link) for field, value in deferred.items()]


def _links_of(context: Context, links: Iterable[Link]) -> Ids:
    ids: dict[tuple[str, str], set[str]] = {}
    for link in links:
        for system, member in link.members.items():
            for name, targets in context.sides[system].refers.items():
                for shown in (member.shadow, member.seen, member.renders):
                    value = None if shown is None else shown.get(name)
                    if type(value) is str:
                        for target in targets:
                            ids.setdefault((target, system), set()).add(value)
    return {where: context.store.links_of(*where, sorted(found)) for where, found in ids.items()}


def _referred(context: Context, link: Link, rows: Sequence[MemberRow], known: Ids) -> Referred:
    members: dict[str, Member] = {}
    waits: list[Row] = []
    unknown: set[str] = set()
    told: set[str] = set()
    for system, member in link.members.items():
        side = context.sides[system]
        shadow = _inside(side, member.shadow, known)
        seen = None if member.seen is None else _inside(side, member.seen, known)
        if seen is not None and len(seen) < len(member.seen or ()) and seen == shadow and not member.first_merge:
            seen = None
        members[system] = replace(member, shadow=shadow, seen=seen, renders=_inside(side, member.renders, known))
        shown = member.shadow if member.seen is None else member.seen
        inside = shadow if seen is None else seen
        for name, targets in side.refers.items():
            if type(inside.get(name)) is Reference:
                told.add(name)
            elif type(value := shown.get(name)) is str and member.state is MemberState.LIVE:
                unknown.add(name)
                waits += [(link.link_id, link.entity, system, name, target, value, 0) for target in targets]
    bars: frozenset[str] = frozenset()
    if any(name in context.entity.required and link.values.get(name) is None for name in unknown - told):
        bars = frozenset(system for system in context.sides if system not in members)
    return Referred(replace(link, members=members), link.members, tuple(waits), bars)


def _inside(side: Side, shown: Mapping[str, Shown], known: Ids) -> Mapping[str, Shown]:
    """What a member shows, with links for remote ids; a field whose record has no link is left out."""
    inside: dict[str, Shown] | None = None
    for name, targets in side.refers.items():
        value = shown.get(name)
        if type(value) is not str:
            continue
        if inside is None:
            inside = dict(shown)
        found = ((target, known[target, side.system].get(value)) for target in targets)
        reference = next((Reference(target, link) for target, link in found if link is not None), None)
        if reference is None:
            del inside[name]
        else:
            inside[name] = reference
    return shown if inside is None else inside


def _relinked(context: Context, found: list[Referred]) -> list[Referred]:
    """Where what was agreed upon refers to a closed link whose records have found another one, that is read as news."""
    differing = {reference.link for one in found for _, reference in _linked_elsewhere(one.link)}
    if not differing:
        return found
    closed = {row.link_id for row in context.store.links(sorted(differing)) if row.status == LinkStatus.TOMBSTONE.value}
    return [
        one._replace(
            link=_as_news(one.link, [name for name, value in _linked_elsewhere(one.link) if value.link in closed])
        )
        for one in found
    ]


def _as_news(link: Link, names: Sequence[str]) -> Link:
    if not names:
        return link
    members = {
        system: replace(
            member,
            shadow={name: value for name, value in member.shadow.items() if name not in names},
            seen=member.shadow if member.seen is None else member.seen,
        )
        for system, member in link.members.items()
    }
    values = {name: value for name, value in link.values.items() if name not in names}
    return replace(link, values=values, members=members)
