"""What a record is, and how it stands in a system: entities, identity, field maps."""

from collections.abc import Callable, Mapping
from dataclasses import field
from datetime import datetime
from enum import Flag
from typing import TYPE_CHECKING, Any, TypeAlias

from syncline_runtime.values import Native, Shown, Value

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass


Values: TypeAlias = Mapping[str, Shown]
"""The fields of an entity by dotted name (`address.street`), as one system shows them or as the hub holds them.

A key that starts with `=` is an *output slot*: what a one-way expression line writes (`=short_name` for
`truncate(name, 40) -> short_name`). Output slots are compared and rewritten, and never flow back.
"""


class When(Flag):
    """The conditions on writing a line, which must all hold."""

    ALWAYS = 0
    ON_CREATE = 1
    INTO_EMPTY = 2
    PRESENT = 4

    @property
    def said(self) -> str:
        """The conditions in the language's words."""
        words = (
            (When.ON_CREATE, "only on create"),
            (When.INTO_EMPTY, "only into empty"),
            (When.PRESENT, "only when present"),
        )
        return " ".join(phrase for one, phrase in words if one in self) or "always"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """One line of a map. `field` is the entity's field, or an output slot (`=name`).

    `contributes`: an edit in this system may change the entity (`<-`, `<->`). `writes`: the system is kept in step (`->`, `<->`).
    `native` names the resource's fields that the line reads and writes. `exact`: the system can hold every value of the field
    unchanged; otherwise what it shows is what `read(write(values))` says. `refers`: the field is a reference to a record of one of
    these entities, of which `read` shows the remote id and `write` takes it; `needed`: no record is created here without it.
    `by`: the field of that record which is shown for it, instead of its id. `homes`: by entity, the place of the
    system among whose ids it is looked up, where that is not the map's own. `hears`: of a nested collection, the fields of its
    elements that this system may change.
    """

    field: str
    native: tuple[str, ...]
    contributes: bool
    writes: bool
    when: When = When.ALWAYS
    exact: bool = True
    refers: tuple[str, ...] = ()
    operated: bool = False  # operations set it, so that no create does
    needed: bool = False
    hears: tuple[str, ...] = ()
    picked: "Picked | None" = None
    by: str = ""
    homes: Mapping[str, str] | None = None
    line: int = 0  # of the spec


@dataclass(frozen=True, slots=True, kw_only=True)
class Picked:
    """Single elements of a nested collection that a system shows in fields of the record itself: by the value of their key, the
    fields of the element that are there. Without the `needed` ones there is no element."""

    fields: Mapping[str | int, tuple[str, ...]]
    needed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Timed:
    """A condition that waits for a date: `holds(values, now)`, and the dates that it compares with the present (null: none)."""

    holds: Callable[[Mapping[str, Any], datetime], bool]
    dates: Callable[[Mapping[str, Any]], tuple[Any, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """An equality of a map's `where`: native spelling."""

    field: str
    value: Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """What a map writes of another record, the one behind its references: each of the `ways` is a reference, and the entity of the
    record that it holds; `field` is one of the last."""

    ways: tuple[tuple[str, str], ...]
    field: str

    def steps(self, entity: str) -> tuple[tuple[str, str], ...]:
        """The references on the way from a record of `entity`, each with the entity that has it."""
        owners = (entity, *(target for _, target in self.ways))
        return tuple((owner, via) for owner, (via, _) in zip(owners, self.ways, strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldMap:
    """How one entity stands in one resource of one system. The functions are pure and straight-line.

    read(native) -> values shown, output slots included; raises CodecError.
    write(values, old) -> native fields by resource field name, all writable lines; `old` is the record
        as it stands, or None on create.
    normalise(native) -> native as the system will store it (declared `normalises`), or None where nothing is declared.
    in_scope(native): the map's `where`, evaluated here. applies(values): the map's `when`; `waits` is it where it waits for a date.
    """

    entity: str
    system: str
    resource: str
    flows: tuple[Flow, ...]
    read: Callable[[Native], dict[str, Any]]
    write: Callable[[Mapping[str, Any], Native | None], Native]
    normalise: Callable[[Native], Native] | None = None
    looks: Mapping[str, Look] = field(
        default_factory=dict
    )  # by path, what `write` is given beside the entity's own fields
    where: tuple[Condition, ...] = ()
    in_scope: Callable[[Native], bool] | None = None
    applies: Callable[[Mapping[str, Any]], bool] | None = None
    waits: Timed | None = None
    line: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRule:
    """A rule of identity: records with equal values in all `fields` are the same; `ask` only proposes to a person.

    `placeholders` are patterns (`info@*`) whose values are no key.
    """

    fields: tuple[str, ...]
    ask: bool = False
    placeholders: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A field that holds records of its own: `shape` is the TypedDict of one, `key` the field by which one is told from another
    (None: the list is one value), `refers` its fields that are references, each with the entities it may be of."""

    shape: Any
    key: str | None = None
    refers: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ByKey:
    """A reference that a system shows as a field of the record instead of its id; no two records of `entity` have the same."""

    entity: str
    field: str


Targets: TypeAlias = tuple[str, ...] | Collection | ByKey
"""What a field refers to: a record of one of some entities, one by its key, or what the elements of a collection do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BackReference:
    """The records of `entity` that refer to a record in their field `via`."""

    entity: str
    via: str


Computation: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, tuple[Mapping[str, Any], ...]]], dict[str, Any]]
"""The computed fields of an entity, from the agreed values of a record and of those that its back-references collect."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The hub's idea of a record. `shape` is the TypedDict of its fields, which the state store decodes into.

    `lengths` are the most characters (code points) that texts may have, `back` its back-references, `computed` the fields that
    `compute` makes, each with its line of the spec.
    """

    name: str
    shape: Any
    fields: tuple[str, ...]
    kinds: Mapping[str, str]  # field -> type kind (codecs registry)
    lengths: Mapping[str, int] = field(default_factory=dict)
    required: frozenset[str] = frozenset()
    pii: frozenset[str] = frozenset()
    match: tuple[MatchRule, ...] = ()
    defaults: Mapping[str, Value] = field(default_factory=dict)
    collections: Mapping[str, Collection] = field(default_factory=dict)
    back: Mapping[str, BackReference] = field(default_factory=dict)
    computed: Mapping[str, int] = field(default_factory=dict)
    compute: Computation | None = None
