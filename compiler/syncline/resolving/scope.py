"""What the parts of the phase share: the declarations by name, and what has been made of them so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from syncline.model.spec import BackReference, ConnectorModel, Entity, Field, System
from syncline.model.types import Type
from syncline.resolving.findings import Findings
from syncline.resolving.imports import Declarations
from syncline.source import Span
from syncline.syntax import Path, Table
from syncline_runtime.codecs.definitions import CodecDefinition

DEEPEST: Final = 32
"""How many declarations (records, types, codecs, files) may each lead to the next."""

MOST_FIELDS: Final = 10_000
"""How many leaves an entity may have, those of its records counted."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The fields of a record or entity.

    `fields` are the leaves by dotted name, `groups` the dotted names of records among them. `absent` are names that were
    declared but left out, because they are faulty or of a later release: whoever names one has been told already. `leading`
    are the references and collections of records, behind which a path goes on.
    """

    fields: Mapping[str, Field]
    groups: frozenset[str]
    absent: frozenset[str]
    leading: Mapping[str, Field] = field(default_factory=dict)
    back: Mapping[str, BackReference] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class EntityScope:
    """An entity with the names that may be used of it."""

    entity: Entity
    shape: Shape


@dataclass(frozen=True, slots=True)
class Step:
    """A codec with its arguments, not yet typed."""

    name: str
    definition: CodecDefinition
    arguments: tuple[str | int, ...]
    span: Span
    table: Table | None = None
    declared_as: str | None = None


@dataclass(slots=True)
class Scope:
    """The state of one run of the phase. A name that maps to None was declared, but nothing could be made of it."""

    declared: Declarations
    findings: Findings
    types: dict[str, Type | None] = field(default_factory=dict)
    shapes: dict[str, Shape | None] = field(default_factory=dict)
    open_records: list[str] = field(default_factory=list)
    codecs: dict[str, tuple[Step, ...] | None] = field(default_factory=dict)
    open_codecs: set[str] = field(default_factory=set)
    spelled: dict[tuple[str, tuple[str, ...]], Type | None] = field(default_factory=dict)
    connectors: dict[str, ConnectorModel | None] = field(default_factory=dict)
    systems: dict[str, System | None] = field(default_factory=dict)
    entities: dict[str, EntityScope] = field(default_factory=dict)
    aligned: list[tuple[Type, Path]] = field(default_factory=list)  # elements of `list<T> by F`, and the F
