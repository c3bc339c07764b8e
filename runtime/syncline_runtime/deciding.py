"""The decision table of a record, and the actions that follow: what a link becomes and what is to be done. Pure, deterministic."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple

from syncline_runtime.accounting import accounted_member, born, fill, moved_fields, shown_by
from syncline_runtime.declaration import OnDelete, Sync, Values
from syncline_runtime.merging import merge
from syncline_runtime.observing import released
from syncline_runtime.outstanding import action_of, outstanding
from syncline_runtime.policy import Policy, prepare, want
from syncline_runtime.records import (
    Action,
    ActionKind,
    Conflict,
    Decision,
    FieldChange,
    Link,
    LinkStatus,
    Loser,
    Member,
    MemberState,
)
from syncline_runtime.values import ABSENT, Shown, Value

__all__ = ["Policy", "actions", "decide", "prepare", "resolve", "want"]


def decide(policy: Policy, link: Link, *, barred: Collection[str] = ()) -> Decision:
    """Decide what `link` becomes and derive its actions.

    `policy` comes from `prepare(sync, entity, maps)`, once a run. `barred` names the systems with an open intent: they get no
    action. The link of the decision is what to commit before acting: new agreed values, what was seen accounted for in the
    shadows. A status HELD is derived here and released here; a tombstone comes back to life when one of its records does.
    """
    if _in_step(policy, link):
        return Decision(link=link)
    if link.status is LinkStatus.TOMBSTONE:
        if not _undeleted(link):
            return Decision(link=link)
        link = _reopened(policy, link)
    if policy.placed:
        followed = _follow(policy, link)
        if isinstance(followed, _Disposed):
            return Decision(link=followed.link, actions=followed.actions)
        link = followed
    disposed = _dispose(policy, link, barred)
    if disposed.final:
        return Decision(
            link=disposed.link, losers=disposed.losers, conflicts=disposed.conflicts, actions=disposed.actions
        )
    return _decide_fields(policy, disposed, link.values, barred)


def actions(policy: Policy, link: Link, *, barred: Collection[str] = ()) -> tuple[Action, ...]:
    """Derive the work left in a decided link: CREATE where it has no member, UPDATE where the wanted value is not shown."""
    return decide(policy, link, barred=barred).actions


def is_ending(policy: Policy, link: Link) -> bool:
    """Whether a record of an open link is gone, and by the spec those that are left go with it, or a person is asked."""
    gone = any(member.state is MemberState.GONE for member in link.members.values())
    return gone and _dispose(policy, link, ()).final


def made_alike(policy: Policy, system: str) -> tuple[str, ...] | None:
    """The systems in which a record that `system` alone has is created just as it stands, if nothing required is empty.

    None where a condition, a lossy line or a predicate has a say, so that each record must be decided by itself. Holds for a
    decided link with nothing seen; `actions` gives the same, one by one.
    """
    if policy.placed or not policy.sides[system].plain:
        return None
    made = []
    for name, side in policy.sides.items():
        if name == system or not side.created or not side.written:
            continue
        clause = policy.sync.creates.get(name)
        if not side.plain or side.map.applies is not None or (clause is not None and clause.when is not None):
            return None
        made.append(name)
    return tuple(made)


def resolve(link: Link, field: str, value: Value) -> Link:
    """Settle a held field as a person decided: `value` is agreed, what the members show is accounted for."""
    members = {}
    for system, member in link.members.items():
        shown = (shown_by(member) or {}).get(field, ABSENT)
        members[system] = member if shown is ABSENT else _accounted_alone(member, field, shown)
    return replace(link, values={**link.values, field: value}, members=members)


def _accounted_alone(member: Member, field: str, shown: Shown) -> Member:
    shadow = {**member.shadow, field: shown}
    return replace(member, shadow=shadow, seen=None if member.seen == shadow else member.seen)


# -- nothing to do -----------------------------------------------------------------------------------------------------


def _in_step(policy: Policy, link: Link) -> bool:
    """The hot path: every system has its record, nothing was seen, and each shows the agreed values."""
    members, values = link.members, link.values
    if link.fresh or link.status is not LinkStatus.LIVE or len(members) != len(policy.sides):
        return False
    try:
        for system, side in policy.sides.items():
            member = members[system]
            if member.seen is not None or member.state is not MemberState.LIVE or member.first_merge or not side.plain:
                return False
            if side.kept_of(member.shadow) != side.kept_of(values):
                return False
    except KeyError:  # a system without a record, or a field without a value
        return False
    return True


# -- the record --------------------------------------------------------------------------------------------------------


class _Disposed(NamedTuple):
    """What the states of its records make of a link; unless `final`, the systems `playing` go on to their fields."""

    link: Link
    playing: tuple[str, ...] = ()
    creating: bool = False
    final: bool = False
    actions: tuple[Action, ...] = ()
    losers: tuple[Loser, ...] = ()
    conflicts: tuple[Conflict, ...] = ()


def _dispose(policy: Policy, link: Link, barred: Collection[str]) -> _Disposed:
    sync, members = policy.sync, link.members
    if link.status is LinkStatus.HELD:
        link = replace(link, status=LinkStatus.LIVE)
    live = [system for system in policy.sides if system in members and members[system].state is MemberState.LIVE]
    if len(live) == len(members):
        return _Disposed(link=link, playing=tuple(live), creating=bool(live))
    gone = _in_state(policy, link, MemberState.GONE)
    outside = _in_state(policy, link, MemberState.OUT_OF_SCOPE)
    missing = _in_state(policy, link, MemberState.MISSING)
    if policy.placed:
        moved = [system for system in members if any(place in live for place in policy.sides[system].beside)]
        outside = [system for system in outside if system not in moved]
        missing = [system for system in missing if system not in moved]
    if not live and not missing and (gone or _in_state(policy, link, MemberState.RELEASED)):
        return _close(policy, link, barred)
    told: tuple[Action, ...] = ()
    if outside and sync.out_of_scope == "keep":
        live, outside = [system for system in policy.sides if system in (*live, *outside)], []
    if outside:
        link, told = _leave_scope(policy, link, outside, missing or gone)
        if sync.out_of_scope == "archive" and not link.fresh and not missing and not gone:
            left = tuple(
                action_of(
                    ActionKind.ARCHIVE, link, system, f"left scope in {outside[0]}: out of scope archive", sync.line
                )
                for system in live
                if system not in barred
            )
            return _Disposed(link=link, final=True, actions=told + left)
    if gone and not missing and not link.fresh and not any(members[system].first_merge for system in live):
        return _delete(policy, link, live, gone, told, barred)
    if not gone and not missing and live:
        archived = [
            system
            for system in policy.sides
            if system in members
            and is_archived(policy, link, members[system])
            and not any(place in live for place in policy.sides[system].beside)
        ]
        if archived:
            return _still_archived(policy, link, live, archived, barred)
    return _Disposed(link=link, playing=tuple(live), creating=not missing and not gone and bool(live), actions=told)


def _follow(policy: Policy, link: Link) -> Link | _Disposed:
    """The link of a record that moved from one place of its system to another: the former is not deleted, it is left. Held where
    the record stands in two."""
    members = dict(link.members)
    for group in policy.sync.places:
        live = [place for place in group if place in members and members[place].state is MemberState.LIVE]
        if len(live) > 1:
            ids = " and ".join(f"{place} {members[place].remote_id}" for place in live)
            reason = f"one record in two places of its system: {ids}; delete or convert one of them"
            hold = replace(action_of(ActionKind.HOLD, link, live[-1], reason, policy.sync.line), code="place.two")
            return _Disposed(link=replace(link, status=LinkStatus.HELD), final=True, actions=(hold,))
        for place in [place for place in group if live and place in members and place not in live]:
            former, present = members[place], members[live[0]]
            left_now = former.state is MemberState.GONE or former.seen is not None
            if left_now and not former.first_merge and (present.first_merge or present.seen is not None):
                # What it showed there is the base of what it shows here.
                seen = present.shadow if present.seen is None else present.seen
                members[live[0]] = replace(present, shadow=former.shadow, seen=seen, first_merge=False)
            if former.state is MemberState.GONE:
                del members[place]
            elif former.seen is not None:
                members[place] = replace(former, seen=None)
    return link if members == link.members else replace(link, members=members)


def _in_state(policy: Policy, link: Link, state: MemberState) -> list[str]:
    members = link.members
    return [system for system in policy.sides if system in members and members[system].state is state]


def _close(policy: Policy, link: Link, barred: Collection[str]) -> _Disposed:
    """All records are gone: a tombstone, but not before every create under way has an outcome (it may still land)."""
    if any(system in barred and system not in link.members for system in policy.sides):
        return _Disposed(link=link, final=True)
    members = {system: replace(member, seen=None) for system, member in link.members.items()}
    return _Disposed(link=replace(link, status=LinkStatus.TOMBSTONE, members=members), final=True)


def _leave_scope(
    policy: Policy, link: Link, outside: Sequence[str], silent: Sequence[str]
) -> tuple[Link, tuple[Action, ...]]:
    """Exclude the records out of scope; told once, when it was seen. They keep their shadow, as the base for a return."""
    members, told = dict(link.members), []
    for system in outside:
        if members[system].seen is not None:
            members[system] = replace(members[system], seen=None)
            if not silent:
                told.append(
                    action_of(
                        ActionKind.UNLINK,
                        link,
                        system,
                        f"left the `where` of its map: out of scope {policy.sync.out_of_scope}",
                        policy.sync.line,
                    )
                )
    return replace(link, members=members), tuple(told)


def archives(sync: Sync, system: str, values: Values) -> bool:
    """Whether a deletion elsewhere archives the record of a system, of a link that last agreed on `values`."""
    clause = sync.deletes.get(system)
    return clause is not None and clause.of(values).policy is OnDelete.ARCHIVE


def may_archive(sync: Sync, system: str) -> bool:
    """Whether records of a system are archived at all, for their partners' sake."""
    clause = sync.deletes.get(system)
    return sync.out_of_scope == "archive" or (clause is not None and OnDelete.ARCHIVE in clause.policies)


def is_archived(policy: Policy, link: Link, member: Member) -> bool:
    """Whether a record of a link is still there, and was archived for its partners' sake, not merely let go."""
    if member.state is not MemberState.RELEASED or member.missing_since is not None:
        return False
    return archives(policy.sync, member.system, link.values) or policy.sync.out_of_scope == "archive"


def _still_archived(
    policy: Policy, link: Link, live: Sequence[str], archived: Sequence[str], barred: Collection[str]
) -> _Disposed:
    """A record is back whose partners were archived for its sake: they are restored, or a person must do that."""
    clause = policy.sync.deletes.get(archived[0])
    line = policy.sync.line if clause is None else clause.line
    back, there = " and ".join(live), " and ".join(archived)
    stuck = [system for system in archived if system not in policy.restorable]
    if not stuck:
        reason = f"back in {back}"
        return _Disposed(
            link=link,
            final=True,
            actions=tuple(
                action_of(ActionKind.RESTORE, link, system, reason, line) for system in archived if system not in barred
            ),
        )
    reason = f"back in {back}, still archived in {there}: lift the archive there too, or archive it in {back} again"
    return _Disposed(
        link=replace(link, status=LinkStatus.HELD),
        final=True,
        actions=tuple(action_of(ActionKind.HOLD, link, system, reason, line) for system in archived),
        conflicts=(Conflict(field="", candidates={}, reason=reason, line=line),),
    )


def _delete(
    policy: Policy,
    link: Link,
    live: Sequence[str],
    gone: Sequence[str],
    told: tuple[Action, ...],
    barred: Collection[str],
) -> _Disposed:
    """The deletion row: each live record by its system's `delete in …`, held as a whole where one says so."""
    sync = policy.sync
    where = " and ".join(gone)
    edited = {system: moved_fields(link.members[system]) for system in live}
    plans = {system: _delete_plan(policy, system, link.values, bool(edited[system])) for system in live}
    recreate = any(plan is OnDelete.RECREATE for plan, _, _ in plans.values())
    refused = [system for system in gone if recreate and not policy.sides[system].created]
    holds = [system for system in live if plans[system][0] is OnDelete.HOLD]
    if holds or refused:
        reasons = [
            f"deleted in {where}"
            + (f", edited in {system} ({', '.join(edited[system])})" if edited[system] else "")
            + f": {plans[system][1]}"
            for system in holds
        ] + [f"deleted in {where}, to be created again, but `create in {system} never`" for system in refused]
        line = plans[holds[0]][2] if holds else sync.line
        held = tuple(action_of(ActionKind.HOLD, link, system, reasons[0], line) for system in holds or refused)
        return _Disposed(
            link=replace(link, status=LinkStatus.HELD),
            final=True,
            actions=told + held,
            conflicts=(Conflict(field="", candidates={}, reason="; ".join(reasons), line=line),),
        )
    if recreate:
        return _Disposed(link=_without(link, gone), playing=tuple(live), creating=True, actions=told)
    members = dict(link.members)
    staying, done, losers = [], list(told), []
    kinds = {
        OnDelete.PROPAGATE: ActionKind.DELETE,
        OnDelete.ARCHIVE: ActionKind.ARCHIVE,
        OnDelete.UNLINK: ActionKind.UNLINK,
    }
    for system in live:
        plan, said, line = plans[system]
        if plan is OnDelete.NEVER:
            staying.append(system)
            continue
        member = members[system]
        shown = shown_by(member) or {}
        if plan is OnDelete.UNLINK:
            members[system] = released(member)
        elif edited[system]:
            # Not accounted for: if the record stays after all, that is still an edit.
            reason = f"deleted in {where}: {said}"
            losers += [
                Loser(field=name, system=system, value=shown[name], reason=reason, line=line) for name in edited[system]
            ]
        if system not in barred or plan is OnDelete.UNLINK:
            done.append(action_of(kinds[plan], link, system, f"deleted in {where}: {said}", line))
    link = replace(link, members=members)
    if not staying:
        if all(member.state in (MemberState.GONE, MemberState.RELEASED) for member in members.values()):
            link = replace(link, status=LinkStatus.TOMBSTONE)
        return _Disposed(link=link, final=True, actions=tuple(done), losers=tuple(losers))
    return _Disposed(link=link, playing=tuple(staying), actions=tuple(done), losers=tuple(losers))


def _delete_plan(policy: Policy, system: str, values: Values, edited: bool) -> tuple[OnDelete, str, int]:
    """What `delete in SYSTEM …` makes of its record, in the language's words; without a clause it is held."""
    clause = policy.sync.deletes.get(system)
    if clause is None:
        return OnDelete.HOLD, f"the spec has no `delete in {system} …`", policy.sync.line
    clause = clause.of(values)
    if clause.by:
        return clause.policy, f"{clause.by} decided: {clause.policy.value} in {system}", 0
    said = (
        f"delete in {system} {clause.policy.value}"
        + (" when …" if clause.when is not None else "")
        + (" unless edited" if clause.unless_edited else "")
    )
    acts = clause.policy in (OnDelete.PROPAGATE, OnDelete.ARCHIVE, OnDelete.UNLINK)
    if clause.unless_edited and edited and acts:
        return OnDelete.HOLD, said, clause.line
    return clause.policy, said, clause.line


def _undeleted(link: Link) -> bool:
    return any(member.state is MemberState.LIVE and member.seen is not None for member in link.members.values())


def _reopened(policy: Policy, link: Link) -> Link:
    """A deleted record is back under its own id: the link lives again. One that a person archived may be lifted too; what is gone
    is a dead generation."""
    members = {
        system: replace(member, state=MemberState.RELEASED) if liftable(policy, link, member) else member
        for system, member in link.members.items()
    }
    gone = [system for system, member in members.items() if member.state is MemberState.GONE]
    link = replace(link, members=members, status=LinkStatus.LIVE)
    return _without(link, gone) if gone else link


def liftable(policy: Policy, link: Link, member: Member) -> bool:
    """Whether a record of a link that a person archived is lifted when one of its partners is back."""
    return (
        member.state is MemberState.GONE
        and member.missing_since is None
        and member.system in policy.restorable
        and archives(policy.sync, member.system, link.values)
    )


def _without(link: Link, systems: Collection[str]) -> Link:
    members = {system: member for system, member in link.members.items() if system not in systems}
    return replace(link, members=members, generation=link.generation + 1)


# -- the fields --------------------------------------------------------------------------------------------------------


def _decide_fields(policy: Policy, disposed: _Disposed, before: Values, barred: Collection[str]) -> Decision:
    link, playing = disposed.link, disposed.playing
    held: Collection[str] = ()
    changes: tuple[FieldChange, ...] = ()
    losers, conflicts = disposed.losers, disposed.conflicts
    drifts: tuple[Loser, ...] = ()
    alone = len(playing) == len(link.members) == 1
    if link.fresh and alone and (shown := shown_by(link.members[playing[0]])) is not None:
        values, changes = born(policy, playing[0], shown)
        link = _become(link, values, {playing[0]: accounted_member(link.members[playing[0]])})
    elif any(link.members[system].seen is not None or link.members[system].first_merge for system in playing):
        merged = merge(policy, link, playing)
        held, changes = merged.held, tuple(merged.changes)
        if link.fresh:
            changes += fill(policy, merged.values)
        losers += tuple(merged.losers)
        conflicts += tuple(merged.conflicts)
        drifts = tuple(merged.drifts)
        accounted = merged.accounted
        members = {
            system: accounted_member(member, accounted.get(system, {})) if system in playing else member
            for system, member in link.members.items()
        }
        link = _become(link, merged.values, members)
    elif link.fresh:
        link = _become(link, link.values, link.members)
    found = tuple(
        outstanding(
            policy,
            link,
            disposed.playing,
            creating=disposed.creating,
            before=before,
            changes=changes,
            held=held,
            barred=barred,
        )
    )
    return Decision(
        link=link,
        changes=changes,
        losers=losers,
        conflicts=conflicts,
        actions=disposed.actions + found,
        drifts=drifts,
    )


def _become(link: Link, values: Values, members: Mapping[str, Member]) -> Link:
    return Link(
        link_id=link.link_id,
        entity=link.entity,
        values=values,
        members=members,
        status=link.status,
        generation=link.generation,
    )
