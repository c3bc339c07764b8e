"""Decide: what each unsettled link becomes. Decisions are durable before any effect."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from syncline_runtime.codecs.refusal import MAPPING_ERRORS
from syncline_runtime.deciding import decide
from syncline_runtime.executing.computing import Moved, computed, note_references, related
from syncline_runtime.executing.context import Context, key_rows, to_link
from syncline_runtime.executing.doubling import foreseen
from syncline_runtime.executing.following import Follows, follow, store_following
from syncline_runtime.executing.moving import may_have_moved
from syncline_runtime.executing.place import Failure, mapping_failure
from syncline_runtime.executing.referring import (
    look_again_at_who_refers,
    looks_elsewhere,
    note_looks,
    own_row,
    read_references,
    without_looks,
)
from syncline_runtime.executing.renders import packed_renders
from syncline_runtime.executing.retaining import drifts, hold_contested, hold_fought, is_answer
from syncline_runtime.executing.sides import Side
from syncline_runtime.executing.waiting import keep_waiting, next_date
from syncline_runtime.records import (
    Action,
    ActionKind,
    Decision,
    FieldChange,
    Link,
    LinkStatus,
    Loser,
    Member,
    MemberState,
)
from syncline_runtime.rows import SAME, LinkRow, MemberRow, Row
from syncline_runtime.state.packing import pack_value
from syncline_runtime.values import ABSENT

Pair = tuple[LinkRow, list[MemberRow]]
Counts = dict[tuple[str, ActionKind], int]


def decide_unsettled(context: Context, counts: Counts, *, before: int) -> None:
    """Decide every unsettled link with an id `before` the new ones; `counts` gathers the planned actions by system and kind."""
    store, after, done = context.store, 0, 0
    while rows := store.unsettled(context.entity.name, after, context.options.portion, as_seen=context.telling):
        after = rows[-1].link_id
        rows = [row for row in rows if row.link_id < before]
        if not rows:
            return
        with store.transaction():
            members = store.members_of([row.link_id for row in rows])
            decide_links(context, [(row, members.get(row.link_id, [])) for row in rows], counts, new=False)
        done += len(rows)
        context.reporter.phase(context.entity.name, "decide", done)


def decide_links(context: Context, pairs: Sequence[Pair], counts: Counts, *, new: bool) -> None:
    """Decide some links and store what they become, in the caller's transaction. `new`: the links are not stored yet."""
    store, hub, reporter = context.store, context.hub, context.reporter
    sides, always = context.sides, bool(context.down or context.unlisted)
    referred = read_references(context, pairs, [to_link(context, *pair) for pair in pairs]) if context.refers else None
    links: list[Row] = []
    members: list[Row] = []
    closed: list[Row] = []
    buried: list[Row] = []
    journal: list[Row] = []
    conflicts: dict[tuple[int, str], Row] = {}
    refused: list[tuple[MemberRow, Failure]] = []
    forgotten: list[MemberRow] = []
    held: list[Row] = []
    free: list[int] = []
    leaving: list[Row] = []
    drifted: list[Row] = []
    fought: list[tuple[Decision, FieldChange]] = []
    following: list[Follows] = []
    dates: list[tuple[int, float | None]] = []
    looked_at = context.store.awaiting.looked_at([row.link_id for row, _ in pairs]) if context.dates and not new else {}
    relations = related(context, [row.link_id for row, _ in pairs]) if context.entity.back else {}
    moved: list[Moved] = []
    decisions: list[Decision] = []
    now = context.clock.now()
    for at, (row, member_rows) in enumerate(pairs):
        link_id = row.link_id
        own = None if referred is None else referred[at]
        link = to_link(context, row, member_rows) if own is None else own.link
        bars = context.bars(link_id)
        if context.policy.placed and may_have_moved(context, link):
            continue
        try:
            decision = decide(context.policy_of(link_id), link, barred=bars if own is None else bars | own.bars)
            if context.entity.compute is not None:
                policy = context.policy_of(link_id)
                decision = computed(
                    policy, decision, relations.get(link_id, {}), bars if own is None else bars | own.bars
                )
            if context.followers:
                following += follow(context, link, decision.link, looked_at.get(link_id))
            if context.dates:
                dates.append((link_id, next_date(context, decision.link)))
        except MAPPING_ERRORS as error:
            if new:
                links.append((link_id, context.entity.name, row.generation, row.doc, 1, context.run_id))
                members.extend((link_id, None, member.seen, member.member_id) for member in member_rows)
            refused.append((member_rows[0]._replace(link_id=link_id), decision_failure(context, error)))
            continue
        after = decision.link
        if context.looks:
            after = replace(after, values=without_looks(context, after))
        if context.collected or context.watched or context.looks or context.keyed:
            before = replace(link, values=without_looks(context, link)) if context.looks else link
            moved.append(Moved(before=before, after=after))
        document = row.doc if after.values is link.values else hub.pack(after.values)
        unsettled = int(bool(decision.actions) or always or link_id in context.barred or link_id in context.frozen)
        if (own is not None and own.again) or (context.looks and looks_elsewhere(context, link, after)):
            unsettled = 1
        if new:
            links.append((link_id, context.entity.name, row.generation, document, unsettled, context.run_id))
        elif after.status is LinkStatus.TOMBSTONE:
            closed.append((_cause(after.members), context.run_id, link_id))
            buried.extend(_burials(context, row, member_rows, after.members, now))
        else:
            same = document == row.doc
            links.append((None if same else document, after.status.value, after.generation, unsettled, link_id))
        for member_row in member_rows:
            side = sides.get(member_row.system)
            member = after.members.get(member_row.system)
            if side is not None and member is not None:
                shown = member if own is None else own_row(side, member_row, own, member)
                members.append(_member_row(side, link_id, member_row, shown, document, new=new))
                if member.state is MemberState.RELEASED and member_row.state != "released":
                    # A survivor leaves its link, and is from now on found by its own keys.
                    leaving.extend(key_rows(context, member_row.system, member_row.remote_id, member.shadow))
            elif side is not None:
                forgotten.append(member_row)
                leaving.extend(living_keys(context, after))
        decisions.append(decision)
        for action in decision.actions:
            if action.kind is ActionKind.UNLINK:
                journal.append(_unlinked(context, action, now))
            elif action.kind is ActionKind.HOLD and (action.code or not decision.conflicts):
                held.append(held_row(context, action))
        if not decision.actions and link_id not in context.barred and link_id not in context.frozen:
            free.append(link_id)
        if decision.changes and context.shared:
            fought.extend((decision, change) for change in decision.changes if is_answer(context, link, change))
        if decision.changes or decision.losers or decision.conflicts or decision.drifts:
            _note(context, decision, journal, conflicts, now)
            drifted.extend(drifts(context, decision))
    foretold, asked = foreseen(context, decisions) if context.telling and not new else (decisions, ())
    for decision in foretold:
        for action in decision.actions:
            where = (action.system, action.kind)
            counts[where] = counts.get(where, 0) + 1
        reporter.decided(decision)
    if new:
        store.add_links(links)
        store.attach(members)
    else:
        store.decided(links)
        store.account(members)
        store.close_links(closed)
        context.closed += len(closed)
        store.review.bury(buried)
        make_room(context, forgotten)
        if store.review.any_held_writes():
            store.review.release_links(context.entity.name, free)
    if referred is not None:
        store.stop_waiting([row.link_id for row, _ in pairs])
        store.wait([wait for one in referred for wait in one.waits])
    if leaving:
        store.add_keys(leaving)
    hold_contested(context, drifted, drifted=True)
    hold_fought(context, fought)
    if following:
        store_following(context, following)
    if moved:
        note_references(context, moved)
        note_looks(context, moved)
    if dates:
        keep_waiting(context, dates)
    if held:
        store.review.quarantine(held)
        store.review.release_untold({(*row[:4], context.run_id) for row in held})
    if asked:
        store.review.quarantine(asked)
    _store_conflicts(context, [row.link_id for row, _ in pairs], conflicts, journal, now, new=new)
    if journal:
        store.review.journal(journal)
    refuse_decisions(context, refused)


def link_undecided(context: Context, pairs: Sequence[Pair]) -> None:
    """Store new links whose records may refer to one another: all are linked before any is decided."""
    context.store.add_links(
        (row.link_id, context.entity.name, row.generation, row.doc, 1, context.run_id) for row, _ in pairs
    )
    context.store.attach(
        (row.link_id, None, member.seen, member.member_id) for row, members in pairs for member in members
    )


def _member_row(side: Side, link_id: int, row: MemberRow, after: Member, agreed: bytes, *, new: bool) -> Row:
    seen = None if after.seen is None else side.packing.pack(after.seen)
    shadow = None if after.first_merge else side.packing.pack(after.shadow)
    if shadow == agreed:
        shadow = SAME
    if new:
        return (link_id, shadow, seen, row.member_id)
    return (after.state.value, shadow, seen, packed_renders(side.packing, after), row.member_id)


def _note(
    context: Context, decision: Decision, journal: list[Row], conflicts: dict[tuple[int, str], Row], now: float
) -> None:
    link = decision.link
    for change in decision.changes:
        if change.origin is None and change.before is ABSENT:
            continue  # a default of a new link says itself
        journal.append(_agreed(context, link, change, now))
    losers = _untold(context, decision)
    for loser in losers:
        kept = pack_value(link.values[loser.field]) if loser.field in link.values else None
        journal.append(
            (
                context.run_id,
                now,
                "overwritten",
                link.entity,
                link.link_id,
                loser.system,
                loser.field,
                pack_value(loser.value),
                kept,
                loser.reason,
                loser.line,
            )
        )
    context.summary.losers += len(losers)
    if decision.drifts:
        _note_drifts(context, decision, journal, now)
    for conflict in decision.conflicts:
        candidates = "{" + ", ".join(
            f'"{system}": {pack_value(value)}' for system, value in sorted(conflict.candidates.items())
        )
        conflicts[link.link_id, conflict.field] = (
            link.link_id,
            conflict.field,
            link.entity,
            candidates + "}",
            conflict.reason,
            conflict.line,
            context.run_id,
        )


def _untold(context: Context, decision: Decision) -> Sequence[Loser]:
    """What a decision overwrites, less what goes with a deletion under way, and was told when that was decided first."""
    link, losers = decision.link, decision.losers
    if not losers or all(member.state is not MemberState.GONE for member in link.members.values()):
        return losers
    history = context.store.review.history(link.link_id)
    told = {(one.system, one.field): one.value for one in history if one.action == "overwritten"}
    return [one for one in losers if told.get((one.system, one.field)) != pack_value(one.value)]


def _agreed(context: Context, link: Link, change: FieldChange, now: float) -> Row:
    """What became of a field: the row of the decision table and the rule that decided, and as of which version it was shown."""
    member = None if change.origin is None else link.members.get(change.origin)
    version = f", {change.origin} as of {member.version}" if member is not None and member.version else ""
    return (
        context.run_id,
        now,
        "agreed",
        link.entity,
        link.link_id,
        change.origin or "",
        change.field,
        pack_value(change.before),
        pack_value(change.after),
        f"{change.row} {change.rule}{version}",
        change.line,
    )


def _note_drifts(context: Context, decision: Decision, journal: list[Row], now: float) -> None:
    """Kept drift goes to the journal once, however often its link is decided."""
    link = decision.link
    told = context.store.review.drifts(link.link_id)
    for drift in decision.drifts:
        value = pack_value(drift.value)
        if told.get((drift.system, drift.field)) != value:
            kept = pack_value(link.values[drift.field]) if drift.field in link.values else None
            place = (link.entity, link.link_id, drift.system, drift.field)
            journal.append((context.run_id, now, "drift", *place, value, kept, drift.reason, drift.line))


def _store_conflicts(
    context: Context,
    link_ids: list[int],
    conflicts: dict[tuple[int, str], Row],
    journal: list[Row],
    now: float,
    *,
    new: bool,
) -> None:
    review = context.store.review
    known = set() if new else review.conflicts_of(link_ids)
    for (link_id, field), row in conflicts.items():
        if (link_id, field) not in known:
            journal.append((context.run_id, now, "conflict", row[2], link_id, "", field, row[3], None, row[4], row[5]))
    for link_id, field in sorted(known - conflicts.keys()):
        journal.append(
            (
                context.run_id,
                now,
                "conflict closed",
                context.entity.name,
                link_id,
                "",
                field,
                None,
                None,
                "in step again",
                0,
            )
        )
    if conflicts:
        review.open_conflicts(conflicts.values())
    review.close_conflicts(known - conflicts.keys())


def decision_failure(context: Context, error: Exception) -> Failure:
    failures = [mapping_failure(error, side.mapping) for side in context.sides.values()]
    return next((failure for failure in failures if failure.field), failures[0])


def refuse_decisions(context: Context, refused: Sequence[tuple[MemberRow, Failure]]) -> None:
    """Set links aside that cannot be decided, each told by the first of its records."""
    name = context.entity.name
    context.store.review.quarantine(
        (
            name,
            "",
            "",
            row.link_id or 0,
            f"decision.{failure.reason_code}",
            failure.field,
            failure.detail,
            failure.place,
            None,
            context.run_id,
        )
        for row, failure in refused
    )
    for row, failure in refused:
        context.reporter.refused(
            name, row.system, row.remote_id, failure.reason_code, failure.field, failure.detail, failure.place
        )


def _cause(members: Mapping[str, Member]) -> str:
    gone = [name for name, member in members.items() if member.state is MemberState.GONE]
    return "deleted in " + ", ".join(gone) if gone else "out of scope"


def _burials(
    context: Context, row: LinkRow, member_rows: list[MemberRow], members: Mapping[str, Member], now: float
) -> list[Row]:
    return [
        tomb(
            context,
            row.link_id,
            row.generation,
            member,
            "deleted" if members[member.system].state is MemberState.GONE else "unlinked",
            now,
        )
        for member in member_rows
        if member.system in members
    ]


def living_keys(context: Context, link: Link) -> list[Row]:
    """The keys of the living records of a link, for the index of correlation: of a link that is made whole again, the record that
    is gone may have been the only one by which it was found."""
    return [
        row
        for one in link.members.values()
        if one.state is MemberState.LIVE
        for row in key_rows(context, one.system, one.remote_id, one.shadow if one.seen is None else one.seen)
    ]


def make_room(context: Context, dead: Sequence[MemberRow], generation: int = 0) -> None:
    """Records that were deleted leave their links to others, in the caller's transaction: their tombstones stay, and who referred
    to them is decided again."""
    if not dead:
        return
    store, now = context.store, context.clock.now()
    store.review.bury(tomb(context, row.link_id or 0, generation, row, "deleted", now) for row in dead)
    store.forget_members(row.member_id for row in dead)
    look_again_at_who_refers(context)


def tomb(context: Context, link_id: int, generation: int, row: MemberRow, cause: str, now: float) -> Row:
    """The tombstone of a record, for `bury`."""
    return (context.entity.name, row.system, row.remote_id, link_id, generation, cause, row.shadow, now)


def _unlinked(context: Context, action: Action, now: float) -> Row:
    context.summary.did(action.system, "unlinked")
    return (
        context.run_id,
        now,
        "unlinked",
        action.entity,
        action.link_id,
        action.system,
        "",
        None,
        None,
        action.reason,
        action.line,
    )


def held_row(context: Context, action: Action) -> Row:
    return (
        action.entity,
        action.system,
        action.remote_id or "",
        action.link_id,
        action.code or "held",
        next(iter(action.fields), ""),
        action.reason,
        f"{context.package.source}:{action.line}" if action.line else "",
        None,
        context.run_id,
    )
