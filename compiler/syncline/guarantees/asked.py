"""What a sync asks of each of its systems, and what the runtime can do there with what the connector declares."""

from collections.abc import Iterator

from syncline.model.exactness import is_exact
from syncline.model.spec import Arrow, Line, Map, MatchRule, NativeField, ResourceModel, Sync
from syncline.source import Span
from syncline_runtime.conditional import conditional, has_slot
from syncline_runtime.declaration import Operation, Resource, When

NEVER_EMPTY = frozenset(
    {"integer", "decimal", "percent", "boolean", "date", "instant", "uuid", "enum", "country", "currency"}
)
"""Kinds of values of which none is empty: a required field of them always holds one."""


def creates(sync: Sync, side: Map) -> bool:
    """Whether records may be created there."""
    rule = next((rule for rule in sync.creates if rule.system.name == side.system.name), None)
    return (
        (sync.several or bool(sync.derivations))
        and (rule is None or rule.allowed)
        and any(line.arrow is not Arrow.READ for line in side.lines)
    )


def updates(sync: Sync, side: Map) -> bool:
    """Whether records may be changed there."""
    rule = next((rule for rule in sync.updates if rule.system.name == side.system.name), None)
    return (rule is None or rule.allowed) and any(
        line.arrow is not Arrow.READ and When.ON_CREATE not in line.when for line in side.lines
    )


def updated_by(sync: Sync, side: Map, source: Map) -> bool:
    """Whether an edit in `source` can lead to an update there."""
    heard = {line.field.name for line in source.lines if line.field is not None and line.arrow is not Arrow.WRITE}
    told = any(
        line.arrow is not Arrow.READ
        and When.ON_CREATE not in line.when
        and (line.field is None or line.field.name in heard)
        for line in side.lines
    )
    return side is not source and updates(sync, side) and told


def place(resource: ResourceModel, *words: str) -> tuple[Span, ...]:
    """Where the connector declares the first of `words` that it declares; the resource itself where it declares none."""
    return (next((resource.places[word] for word in words if word in resource.places), resource.span),)


def batch_size(operation: Operation | None) -> int:
    """How many records the runtime sends in one call."""
    if operation is None:
        return 1
    return max(operation.many, operation.batch.many if operation.batch is not None else 1)


def goes_alone(operation: Operation | None) -> bool:
    """Whether every write of this kind is a request of its own, so that headers and a version can come with it."""
    return operation is not None and operation.batch is None and operation.many == 1


def lock_holds(side: Map, operation: Operation | None) -> bool:
    """Whether the runtime really sends an expected version with each write of this kind.

    Over HTTP only a write that goes alone carries it: an ETag comes with a record that was read alone, a version needs its
    place (`version`) in the call.
    """
    resource = side.resource.declaration
    if resource.lock == "none" or resource.read is None or operation is None:
        return False
    match side.system.connector.declaration.protocol:
        case "sql" | "files":
            return resource.lock == "version" and resource.version is not None
        case _ if not goes_alone(operation) or _in_turns(side):
            return False
    if resource.lock == "etag":
        return resource.read.many == 1
    return resource.version is not None and has_slot(operation.call, "version")


def goes_unguarded(side: Map) -> bool:
    """Whether updates are sent without reading their records before: the system itself refuses those that come too late."""
    return conditional(side.system.connector.declaration, side.resource.declaration) and all(
        line.arrow is Arrow.READ
        or (is_exact(line, line.field.name if line.field is not None else "") and not _operated(line))
        for line in side.lines
    )


def _operated(line: Line) -> bool:
    return any(native.states for native in line.natives)


def _in_turns(side: Map) -> bool:
    """Whether an update may be sent as two writes, of which the second carries no version: one that revives, and one that edits."""
    archive = side.resource.declaration.archive
    return (
        side.system.connector.declaration.protocol == "jsonrpc"
        and archive is not None
        and any(
            native.name == archive[0] for line in side.lines if line.arrow is not Arrow.READ for native in line.natives
        )
    )


def says_what_it_stored(side: Map, operation: Operation | None) -> bool:
    """Whether the runtime learns what a write left in the system: from its answer, or by reading it back."""
    resource = side.resource.declaration
    if operation is None or side.system.connector.declaration.protocol in ("sql", "files"):
        return True
    used = (operation, *((operation.batch,) if operation.batch is not None else ()))
    return all(each.returns == "record" for each in used) or reads_back(resource)


def names_the_record(side: Map, create: Operation) -> bool:
    """Whether the answer to a create is declared to say which record it made."""
    used = (create, *((create.batch,) if create.batch is not None else ()))
    return side.system.connector.declaration.protocol in ("sql", "files") or all(
        each.returns != "nothing" for each in used
    )


def reads_back(resource: Resource) -> bool:
    """Whether what was written is read in one call where the answers do not show it."""
    return resource.read is not None and resource.read.many > 1


def wave(many: int) -> int:
    """How many writes the runtime guards, sends and records together."""
    return max(50, min(10 * many, 1000), many)


def keys_written(sync: Sync, side: Map) -> Iterator[tuple[MatchRule, tuple[NativeField, ...]]]:
    """The match rules by which a record created there can be found again: all their fields are written and shown."""
    written = {line.field.name: line for line in side.lines if line.field is not None and line.arrow is not Arrow.READ}
    for rule in sync.entity.match:
        if all(field.name in written for field in rule.fields):
            yield rule, tuple(native for field in rule.fields for native in written[field.name].natives)


def refused_twice(side: Map, rule: MatchRule, natives: tuple[NativeField, ...]) -> NativeField | None:
    """The field for which the system itself refuses a second record with the same key: it is unique there, and every record
    that has a key by the rule has a value in it."""
    if side.system.connector.declaration.protocol == "files":
        return None  # nothing in a file refuses
    if found := next((native for native in natives if native.unique), None):
        return found
    return next(
        (
            line.natives[0]
            for line in side.lines
            if line.arrow is not Arrow.READ
            and line.field is not None
            and len(line.natives) == 1
            and line.natives[0].unique
            and line.when is When.ALWAYS
            and not line.field.type.nullable
            and line.field.type.kind in NEVER_EMPTY
        ),
        None,
    )


def always_has(rule: MatchRule) -> bool:
    """Whether every record has a key by this rule: none of its fields can be null, empty or a placeholder.

    An empty text is no key either, and only kinds that cannot be empty are sure to have one.
    """
    return not rule.placeholders and all(
        not field.type.nullable and field.type.kind in NEVER_EMPTY for field in rule.fields
    )
