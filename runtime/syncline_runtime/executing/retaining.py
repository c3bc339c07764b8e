"""Retaining: values that a system keeps otherwise than they were sent, or not at all, and the end of writing them again."""

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Final

from syncline_runtime.executing.context import Context
from syncline_runtime.executing.place import flow_of
from syncline_runtime.executing.renders import packed_renders
from syncline_runtime.executing.sides import Side
from syncline_runtime.normalising import REFORMATTED, normalisation
from syncline_runtime.policy import rendering
from syncline_runtime.records import Decision, FieldChange, Link, Member
from syncline_runtime.rows import MemberRow, Row
from syncline_runtime.state.packing import pack_value
from syncline_runtime.values import ABSENT, Shown

_RELEASE: Final = "then `run --full` tries again, and so does every run once the value is another"


def print_of(field: str, value: Shown) -> bytes:
    """What tells a field's value from another one without showing it."""
    return blake2b(f"{field} {pack_value(value)}".encode(), digest_size=16).digest()


def kept_otherwise(context: Context, side: Side, link_id: int, member: Member, sent: Mapping[str, Shown]) -> list[Row]:
    """Tell what the system normalises (W-NORM), and return, for `hold_contested`, what it did not take at all."""
    refused: list[Row] = []
    for field, value in sent.items():
        stored = member.shadow.get(field, ABSENT)
        if stored == value:
            continue
        if field not in member.renders:
            refused.append((context.entity.name, link_id, side.system, field, print_of(field, value), context.run_id))
            continue
        native = ", ".join(flow_of(side.mapping, field).native)
        where = f"{side.system}.{side.resource.name}.{native}"
        count, _ = context.summary.normalised.get(where, (0, ""))
        context.summary.normalised[where] = (count + 1, normalisation(value, stored) or REFORMATTED)
    return refused


def account_unseen(context: Context, side: Side, row: MemberRow, before: Member, after: Member) -> Row:
    """Tell, in the caller's transaction, what a system made of writes that nobody had seen since; for `account`, the record as it
    is known now."""
    link_id, now = row.link_id or 0, context.clock.now()
    sent = {
        name: value
        for name in before.unseen
        if name not in after.unseen and (value := before.shadow.get(name, ABSENT)) is not ABSENT
    }
    refused = kept_otherwise(context, side, link_id, after, sent)
    # A person may as well have put it back: that is on record before it is written over.
    context.store.review.journal(
        (
            context.run_id,
            now,
            "overwritten",
            context.entity.name,
            link_id,
            side.system,
            field,
            pack_value(after.shadow[field]),
            pack_value(sent[field]),
            "it shows again what it showed before our write: taken for not stored, and written again (F13)",
            flow_of(side.mapping, field).line,
        )
        for _, _, _, field, _, _ in refused
    )
    hold_contested(context, refused, drifted=False)
    pack = side.packing.pack
    seen = None if after.seen is None else pack(after.seen)
    return (after.state.value, pack(after.shadow), seen, packed_renders(side.packing, after), row.member_id)


def drifts(context: Context, decision: Decision) -> list[Row]:
    """For `hold_contested`: what systems without a say changed, and what is written over it again."""
    link = decision.link
    return [
        (link.entity, link.link_id, change.origin, change.field, print_of(change.field, change.after), context.run_id)
        for change in decision.changes
        if change.row == "F3" and change.origin is not None and change.before != change.after
    ]


def hold_contested(context: Context, rows: Sequence[Row], *, drifted: bool) -> None:
    """Count values that did not stay, in the caller's transaction; what was written three times in vain is written no more."""
    if not rows:
        return
    prints = {(link_id, system, field): print_ for _, link_id, system, field, print_, _ in rows}
    reached = context.store.review.contest(rows)
    context.store.review.quarantine(_held(context, reached, prints, drifted=drifted))


_RUNS, _SECONDS = 10, 3600.0
"""How far back two systems are looked at that change each other's values: as many runs or as long, whichever is more."""


def is_answer(context: Context, link: Link, change: FieldChange) -> bool:
    """Whether a change may be one system's answer to what another one wrote."""
    return (
        change.origin is not None
        and change.field in context.shared
        and change.before is not ABSENT
        and not link.fresh
        and change.before != change.after
        and change.row != "F3"
    )


def hold_fought(context: Context, changes: Sequence[tuple[Decision, FieldChange]]) -> None:
    """End, in the caller's transaction, what systems do to each other without end: a value that has come back for the third time
    stays agreed on, and is written no more."""
    if not changes:
        return
    name = context.entity.name
    rows = [(name, one.link.link_id, change.origin, change.field, pack_value(change.after)) for one, change in changes]
    since_run, since = context.run_id - _RUNS, context.clock.now() - _SECONDS
    reached = {(row[1], row[3]) for row in context.store.review.fought(rows, since_run, since)}
    held: list[Row] = []
    for decision, change in changes:
        link = decision.link
        if (link.link_id, change.field) not in reached:
            continue
        for system, member in link.members.items():
            side, flow = context.sides[system], flow_of(context.sides[system].mapping, change.field)
            if system == change.origin or not side.remote or not flow.writes:
                continue
            wanted = rendering(context.policy, system, link.values).values.get(change.field, ABSENT)
            detail = (
                f"{change.origin} and {system} have each put their own value in the place of the other's three times: "
                f"end that in one of them, or give one alone a say (`{change.field} owned by …`)"
            )
            place = f"{context.package.source}:{flow.line}" if flow.line else ""
            held.append(
                (
                    name,
                    system,
                    member.remote_id,
                    link.link_id,
                    "write.fought-over",
                    change.field,
                    f"{detail}; {_RELEASE}",
                    place,
                    print_of(change.field, wanted),
                    context.run_id,
                )
            )
            context.reporter.refused(name, system, member.remote_id, "write.fought-over", change.field, detail, place)
    context.store.review.quarantine(held)


def _held(
    context: Context,
    reached: Sequence[tuple[int, str, str]],
    prints: Mapping[tuple[int, str, str], bytes],
    *,
    drifted: bool,
) -> Iterable[Row]:
    members = context.store.members_of([link_id for link_id, _, _ in reached])
    for link_id, system, field in reached:
        side = context.sides[system]
        own = next((row.remote_id for row in members.get(link_id, ()) if row.system == system), "")
        code = "write.contested" if drifted else "write.not-retained"
        if drifted:
            detail = f"written over three times, and {system} changes it again each time: end that there, or give {system} a say"
        else:
            detail = f"written three times, and {system} still shows what it showed before: read-only or set back there"
        line = flow_of(side.mapping, field).line
        place = f"{context.package.source}:{line}" if line else ""
        yield (
            context.entity.name,
            system,
            own,
            link_id,
            code,
            field,
            f"{detail}; {_RELEASE}",
            place,
            prints[link_id, system, field],
            context.run_id,
        )
        context.reporter.refused(context.entity.name, system, own, code, field, detail, place)
