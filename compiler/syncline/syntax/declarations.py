"""The nodes that stand at the top of a spec, except `sync`: what exists, how it is reached and how it is mapped.

`doc` is the text of the `##` lines directly above a node, without their marks, lines joined by newlines; else None.
"""

from typing import TypeAlias

from syncline.source import Source, Span
from syncline.syntax.expressions import (
    Boolean,
    Call,
    Codec,
    Expression,
    ListLiteral,
    Literal,
    Name,
    NamedType,
    Null,
    Number,
    ObjectLiteral,
    Path,
    Percent,
    Quantity,
    Text,
    Type,
)
from syncline.syntax.node import node
from syncline.syntax.policy import Sync


@node
class Header:
    """`spec NAME version N`."""

    name: Name
    version: Number
    doc: "str | None"
    span: Span


@node
class Use:
    """`use hubspot, odoo`: connectors of the standard library."""

    names: tuple[Name, ...]
    span: Span


@node
class Import:
    """`import "file.sync"`: the types, entities and systems of another file."""

    path: Text
    span: Span


@node
class TypeDeclaration:
    """`type Vat = text(20) matching "…"`."""

    name: Name
    type: Type
    doc: "str | None"
    span: Span


@node
class EnumMember:
    """A member of a closed set."""

    name: Name
    renamed_from: "Name | None"
    doc: "str | None"
    span: Span


@node
class Enum:
    """`enum Lifecycle { lead, customer }`."""

    name: Name
    members: tuple[EnumMember, ...]
    doc: "str | None"
    span: Span


@node
class CodecDeclaration:
    """`codec stages = { … }`: a codec with a name, for several maps."""

    name: Name
    codec: Codec
    doc: "str | None"
    span: Span


@node
class Field:
    """`name : type`, then `?`, `pii`, `= value`, `via field` and `renamed from name`, each if given.

    `value` is a default when it is a literal or a member, else the field is computed.
    """

    name: Name
    type: Type
    optional: bool
    pii: bool
    value: "Expression | None"
    via: "Name | None"
    renamed_from: "Name | None"
    doc: "str | None"
    span: Span


@node
class Record:
    """`record Address { … }`: a named group of fields."""

    name: Name
    fields: tuple[Field, ...]
    doc: "str | None"
    span: Span


@node
class MatchRule:
    """One rule of identity: the fields that are compared together; `ask` when it only proposes to a person.

    `excepted` are the placeholders that are no key; they belong to the rule they follow.
    """

    fields: tuple[Path, ...]
    ask: bool
    excepted: tuple[Text, ...]
    span: Span


@node
class Match:
    """`match a and b then c then ask d`: the rules of identity in the order in which they are tried."""

    rules: tuple[MatchRule, ...]
    span: Span


@node
class Entity:
    """`entity Company { … }`: the hub's idea of a thing; `matches` holds more than one only in a faulty spec."""

    name: Name
    renamed_from: "Name | None"
    fields: tuple[Field, ...]
    matches: tuple[Match, ...]
    doc: "str | None"
    span: Span


Word: TypeAlias = Literal | Path | Call | ListLiteral | Type
"""What may follow a name in a connector; types only where nothing else can be meant, see `type_of`."""


def type_of(word: Word) -> Type | None:
    """The type that a word of a connector names (`text(200)`, `instant`, `ref companies`); None when it names none."""
    match word:
        case Path(steps=(Name() as name,)):
            return NamedType(name, (), None, word.span)
        case Call():
            return NamedType(word.function, word.arguments, None, word.span)
        case Path() | ListLiteral() | Text() | Number() | Percent() | Quantity() | Boolean() | Null():
            return None
        case _:
            return word


@node
class Directive:
    """`name word* block?` in a connector: `rate 300 per 10 seconds`, `resource contacts { … }`.

    `items` is None when there is no block. Every keyword of the language is an ordinary name here.
    """

    name: Name
    words: tuple[Word, ...]
    items: "tuple[Item, ...] | None"
    doc: "str | None"
    span: Span


@node
class Property:
    """`name : type word* block?` or `name : value` in a connector: a field, a header, a setting of a directive.

    `kind` is the word before the name in `setting url : url`, else None. `value` is the first word after the
    colon, `type_of` reads it as a type; None in `name : { … }`; `words` is what follows. `optional` says that `?` follows it.
    """

    kind: "Name | None"
    name: "Name | Text | Number"
    value: "Word | None"
    optional: bool
    words: tuple[Word, ...]
    items: "tuple[Item, ...] | None"
    doc: "str | None"
    span: Span


@node
class Connector:
    """`connector NAME over PROTOCOL { … }`: how a kind of system is reached; parsed without knowing its vocabulary."""

    name: Name
    protocol: Name
    items: "tuple[Item, ...]"
    doc: "str | None"
    span: Span


@node
class Extend:
    """`extend SYSTEM { … }`: a tenant's custom fields and objects, in the words of a connector."""

    system: Name
    items: "tuple[Item, ...]"
    doc: "str | None"
    span: Span


@node
class System:
    """`system crm = hubspot { … }`: an instance of a connector with its settings."""

    name: Name
    connector: Name
    settings: ObjectLiteral
    doc: "str | None"
    span: Span


@node
class ResourceName:
    """`crm.companies`: a resource of a system."""

    system: Name
    resource: Name
    span: Span


@node
class Condition:
    """`only on create`, `only into empty`, `only when present`; `kind` is `create`, `empty` or `present`."""

    kind: str
    span: Span


@node
class FieldLine:
    """`left <-> right as codec only …`; the entity stands on the left, the system on the right.

    `arrow` is `<-`, `->` or `<->`. The side that an arrow points to is a Path, or on the right a ListLiteral of paths;
    the parser lets any expression stand there and leaves the complaint to the checks.
    """

    left: Expression
    arrow: str
    right: Expression
    codec: "Codec | None"
    conditions: tuple[Condition, ...]
    arrow_span: Span
    span: Span


@node
class CollectionLine:
    """`lines <-> order_line { … }`: a nested collection with a map of its elements."""

    left: Expression
    arrow: str
    right: Expression
    lines: "tuple[Line, ...]"
    arrow_span: Span
    span: Span


@node
class Map:
    """`map E to s.r where … when … { … }`."""

    entity: Name
    target: ResourceName
    where: "Expression | None"
    when: "Expression | None"
    lines: "tuple[Line, ...]"
    doc: "str | None"
    span: Span


@node
class Once:
    """`once when COND`: the record is made when the condition becomes true, then its own."""

    condition: Expression
    span: Span


@node
class While:
    """`while COND`: the record exists as long as the condition holds."""

    condition: Expression
    span: Span


@node
class Derive:
    """`derive E from F once when COND { … }`: records that follow from others."""

    entity: Name
    origin: Name
    trigger: "Once | While"
    lines: "tuple[Line, ...]"
    doc: "str | None"
    span: Span


@node
class Automation:
    """`automation in s sets f, g when COND`: what a system changes by itself; paths start with the resource."""

    system: Name
    sets: tuple[Path, ...]
    condition: "Expression | None"
    doc: "str | None"
    span: Span


@node
class Sample:
    """A record in an example; `role` is `given`, `is`, `then`, or empty for what a system holds."""

    role: str
    target: "ResourceName | Name"
    values: ObjectLiteral
    span: Span


@node
class Example:
    """`example "title" { … }`: samples through a map, or with `given` and `then` through the truth rules."""

    title: Text
    samples: tuple[Sample, ...]
    doc: "str | None"
    span: Span


@node
class Allow:
    """`allow CODE "reason"`: suppresses one diagnostic of the next declaration."""

    code: Name
    reason: Text
    span: Span


@node
class Comment:
    """A comment from its `#` to the end of its line; `text` includes the marks."""

    text: str
    span: Span


Item: TypeAlias = Directive | Property
Line: TypeAlias = FieldLine | CollectionLine
Declaration: TypeAlias = (
    Header
    | Use
    | Import
    | TypeDeclaration
    | Enum
    | CodecDeclaration
    | Record
    | Entity
    | Connector
    | Extend
    | System
    | Map
    | Sync
    | Derive
    | Automation
    | Example
    | Allow
)


@node
class Spec:
    """A whole file: its declarations in the order of writing, and its comments, documentation included."""

    source: Source
    declarations: tuple[Declaration, ...]
    comments: tuple[Comment, ...]
    span: Span
