"""What follows from other records, and the whole package."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from syncline_runtime.declaration.entities import Entity, FieldMap, Flow
from syncline_runtime.declaration.policy import Sync
from syncline_runtime.declaration.systems import System

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


def derived_from(origin: str) -> str:
    """What a derivation from an entity is called among the systems of a sync; no system of a spec can bear that name."""
    return f"from {origin}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Derivation:
    """`derive ENTITY from ORIGIN once when …` (`once`) or `… while …`: records of `entity` that follow from those of `origin`.

    holds(values, before, now): the condition, over the agreed values of a record of `origin` and those that they were before.
    read(values): what the derived record shows, by its own fields; beside that, `itself` are those that refer to the record that
    it follows from. `asks` are the fields of `origin` that the condition reads.
    A rule takes part in the sync of `entity` as a system of its own, of which the ids are those of the links of `origin`.
    """

    entity: str
    origin: str
    once: bool
    holds: Callable[[Mapping[str, Any], Mapping[str, Any], datetime], bool]
    read: Callable[[Mapping[str, Any]], dict[str, Any]]
    flows: tuple[Flow, ...]
    dates: Callable[[Mapping[str, Any]], tuple[Any, ...]] | None = None  # as of `Timed`
    itself: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()
    text: str = ""  # the condition in the language's words
    line: int = 0

    @property
    def system(self) -> str:
        """What the rule is called among the systems of the sync."""
        return derived_from(self.origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What stored state depends on: by subject (``"field `Contact.phone`"``) its aspects, each spelled in a text.

    Names in back-quotes may be renamed: `renamed` gives, by the new name (`Client`, `Client.tel`, `Stage#lost`), the former one.
    """

    aspects: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    renamed: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Package:
    """A whole generated package: what `python -m NAME` runs. `stamp` is what its state must be of."""

    name: str
    source: str  # file name of the spec, for messages: `crm_erp.sync`
    spec_version: int
    spec_sha256: str
    systems: Mapping[str, System]
    entities: Mapping[str, Entity]
    mappings: tuple[FieldMap, ...]
    syncs: tuple[Sync, ...]
    stamp: Stamp = Stamp()
    derivations: tuple[Derivation, ...] = ()

    def mapping(self, entity: str, system: str) -> FieldMap:
        """The map of `entity` in `system`. Raises KeyError where the spec has none."""
        for candidate in self.mappings:
            if candidate.entity == entity and candidate.system == system:
                return candidate
        raise KeyError((entity, system))
