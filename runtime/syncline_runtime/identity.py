"""Identity: whether an unlinked record is one we know, a new one, or one only a person can place (semantics: unlinked record)."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncline_runtime.declaration import Entity, Values
from syncline_runtime.records import Correlation

Key = str
"""The canonical text of a rule's fields; equal keys are equal identities."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unlinked:
    """A record without a link, and its key under each match rule (None: the rule does not apply to it)."""

    system: str
    remote_id: str
    keys: tuple[Key | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A record that has one of the keys asked for; `link_id` None when unlinked, `linked` the systems of its link."""

    remote_id: str
    link_id: int | None = None
    linked: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What the store knows, by rule number and key: the records that have it in each system, and keys of open creates.

    `holders[rule, key][system]` lists the records, the asking one included or not; a batch of unlinked records needs one Known.
    """

    holders: Mapping[tuple[int, Key], Mapping[str, tuple[Holder, ...]]] = field(default_factory=dict)
    creating: frozenset[tuple[int, Key]] = frozenset()


def keys(entity: Entity, values: Values) -> tuple[Key | None, ...]:
    """Return the key of each match rule, None where a part is missing, empty or a placeholder."""
    raise NotImplementedError


def correlate(entity: Entity, systems: tuple[str, ...], record: Unlinked, known: Known) -> Correlation:
    """Place one unlinked record of `entity` among the `systems` of its sync."""
    raise NotImplementedError
