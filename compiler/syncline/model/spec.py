"""The resolved spec. Spans point at the declaration's name unless said otherwise."""

from collections.abc import Iterator, Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, Any, Literal

from syncline.model.expressions import Expression
from syncline.model.types import Type
from syncline.source import Span
from syncline_runtime.declaration import Child, Connector, OnDelete, Operation, Resource, SettingSource, When

if TYPE_CHECKING:
    from dataclasses import dataclass

    from syncline.model.automations import Automation
    from syncline.model.derivations import Derivation
    from syncline.model.examples import Example
else:
    from syncline_runtime.frozen import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A leaf field of an entity. `name` is dotted through records (`address.street`)."""

    name: str
    type: Type
    span: Span
    pii: bool = False
    doc: str = ""
    default: Expression | None = None
    renamed_from: str | None = None
    computed: Expression | None = (
        None  # over the entity's fields, and those of records that its back-references collect
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class BackReference:
    """The records of `entity` that refer to one of its owner's in their field `via`."""

    entity: str
    via: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchRule:
    """One step of `match`: all `fields` together are the key."""

    fields: tuple[Field, ...]
    ask: bool
    placeholders: tuple[str, ...]
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Elements:
    """What a field of the entity collects: records, as an entity without identity, told from one another by their `key`.

    Without a key, the list is one value.
    """

    record: "Entity"
    key: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entity:
    """The hub's idea of a record. `source` names the file that declares it."""

    name: str
    fields: Mapping[str, Field]
    match: tuple[MatchRule, ...]
    span: Span
    doc: str = ""
    renamed_from: str | None = None
    collections: Mapping[str, Elements] = field(default_factory=dict)  # fields that hold records of their own
    back: Mapping[str, BackReference] = field(default_factory=dict)
    complete: bool = True  # False: a field or rule was reported and left out, so that its absence is no news


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """A step of a path behind a reference: in `resource`, `path` is `field` of the record of `target` that `reference` holds."""

    resource: str
    path: str
    reference: "NativeField"
    target: str
    field: str


@dataclass(frozen=True, slots=True, kw_only=True)
class NativeField:
    """A field of a resource, or one behind a reference, by the `ways` that lead to it. `wire` names the spelling
    (`codecs.WIRE`) in which the protocol delivers it."""

    name: str
    type: Type
    span: Span
    wire: str
    null: str = ""  # how the system spells null for this kind (`codecs.NULLS`): read outermost, written last
    absent_is_null: bool = False  # a reading that lacks it shows null
    child: Child | None = None
    path: tuple[str, ...] = ()
    writable: bool = True
    required: bool = False  # the system refuses a create without it
    unique: bool = False
    identity: bool = False
    version: bool = False
    counts: bool = False  # each write to the record adds one to it
    marker: bool = False  # it takes a mark by which a record that the runtime made is found
    normalises: tuple["CodecUse", ...] = ()
    references: str | None = None  # resource that a reference points to
    states: Mapping[str | int | bool, Operation] = field(
        default_factory=dict
    )  # by value, the operation that alone sets it
    ways: tuple[Way, ...] = ()

    @property
    def column(self) -> str:
        """The field of the resource itself that is read and written: the reference, for one behind it."""
        return self.ways[0].reference.name if self.ways else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class ResourceModel:
    """A resource with typed fields; `declaration` is what the runtime needs of it.

    `places` says where the connector declares what: by word (`list`, `lock`), inside one by `list since`, `create batch`.
    """

    name: str
    fields: Mapping[str, NativeField]
    declaration: Resource
    span: Span
    doc: str = ""
    places: Mapping[str, Span] = field(default_factory=dict)
    spelling: Any = None  # how it spells values, where that is not as its connector says


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectorModel:
    """A connector with its settings (name -> (type kind, required)) and resources; `declaration` is what the
    runtime needs, `spelling` how it spells kinds of values, `templates` what resources can be made `like`, `places` where it
    declares what, by word (`rate`, `auth`)."""

    name: str
    settings: Mapping[str, "SettingModel"]
    resources: Mapping[str, ResourceModel]
    declaration: Connector
    span: Span
    spelling: Any
    templates: Mapping[str, Any]
    places: Mapping[str, Span] = field(default_factory=dict)
    cleared_for_pii: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingModel:
    """A setting that a connector asks for."""

    name: str
    kind: str  # text | url | secret | integer | boolean | path
    required: bool
    span: Span
    default: str | int | bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class System:
    """An instance of a connector; `resources` include what `extend` added.

    `place_of` names the system of which this is one *place*: where several maps keep one entity in a system, each map has a place
    of its own (`crm.leads`), that goes through the policy as a system does.
    """

    name: str
    connector: ConnectorModel
    settings: Mapping[str, SettingSource]
    resources: Mapping[str, ResourceModel]
    span: Span
    cleared_for_pii: bool = True
    place_of: str = ""

    @property
    def account(self) -> str:
        """The system that the spec declares, whose limits, settings and people it shares with its other places."""
        return self.place_of or self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecUse:
    """A codec of a pipeline with its arguments, in the order of the runtime's registry.

    `table` holds a value table: ((canonical, (native, …)), …) and its `otherwise`; `name` is then "table".
    `gives` is the type on the entity's side of this step.
    """

    name: str
    arguments: tuple[str | int, ...]
    gives: Type
    span: Span
    table: tuple[tuple[str, tuple[str | int | bool | None, ...]], ...] = ()
    otherwise: str | None = None
    declared_as: str | None = None  # name of the `codec` declaration, for readable generated names


class Arrow(Enum):
    """The flow of a map line; the entity stands on the left."""

    READ = "<-"
    WRITE = "->"
    BOTH = "<->"


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A field behind references of the entity: each of the `ways` is a reference and the entity that it leads to, `field` is one of
    the last of these."""

    ways: tuple[tuple[str, str], ...]
    field: Field

    @property
    def target(self) -> str:
        """The entity that has the field."""
        return self.ways[-1][1]

    def steps(self, entity: str) -> tuple[tuple[str, str], ...]:
        """The references on the way from a record of `entity`, each after the entity that has it."""
        owners = (entity, *(target for _, target in self.ways))
        return tuple((owner, via) for owner, (via, _) in zip(owners, self.ways, strict=False))


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One line of a map.

    `field` is the entity's field; None for an expression that is written (`truncate(name, 40) -> short_name`), whose output slot is
    then `=` + the native name. `natives` are the resource's fields in order (several for `[a, b] as …`). `pipeline` stands in the
    order of reading. `elements` maps the records of a nested collection, aligned by `key`; `picked` are maps of single elements of
    one, each in fields of the record itself, by the value of their `key`; `by` says that a reference is shown as that field of its
    record. `expression` is set for one-way lines with an expression: over native fields for `<-`, over
    entity fields for `->`.
    """

    field: Field | None
    natives: tuple[NativeField, ...]
    arrow: Arrow
    span: Span
    native_span: Span
    pipeline: tuple[CodecUse, ...] = ()
    elements: "Map | None" = None
    picked: "tuple[tuple[str | int, Map], ...]" = ()
    needed: tuple[str, ...] = ()  # of what is picked: without these there is no element
    key: str | None = None
    by: Look | None = None
    expression: Expression | None = None
    when: When = When.ALWAYS
    made: "tuple[Line, ...] | None" = (
        None  # of a derivation: each element that `expression` holds makes one by these lines
    )
    homes: Mapping[str, str] | None = None  # by entity, the place that what it refers to is in, if another

    @property
    def slot(self) -> str:
        """The key under which the line's value is shown: the field's name or the output slot."""
        return self.field.name if self.field else f"={self.natives[0].name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Equality:
    """An equality of a map's `where`."""

    native: NativeField
    value: str | int | bool | None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Map:
    """A field map of one entity in one resource. `where` speaks of native fields, `when` of the entity's."""

    entity: Entity
    system: System
    resource: ResourceModel
    lines: tuple[Line, ...]
    span: Span
    where: tuple[Equality, ...] = ()
    where_expression: Expression | None = None
    paths: Mapping[str, NativeField] = field(default_factory=dict)  # what is read or written behind references
    looks: Mapping[str, Look] = field(
        default_factory=dict
    )  # by path, what is written of records that the entity refers to
    when: Expression | None = None
    complete: bool = True  # False: a line was reported and left out

    @property
    def place(self) -> str:
        """Where its records are: the resource of the system, or which of them."""
        return self.system.name if self.system.place_of else f"{self.system.name}.{self.resource.name}"

    @property
    def sends(self) -> bool:
        """Whether the resource only takes records, as one that sends messages does: it is neither listed nor read."""
        declared = self.resource.declaration
        shown = declared.list is not None or declared.read is not None
        return declared.create is not None and not shown and all(line.arrow is Arrow.WRITE for line in self.lines)

    def nested(self) -> "Iterator[Map]":
        """The map itself and those of its collections."""
        yield self
        for line in self.lines:
            if line.elements is not None:
                yield from line.elements.nested()
            yield from (picked for _, picked in line.picked)

    def origin(self, name: str) -> tuple[str, str]:
        """The field that an expression of the map names, with its entity: its own, or what stands behind references."""
        look = self.looks.get(name)
        return (self.entity.name, name) if look is None else (look.target, look.field.name)

    def names_of(self, entity: str, field: str) -> frozenset[str]:
        """What the expressions of the map call a field of an entity: its name, and the paths that end at it or pass it."""
        paths = (
            path
            for path, look in self.looks.items()
            if (entity, field) in ((look.target, look.field.name), *look.steps(self.entity.name))
        )
        return frozenset((*([field] if entity == self.entity.name else ()), *paths))

    def native(self, name: str) -> NativeField:
        """The resource's field of that name, or what stands behind a reference. Raises KeyError."""
        return self.paths[name] if name in self.paths else self.resource.fields[name]


@dataclass(frozen=True, slots=True, kw_only=True)
class Truth:
    """One truth rule for `fields` (decided together if several), or for all the rest (`otherwise`, `record owned by`).

    rule: owned | prefers | newest | union | max | min | ask | python; `systems` in the order written, `when` the condition of
    `owned by A when …`.
    """

    rule: Literal["owned", "prefers", "newest", "union", "max", "min", "ask", "python"]
    fields: tuple[str, ...]
    span: Span
    systems: tuple[System, ...] = ()
    drift: Literal["overwrite", "keep", "report"] = "overwrite"
    function: str | None = None
    when: Expression | None = None
    text: str = ""  # the rule in the language's words


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteRule:
    """`create in S …` or `update in S …`: never, always or under a condition on the entity."""

    system: System
    allowed: bool
    span: Span
    when: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeleteRule:
    """`delete in S …`; several of one system have conditions on the entity, all but one at most."""

    system: System
    policy: OnDelete
    unless_edited: bool
    span: Span
    when: Expression | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """`guard OP over N and P%`."""

    operation: Literal["create", "update", "delete"]
    count: int
    percent: float
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class EraseRule:
    """`erase purge|clear|keep in S "why"`."""

    system: System
    action: Literal["purge", "clear", "keep"]
    reason: str
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """One `run` line; `full` where it reads everything, not only what changed."""

    kind: Literal["every", "webhook", "daily", "after"]
    span: Span
    seconds: int | None = None
    at: str | None = None
    zone: str | None = None
    after: str | None = None
    full: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Sync:
    """The policy of one entity. `maps` are those of its systems, `derivations` those that make its records; `truth` holds the rules
    of fields, `records` those of whole records (`record owned by`), `otherwise` that of the rest."""

    entity: Entity
    systems: tuple[System, ...]
    maps: tuple[Map, ...]
    span: Span
    truth: tuple[Truth, ...] = ()
    records: tuple[Truth, ...] = ()
    otherwise: Truth | None = None
    creates: tuple[WriteRule, ...] = ()
    updates: tuple[WriteRule, ...] = ()
    deletes: tuple[DeleteRule, ...] = ()
    empty: Literal["propagates", "ignored"] | None = None
    out_of_scope: Literal["unlink", "keep", "archive"] = "unlink"
    merged: Literal["hold", "follow"] = "hold"
    unknown: Literal["look", "hold"] = "look"  # what becomes of a create without an answer
    guards: tuple[Guard, ...] = ()
    erases: tuple[EraseRule, ...] = ()
    triggers: tuple[Trigger, ...] = ()
    derivations: tuple["Derivation", ...] = ()
    derived: bool = True  # False: a derivation was reported and left out
    complete: bool = (
        True  # False: a clause, a system or its map was reported and left out, here or in the maps and the entity
    )

    def map_of(self, system: System) -> Map | None:
        """The entity's map in `system`, if there is one."""
        return next((candidate for candidate in self.maps if candidate.system.name == system.name), None)

    @property
    def several(self) -> bool:
        """Whether it keeps more than one system of the spec, whatever places these have."""
        return any(system.account != self.systems[0].account for system in self.systems)

    @property
    def accounts(self) -> tuple[str, ...]:
        """The systems as the spec names them, each once, whatever places they have."""
        return tuple(dict.fromkeys(system.account for system in self.systems))

    def contributors(self, name: str) -> tuple[System, ...]:
        """The systems whose edits of the field may change the entity, in the order of the spec."""
        return tuple(
            candidate.system
            for candidate in self.maps
            if any(
                line.field is not None and line.field.name == name and line.arrow is not Arrow.WRITE
                for line in candidate.lines
            )
        )

    def rules_for(self, name: str) -> tuple[Truth, ...]:
        """The truth rules that decide the field: its own, else those of whole records; the first whose condition holds. The last
        has no condition, if any has none: `otherwise` stands in where these do not say."""
        own = [rule for rule in self.truth if name in rule.fields] or list(self.records)
        rest = [rule for rule in own if rule.when is None] or ([self.otherwise] if self.otherwise else [])
        return (*(rule for rule in own if rule.when is not None), *rest[:1])

    def rule_for(self, name: str) -> Truth | None:
        """The truth rule of the field that needs no condition to hold, else None."""
        return next((rule for rule in self.rules_for(name) if rule.when is None), None)

    @property
    def all_rules(self) -> tuple[Truth, ...]:
        """Every truth rule, in the order of the spec but for `record` and `otherwise`, which come last."""
        return (*self.truth, *self.records, *((self.otherwise,) if self.otherwise is not None else ()))


@dataclass(frozen=True, slots=True, kw_only=True)
class Spec:
    """A whole resolved spec. `file` is the name of the main file, `sha256` of its text and all it imports."""

    name: str
    version: int
    file: str
    sha256: str
    systems: Mapping[str, System]
    entities: Mapping[str, Entity]
    maps: tuple[Map, ...]
    syncs: tuple[Sync, ...]
    span: Span
    doc: str = ""
    examples: tuple["Example", ...] = ()
    automations: tuple["Automation", ...] = ()
    derivations: tuple["Derivation", ...] = ()
