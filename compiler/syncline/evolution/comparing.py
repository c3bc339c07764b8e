"""Two resolved specs to the changes between them."""

from collections.abc import Iterator

from syncline.evolution.change import Change, Impact
from syncline.evolution.derivations import derivation_changes
from syncline.evolution.entities import entity_changes
from syncline.evolution.kinds import KINDS
from syncline.evolution.maps import map_changes
from syncline.evolution.members import with_members
from syncline.evolution.renaming import renaming
from syncline.evolution.syncs import sync_changes
from syncline.evolution.systems import system_changes
from syncline.model.spec import Spec

_ORDER = tuple(Impact)


def compare(old: Spec | None, new: Spec | None) -> tuple[Change, ...]:
    """Every change from one spec to the next, the worst first, then by subject. None stands for a spec that is not there."""
    if old is None or new is None:
        return tuple(_whole(old, new))
    return in_order(_changes(old, new))


def in_order(changes: Iterator[Change] | tuple[Change, ...]) -> tuple[Change, ...]:
    """The worst first, then by subject and code."""
    return tuple(sorted(changes, key=lambda change: (_ORDER.index(impact(change)), change.subject, change.code)))


def impact(change: Change) -> Impact:
    """The worst class of a change."""
    return KINDS[change.code].impacts[0]


def _whole(old: Spec | None, new: Spec | None) -> Iterator[Change]:
    if old is not None:
        yield Change("spec.removed", old.name, old.span, None)
    if new is not None:
        yield Change("spec.added", new.name, None, new.span)


def _changes(old: Spec, new: Spec) -> Iterator[Change]:
    renames = renaming(old, new)
    old = with_members(old, renames.members)
    if old.name != new.name:
        yield Change("spec.renamed", new.name, old.span, new.span, {"old": old.name, "new": new.name})
    if old.version != new.version:
        yield Change("spec.version-changed", new.name, old.span, new.span, {"old": old.version, "new": new.version})
    yield from entity_changes(old, new, renames)
    yield from system_changes(old, new)
    yield from map_changes(old, new, renames)
    yield from sync_changes(old, new, renames)
    yield from derivation_changes(old, new, renames)
