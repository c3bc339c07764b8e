"""Whether stored state is of the spec that runs: the differences between two stamps, and which of them are harmless.

It judges as `syncline diff` does, of what the compiler spelled: where the package runs there is no compiler.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from syncline_runtime.declaration import Stamp

Aspects: TypeAlias = Mapping[str, Mapping[str, str]]
Renames: TypeAlias = Mapping[str, str]
"""Former names to present ones, as a stamp spells them: `Contact`, `Contact.phone`, `Stage#lost`."""

_NAME: Final = re.compile(r"`([^`]*)`")
_MEMBER: Final = re.compile(r"`[^`#]*#([^`]*)`")
_SETS: Final = frozenset({"members", "together", "schedule"})
_OWNED: Final = re.compile(r"([^.#]*)([.#].*)").fullmatch
_WIDENING: Final = frozenset({"length", "pattern", "digits"})
_MAY_COME: Final = frozenset({"entity", "field", "map", "system", "resource", "native", "writes", "truth"})
"""Subjects whose coming is harmless by itself: whatever makes them count is a subject of its own, or an aspect of one."""

_MAY_GO: Final = frozenset({"resource", "native", "writes"})
"""Subjects whose going is told by another: a resource that no map uses any more, what a system of no sync may write."""


@dataclass(frozen=True, slots=True)
class Difference:
    """One difference between the stored stamp and that of the package. `aspect` is empty where the subject itself came, went or
    was renamed; `old` and `new` are None where it was not there. Names are spelled as the package has them."""

    subject: str
    aspect: str
    old: str | None
    new: str | None
    safe: bool


def digest_of(stamp: Stamp) -> str:
    """The text under which a stamp is stored."""
    return json.dumps({subject: dict(aspects) for subject, aspects in stamp.aspects.items()}, sort_keys=True)


def renames_of(stored: Aspects, stamp: Stamp) -> dict[str, str]:
    """The declared renamings that have not been carried out: the former name is stored, and is no longer declared."""
    before, now = _names(stored), _names(stamp.aspects)
    entities = {
        former: name
        for name, former in stamp.renamed.items()
        if not _OWNED(name) and former in before and former not in now and name not in before
    }
    were = {new: old for old, new in entities.items()}
    found = dict(entities)
    for name, former in stamp.renamed.items():
        owned = _OWNED(name)
        if owned is not None:
            owner, rest = owned[1], owned[2]
            old, place = f"{were.get(owner, owner)}{rest[0]}", f"{owner}{rest[0]}"
            if old + former in before and place + former not in now and old + rest[1:] not in before:
                found[old + former] = name
    for old in before:
        owner, dot, rest = old.partition(".")
        if dot and owner in entities and old not in found:
            found[old] = f"{entities[owner]}.{rest}"
    return found


def differences(stored: Aspects, stamp: Stamp) -> tuple[Difference, ...]:
    """What differs, those that are not safe first, then by subject. A subject that went is told without its aspects."""
    renames = renames_of(stored, stamp)
    translated = {
        _translated(subject, renames): {name: _translated(text, renames) for name, text in aspects.items()}
        for subject, aspects in stored.items()
    }
    found = [*_renamed(renames, stamp), *_compared(translated, stamp.aspects)]
    return tuple(sorted(found, key=lambda one: (one.safe, one.subject, one.aspect)))


def plain(text: str) -> str:
    """A subject or value without the marks of names."""
    return text.replace("`", "")


def _names(aspects: Aspects) -> frozenset[str]:
    found = {name for subject in aspects for name in _NAME.findall(subject)}
    for each in aspects.values():
        found.update(_NAME.findall(each.get("members", "")))
    return frozenset(found)


def _translated(text: str, renames: Renames) -> str:
    return _NAME.sub(lambda found: f"`{renames.get(found[1], found[1])}`", text) if renames else text


def _renamed(renames: Renames, stamp: Stamp) -> Iterator[Difference]:
    for old, new in renames.items():
        if new in stamp.renamed:
            kind = "member" if "#" in new else "field" if "." in new else "entity"
            yield Difference(f"{kind} `{new}`", "", old, new, False)


def _compared(old: Aspects, new: Aspects) -> Iterator[Difference]:
    for subject in old:
        if subject not in new:
            yield Difference(subject, "", subject, None, _kind(subject) in _MAY_GO)
    for subject, aspects in new.items():
        if subject not in old:
            yield Difference(subject, "", None, subject, _may_come(subject, old))
            continue
        before = old[subject]
        for aspect in sorted({*before, *aspects}):
            was, now = before.get(aspect), aspects.get(aspect)
            if _value(aspect, was) != _value(aspect, now):
                yield Difference(subject, aspect, was, now, _widened(aspect, was, now))


def _kind(subject: str) -> str:
    return subject.partition(" ")[0]


def _may_come(subject: str, old: Aspects) -> bool:
    if _kind(subject) == "line":  # all lines of a new map are new
        entity = subject.split("`")[1].partition(".")[0]
        return f"map `{entity}` in {subject.rpartition(' in ')[2]}" not in old
    return _kind(subject) in _MAY_COME


def _value(aspect: str, text: str | None) -> object:
    # What an enum is called is no matter.
    spelled = text if text is None else _MEMBER.sub(r"\1", text)
    return frozenset((spelled or "").split("; ")) if aspect in _SETS else spelled


def _widened(aspect: str, old: str | None, new: str | None) -> bool:
    """Whether a limit now lets pass whatever it let pass before."""
    limit = aspect.removeprefix("item ")
    if limit not in _WIDENING:
        return False
    if new is None:
        return True
    if old is None or limit == "pattern":
        return False
    if limit == "length":
        return int(new) >= int(old)
    (precision, scale), (before, fraction) = (map(int, text.split(",")) for text in (new, old))
    return scale >= fraction and precision - scale >= before - fraction
