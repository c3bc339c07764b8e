"""Correlate: place records without a link, in batches, linking before creating."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from syncline_runtime.executing.context import Context
from syncline_runtime.executing.decide import Counts, Pair, decide_links, link_undecided, make_room
from syncline_runtime.executing.doubling import told_apart
from syncline_runtime.executing.ending import beside_what_ends
from syncline_runtime.executing.holding import known_of
from syncline_runtime.executing.referring import look_again_at_who_refers
from syncline_runtime.identity import Holder, Known, Unlinked, correlate, keys, made_by, unrelated
from syncline_runtime.records import Correlation, Situation
from syncline_runtime.rows import NO_VALUES, AuditEntry, LinkRow, MemberRow, Row


def correlate_unlinked(context: Context, counts: Counts) -> None:
    """Place every record without a link, first those that match, and decide the links that come of it."""
    context.summary.waiting, context.summary.waits_until = 0, None
    context.ending = False
    protections = context.options.protections
    creating = _keys_of_open_creates(context) if protections.reserved else frozenset[tuple[int, str]]()
    apart = told_apart(context)
    for name in context.sides:
        if name in context.unlisted:
            # What is still to come may have the same keys.
            with context.store.transaction():
                context.store.part_all(context.entity.name, name)
            continue
        done = 0
        after = 0
        while rows := context.store.unlinked(context.entity.name, name, after, context.options.portion):
            after = rows[-1].member_id
            with context.store.transaction():
                while rows:
                    rows = _place(context, name, rows, creating, apart, counts)
            done += len(rows)
            context.reporter.phase(context.entity.name, f"correlate {name}", done)


def _keys_of_open_creates(context: Context) -> frozenset[tuple[int, str]]:
    found: set[tuple[int, str]] = set()
    for intent in context.store.open_intents(context.entity.name):
        if intent.op == "create" and intent.system in context.sides:
            values = context.sides[intent.system].packing.unpack(intent.sent)
            found.update((rule, key) for rule, key in enumerate(keys(context.entity, values)) if key is not None)
    return frozenset(found)


@dataclass(slots=True)
class _Placed:
    """What comes of a batch: links to make, records that join a link, records for a person, records for another look; and by which
    rule which record was linked."""

    pairs: list[Pair] = field(default_factory=list)
    joined: list[Row] = field(default_factory=list)
    touched: list[int] = field(default_factory=list)
    held: list[Row] = field(default_factory=list)
    again: list[MemberRow] = field(default_factory=list)
    linked: dict[str, list[tuple[int, str, bytes]]] = field(default_factory=dict)  # by rule


def _place(
    context: Context,
    system: str,
    rows: Sequence[MemberRow],
    creating: frozenset[tuple[int, str]],
    apart: Mapping[int, tuple[str, str, float]],
    counts: Counts,
) -> list[MemberRow]:
    """Place some records of one system; those whose match was taken by another of the batch are handed back."""
    store, entity, name = context.store, context.entity, context.entity.name
    unpack = context.sides[system].packing.unpack
    fresh, orphaned = _fresh(context, system), _orphaned(context, system)
    beside = context.sync.beside(system)
    records = []
    young = {} if fresh is None else {row.remote_id: until for row in rows if (until := fresh(row)) is not None}
    for row in rows:
        values = unpack(row.seen or NO_VALUES)
        own = tuple(keys(entity, values))
        records.append(
            Unlinked(
                system=system,
                remote_id=row.remote_id,
                keys=own,
                fresh=row.remote_id in young,
                orphan=bool(orphaned) and any(made_by(entity, sent, values, own) for sent in orphaned),
                beside=beside,
            )
        )
    known, closing = known_of(context, records, creating)
    placed = _Placed()
    answers: list[tuple[MemberRow, Correlation]] = []
    taken: set[tuple[str, str]] = set()
    for row, record in zip(rows, records, strict=True):
        answer = correlate(entity, context.sync.systems, record, known)
        group = {(system, row.remote_id), *answer.matches.items()}
        if answer.action == "link" and group & taken:
            placed.again.append(row)
            continue
        answers.append((row, answer))
        if answer.action in ("link", "create"):
            taken |= group
    answers = _not_by_a_third(context, system, answers, records, known)
    answers = _not_told_apart(context, answers, known, apart)
    answers = beside_what_ends(context, system, answers, records, known, closing, apart)
    partners = _partners(context, answers)
    new = sum(answer.action in ("link", "create") for _, answer in answers)
    next_id = store.reserve_links(new)
    for row, answer in answers:
        if answer.action != "create":
            context.reporter.placed(name, system, row.remote_id, answer)
        match answer.action:
            case "create":
                placed.pairs.append((LinkRow(next_id, 1, "live", NO_VALUES, context.run_id), [row]))
                next_id += 1
            case "link":
                members = [partners[where] for where in answer.matches.items() if where[0] != system]
                linked = next((member.link_id for member in members if member.link_id is not None), None)
                context.summary.linked += 1
                told = next_id if linked is None else linked, row.remote_id, b""
                placed.linked.setdefault(answer.rule, []).append(told)
                if linked is not None:
                    joining = [row, *(member for member in members if member.link_id is None)]
                    placed.joined.extend((linked, None, member.seen, member.member_id) for member in joining)
                    # What kept us from creating it there is no hindrance any more.
                    store.review.release((name, member.system, "", linked) for member in joining)
                    placed.touched.append(linked)
                else:
                    placed.pairs.append((LinkRow(next_id, 1, "live", NO_VALUES, context.run_id), [row, *members]))
                    next_id += 1
            case "wait":
                context.summary.waits(young.get(row.remote_id) if answer.situation is Situation.ABSENT else None)
            case _:
                placed.held.append(_held_row(context, row, answer))
    if placed.pairs and context.linked_first:
        link_undecided(context, placed.pairs)
    elif placed.pairs:
        decide_links(context, placed.pairs, counts, new=True)
    if placed.joined:
        _replace_dead(context, placed, beside)
        store.attach(placed.joined)
    store.unsettle(placed.touched)
    store.review.quarantine(placed.held)
    now = context.clock.now()
    store.review.journal(
        AuditEntry(context.run_id, now, "linked", name, 0, system, reason=rule, batch=batch)
        for rule, batch in placed.linked.items()
    )
    _release_placed(context, system, answers, {row[2] for row in placed.held})
    return placed.again


def _not_by_a_third(
    context: Context,
    system: str,
    answers: list[tuple[MemberRow, Correlation]],
    records: Sequence[Unlinked],
    known: Known,
) -> list[tuple[MemberRow, Correlation]]:
    """The answers, but that none joins a link by one of its records while another, which was matched and not made by us, shares no
    key with it."""
    if len(context.remote) < 3:
        return answers
    joined: dict[str, tuple[int, Correlation]] = {}
    held_by = _linked_holders(known)
    for row, answer in answers:
        if answer.action == "link":
            for match in answer.matches.items():
                holder = held_by.get(match)
                if holder is not None and holder.link_id is not None and holder.linked - answer.matches.keys():
                    joined[row.remote_id] = holder.link_id, answer
    if not joined:
        return answers
    store, entity = context.store, context.entity
    own = {record.remote_id: record.keys for record in records}
    members = store.members_of(list({link_id for link_id, _ in joined.values()}))
    refused: dict[str, Correlation] = {}
    for remote_id, (link_id, answer) in joined.items():
        others = {
            one.system: tuple(
                keys(entity, context.sides[one.system].packing.unpack(one.seen or one.shadow or NO_VALUES))
            )
            for one in members.get(link_id, [])
            if one.system in context.sides
            and one.system not in answer.matches
            and one.state == "live"
            and context.sides[one.system].remote
        }
        strangers = [
            one for one in unrelated(entity, own[remote_id], others) if _was_matched(context, one, others[one])
        ]
        if strangers:
            listed = ", ".join(f"{name} {matched}" for name, matched in answer.matches.items())
            detail = (
                f"{listed}: linked to a record of {' and '.join(strangers)} with which {system} {remote_id} shares no key: "
                "that both are the same as a third is no proof"
            )
            refused[remote_id] = replace(
                answer, situation=Situation.AMBIGUOUS, action="quarantine", matches={}, detail=detail
            )
    return [(row, refused.get(row.remote_id, answer)) for row, answer in answers]


def _not_told_apart(
    context: Context,
    answers: list[tuple[MemberRow, Correlation]],
    known: Known,
    apart: Mapping[int, tuple[str, str, float]],
) -> list[tuple[MemberRow, Correlation]]:
    """The answers, but that none joins, nor brings another into, the link of a record of which a person, who could see both, said
    that it is another one."""
    if not apart:
        return answers
    held_by = _linked_holders(known)
    left: list[tuple[MemberRow, Correlation]] = []
    for row, answer in answers:
        holders = [held_by[match] for match in answer.matches.items() if match in held_by]
        told = next((apart[one.link_id] for one in holders if one.link_id is not None and one.link_id in apart), None)
        if answer.action == "link" and told is not None:
            brought = [
                context.store.members(context.entity.name, where, [remote_id]).get(remote_id)
                for where, remote_id in answer.matches.items()
                if (where, remote_id) not in held_by
            ]
            if any(one.first_seen <= told[2] for one in (row, *brought) if one is not None):
                detail = (
                    f"{told[0]} {told[1]} has the same {answer.rule.removeprefix('match ')}, and a person said that it is a "
                    "record of its own: link them, or release this one, too"
                )
                answer = replace(answer, situation=Situation.AMBIGUOUS, action="quarantine", matches={}, detail=detail)
        left.append((row, answer))
    return left


def _linked_holders(known: Known) -> dict[tuple[str, str], Holder]:
    return {
        (where, holder.remote_id): holder
        for by_system in known.holders.values()
        for where, holders in by_system.items()
        for holder in holders
        if holder.link_id is not None
    }


def _was_matched(context: Context, system: str, own: Sequence[str | None]) -> bool:
    """Whether a record of a link is in the index by a key of its own: one that we made is found by those of its link."""
    store, name = context.store, context.entity.name
    found = (store.holders(name, rule, [key]) for rule, key in enumerate(own) if key is not None)
    return any(where == system for holders in found for _, where, _, _, _ in holders)


_SKEW_SECONDS = 60.0


def _fresh(context: Context, system: str) -> Callable[[MemberRow], float | None] | None:
    """Tells until when a record is so young that a listing of another system may not show its like yet, None of one that is not so
    young; None where no listing lags."""
    lags = [
        (context.looked.get(side.system, 0.0), side.list_lag)
        for side in context.remote
        if side.system != system and side.list_lag and context.options.protections.hold_off
    ]
    updated_at = context.sides[system].updated_at

    def fresh(row: MemberRow) -> float | None:
        until = None
        for looked, lag in lags:
            changed = updated_at(row.version) if looked < row.first_seen + lag else None
            if looked < row.first_seen + lag and (
                changed is None or changed.timestamp() + lag + _SKEW_SECONDS > looked
            ):
                until = max(until or 0.0, row.first_seen + lag)
        return until

    return fresh if lags else None


def _orphaned(context: Context, system: str) -> list[dict[str, Any]]:
    """What was sent by creates that were given up and whose link is closed: if one landed late, its record is nobody's news."""
    unpack = context.sides[system].packing.unpack
    if not context.options.protections.orphans:
        return []
    return [unpack(sent) for sent in context.store.given_up_creates(context.entity.name, system)]


def _release_placed(
    context: Context, system: str, answers: Sequence[tuple[MemberRow, Correlation]], held: set[str]
) -> None:
    """Take records that found their place out of quarantine, and those that they were linked to."""
    review, name = context.store.review, context.entity.name
    by_system: dict[str, list[str]] = {
        system: [row.remote_id for row, _ in answers if row.remote_id not in held],
    }
    for _, answer in answers:
        if answer.action == "link":
            for partner, remote_id in answer.matches.items():
                by_system.setdefault(partner, []).append(remote_id)
    for where, ids in by_system.items():
        if was_held := review.held_records(name, where, ids):
            review.release_records(name, where, sorted(was_held), "identity")


def _replace_dead(context: Context, placed: _Placed, beside: Sequence[str]) -> None:
    """A record that was deleted and made anew: the dead one leaves the link to its successor. One that moved from a place `beside`
    leaves it when the link is decided, for what it showed there is the base of what it shows now."""
    linked = context.store.members_of(placed.touched).values()
    make_room(
        context,
        [one for members in linked for one in members if one.state == "gone" and one.system not in beside],
    )


def _partners(context: Context, answers: Sequence[tuple[MemberRow, Correlation]]) -> dict[tuple[str, str], MemberRow]:
    wanted: dict[str, list[str]] = {}
    for _, answer in answers:
        if answer.action == "link":
            for system, remote_id in answer.matches.items():
                wanted.setdefault(system, []).append(remote_id)
    found = {
        (system, remote_id): row
        for system, ids in wanted.items()
        for remote_id, row in context.store.members(context.entity.name, system, ids).items()
    }
    linked = [row.link_id for row in found.values() if row.link_id is not None]
    closed = {row.link_id for row in context.store.links(linked) if row.status == "tombstone"} if linked else set()
    if closed:
        look_again_at_who_refers(context)
    return {where: _survivor(row) if row.link_id in closed else row for where, row in found.items()}


def _survivor(row: MemberRow) -> MemberRow:
    """The record of a closed link as one without: it was last seen when it was in step."""
    return row._replace(link_id=None, state="live", seen=row.seen if row.seen is not None else row.shadow, shadow=None)


def _held_row(context: Context, row: MemberRow, answer: Correlation) -> Row:
    return (
        context.entity.name,
        row.system,
        row.remote_id,
        0,
        f"identity.{answer.situation.value}",
        "",
        answer.detail or answer.rule,
        f"{context.package.source}:{context.sync.line}" if context.sync.line else "",
        None,
        context.run_id,
    )
