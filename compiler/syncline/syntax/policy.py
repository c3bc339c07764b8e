"""The nodes of `sync`: which way records flow, when they are written, and which system is right."""

from typing import TypeAlias

from syncline.source import Span
from syncline.syntax.expressions import Expression, Name, Number, Path, Percent, Quantity, Text
from syncline.syntax.node import node


@node
class Across:
    """`across a, b`: records may be born in any of the systems."""

    systems: tuple[Name, ...]
    span: Span


@node
class Flow:
    """`from a, b to c`, or `from a` with no targets: where records are born, and where they go."""

    sources: tuple[Name, ...]
    targets: tuple[Name, ...]
    span: Span


@node
class WriteRule:
    """`create|update|delete in SYSTEM …`: whether and when that system is written.

    `operation` is create, update or delete. `action` is `never`, or for a delete propagate, archive, unlink, recreate
    or hold; None when only a condition is given.
    """

    operation: str
    system: Name
    action: "Name | None"
    condition: "Expression | None"
    unless_edited: bool
    span: Span


@node
class OwnedBy:
    """`owned by A`, `owned by A when COND`: others' edits are drift; `drift` is overwrite, keep, report or None."""

    system: Name
    condition: "Expression | None"
    drift: "Name | None"
    span: Span


@node
class Prefers:
    """`prefers A then B`: when several edited, the first listed wins."""

    systems: tuple[Name, ...]
    span: Span


@node
class Newest:
    """`newest else A`: the newer edit wins; A on a tie."""

    tie_break: "Name | None"
    span: Span


@node
class Merge:
    """`union`, `max` or `min`, in `kind`."""

    kind: str
    span: Span


@node
class Ask:
    """`ask`: a conflict in the field goes to the review queue."""

    span: Span


@node
class PythonMerge:
    """`python("package.module:function")`: a pure merge function."""

    function: Text
    span: Span


Rule: TypeAlias = OwnedBy | Prefers | Newest | Merge | Ask | PythonMerge


@node
class FieldTruth:
    """`first and last newest else crm`: one rule that decides the fields together."""

    fields: tuple[Path, ...]
    rule: Rule
    span: Span


@node
class RecordTruth:
    """`record owned by A when COND` or `record owned by B otherwise`: who owns whole records."""

    owner: OwnedBy
    otherwise: bool
    span: Span


@node
class OtherwiseTruth:
    """`otherwise RULE`: the rule of every field with several sources and no rule of its own."""

    rule: Rule
    span: Span


@node
class Truth:
    """The `truth { … }` block."""

    rules: "tuple[FieldTruth | RecordTruth | OtherwiseTruth, ...]"
    span: Span


@node
class Empty:
    """`empty propagates` or `empty ignored`: whether a cleared field clears the others."""

    behaviour: Name
    span: Span


@node
class OutOfScope:
    """`out of scope unlink|keep|archive`: what becomes of a record that leaves the map's condition."""

    action: Name
    span: Span


@node
class Merged:
    """`merged hold|follow`: what becomes of a record whose system merged it into another."""

    action: Name
    span: Span


@node
class Unknown:
    """`unknown hold`: what becomes of a create whose outcome is not known."""

    action: Name
    span: Span


@node
class Guard:
    """`guard OP over N and P%`: the run is held when both are exceeded; either may stand alone."""

    operation: str
    count: "Number | None"
    percent: "Percent | None"
    span: Span


@node
class Erase:
    """`erase purge|clear|keep in SYSTEM "why"`: what privacy erasure does there."""

    action: Name
    system: Name
    reason: "Text | None"
    span: Span


@node
class RunEvery:
    """`run every 5 minutes`; `full` when everything is read, not only what changed."""

    interval: Quantity
    full: bool
    span: Span


@node
class RunDaily:
    """`run full daily at "02:00" in "Zone"`."""

    at: Text
    zone: Text
    full: bool
    span: Span


@node
class RunOnWebhook:
    """`run on webhook`."""

    span: Span


@node
class RunAfter:
    """`run after Order`: only when the sync of that entity has drained."""

    entity: Name
    span: Span


Run: TypeAlias = RunEvery | RunDaily | RunOnWebhook | RunAfter
Clause: TypeAlias = WriteRule | Truth | Empty | OutOfScope | Merged | Unknown | Guard | Erase | Run


@node
class Sync:
    """`sync E across a, b { … }`: the policy by which an entity's records are kept in step."""

    entity: Name
    topology: "Across | Flow"
    clauses: tuple[Clause, ...]
    doc: "str | None"
    span: Span
