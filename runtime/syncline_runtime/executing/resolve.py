"""Resolve: carry out what people decided since the last run. An answer to what has changed since is void, and says so."""

from dataclasses import replace
from hashlib import blake2b
from typing import Any

from syncline_runtime import deciding
from syncline_runtime.accounting import shown_by
from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.declaration import Deletion, OnDelete
from syncline_runtime.executing.computing import Moved, note_references
from syncline_runtime.executing.context import Context, to_link
from syncline_runtime.executing.decide import link_undecided, living_keys, make_room
from syncline_runtime.executing.following import follow, store_following
from syncline_runtime.executing.recover import adopt_named
from syncline_runtime.executing.referring import (
    Referred,
    note_looks,
    own_row,
    read_references,
    without_looks,
)
from syncline_runtime.executing.renders import packed_renders
from syncline_runtime.policy import prepare
from syncline_runtime.records import Link, LinkStatus, MemberState
from syncline_runtime.rows import NO_VALUES, Answer, LinkRow, MemberRow, Only, Row
from syncline_runtime.state.packing import tagged, unpack_value
from syncline_runtime.values import ABSENT


class _Void(Exception):
    """An answer cannot be carried out; the message says why."""


def resolve(context: Context) -> None:
    """Carry out the open answers of this entity, each in a transaction of its own; what becomes of each is written beside it."""
    store, review = context.store, context.store.review
    for answer in store.answers.open(context.entity.name):
        with store.transaction():
            try:
                told = _carry_out(context, answer)
                state = "done"
            except _Void as void:
                told, state = str(void), "void"
                context.summary.held.append(
                    f"what {answer.actor} decided about {item_of(answer)} was not carried out: {told}; "
                    "look again with `review`"
                )
            if told:
                store.answers.close([(state, context.run_id, told, answer.answer_id)])
                review.journal(
                    [
                        (
                            context.run_id,
                            context.clock.now(),
                            "resolved" if state == "done" else "not resolved",
                            answer.entity,
                            answer.link_id,
                            answer.system,
                            answer.field,
                            None,
                            answer.value if answer.kind == "take" else None,
                            f"{answer.actor}: {answer.kind}: {told}",
                            0,
                            answer.actor,
                        )
                    ]
                )


def item_of(where: Any) -> str:
    """What `review` calls the item that an answer, a conflict, an intent or a row of quarantine is about."""
    link_id, field = where.link_id, where.field if hasattr(where, "field") else ""
    system, remote_id = getattr(where, "system", ""), getattr(where, "remote_id", "") or ""
    if not link_id:
        return f"{system}:{remote_id}"
    return f"{link_id}@{system}" if system else f"{link_id}/{field}" if field else str(link_id)


def shown_print(members: list[MemberRow]) -> str:
    """What tells this state of a link's records from another: people decide about what they saw."""
    text = repr([(one.system, one.remote_id, one.state, one.shadow, one.seen) for one in members])
    return blake2b(text.encode(), digest_size=16).hexdigest()


def _carry_out(context: Context, answer: Answer) -> str:
    """What came of an answer; nothing where it goes on."""
    match answer.kind:
        case "take":
            return _take(context, answer)
        case "delete":
            return _delete(context, answer)
        case "keep" | "recreate":
            return _settle_deletion(context, answer)
        case "link":
            return _link(context, answer)
        case "separate":
            return _separate(context, answer)
        case "retry":
            return _retry(context, answer)
        case "approve":
            context.granted[answer.system, answer.field] = int(answer.value or 0)
            return f"up to {answer.value} pass in this run"
        case _:  # dismiss: it holds until there is something else to tell
            return ""


# -- conflicts ---------------------------------------------------------------------------------------------------------


def _open_link(context: Context, link_id: int) -> tuple[LinkRow, list[MemberRow], Link, Referred | None]:
    rows = context.store.links([link_id])
    if not rows or rows[0].status == "tombstone":
        raise _Void("the link is closed")
    members = context.store.members_of([link_id]).get(link_id, [])
    link = to_link(context, rows[0], members)
    referred = read_references(context, [(rows[0], members)], [link])[0] if context.refers else None
    return rows[0], members, link if referred is None else referred.link, referred


def _take(context: Context, answer: Answer) -> str:
    row, _, link, referred = _open_link(context, answer.link_id)
    if (answer.link_id, answer.field) not in context.store.review.conflicts_of([answer.link_id]):
        raise _Void("it is in step again")
    now = candidates_of(link, answer.field)
    seen: dict[str, Any] = {system: value for system, value in _loaded(answer.seen).items() if system in link.members}
    known = [*seen.values(), tagged(unpack_value(answer.value or "null"))]
    for system, value in now.items():
        before = _tagged(link.members[system].shadow.get(answer.field, ABSENT))
        # What nobody was shown when this was decided would be overwritten without a word.
        unasked = system not in seen and value not in (before, ["absent"], *known)
        if unasked or value != seen.get(system, value):
            raise _Void(f"{system} shows something else since")
    agreed = deciding.resolve(link, answer.field, unpack_value(answer.value or "null"))  # type: ignore[arg-type]
    try:
        following = follow(context, link, agreed)
    except MAPPING_ERRORS as error:
        raise _Void("what follows from it cannot be made: mend the record first") from error
    before, after = (replace(one, values=without_looks(context, one)) for one in (link, agreed))
    context.store.decided([(context.hub.pack(after.values), row.status, row.generation, 1, answer.link_id)])
    _account(context, after, referred)
    moved = [Moved(before=before, after=after)]
    note_references(context, moved)
    note_looks(context, moved)
    store_following(context, following)
    return "agreed"


def candidates_of(link: Link, field: str) -> dict[str, Any]:
    """What each record of a link shows of a field, as `tagged` spells it."""
    shown = {
        system: {**member.shadow, **(shown_by(member) or {})}.get(field, ABSENT)
        for system, member in link.members.items()
    }
    return {system: _tagged(value) for system, value in shown.items()}


def _tagged(value: Any) -> Any:
    return ["absent"] if value is ABSENT else tagged(value)


def _loaded(text: str) -> dict[str, Any]:
    import msgspec

    found: dict[str, Any] = msgspec.json.decode(text)
    return found


def _account(context: Context, link: Link, referred: Referred | None) -> None:
    rows = {row.system: row for row in context.store.members_of([link.link_id]).get(link.link_id, [])}
    accounted: list[Row] = []
    for system, decided in link.members.items():
        pack = context.sides[system].packing.pack
        member = decided if referred is None else own_row(context.sides[system], rows[system], referred, decided)
        accounted.append(
            (
                member.state.value,
                None if member.first_merge else pack(member.shadow),
                None if member.seen is None else pack(member.seen),
                packed_renders(context.sides[system].packing, member),
                rows[system].member_id,
            )
        )
    context.store.account(accounted)


# -- deletions ---------------------------------------------------------------------------------------------------------


def _delete(context: Context, answer: Answer) -> str:
    """Let the deletion through until all of the link is gone: as the spec says of each system; where it holds them, for good."""
    rows = context.store.links([answer.link_id])
    if not rows or rows[0].status == "tombstone":
        return "deleted"
    members = context.store.members_of([answer.link_id]).get(answer.link_id, [])
    live = [one.system for one in members if one.state == "live"]
    if not live:
        return "deleted"
    if not answer.run_id and shown_print(members) != answer.seen:
        raise _Void("a record of it has changed since")
    deletes = dict(context.sync.deletes)
    values = to_link(context, rows[0], members).values
    for system in live:
        resource, clause = context.sides[system].resource, deletes.get(system)
        policy = OnDelete.HOLD if clause is None else clause.of(values).policy
        if policy is OnDelete.HOLD:
            if resource.delete is None and resource.archive is None:
                raise _Void(f"{system} offers neither deleting nor archiving")
            policy = OnDelete.PROPAGATE if resource.delete is not None else OnDelete.ARCHIVE
        elif policy is OnDelete.RECREATE:
            raise _Void(f"the spec says `delete in {system} recreate`: delete it there, or say --keep")
        deletes[system] = Deletion(policy=policy, by=answer.actor)
    sync = replace(context.sync, deletes=deletes)
    maps = {name: side.mapping for name, side in context.sides.items()}
    context.policies[answer.link_id] = prepare(sync, context.entity, maps)
    context.store.unsettle([answer.link_id])
    # From now on it goes on by itself, whatever a record shows meanwhile of our own doing.
    context.store.answers.close([("open", context.run_id, "", answer.answer_id)])
    return ""


def _settle_deletion(context: Context, answer: Answer) -> str:
    row, members, link, referred = _open_link(context, answer.link_id)
    if shown_print(members) != answer.seen:
        raise _Void("a record of it has changed since")
    store = context.store
    if answer.kind == "keep":
        released = {
            system: replace(member, state=MemberState.RELEASED, seen=None)
            if member.state in (MemberState.LIVE, MemberState.OUT_OF_SCOPE)
            else member
            for system, member in link.members.items()
        }
        _account(context, replace(link, members=released), referred)
        store.unsettle([answer.link_id])
        return "kept as it is, no longer in step"
    gone = [one for one in members if one.state == "gone"]
    if not gone:
        raise _Void("nothing of it is deleted")
    barred = [one.system for one in gone if not context.policy.sides[one.system].created]
    if barred:
        raise _Void(f"the spec says `create in {barred[0]} never`")
    make_room(context, gone, row.generation)
    store.add_keys(living_keys(context, link))
    store.decided([(row.doc, LinkStatus.LIVE.value, row.generation + 1, 1, answer.link_id)])
    return "created again"


# -- identity ----------------------------------------------------------------------------------------------------------


def _link(context: Context, answer: Answer) -> str:
    """Make two records one: a new link, or one joins the link of the other."""
    other_system, _, other_id = (answer.value or "").partition(":")
    first = _record(context, answer.system, answer.remote_id)
    second = _record(context, other_system, other_id)
    if first.link_id is not None and second.link_id is not None:
        if first.link_id == second.link_id:
            return "they are linked"
        raise _Void(f"{answer.system}:{answer.remote_id} and {answer.value} are linked to others")
    store, name = context.store, context.entity.name
    if first.link_id is None and second.link_id is None:
        if first.system == second.system:
            raise _Void(f"both are records of {first.system}")
        next_id = store.reserve_links(1)
        pair = LinkRow(next_id, 1, "live", NO_VALUES, context.run_id), [first, second]
        link_undecided(context, [pair])
    else:
        linked, joining = (first, second) if first.link_id is not None else (second, first)
        link_id = linked.link_id or 0
        members = store.members_of([link_id]).get(link_id, [])
        there = [one for one in members if one.system == joining.system]
        if any(one.state != "gone" for one in there):
            raise _Void(f"{linked.system}:{linked.remote_id} is linked to {joining.system}:{there[0].remote_id}")
        make_room(context, there)
        intents = [one for one in store.open_intents(name) if one.link_id == link_id and one.system == joining.system]
        made = next((one for one in intents if one.op == "create"), None)
        store.close_intents(one.intent_id for one in intents)
        context.barred.get(link_id, set()).discard(joining.system)
        if made is None:
            store.attach([(link_id, None, joining.seen, joining.member_id)])
        else:
            adopt_named(context, made, joining)
        store.unsettle([link_id])
        store.review.release([(name, joining.system, "", link_id)])
    store.review.release((name, one.system, one.remote_id, 0) for one in (first, second))
    context.summary.linked += 1
    return "linked"


def _separate(context: Context, answer: Answer) -> str:
    """A record is one of its own, whatever its keys say; so is what is to be created of a link."""
    if answer.link_id:
        _open_link(context, answer.link_id)
        context.store.review.release([(context.entity.name, answer.system, "", answer.link_id)])
        context.store.unsettle([answer.link_id])
        return "created beside what has its key"
    row = _record(context, answer.system, answer.remote_id)
    if row.link_id is not None:
        members = context.store.members_of([row.link_id]).get(row.link_id, [])
        if others := [f"{one.system}:{one.remote_id}" for one in members if one.member_id != row.member_id]:
            raise _Void(f"it is linked to {' and '.join(others)}")
        return "a record of its own"
    pair = LinkRow(context.store.reserve_links(1), 1, "live", NO_VALUES, context.run_id), [row]
    link_undecided(context, [pair])
    context.store.review.release([(context.entity.name, answer.system, answer.remote_id, 0)])
    return "a record of its own"


def _record(context: Context, system: str, remote_id: str) -> MemberRow:
    found = context.store.members(context.entity.name, system, [remote_id]) if system in context.sides else {}
    row = found.get(remote_id)
    if row is None:
        raise _Void(f"there is no record {system}:{remote_id}")
    if row.state != "live":
        raise _Void(f"{system}:{remote_id} is archived, gone or cannot be read")
    return row


# -- once more ---------------------------------------------------------------------------------------------------------


def _retry(context: Context, answer: Answer) -> str:
    """Try again what was refused or set aside; a write of unknown outcome did not happen, says the person who was asked that."""
    store, name = context.store, context.entity.name
    if not answer.link_id:
        store.review.mark_dirty([(name, answer.system, answer.remote_id, 0.0, f"{answer.actor} asked for it")])
        return "read again"
    waits = store.review.quarantined(only=Only(name, links=[answer.link_id]))
    # What was asked only after the answer was given is not answered by it.
    told = answer.seen == "outcome.unknown"
    asked = {row.system for row in waits if told and (row.system, row.reason_code) == (answer.system, answer.seen)}
    doubted = [one for one in store.open_intents(name) if one.link_id == answer.link_id]
    store.give_up_intents(one.intent_id for one in doubted if one.system in asked)
    # A write whose outcome nobody was asked about stays a barrier: it may have been carried out.
    bars = context.barred.get(answer.link_id, set())
    bars.intersection_update({one.system for one in doubted} - asked)
    if not bars:
        context.barred.pop(answer.link_id, None)
    store.review.release_links(name, [answer.link_id])
    store.unsettle([answer.link_id])
    return "tried again"
