"""A plan as a value: what was reviewed, and what each record showed when it was. Spelled and compared. Pure."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final, TypeAlias

import msgspec

from syncline_runtime.records import Action, ActionKind, Decision, Link, MemberState
from syncline_runtime.state.packing import tagged
from syncline_runtime.values import ABSENT

PLAN_VERSION: Final = 2
"""Of the document; another one is refused."""

Json: TypeAlias = Any
Where: TypeAlias = tuple[str, str, str]
"""A record: entity, system, remote id."""

Names: TypeAlias = Callable[[int], Sequence[str]]
"""The records of a link, each as `system id`."""

_STATE: Final = "(state)"
_ABSENT: Final = ["absent"]


class PlanFailure(Exception):
    """A plan cannot be used; the message is one line."""


class PlannedAction(msgspec.Struct, frozen=True):
    """One effect: `fields` maps each field to (value shown, value wanted), spelled as `tagged` does."""

    kind: str
    system: str
    id: str | None
    fields: dict[str, tuple[Json, Json]]
    reason: str
    line: int

    def does(self, other: "PlannedAction") -> bool:
        """Whether the effect is the same, whatever the reasons."""
        return (
            (self.kind, self.system, self.id) == (other.kind, other.system, other.id)
            and self.fields.keys() == other.fields.keys()
            and all(alike(new, other.fields[name][1]) for name, (_, new) in self.fields.items())
        )


class PlannedRecord(msgspec.Struct, frozen=True):
    """What is to be done about one business record, on the condition that its `members` (system -> remote id) are these and show
    this. `versions` are told, and are no condition: a record that was touched and shows the same is the same."""

    entity: str
    members: dict[str, str]
    shows: dict[str, dict[str, Json]]
    versions: dict[str, str | None]
    actions: tuple[PlannedAction, ...]


class PlanHead(msgspec.Struct, frozen=True, kw_only=True):
    """What a saved plan was made of. `state` is the identity of the state it was made with; `syncs` empty stands for all."""

    package: str
    spec_sha256: str
    state: str
    made_at: float
    syncs: list[str]
    full: bool
    approved: list[str]
    format_version: int = PLAN_VERSION
    kind: str = "saved plan"


class Difference(msgspec.Struct, frozen=True, array_like=True):
    """A reviewed record that is not as it was: `field` of `system` (empty: the record as a whole), as `tagged` spells values."""

    entity: str
    system: str
    remote_id: str
    field: str
    before: Json
    after: Json


def without(record: PlannedRecord, held: Mapping[str, frozenset[ActionKind]]) -> PlannedRecord:
    """The record without the actions that a guard holds back, by system."""
    kept = tuple(one for one in record.actions if ActionKind(one.kind) not in held.get(one.system, ()))
    return record if len(kept) == len(record.actions) else msgspec.structs.replace(record, actions=kept)


def planned_record(decision: Decision, names: Names) -> PlannedRecord:
    """A decision as a plan spells it."""
    link = decision.link
    return PlannedRecord(
        entity=link.entity,
        members={system: member.remote_id for system, member in link.members.items()},
        shows=_shows(link, names),
        versions={system: member.version for system, member in link.members.items()},
        actions=tuple(
            planned_action(action, names) for action in decision.actions if action.kind is not ActionKind.HOLD
        ),
    )


def _shows(link: Link, names: Names) -> dict[str, dict[str, Json]]:
    shows: dict[str, dict[str, Json]] = {}
    for system, member in link.members.items():
        shown = member.shadow if member.seen is None else {**member.shadow, **member.seen}
        own = {name: _spelled(value, names) for name, value in shown.items() if value is not ABSENT}
        if member.state is not MemberState.LIVE:
            own[_STATE] = member.state.value
        shows[system] = own
    return shows


def planned_action(action: Action, names: Names) -> PlannedAction:
    """An action as a plan spells it."""
    return PlannedAction(
        kind=action.kind.value,
        system=action.system,
        id=action.remote_id,
        fields={name: (_spelled(old, names), _spelled(new, names)) for name, (old, new) in action.fields.items()},
        reason=action.reason,
        line=action.line,
    )


def _spelled(value: Any, names: Names) -> Json:
    return _ABSENT if value is ABSENT else _named(tagged(value), names)


def _named(value: Json, names: Names) -> Json:
    """The value with the records that references point to named by their ids: the number of a link may be another tomorrow."""
    match value:
        case ["reference", [str(entity), int(link)]]:
            return ["reference", [entity, *names(link)]]
        case list():
            return [_named(one, names) for one in value]
        case dict():
            return {name: _named(one, names) for name, one in value.items()}
        case _:
            return value


def alike(one: Json, other: Json) -> bool:
    """Whether two spelled values are the same; a reference is, if one record of those that it names is."""
    match one, other:
        case ["reference", [entity, *known]], ["reference", [same, *now]]:
            return bool(entity == same and not set(known).isdisjoint(now))
        case list(), list():
            return len(one) == len(other) and all(map(alike, one, other))
        case dict(), dict():
            return one.keys() == other.keys() and all(alike(one[name], other[name]) for name in one)
        case _:
            return bool(one == other)


# -- comparing ---------------------------------------------------------------------------------------------------------


def wheres(record: PlannedRecord) -> list[Where]:
    """What a record is known by."""
    if record.members:
        return [(record.entity, system, id_) for system, id_ in record.members.items()]
    return [to_be(record.entity, action) for action in record.actions]


def to_be(entity: str, action: PlannedAction) -> Where:
    """What a record is known by that no system has yet."""
    wanted = {name: new for name, (_, new) in action.fields.items() if not refers(new)}
    return entity, "", msgspec.json.encode([action.system, wanted], order="deterministic").decode()


def refers(value: Json) -> bool:
    """Whether a spelled value is, or holds, a reference."""
    match value:
        case ["reference", _]:
            return True
        case list():
            return any(map(refers, value))
        case dict():
            return any(map(refers, value.values()))
        case _:
            return False


def differences(was: PlannedRecord, now: PlannedRecord | None) -> Iterable[Difference]:
    """What changed in a reviewed record since; nothing where it holds. `now` is the same record decided again, if it was."""
    if now is None:
        # It was not decided again: nothing is left to do for it, or it is gone.
        system, id_ = next(iter(was.members.items()), ("", ""))
        yield Difference(was.entity, system, id_, "", _said(was), "nothing is left to do, or it is gone")
        return
    told = 0
    for system in dict.fromkeys((*was.members, *now.members)):
        old, new = was.members.get(system), now.members.get(system)
        if old != new:
            told += 1
            yield Difference(was.entity, system, old or new or "", "", old or "no record", new or "no record")
            continue
        shown, shows = was.shows.get(system, {}), now.shows.get(system, {})
        for name in sorted(shown.keys() | shows.keys()):
            if not alike(shown.get(name, _ABSENT), shows.get(name, _ABSENT)):
                told += 1
                yield Difference(
                    was.entity, system, new or "", name, shown.get(name, _ABSENT), shows.get(name, _ABSENT)
                )
    same = len(was.actions) == len(now.actions) and all(map(PlannedAction.does, was.actions, now.actions))
    if not told and not same:
        system, id_ = next(iter(was.members.items()), ("", ""))
        yield Difference(was.entity, system, id_, "", _said(was), _said(now))


def _said(record: PlannedRecord) -> str:
    return (
        ", ".join(
            f"{one.kind} in {one.system}" + (f" ({', '.join(one.fields)})" if one.kind == "update" else "")
            for one in record.actions
        )
        or "nothing to do"
    )
