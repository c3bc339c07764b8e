"""What a changed spec asks of stored state: pure steps, which `executing.migrate` carries out, and what only a person can say."""

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Final, TypeAlias

from syncline_runtime.declaration import Stamp
from syncline_runtime.evolving import Aspects, Difference, differences, plain, renames_of


@dataclass(frozen=True, slots=True)
class Rename:
    """Stored names go by others: entities, fields, members of enums; former to present, as a stamp spells them."""

    names: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class ForgetEntity:
    """All that is stored of an entity goes: links, shadows, cursors."""

    entity: str


@dataclass(frozen=True, slots=True)
class ForgetField:
    """The agreed values of a field go, and with `shown` what the systems showed of it; in one system only, if named."""

    entity: str
    field: str
    agreed: bool = True
    system: str | None = None


@dataclass(frozen=True, slots=True)
class ForgetSystem:
    """What is stored of a system goes: links to its records, their shadows, its cursor; of one entity, if named."""

    system: str
    entity: str | None = None


@dataclass(frozen=True, slots=True)
class ForgetCursor:
    """The system is listed from the beginning."""

    system: str
    entity: str


@dataclass(frozen=True, slots=True)
class NoneHolds:
    """No stored value of a field may be one of the members; a person moves the records first."""

    entity: str
    field: str
    members: tuple[str, ...]


Work: TypeAlias = Rename | ForgetEntity | ForgetField | ForgetSystem | ForgetCursor | NoneHolds


@dataclass(frozen=True, slots=True)
class Step:
    """One difference, and what is done about it: `says` in a sentence. `asks` names the subject of which a person must say
    `--keep` or `--forget`; it is empty where nothing is left to say."""

    difference: Difference
    says: str
    work: tuple[Work, ...] = ()
    asks: str = ""


_SAME: Final = (
    "are its records the same ones? then `--keep {0}`; otherwise `--forget {0}` lets its links go and matches anew"
)
_SOURCES: Final = frozenset({"connector", "protocol", "identity", "location", "resource"})
"""Aspects that say which records a system's links speak of."""


def steps(stored: Aspects, stamp: Stamp, keep: Collection[str] = (), forget: Collection[str] = ()) -> tuple[Step, ...]:
    """What a changed spec asks for, in the order in which it is done: renamings first. Harmless differences ask for nothing.

    `keep` and `forget` are the subjects of which a person said so.
    """
    names = renames_of(stored, stamp)
    renamed = tuple(sorted(names.items()))
    found: list[Step] = []
    for one in differences(stored, stamp):
        if one.safe:
            continue
        if not one.aspect and one.old is not None and one.new is not None:
            says = f"what is stored of {one.old.replace('#', '.')} goes by {one.new.replace('#', '.')}"
            found.append(Step(one, says, (Rename(renamed),)))
        else:
            found.append(_step(one, stored, stamp, frozenset(keep), frozenset(forget)))
    return tuple(sorted(found, key=lambda step: not any(isinstance(work, Rename) for work in step.work)))


def unknown_answers(found: Iterable[Step], answers: Iterable[str]) -> tuple[str, ...]:
    """The answers to what nobody asked."""
    asked = {_asked_of(step.difference) for step in found}
    return tuple(answer for answer in answers if answer not in asked)


def _step(one: Difference, stored: Aspects, stamp: Stamp, keep: Collection[str], forget: Collection[str]) -> Step:
    kind, subject = one.subject.split(" ", 1)
    if not one.aspect:
        return _gone(one, kind, subject, stored, stamp, forget) if one.new is None else Step(one, _ANEW)
    match kind, one.aspect:
        case "field", "kind":
            entity, field = _split(subject)
            says = "its stored values are forgotten, and decided anew from what the systems show"
            return Step(one, says, (ForgetField(entity, field),))
        case "field", "members":
            return _members(one, *_split(subject))
        case "line", "native" if "=" not in subject:
            where, system = subject.rsplit(" in ", 1)
            says = f"what {system} showed of it is forgotten: it is read from another field"
            return Step(one, says, (ForgetField(*_split(where), agreed=False, system=system),))
        case "resource", "cursor":
            work = tuple(ForgetCursor(system, entity) for entity, system in _users(stamp, subject))
            return Step(one, "its records are listed from the beginning", work)
        case _ if _asked_of(one):
            return _asked(one, kind, subject, stamp, keep, forget)
        case _:
            return Step(one, _ANEW)


_ANEW: Final = "the next run reads every record and decides every link again"


def _asked_of(one: Difference) -> str:
    """The subject of which a person must say whether it is the same, or empty."""
    kind, subject = one.subject.split(" ", 1)
    if kind in ("entity", "field") and one.new is None and not one.aspect:
        return plain(subject)
    if kind in ("map", "system", "resource") and one.aspect in _SOURCES:
        return plain(subject)
    leads_elsewhere = one.aspect.startswith("setting ") and not _secret(one.old) and not _secret(one.new)
    return plain(subject) if kind == "system" and leads_elsewhere else ""


def _secret(source: str | None) -> bool:
    return source is not None and source.startswith("secret(")


def _asked(
    one: Difference, kind: str, subject: str, stamp: Stamp, keep: Collection[str], forget: Collection[str]
) -> Step:
    asks = _asked_of(one)
    if asks in forget:
        if kind == "map":
            entity, system = subject.rsplit(" in ", 1)
            work: tuple[Work, ...] = (ForgetSystem(system, plain(entity)),)
        elif kind == "system":
            work = (ForgetSystem(subject),)
        else:
            work = tuple(ForgetSystem(system, entity) for entity, system in _users(stamp, subject))
        return Step(one, "its links are let go, and its records matched anew", work)
    if asks in keep:
        return Step(one, f"its records are the same ones; {_ANEW}")
    quoted = f'"{asks}"' if " " in asks else asks
    return Step(one, _SAME.format(quoted), (), asks)


def _gone(one: Difference, kind: str, subject: str, stored: Aspects, stamp: Stamp, forget: Collection[str]) -> Step:
    match kind:
        case "field":
            entity, field = _split(subject)
            heir = _heir(subject, stored, stamp)
            if f"entity `{entity}`" not in stamp.aspects:
                return Step(one, "it goes with its entity")
            if heir and plain(subject) not in forget:
                says = f"{heir} stands in its place: say `renamed from {field}` there, or `--forget {plain(subject)}`"
                return Step(one, says, (), plain(subject))
            return Step(one, "its stored values are forgotten", (ForgetField(entity, field),))
        case "entity":
            heir = _successor(subject, stored, stamp)
            name = plain(subject)
            if heir and name not in forget:
                says = f"{heir} stands in its place: say `entity {heir} renamed from {name}`, or `--forget {name}`"
                return Step(one, says, (), name)
            return Step(one, "its links and shadows are forgotten", (ForgetEntity(name),))
        case "system":
            return Step(one, "its links, cursors and shadows are forgotten", (ForgetSystem(subject),))
        case "sync":
            return Step(one, "nothing of it is read or written any more; what is stored stays")
        case "writes" | "truth" | "line" | "map":
            return Step(one, _ANEW)
        case _:
            return Step(one, _ANEW)


def _members(one: Difference, entity: str, field: str) -> Step:
    lost = tuple(
        plain(member).partition("#")[2]
        for member in sorted(set((one.old or "").split("; ")) - set((one.new or "").split("; ")))
    )
    if not lost:
        return Step(one, _ANEW)
    return Step(one, f"no record may be {' or '.join(lost)} any more", (NoneHolds(entity, field, lost),))


def _split(subject: str) -> tuple[str, str]:
    entity, _, field = plain(subject).partition(".")
    return entity, field


def _users(stamp: Stamp, resource: str) -> Iterator[tuple[str, str]]:
    """Entity and system of each map in a resource (`crm.contacts`)."""
    system, _, name = resource.rpartition(".")
    for subject, aspects in stamp.aspects.items():
        if subject.startswith("map ") and subject.endswith(f" in {system}") and aspects.get("resource") == name:
            yield subject.split("`")[1], system


def _heir(field: str, stored: Aspects, stamp: Stamp) -> str:
    """A new field that stands where one that is gone stood, or empty."""
    for subject, aspects in stored.items():
        if subject.startswith(f"line {field} in ") and (native := aspects.get("native")):
            system = subject.rsplit(" in ", 1)[1]
            entity = field.strip("`").partition(".")[0]
            for other, now in stamp.aspects.items():
                alike = other.startswith(f"line `{entity}.") and other.endswith(f" in {system}")
                if alike and now.get("native") == native and f"field {_of_line(other)}" not in stored:
                    return plain(_of_line(other))
    return ""


def _of_line(subject: str) -> str:
    return subject.removeprefix("line ").rsplit(" in ", 1)[0]


def _successor(entity: str, stored: Aspects, stamp: Stamp) -> str:
    """A new entity that is mapped to a resource of one that is gone, or empty."""
    for subject, aspects in stored.items():
        if subject.startswith(f"map {entity} in "):
            system = subject.rsplit(" in ", 1)[1]
            for other, now in stamp.aspects.items():
                name = other.split("`")[1] if other.startswith("map ") else ""
                if (
                    name
                    and other.endswith(f" in {system}")
                    and now.get("resource") == aspects.get("resource")
                    and f"entity `{name}`" not in stored
                ):
                    return name
    return ""
