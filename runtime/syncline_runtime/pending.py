"""What waits for a person: each item by name, what its records show, why, where in the spec, and the commands that settle it."""

import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar

import msgspec

from syncline_runtime.declaration import Entity, Package
from syncline_runtime.executing.sides import Side, sides
from syncline_runtime.identity import WOULD_DOUBLE, keys
from syncline_runtime.rows import EVERYTHING, Answer, MemberRow, Only, OpenConflict, Quarantined
from syncline_runtime.state.packing import packing, unpack_value
from syncline_runtime.stores import StateStore
from syncline_runtime.values import ABSENT, Shown

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass

_PORTION: Final = 500
_KINDS: Final = {"identity": "identity", "record": "record", "decision": "decision", "listing": "record"}
_Row = TypeVar("_Row")
_COMMAND: Final = re.compile(r"`((?:review|run|plan)[^`]*)`")


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One thing that waits. `name` is what commands call it; `agreed` the value that the systems last agreed on; `shows` by
    system what its record shows now (of `field`, or wholly); `candidates` what was found when it was held.

    `commands` are complete but for the program's name; `answered` tells what a person decided and the next run carries out.
    """

    name: str
    kind: str  # conflict | deletion | identity | record | write | decision | unknown | guard | hold
    entity: str
    reason: str
    commands: tuple[str, ...]
    link_id: int = 0
    system: str = ""
    remote_id: str = ""
    field: str = ""
    code: str = ""
    place: str = ""
    members: Mapping[str, str]
    agreed: Shown = ABSENT
    candidates: Mapping[str, Shown]
    shows: Mapping[str, Shown]
    answered: str = ""


def pending(package: Package, store: StateStore, limit: int | None = None, only: Only = EVERYTHING) -> list[Item]:
    """All that waits, or the first `limit` of each kind: conflicts, records and writes set aside, unknown outcomes, what was held
    in the last run."""
    return list(waiting(package, store, limit, only))


def waiting(package: Package, store: StateStore, limit: int | None = None, only: Only = EVERYTHING) -> Iterator[Item]:
    """The same, one after the other: however much waits, no more than a portion of it is looked at at once."""
    answers = {name: store.answers.open(name) for name in package.entities}
    review = store.review

    def answered(items: Iterable[Item]) -> Iterator[Item]:
        return (_with_answer(one, answers.get(one.entity, ())) for one in items)

    for conflicts in _portions(lambda last, many: review.conflicts(many, only=only, after=last), limit):
        reading = _Reading(package, store)
        reading.load({row.link_id for row in conflicts})
        yield from answered(map(reading.conflict, conflicts))
    left = {name: _dismissals(each) for name, each in answers.items()}
    for rows in _portions(
        lambda last, many: review.quarantined(many, only=only, after=last),
        limit,
        lambda row: not _is_among(row, left.get(row.entity, {})),
    ):
        reading = _Reading(package, store)
        reading.load({row.link_id for row in rows if row.link_id})
        yield from answered(map(reading.quarantined, rows))
    if only.kind in (None, "unknown") and only.field is None:
        for entity in package.entities if only.entity is None else [only.entity]:
            intents = store.open_intents(entity)
            if only.named:
                intents = [one for one in intents if one.link_id in (only.links or ())]
            asked = (
                Only(entity=entity, kind="unknown", links=[one.link_id for one in intents])
                if only.named
                else Only(entity=entity, kind="unknown")
            )
            told = {(row.link_id, row.system) for row in review.quarantined(only=asked)} if intents else set()
            intents = [one for one in intents if (one.link_id, one.system) not in told][:limit]
            reading = _Reading(package, store)
            reading.load({one.link_id for one in intents})
            yield from answered(
                reading.unknown(entity, one.link_id, one.system, one.op, one.remote_id or "") for one in intents
            )
    if not only.named:
        yield from answered(
            one
            for one in _guarded(store)
            if only.entity in (None, one.entity) and only.field in (None, one.field) and only.kind in (None, one.kind)
        )


def _portions(
    read: Callable[[Any, int], list[_Row]], limit: int | None, wanted: Callable[[_Row], bool] | None = None
) -> Iterator[list[_Row]]:
    """The rows that are wanted, some at a time, the first `limit` of them."""
    last, left = None, limit
    while (left is None or left > 0) and (rows := read(last, _PORTION)):
        last = rows[-1]
        chosen = rows if wanted is None else [row for row in rows if wanted(row)]
        if left is not None:
            chosen = chosen[:left]
            left -= len(chosen)
        yield chosen


def dismissed(store: StateStore, entity: str) -> int:
    """How many rows of quarantine of an entity a person dismissed as they stand."""
    found = _dismissals(store.answers.open(entity))
    if not found:
        return 0
    read = store.review.quarantined
    rows = _portions(lambda last, many: read(many, only=Only(entity=entity), after=last), None)
    return sum(_is_among(row, found) for portion in rows for row in portion)


def said(row: Quarantined) -> str:
    """What a row of quarantine says: dismissed is what was said, not the record for good."""
    return f"{row.reason_code} {row.field} {row.detail}"


_Dismissals: TypeAlias = Mapping[tuple[int, str, str], set[str]]
"""By link, system and record, what was said of it when a person dismissed it."""


def _dismissals(answers: Iterable[Answer]) -> _Dismissals:
    found: dict[tuple[int, str, str], set[str]] = {}
    for one in answers:
        if one.kind == "dismiss":
            # A link's record may get its id only later; what is told of it is the same.
            found.setdefault((one.link_id, one.system, "" if one.link_id else one.remote_id), set()).add(one.seen)
    return found


def is_dismissed(row: Quarantined, answers: Iterable[Answer]) -> bool:
    """Whether a person dismissed a row of quarantine as it stands."""
    return _is_among(row, _dismissals(answers))


def _is_among(row: Quarantined, found: _Dismissals) -> bool:
    return bool(found) and said(row) in found.get((row.link_id, row.system, "" if row.link_id else row.remote_id), ())


def _with_answer(item: Item, answers: Sequence[Answer]) -> Item:
    for one in reversed(answers):
        about_link = item.link_id and one.link_id == item.link_id and one.field in ("", item.field)
        about_record = not item.link_id and (one.system, one.remote_id) == (item.system, item.remote_id)
        about_guard = item.kind == "guard" and (one.kind, one.system, one.field) == ("approve", item.system, item.field)
        if (about_guard if item.kind == "guard" else about_link or about_record) and one.kind != "dismiss":
            what = {"take": "resolved", "separate": "release"}.get(one.kind, one.kind)
            told = f"{what}{' ' + one.value if one.kind == 'link' and one.value else ''}, by {one.actor}"
            return _replaced(item, answered=told)
    return item


def _replaced(item: Item, **changes: Any) -> Item:
    values = {name: getattr(item, name) for name in Item.__dataclass_fields__}
    return Item(**{**values, **changes})


def _guarded(store: StateStore) -> list[Item]:
    found = []
    for run in store.review.runs(1):
        for sync in run.summary.get("syncs", ()):
            for system, operations in sync.get("guarded", {}).items():
                for operation, count in operations.items():
                    reason = (
                        f"{count} {operation}s of {sync['entity']} in {system} were held by a guard in run {run.run_id}"
                    )
                    found.append(
                        Item(
                            name=f"run {run.run_id}",
                            kind="guard",
                            entity=sync["entity"],
                            reason=reason,
                            commands=(f"review approve {run.run_id}", f"run --approve {operation}"),
                            system=system,
                            field=operation,
                            members={},
                            candidates={},
                            shows={},
                        )
                    )
            # What a run told of as a whole; each line names its way out.
            for line in sync.get("held", ()):
                if "review approve" not in line:
                    found.append(
                        Item(
                            name=f"run {run.run_id}",
                            kind="hold",
                            entity=sync["entity"],
                            reason=line,
                            commands=tuple(_COMMAND.findall(line)) or ("run",),
                            members={},
                            candidates={},
                            shows={},
                        )
                    )
    return found


class _Reading:
    """The records behind items, read in portions."""

    def __init__(self, package: Package, store: StateStore) -> None:
        self._package, self._store = package, store
        self._members: dict[int, list[MemberRow]] = {}
        self._docs: dict[int, bytes] = {}
        self._sides: dict[str, Mapping[str, Side]] = {}

    def load(self, link_ids: Iterable[int]) -> None:
        wanted = sorted(set(link_ids) - self._docs.keys())
        for start in range(0, len(wanted), _PORTION):
            part = wanted[start : start + _PORTION]
            self._members.update(self._store.members_of(part))
            self._docs.update((row.link_id, row.doc) for row in self._store.links(part))

    def _unpacked(self, entity: Entity, system: str, document: bytes | None) -> dict[str, Any]:
        if document is None:
            return {}
        if not system:
            return packing(entity).unpack(document)
        return self._of(entity)[system].packing.unpack(document)

    def _of(self, entity: Entity) -> Mapping[str, Side]:
        """The systems of an entity."""
        if entity.name not in self._sides:
            sync = next((one for one in self._package.syncs if one.entity == entity.name), None)
            self._sides[entity.name] = {} if sync is None else sides(self._package, sync, entity)
        return self._sides[entity.name]

    def _shows(self, entity: Entity, row: MemberRow) -> dict[str, Any]:
        if row.system not in self._of(entity):
            return {}
        shadow = self._unpacked(entity, row.system, row.shadow)
        return shadow if row.seen is None else {**shadow, **self._unpacked(entity, row.system, row.seen)}

    def conflict(self, row: OpenConflict) -> Item:
        entity = self._package.entities[row.entity]
        members = self._members.get(row.link_id, [])
        raw: dict[str, Any] = msgspec.json.decode(row.candidates)
        candidates = {system: unpack_value(msgspec.json.encode(value).decode()) for system, value in raw.items()}
        name = f"{row.link_id}/{row.field}" if row.field else str(row.link_id)
        if row.field:
            commands = [f"review resolve {name} --take {system}" for system in candidates]
            commands.append(f"review resolve {name} --value VALUE")
        elif any(one.state == "gone" for one in members):
            commands = [f"review resolve {name} --{way}" for way in ("delete", "keep", "recreate")]
        else:
            commands = [f"review resolve {name} --keep"]
        agreed = self._unpacked(entity, "", self._docs.get(row.link_id)).get(row.field, ABSENT)
        return Item(
            name=name,
            kind="conflict" if row.field else "deletion",
            entity=row.entity,
            reason=row.reason,
            commands=tuple(commands),
            link_id=row.link_id,
            field=row.field,
            place=f"{self._package.source}:{row.line}" if row.line else "",
            members=self._ids(members),
            agreed=agreed,
            candidates=candidates,
            shows={
                one.system: self._shows(entity, one).get(row.field, ABSENT)
                for one in members
                if row.field and one.state == "live"
            },
        )

    def quarantined(self, row: Quarantined) -> Item:
        if row.reason_code == "outcome.unknown":
            return self.unknown(row.entity, row.link_id, row.system, "create", row.remote_id, row.detail)
        family = row.reason_code.split(".")[0]
        members = self._members.get(row.link_id, []) if row.link_id else []
        if not row.link_id:
            name = f"{row.system}:{row.remote_id}"
        else:
            name = f"{row.link_id}@{row.system}" if row.system else str(row.link_id)
        commands: list[str] = []
        if family == "listing":
            commands = ["run"]  # when it has been mended where it is
        elif row.reason_code == WOULD_DOUBLE:
            commands = self._doubles(row, members)
        elif row.reason_code != "identity.merged":  # that is mended where the records are
            commands = self._placements(row) if family == "identity" else [f"review retry {_typed(name)}"]
        commands.append(f"review dismiss {_typed(name)}")
        if not row.link_id:
            commands = [one + self._which(row.entity, row.system) for one in commands]
        return Item(
            name=name,
            kind=_KINDS.get(family, "write"),
            entity=row.entity,
            reason=row.detail,
            commands=tuple(commands),
            link_id=row.link_id,
            system=row.system,
            remote_id=row.remote_id,
            field=row.field,
            code=row.reason_code,
            place=row.place,
            members=self._ids(members) if members else {row.system: row.remote_id},
            candidates={},
            shows={},
        )

    def _which(self, entity: str, system: str) -> str:
        """What tells a record from one of another entity that the same system calls the same."""
        alone = all(one.entity == entity for one in self._package.mappings if one.system == system)
        return "" if alone else f" --entity {entity}"

    def _placements(self, row: Quarantined) -> list[str]:
        """The ways to place a record: with one that has a key of its own, or by itself."""
        entity = self._package.entities[row.entity]
        own = self._store.members(row.entity, row.system, [row.remote_id]).get(row.remote_id)
        item = _typed(f"{row.system}:{row.remote_id}")
        if own is None or own.state != "live":
            return [f"review retry {item}"]
        sync = next((one for one in self._package.syncs if one.entity == row.entity), None)
        beside = () if sync is None else sync.beside(row.system)
        partners: dict[str, None] = {}
        for rule, key in enumerate(keys(entity, self._shows(entity, own))):
            if key is None:
                continue
            for _, system, remote_id, link_id, state in self._store.holders(row.entity, rule, [key]):
                links = [] if link_id is None else [link_id]
                holding = self._store.systems_of(links).get(link_id or 0, frozenset())
                standing = self._store.systems_of(links, standing=True).get(link_id or 0, frozenset()) if beside else ()
                taken = row.system in holding or any(place in standing for place in beside)
                if system not in (row.system, *beside) and state == "live" and not taken:
                    partners[f"review link {item} {_typed(f'{system}:{remote_id}')}"] = None
        # As databases give them in whatever order, people get them in one.
        return [*sorted(partners), f"review release {item}"]

    def _doubles(self, row: Quarantined, members: Sequence[MemberRow]) -> list[str]:
        """The ways to let a create go on that waits for records with its key: it is one of them, or none."""
        entity = self._package.entities[row.entity]
        own = next((_typed(f"{one.system}:{one.remote_id}") for one in members if one.state == "live"), None)
        found = {
            f"review link {_typed(f'{system}:{remote_id}')} {own}{self._which(row.entity, system)}"
            for rule, key in enumerate(keys(entity, self._unpacked(entity, "", self._docs.get(row.link_id))))
            for _, system, remote_id, link_id, state in self._store.holders(row.entity, rule, [key] if key else [])
            if own is not None and system == row.system and link_id is None and state == "live"
        }
        return [*sorted(found), f"review release {row.link_id}@{row.system}"]

    def unknown(self, entity: str, link_id: int, system: str, op: str, remote_id: str, why: str = "") -> Item:
        members = self._members.get(link_id, [])
        name = f"{link_id}@{system}"
        source = next((f"{one.system}:{one.remote_id}" for one in members), name)
        if why:
            commands = [
                f"review retry {name}",
                f"review link {_typed(source)} {system}:ID{self._which(entity, system)}",
            ]
        else:
            why = f"nobody knows yet whether the {op} was carried out: the next run looks before it repeats it"
            commands = ["run"]
        return Item(
            name=name,
            kind="unknown",
            entity=entity,
            reason=why,
            commands=tuple(commands),
            link_id=link_id,
            system=system,
            remote_id=remote_id,
            code="outcome.unknown",
            members=self._ids(members),
            candidates={},
            shows={},
        )

    def _ids(self, members: Iterable[MemberRow]) -> dict[str, str]:
        return {one.system: one.remote_id for one in members}


def _typed(name: str) -> str:
    """A name as one word of a shell: what systems call their records may hold anything."""
    return shlex.quote(name)
