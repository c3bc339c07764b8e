"""References at the border of the pure core: remote ids outside, links inside, looked up a batch at a time.

The core decides upon `Reference` values, the same in every system. Documents of members keep the remote id that their system
shows, so that nothing is lost while its record has no link yet: until then the field is not readable, and never a change.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeAlias

from syncline_runtime.codecs.elements import aligned
from syncline_runtime.declaration import ByKey, Collection, Look, Targets
from syncline_runtime.executing.computing import Moved
from syncline_runtime.executing.context import Context
from syncline_runtime.executing.sides import Side
from syncline_runtime.identity import keys
from syncline_runtime.records import Link, LinkStatus, Member, MemberState
from syncline_runtime.rows import LinkRow, MemberRow, Row
from syncline_runtime.state.packing import packing
from syncline_runtime.values import ABSENT, Reference, Shown

Pair: TypeAlias = tuple[LinkRow, list[MemberRow]]
Ids: TypeAlias = Mapping[tuple[str, str], Mapping[str, int]]
"""By entity and system: the link of each remote id."""

Dead: TypeAlias = Mapping[tuple[str, str], frozenset[str]]
"""By entity and system: records that were deleted, and have no link any more."""


BY_KEY = "="
"""Stands for the id of who is waited for, where that is told by a key: what the key is, is nobody's business."""


class Referred(NamedTuple):
    """A link as the core sees it.

    `own` are its members in their systems' own form. `waits` are rows for `wait`: what it refers to that has no link yet.
    `bars` are the systems in which it is not created before its required references can be told. `again`: a reference is left
    out of what is agreed and of what members have shown, so that its link is to be looked at once more when it is decided.
    """

    link: Link
    own: Mapping[str, Member]
    waits: tuple[Row, ...] = ()
    bars: frozenset[str] = frozenset()
    again: bool = False


class Outgoing(NamedTuple):
    """Values as one system takes them. `deferred` are references to what has no record there yet: they are not written."""

    values: dict[str, Shown]
    deferred: Mapping[str, Reference]


def read_references(context: Context, pairs: Sequence[Pair], plain: Sequence[Link]) -> list[Referred]:
    """The links that some pairs stand for, given as they are without regard to references."""
    known, dead = _links_of(context, plain)
    found = [_referred(context, link, members, known, dead) for link, (_, members) in zip(plain, pairs, strict=True)]
    found = _relinked(context, found)
    return _with_looks(context, found) if context.looks else found


def without_looks(context: Context, link: Link) -> Mapping[str, Shown]:
    """The values of a link that are its own."""
    if not context.looks:
        return link.values
    return {name: value for name, value in link.values.items() if name not in context.looks}


def note_looks(context: Context, moved: Sequence[Moved]) -> None:
    """Keep whom decided links look at, and look again from those that look at them, in the caller's transaction."""
    store = context.store
    rows: list[Row] = []
    for via in {*context.followed, *context.keyed} - set(context.collected):
        for one in moved:
            held = one.after.values.get(via)
            rows.append((context.entity.name, via, one.after.link_id, held.link if type(held) is Reference else None))
    if rows:
        store.referring.put(rows)
    changed = [one.after.link_id for one in moved if one.after.values != one.before.values]
    for steps in context.watched if changed else ():
        looking = changed
        for entity, via in steps:
            found = store.referring.of(entity, via, looking)
            looking = sorted({link_id for each in found.values() for link_id in each})
        store.unsettle(looking)


def looks_elsewhere(context: Context, before: Link, after: Link) -> bool:
    """Whether a link refers to another record than it did, so that what is written of that one is still to be told."""
    nearest = {look.ways[0][0] for look in context.looks.values()}
    return any(after.values.get(via, ABSENT) != before.values.get(via, ABSENT) for via in nearest)


def _with_looks(context: Context, found: list[Referred]) -> list[Referred]:
    """The links with what is written of the records that they refer to; what is not known of those is left out."""
    known = _on_the_way(context, [one.link.values for one in found])
    return [
        one._replace(
            link=replace(one.link, values={**one.link.values, **looked(context.looks, one.link.values, known)})
        )
        for one in found
    ]


def _on_the_way(context: Context, records: Sequence[Mapping[str, Shown]]) -> dict[int, Mapping[str, Shown]]:
    """The agreed values of the records on the ways that some records look along, read a step of all ways at a time."""
    known: dict[int, Mapping[str, Shown]] = {}
    ways = list(dict.fromkeys(look.ways for look in context.looks.values()))
    standing = [(way, record) for record in records for way in ways]
    while standing:
        ahead: list[tuple[tuple[tuple[str, str], ...], int]] = []
        wanted: dict[str, set[int]] = {}
        for way, record in standing:
            via, entity = way[0]
            if type(held := record.get(via)) is Reference:
                ahead.append((way[1:], held.link))
                if held.link not in known:
                    wanted.setdefault(entity, set()).add(held.link)
        for entity, ids in wanted.items():
            unpack = packing(context.package.entities[entity]).unpack
            known.update((row.link_id, unpack(row.doc)) for row in context.store.links(sorted(ids)))
        standing = [(rest, known[link_id]) for rest, link_id in ahead if rest and link_id in known]
    return known


def looked(
    looks: Mapping[str, Look], values: Mapping[str, Shown], known: Mapping[int, Mapping[str, Shown]]
) -> dict[str, Shown]:
    """By path, what stands behind the references of a record: null where one holds nothing; left out is what is not known."""
    found: dict[str, Shown] = {}
    for path, look in looks.items():
        record = values
        held: Shown = ABSENT
        for via, _ in look.ways:
            held = record.get(via, ABSENT)
            if type(held) is not Reference:
                break
            record = known.get(held.link, {})
        else:
            held = record.get(look.field, ABSENT)
        if held is not ABSENT:
            found[path] = held
    return found


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
        elif _held(value, side.refers[name]):
            told = own.seen is not None and before.seen is not None and before.seen.get(name) == value
            # What was deleted before it was first shown stands in nothing but what is seen.
            shadow[name] = (own.seen or {})[name] if told or name not in own.shadow else own.shadow[name]
        if name in own.renders:
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
        side = context.sides[system]
        for name, targets in side.refers.items():
            for value in _held(values.get(name), targets):
                links.setdefault((value.entity, _place(side, name, value.entity)), set()).add(value.link)
    return {
        where: _keys_of(context, *where, sorted(found))
        if where[1].startswith("=")
        else context.store.remotes_of(*where, sorted(found))
        for where, found in links.items()
    }


def outgoing(side: Side, values: Mapping[str, Shown], remotes: Mapping[tuple[str, str], Mapping[int, str]]) -> Outgoing:
    """Values in a system's own form."""
    own, deferred = dict(values), dict[str, Reference]()

    for name, targets in side.refers.items():

        def remote_id(value: Reference, name: str = name) -> str | None:
            return remotes.get((value.entity, _place(side, name, value.entity)), {}).get(value.link)

        held = _held(own.get(name), targets)
        missing = next((value for value in held if remote_id(value) is None), None)
        if missing is not None:
            deferred[name] = missing
            del own[name]
        elif held:
            own[name] = _outside(own[name], targets, remote_id)
    return Outgoing(own, deferred)


def look_again_at_who_refers(context: Context) -> None:
    """Records of the entity got another link: what referred to their former one means the new one from now on."""
    name = context.entity.name
    referring = {
        mapping.entity for mapping in context.package.mappings if any(name in flow.refers for flow in mapping.flows)
    }
    for entity in sorted(referring):
        context.store.unsettle_all(entity)


def wake_by_key(context: Context) -> None:
    """Look again at links that wait for a record with a key, in the caller's transaction."""
    name = context.entity.name
    waiting = {row.link_id for row in context.store.waiting() if row.entity == name and row.remote_id == BY_KEY}
    context.store.unsettle(sorted(waiting))


def waiting_for(context: Context, link_id: int, system: str, deferred: Mapping[str, Reference]) -> list[Row]:
    """Rows for `wait`: what a link refers to that has no record in a system yet."""
    name = context.entity.name
    side = context.sides[system]
    return [
        (link_id, name, _home(side, field, value.entity), field, value.entity, "", value.link)
        for field, value in deferred.items()
    ]


def _links_of(context: Context, links: Iterable[Link]) -> tuple[Ids, Dead]:
    """The links of what some links refer to; and, of what has none, what was deleted."""
    ids: dict[tuple[str, str], set[str]] = {}
    for link in links:
        for system, member in link.members.items():
            side = context.sides[system]
            for name, targets in side.refers.items():
                for shown in (member.shadow, member.seen, member.renders):
                    for value, entities in _shown_ids(None if shown is None else shown.get(name), targets):
                        for target in entities:
                            ids.setdefault((target, _place(side, name, target)), set()).add(value)
    known: dict[tuple[str, str], Mapping[str, int]] = {}
    dead: dict[tuple[str, str], frozenset[str]] = {}
    for where, found in ids.items():
        if where[1].startswith("="):
            known[where] = _by_key(context, *where, sorted(found))
        else:
            known[where] = context.store.links_of(*where, sorted(found))
            if unknown := sorted(found.difference(known[where])):
                dead[where] = context.store.review.buried(*where, unknown)
    return known, dead


def _place(side: Side, name: str, entity: str) -> str:
    """Where a reference is looked up: among the ids of a system, or among the values of a key."""
    targets = side.refers[name]
    return f"={targets.field}" if isinstance(targets, ByKey) else _home(side, name, entity)


def _home(side: Side, name: str, entity: str) -> str:
    """The system that has what a field refers to: the side's own, or a place of the same one."""
    return side.homes.get((name, entity), side.system) if side.homes else side.system


def _by_key(context: Context, entity: str, place: str, values: Sequence[str]) -> dict[str, int]:
    """The link of each value of a key that one link alone has."""
    field, declared = place[1:], context.package.entities[entity]
    rule = next((number for number, one in enumerate(declared.match) if one.fields == (field,)), None)
    if rule is None:
        return {}
    by_key = {key: value for value in values if (key := keys(declared, {field: value})[rule]) is not None}
    found: dict[str, set[int]] = {}
    for key, _, _, link_id, _ in context.store.holders(entity, rule, list(by_key)):
        if link_id is not None:
            found.setdefault(by_key[key], set()).add(link_id)
    return {value: next(iter(links)) for value, links in found.items() if len(links) == 1}


def _keys_of(context: Context, entity: str, place: str, links: Sequence[int]) -> dict[int, str]:
    """The value of a key that each link has."""
    unpack = packing(context.package.entities[entity]).unpack
    found = {row.link_id: unpack(row.doc).get(place[1:]) for row in context.store.links(links)}
    return {link_id: value for link_id, value in found.items() if type(value) is str}


def _referred(context: Context, link: Link, rows: Sequence[MemberRow], known: Ids, dead: Dead) -> Referred:
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
            ids = _shown_ids(shown.get(name), targets)
            agreed = link.values.get(name)
            if isinstance(targets, ByKey) and ids and name not in inside and seen is None and type(agreed) is Reference:
                # It was accounted for: the record has got another key since, which is to be written.
                members[system] = _showing(members[system], name, Reference(targets.entity, 0))
                continue
            is_known = seen is None or not member.first_merge
            if is_known and name not in inside and type(agreed) is Reference and _died(side, name, ids, dead):
                # It left its link: what was agreed since, or took its place, is to be written.
                members[system] = _showing(members[system], name, Reference(agreed.entity, 0))
                continue
            if name in inside and ids:
                told.add(name)
            elif ids and member.state is MemberState.LIVE:
                unknown.add(name)
                waits += [
                    (
                        link.link_id,
                        link.entity,
                        _home(side, name, target),
                        name,
                        target,
                        BY_KEY if isinstance(targets, ByKey) else value,
                        0,
                    )
                    for value, entities in ids
                    if not _linked(value, _places(side, name, entities), known)
                    for target in entities
                ]
    bars: frozenset[str] = frozenset()
    if any(name in context.entity.required and link.values.get(name) is None for name in unknown - told):
        bars = frozenset(system for system in context.sides if system not in members)
    return Referred(replace(link, members=members), link.members, tuple(waits), bars)


def _showing(member: Member, name: str, value: Reference) -> Member:
    """A member that shows a reference, which is no news."""
    seen = None if member.seen is None else {**member.seen, name: value}
    return replace(member, shadow={**member.shadow, name: value}, seen=seen)


def _died(side: Side, name: str, ids: Sequence[tuple[str, tuple[str, ...]]], dead: Dead) -> bool:
    """Whether a field, which is no collection, refers to a record that was deleted and has no link any more."""
    if isinstance(side.refers[name], Collection | ByKey):
        return False
    return any(
        value in dead.get((target, _place(side, name, target)), ()) for value, entities in ids for target in entities
    )


def _inside(side: Side, shown: Mapping[str, Shown], known: Ids) -> Mapping[str, Shown]:
    """What a member shows, with links for remote ids; a field whose record has no link is left out."""
    inside: dict[str, Shown] | None = None
    for name, targets in side.refers.items():
        ids = _shown_ids(shown.get(name), targets)
        if not ids:
            continue
        if inside is None:
            inside = dict(shown)
        if all(_linked(value, _places(side, name, entities), known) for value, entities in ids):
            inside[name] = _inside_one(shown[name], side, name, known)
        else:
            del inside[name]
    return shown if inside is None else inside


def _shown_ids(value: object, targets: Targets) -> list[tuple[str, tuple[str, ...]]]:
    """The remote ids in what a system shows of a field, each with the entities it may be of."""
    if not isinstance(targets, Collection):
        entities = (targets.entity,) if isinstance(targets, ByKey) else targets
        return [(value, entities)] if type(value) is str else []
    if not isinstance(value, tuple):
        return []
    return [
        (remote_id, entities)
        for element in value
        for name, entities in targets.refers.items()
        if type(remote_id := element.get(name)) is str
    ]


def _held(value: object, targets: Targets) -> list[Reference]:
    """The references in the hub's value of a field."""
    if not isinstance(targets, Collection):
        return [value] if type(value) is Reference else []
    if not isinstance(value, tuple):
        return []
    return [held for element in value for name in targets.refers if type(held := element.get(name)) is Reference]


def _places(side: Side, name: str, entities: Sequence[str]) -> list[tuple[str, str]]:
    """Where the record of each entity that a field may refer to is looked up."""
    return [(entity, _place(side, name, entity)) for entity in entities]


def _linked(remote_id: str, places: Sequence[tuple[str, str]], known: Ids) -> Reference | None:
    found = ((entity, known[entity, place].get(remote_id)) for entity, place in places)
    return next((Reference(entity, link) for entity, link in found if link is not None), None)


def _inside_one(value: Shown, side: Side, field: str, known: Ids) -> Shown:
    """What a system shows of a field, with links for all remote ids, which are known to have one."""
    targets = side.refers[field]
    if not isinstance(targets, Collection):
        entities = (targets.entity,) if isinstance(targets, ByKey) else targets
        return _linked(str(value), _places(side, field, entities), known)
    assert isinstance(value, tuple)
    elements = [
        {
            **element,
            **{
                name: _linked(element[name], _places(side, field, entities), known)
                for name, entities in targets.refers.items()
                if type(element.get(name)) is str
            },
        }
        for element in value
    ]
    return tuple(elements) if targets.key is None else aligned(elements, targets.key)


def _outside(value: Shown, targets: Targets, remote_id: Callable[[Reference], str | None]) -> Shown:
    """The hub's value of a field with remote ids for all references, which are known to have one."""
    if not isinstance(targets, Collection):
        return remote_id(value) if type(value) is Reference else value
    assert isinstance(value, tuple)
    elements = [
        {name: remote_id(held) if type(held) is Reference else held for name, held in element.items()}
        for element in value
    ]
    return tuple(elements) if targets.key is None else aligned(elements, targets.key)


def _relinked(context: Context, found: list[Referred]) -> list[Referred]:
    """Where what was agreed upon refers to a closed link whose records have found another one, that is read as news."""
    differing = {reference.link for one in found for _, reference in _linked_elsewhere(one.link)}
    if not differing:
        return found
    closed = {row.link_id for row in context.store.links(sorted(differing)) if row.status == LinkStatus.TOMBSTONE.value}
    news = [[name for name, value in _linked_elsewhere(one.link) if value.link in closed] for one in found]
    return [
        one._replace(link=_as_news(one.link, names, closed), again=True) if names else one
        for one, names in zip(found, news, strict=True)
    ]


def _as_news(link: Link, names: Sequence[str], closed: set[int]) -> Link:
    def shown(member: Member) -> Mapping[str, Shown]:
        values = member.shadow if member.seen is None else member.seen
        dead = [name for name in names if type(held := values.get(name)) is Reference and held.link in closed]
        return {name: value for name, value in values.items() if name not in dead}

    members = {
        system: replace(
            member,
            shadow={name: value for name, value in member.shadow.items() if name not in names},
            seen=shown(member),
        )
        for system, member in link.members.items()
    }
    values = {name: value for name, value in link.values.items() if name not in names}
    return replace(link, values=values, members=members)
