"""What can go wrong when the runtime writes: a second record, an edit overwritten, an outcome nobody knows."""

from collections.abc import Iterator
from math import ceil

from syncline.guarantees.asked import (
    always_has,
    batch_size,
    creates,
    goes_alone,
    keys_written,
    lock_holds,
    names_the_record,
    place,
    refused_twice,
    updates,
    wave,
)
from syncline.guarantees.guarantee import Guarantee, Topic
from syncline.model.spec import Map, MatchRule, NativeField, Sync
from syncline_runtime.declaration import OnDelete, Operation


def settle_seconds(side: Map) -> float:
    """How long after it was sent a request may still be carried out, as the runtime takes it (`--settle` says otherwise)."""
    return max(2 * side.system.connector.declaration.timeout_seconds, 120.0)


def waiting_seconds(side: Map) -> float:
    """How long after its wave was begun a write of unknown outcome is waited for."""
    listing = side.resource.declaration.list
    lag = listing.since.lag_seconds if listing is not None and listing.since is not None else 0.0
    return settle_seconds(side) + max(lag, read_lag(side))


def read_lag(side: Map) -> float:
    """How many seconds old what a reading by id shows may be."""
    read = side.resource.declaration.read
    return 0.0 if read is None else read.lag_seconds


def may_duplicate(sync: Sync, side: Map) -> tuple[MatchRule, ...]:
    """The rules by whose key a create of unknown outcome is looked for in vain, sent again, and not refused there: the listing may
    leave records out."""
    listing = side.resource.declaration.list
    if not creates(sync, side) or listing is None or listing.complete or sync.unknown == "hold":
        return ()
    return tuple(rule for rule, natives in keys_written(sync, side) if refused_twice(side, rule, natives) is None)


def duplicates(sync: Sync, side: Map) -> Iterator[Guarantee]:
    """Whether a create without an answer can lead to two records."""
    resource = side.resource
    if not creates(sync, side) or resource.declaration.create is None:
        never = next((rule for rule in sync.creates if rule.system.name == side.system.name), None)
        yield Guarantee(
            Topic.DUPLICATES, "never-created", "this sync creates no record here", (never.span if never else sync.span,)
        )
        return
    yield from _repeated(side, resource.declaration.create)
    found = list(keys_written(sync, side))
    wait = waiting_seconds(side)
    marker = next((native for native in resource.fields.values() if native.marker), None)
    if marker is not None:
        yield Guarantee(
            Topic.DUPLICATES,
            "by-mark",
            f"a create without an answer is looked for by the mark that went with it in `{marker.name}`, and sent again only if no "
            f"record bears it {wait:g} s after its wave was begun",
            (marker.span,),
        )
        return
    for rule, natives in found:
        yield _held(sync, rule) if sync.unknown == "hold" else _by_key(side, rule, natives, wait)
    if not any(always_has(rule) for rule, _ in found):
        keys = " or ".join(f"`{_fields(rule)}`" for rule, _ in found)
        yield Guarantee(
            Topic.DUPLICATES,
            "at-most-once",
            (
                f"without a value for {keys} a record is created at most once"
                if found
                else "a record is created at most once"
            )
            + ": when there is no answer nothing is sent again, and it waits for a person; a new record without any key is not "
            "created at all",
            tuple(rule.span for rule, _ in found) or (sync.entity.span,),
        )


def _repeated(side: Map, create: Operation) -> Iterator[Guarantee]:
    if not create.idempotency:
        return
    if create.many > 1 and create.batch is None:
        yield Guarantee(
            Topic.DUPLICATES,
            "idempotency-key-unused",
            f"the key in `{create.idempotency}` is not sent, for creates go in batches",
            (*place(side.resource, "create idempotency"), *place(side.resource, "create many", "create max")),
        )
        return
    alone = goes_alone(create)
    yield Guarantee(
        Topic.DUPLICATES,
        "idempotency-key" if alone else "idempotency-key-alone",
        f"{_repeated_for(create)}, a create without an answer is sent again under the same `{create.idempotency}`, which the "
        "system is declared to honour" + ("" if alone else "; only one that goes alone, batches carry no key"),
        place(side.resource, "create idempotency"),
    )


def _repeated_for(create: Operation) -> str:
    if create.idempotency_seconds and create.many == 1 and create.batch is None:
        hours = create.idempotency_seconds / 3600
        return f"within a run, and in later ones for {hours:g} hours"
    return "within a run"


def _held(sync: Sync, rule: MatchRule) -> Guarantee:
    return Guarantee(
        Topic.DUPLICATES,
        "held",
        f"a create without an answer is looked for by `{_fields(rule)}`; where it does not show, nothing is sent again, and it "
        "waits for a person (`unknown hold`)",
        (rule.span, sync.span),
    )


def _by_key(side: Map, rule: MatchRule, natives: tuple[NativeField, ...], wait: float) -> Guarantee:
    key = _fields(rule)
    listing = side.resource.declaration.list
    unique = refused_twice(side, rule, natives)
    if unique is not None:
        return Guarantee(
            Topic.DUPLICATES,
            "refused-by-system",
            f"a create by `{key}` that is sent twice makes one record: the system is declared to refuse a second one with the same "
            f"`{unique.name}`",
            (unique.span, rule.span),
        )
    if listing is not None and not listing.complete:
        return Guarantee(
            Topic.DUPLICATES,
            "possible",
            f"a create without an answer is looked for by `{key}` in a listing that may leave it out: it may be made twice",
            (*place(side.resource, "list partial"), rule.span),
        )
    outside = [equality.span for equality in side.where if not equality.native.writable]
    if side.where_expression is not None or outside:
        return Guarantee(
            Topic.DUPLICATES,
            "possible",
            f"a create without an answer is looked for by `{key}` among the records that the map's `where` lets through; one that "
            "it leaves out may be made twice",
            (*([side.where_expression.span] if side.where_expression is not None else outside), rule.span),
        )
    return Guarantee(
        Topic.DUPLICATES,
        "looked-up",
        f"a create without an answer is looked for by `{key}` in the listing, and sent again only if it has not shown {wait:g} s "
        "after its wave was begun",
        (rule.span, *place(side.resource, "list since", "list")),
    )


def lost_updates(sync: Sync, side: Map) -> Iterator[Guarantee]:
    """Whether an edit that nobody has seen yet can be overwritten."""
    resource = side.resource
    declared = resource.declaration
    kinds: list[tuple[str, Operation | None]] = []
    if updates(sync, side):
        kinds.append(("update", declared.update))
    for rule in sync.deletes:
        if rule.system.name == side.system.name and rule.policy is OnDelete.PROPAGATE:
            kinds.append(("delete", declared.delete))
        elif rule.system.name == side.system.name and rule.policy is OnDelete.ARCHIVE and not updates(sync, side):
            kinds.append(("archive", declared.update))
    for name, operation in kinds:
        if operation is not None:
            yield _lost(side, name, operation)
    counter = next((native for native in resource.fields.values() if native.counts), None)
    if counter is not None and updates(sync, side) and declared.read is not None:
        yield Guarantee(
            Topic.LOST_UPDATES,
            "counted",
            f"what came between our look and our write shows by `{counter.name}`, is counted, and told with the record",
            (counter.span,),
        )
    if not kinds:
        yield Guarantee(Topic.LOST_UPDATES, "never-changed", "this sync changes no record that is there", (sync.span,))


def _lost(side: Map, name: str, operation: Operation) -> Guarantee:
    resource = side.resource
    declared = resource.declaration
    if declared.read is None:
        return Guarantee(
            Topic.LOST_UPDATES,
            "until-listed",
            f"an edit made between the listing of a record and its {name} is overwritten where it changed the same field: without "
            "`read` the record is not looked at again before it is written",
            (*place(resource, "list"), *place(resource, "update" if name == "archive" else name)),
        )
    if lock_holds(side, operation):
        return Guarantee(
            Topic.LOST_UPDATES,
            "locked",
            f"none on {name}: it carries the version that was read, and the system is declared to refuse it when the record has "
            "changed since",
            place(resource, "lock"),
        )
    size = wave(batch_size(operation))
    reads = ceil(size / declared.read.many)
    writes = ceil(size / batch_size(operation))
    connector = side.system.connector.declaration
    slowed = ", slowed down by the declared rate" if connector.rate is not None else ""
    span = f"up to {size} records, read and then written"
    if connector.protocol in ("rest", "jsonrpc"):
        span = f"up to {reads} reads and {writes} writes, {connector.concurrency} at a time{slowed}"
    ignored = "; its `lock` is not sent with writes that go in batches or whose record is read in batches"
    return Guarantee(
        Topic.LOST_UPDATES,
        "guarded",
        f"an edit of the same field is overwritten when it falls between the guard read and the {name} of its wave ({span})"
        + (f", or in the {old:g} s by which the guard read may be late" if (old := read_lag(side)) else "")
        + (ignored if declared.lock != "none" else ""),
        (*place(resource, "read"), *place(resource, "update" if name == "archive" else name)),
    )


def unknown_outcomes(sync: Sync, side: Map) -> Iterator[Guarantee]:
    """What becomes of a write without an answer, and of a create whose answer does not name the record."""
    resource = side.resource
    create = resource.declaration.create
    if creates(sync, side) and create is not None and not names_the_record(side, create):
        yield Guarantee(
            Topic.UNKNOWN_OUTCOMES,
            "create-unnamed",
            "the answer to a create is not declared to say which record it made: unless a `Location` says so, each counts as one "
            "without an answer",
            place(resource, "create"),
        )
    if not updates(sync, side) and not any(
        rule.system.name == side.system.name and rule.policy in (OnDelete.PROPAGATE, OnDelete.ARCHIVE)
        for rule in sync.deletes
    ):
        return
    if resource.declaration.read is None:
        yield Guarantee(
            Topic.UNKNOWN_OUTCOMES,
            "listed-again",
            "after an update or delete without an answer the next runs list everything, for without `read` the record cannot be "
            "looked at; it gets no other write until the listing shows the outcome, or "
            f"{waiting_seconds(side):g} s have passed",
            place(resource, "update", "delete"),
        )
        return
    yield Guarantee(
        Topic.UNKNOWN_OUTCOMES,
        "read-again",
        "after an update or delete without an answer the record gets no other write until a reading shows the outcome, or "
        f"{waiting_seconds(side):g} s have passed; then what it shows counts, and the rest is decided again",
        place(resource, "read"),
    )


def _fields(rule: MatchRule) -> str:
    return " and ".join(field.name for field in rule.fields)
