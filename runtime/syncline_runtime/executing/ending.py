"""Ending: a record does not take the place of a dead one in a link whose deletion is under way, or it would bring that back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from syncline_runtime.deciding import is_ending
from syncline_runtime.executing.context import Context, to_link
from syncline_runtime.executing.holding import Closing
from syncline_runtime.identity import Known, Unlinked
from syncline_runtime.records import Correlation, LinkStatus, Situation
from syncline_runtime.rows import LinkRow, MemberRow

_Answers = list[tuple[MemberRow, Correlation]]


class _Found(NamedTuple):
    """A link of which some record is gone or not found, and its records; `rule` is the one by which it was found."""

    row: LinkRow
    members: list[MemberRow]
    rule: str


def beside_what_ends(
    context: Context,
    system: str,
    answers: _Answers,
    records: Sequence[Unlinked],
    known: Known,
    closing: Closing,
    apart: Mapping[int, tuple[str, str, float]],
) -> _Answers:
    """The answers, but that a record whose key belongs to a link with a dead record waits until the deletion of that is over; where
    nothing of the link is to be deleted, it joins it, whoever made what is left, unless a person, who could see it, said that
    the dead one is another: `apart`, by link, which and when."""
    held_by = {
        (where, holder.remote_id): holder.link_id
        for by_system in known.holders.values()
        for where, holders in by_system.items()
        for holder in holders
        if holder.link_id is not None
    }
    if not held_by and not closing:
        return answers
    keys_of = {record.remote_id: record.keys for record in records}
    joined: dict[str, int] = {}
    wanted: dict[str, list[tuple[int, str]]] = {}
    for row, answer in answers:
        links = []
        if answer.action == "link":
            links = [(held_by[where], answer.rule) for where in answer.matches.items() if where in held_by]
            joined.update((row.remote_id, link_id) for link_id, _ in links)
        if answer.action in ("link", "create"):
            for number, rule in enumerate(context.entity.match):
                key = keys_of[row.remote_id][number]
                if key is not None and not rule.ask:
                    said = f"match {' and '.join(rule.fields)}"
                    links.extend((link_id, said) for link_id in sorted(closing.get((number, key), ())))
        if links:
            wanted[row.remote_id] = links
    if not wanted:
        return answers
    found = _dying(context, {link_id for links in wanted.values() for link_id, _ in links})
    placed = []
    for row, answer in answers:
        for link_id, said in dict(wanted.get(row.remote_id, ())).items():
            if link_id in found and not (link_id in apart and row.first_seen <= apart[link_id][2]):
                one = _Found(*found[link_id], said)
                answer = _beside(context, row, answer, one, joins=joined.get(row.remote_id) == link_id)
                if answer.action not in ("link", "create"):
                    break
        placed.append((row, answer))
    return placed


def _dying(context: Context, link_ids: Collection[int]) -> dict[int, tuple[LinkRow, list[MemberRow]]]:
    """The open links among these of which some record is gone or was not found."""
    store = context.store
    members = {
        link_id: rows
        for link_id, rows in store.members_of(sorted(link_ids)).items()
        if any(row.state in ("gone", "missing") for row in rows)
    }
    if not members:
        return {}
    return {
        row.link_id: (row, members[row.link_id]) for row in store.links(sorted(members)) if row.status != "tombstone"
    }


def _beside(context: Context, record: MemberRow, answer: Correlation, found: _Found, *, joins: bool) -> Correlation:
    """What becomes of one record; `joins`: it is to be linked to the records that the link has left."""
    own = {record.system, *context.sync.beside(record.system)}
    doubtful = [one for one in found.members if one.state == "missing" and one.system not in own]
    if doubtful:
        told = f"{_listed(doubtful)}, with the same key, was not found, and is looked for again"
        return _waiting(context, record, answer, told)
    gone = [one for one in found.members if one.state == "gone"]
    left = [one for one in found.members if one.state not in ("gone", "released") and one.system in context.sides]
    if not left:
        return answer  # it is closed as soon as it is decided, and a create that is still under way reserves its keys
    link = to_link(context, found.row, found.members)
    if not is_ending(context.policy_of(link.link_id), link):
        if joins or not left or any(one.system in own for one in left):
            return answer
        matches = {one.system: one.remote_id for one in left}
        return Correlation(situation=Situation.FOUND, action="link", matches=matches, rule=found.rule)
    if joins and link.link_id not in context.barred and all(one.system in own for one in gone):
        return answer  # deleted and made anew, before anything was done about it
    told = f"{_listed(left)}, with the same key, is being deleted, as {_listed(gone)} was: this is placed when that is over"
    return _waiting(context, record, answer, told, held=found.row.status == LinkStatus.HELD.value)


def _waiting(
    context: Context, record: MemberRow, answer: Correlation, detail: str, *, held: bool = False
) -> Correlation:
    """A record that waits; whoever waited before this run is told to people."""
    long = held or record.first_seen < context.instant.timestamp()
    context.ending = True
    return replace(
        answer,
        situation=Situation.FOUND_ALREADY_LINKED,
        action="quarantine" if long else "wait",
        matches={},
        detail=detail,
    )


def _listed(rows: Sequence[MemberRow]) -> str:
    return " and ".join(f"{one.system} {one.remote_id}" for one in rows)
