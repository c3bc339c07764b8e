"""Examples: what a record looks like in a system, and what it then has to be. Values are those that the runtime works with."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from syncline.model.spec import Map, Sync
from syncline.source import Span
from syncline_runtime.values import ABSENT, Value

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class EntitySample:
    """What the entity holds: canonical values by dotted name, each with its place."""

    values: Mapping[str, Value]
    spans: Mapping[str, Span]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeSample:
    """What a system's record holds: values by the resource's names, as the connector delivers them."""

    map: Map
    values: Mapping[str, object]
    spans: Mapping[str, Span]
    span: Span

    def record(self) -> dict[str, object]:
        """The record as it would be delivered: of fields that the sample does not speak of, nothing is known."""
        unsaid = (name for name, native in self.map.resource.fields.items() if native.absent_is_null)
        return {**dict.fromkeys(unsaid, ABSENT), **self.values}


@dataclass(frozen=True, slots=True, kw_only=True)
class MapExample:
    """Each of `shown` is a record that its map reads as `expected`."""

    title: str
    shown: tuple[NativeSample, ...]
    expected: EntitySample
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class TruthExample:
    """Where the entity was `given`, systems that now show `shown` make it `expected` and are left as `written`.

    Without `given` the records are linked for the first time.
    """

    title: str
    sync: Sync
    given: EntitySample | None
    shown: tuple[NativeSample, ...]
    expected: EntitySample | None
    written: tuple[NativeSample, ...]
    span: Span


Example = MapExample | TruthExample
