"""Outstanding work: what is left to do so that each system shows the agreed values of a decided link. Pure, never stored."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace

from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.declaration import Values, When
from syncline_runtime.policy import Policy, Side, blank, complete, rendering, written_over
from syncline_runtime.records import Action, ActionKind, FieldChange, Link, Member
from syncline_runtime.values import ABSENT, Shown


def outstanding(
    policy: Policy,
    link: Link,
    playing: Collection[str],
    *,
    creating: bool,
    before: Values,
    changes: tuple[FieldChange, ...],
    held: Collection[str],
    barred: Collection[str],
) -> Iterable[Action]:
    """The creates and updates left for `link`; `before` are its former values, `changes` how it came to the present ones.

    Only the systems `playing` are updated; `held` fields are not written, `barred` systems get nothing.
    """
    made: set[str] = set()
    for system, side in policy.sides.items():
        if system in barred:
            continue
        member = link.members.get(system)
        try:
            if member is None:
                if side.beside and _placed_elsewhere(link, side, barred, made):
                    continue
                if creating and side.created and side.written:
                    for action in _create(policy, link, side, held):
                        made.add(system)
                        yield action
            elif system in playing and side.kept:
                yield from _update(policy, link, side, member, before, changes, held)
        except CodecError as error:
            reason = f"{policy.entity.name} cannot be written to {system} (F12): {error}"
            yield action_of(ActionKind.HOLD, link, system, reason, side.map.line)


def _placed_elsewhere(link: Link, side: Side, barred: Collection[str], made: Collection[str]) -> bool:
    """Whether the record has another place in the same system, or may be getting one: it moves there, nothing is created for it."""
    return any(place in link.members or place in barred or place in made for place in side.beside)


def _create(policy: Policy, link: Link, side: Side, held: Collection[str]) -> Iterable[Action]:
    system = side.system
    clause = policy.sync.creates.get(system)
    values = complete(policy, link.values)
    if clause is not None and clause.when is not None and not clause.when(values):
        return
    if side.map.applies is not None and not side.map.applies(values):
        return
    said = f"create in {system}" + (" when …" if clause is not None and clause.when is not None else "")
    line = policy.sync.line if clause is None else clause.line
    required = policy.entity.required
    empty = [name for name in side.written if name in required and values.get(name) in _NOTHING] if required else ()
    if empty:
        yield action_of(ActionKind.HOLD, link, system, f"{said}: {', '.join(empty)} is required and empty", line)
        return
    fields: dict[str, tuple[Shown, Shown]]
    if side.plain and not held:
        fields = {name: (ABSENT, value) for name in side.written if (value := values.get(name, ABSENT)) is not ABSENT}
    else:
        flows, (shows, refused) = side.flows, rendering(policy, system, values)
        yield from _unwritable(policy, link, side, values, refused)
        if refused and (side.silent or not policy.essential.isdisjoint(refused)):
            return
        fields = {
            name: (ABSENT, value)
            for name, value in shows.items()
            if name not in held and not flows[name].operated and not (When.PRESENT in flows[name].when and blank(value))
        }
    yield Action(
        kind=ActionKind.CREATE,
        entity=link.entity,
        link_id=link.link_id,
        system=system,
        remote_id=None,
        fields=fields,
        reason=said,
        line=line,
    )


_NOTHING = (ABSENT, None)


def _update(
    policy: Policy,
    link: Link,
    side: Side,
    member: Member,
    before: Values,
    changes: tuple[FieldChange, ...],
    held: Collection[str],
) -> Iterable[Action]:
    system, values = side.system, link.values
    applies = side.map.applies
    if applies is not None and policy.sync.out_of_scope != "keep" and not applies(complete(policy, values)):
        if (place := _place_of(policy, side, values)) is not None:
            reason = f"by its values it belongs in {place}, and it stands in {system}: convert it there, and its link follows"
            yield replace(action_of(ActionKind.HOLD, link, system, reason, side.map.line), code="place.to-convert")
            return
        if policy.sync.out_of_scope == "archive":
            yield action_of(
                ActionKind.ARCHIVE, link, system, "left the `when` of its map: out of scope archive", side.map.line
            )
        elif applies(complete(policy, before)):
            yield action_of(
                ActionKind.UNLINK, link, system, "left the `when` of its map: out of scope unlink", side.map.line
            )
        return
    shows, refused = rendering(policy, system, values) if side.lossy else (values, _NOTHING_REFUSED)
    fields = _differences(side, member, shows, held)
    if refused:
        unheld = {name: error for name, error in refused.items() if name in side.kept and name not in held}
        yield from _unwritable(policy, link, side, values, unheld)
    if not fields:
        return
    clause = policy.sync.updates.get(system)
    if clause is not None and clause.when is not None and not clause.when(complete(policy, values)):
        return
    why = [change for change in changes if change.field in fields]
    rules = dict.fromkeys(f"{change.row} {change.rule}" for change in why)
    line = why[0].line if why else side.flows[next(iter(fields))].line
    yield Action(
        kind=ActionKind.UPDATE,
        entity=link.entity,
        link_id=link.link_id,
        system=system,
        remote_id=member.remote_id,
        fields=fields,
        reason="; ".join(rules) or "F1 not yet in step",
        line=line,
    )


def _place_of(policy: Policy, side: Side, values: Values) -> str | None:
    """The other place of the same system whose `when` holds for these values."""
    maps = ((place, policy.sides[place].map) for place in side.beside if place in policy.sides)
    whole = complete(policy, values)
    return next((place for place, map_ in maps if map_.applies is not None and map_.applies(whole)), None)


def _unwritable(
    policy: Policy, link: Link, side: Side, values: Values, refused: Mapping[str, Exception]
) -> Iterable[Action]:
    """A hold for each field whose agreed value the system cannot have; the others go on."""
    member = link.members.get(side.system)
    for name, error in refused.items():
        flow = side.flows[name]
        code = error.reason if isinstance(error, CodecError) else "expression.failed"
        why = f"expected {error.expected}, got {error.shown}" if isinstance(error, CodecError) else "the line fails"
        before = ABSENT if member is None else member.shadow.get(name, ABSENT)
        yield Action(
            kind=ActionKind.HOLD,
            entity=link.entity,
            link_id=link.link_id,
            system=side.system,
            remote_id=None if member is None else member.remote_id,
            fields={name: (before, values.get(name, ABSENT))},
            reason=f"{name} cannot be written to {side.system} (F12): {why}",
            line=flow.line,
            code=f"write.{code}",
        )


_NOTHING_REFUSED: Mapping[str, Exception] = {}


def _differences(
    side: Side, member: Member, wanted: Values, held: Collection[str]
) -> Mapping[str, tuple[Shown, Shown]]:
    """The fields kept in step that do not show what is wanted. A field that the system does not show is not written."""
    shadow, kept = member.shadow, side.kept
    if not side.lossy and [*map(shadow.get, kept)] == [*map(wanted.get, kept)]:
        return {}
    shown: Values = shadow if member.seen is None else member.seen
    fields: dict[str, tuple[Shown, Shown]] = {}
    for name in kept:
        new, old = wanted.get(name, ABSENT), shadow.get(name, ABSENT)
        if new == old or new is ABSENT or name in held:
            continue
        if shown.get(name, ABSENT) is ABSENT or member.renders.get(name, ABSENT) == new:
            continue
        if written_over(side.flows[name].when, old, new):
            fields[name] = (old, new)
    return fields


def action_of(kind: ActionKind, link: Link, system: str, reason: str, line: int) -> Action:
    """An action without fields on the link's record in `system`."""
    member = link.members.get(system)
    return Action(
        kind=kind,
        entity=link.entity,
        link_id=link.link_id,
        system=system,
        remote_id=None if member is None else member.remote_id,
        reason=reason,
        line=line,
    )
