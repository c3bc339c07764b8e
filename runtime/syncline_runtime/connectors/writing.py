"""Writing over HTTP: one by one, or in batches of which one bad record spoils no other."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from syncline_runtime.answering import Purpose
from syncline_runtime.connectors.calls import UnsafeId, filled
from syncline_runtime.connectors.paths import MISSING, at, nested, text_at, texts_at
from syncline_runtime.connectors.records import NotARecord, Shape, answered
from syncline_runtime.connectors.session import Answered, Failed, Session
from syncline_runtime.declaration import Operation
from syncline_runtime.ports import (
    Applied,
    Gone,
    NativeRecord,
    Outcome,
    Refused,
    Stale,
    SystemFailure,
    Unavailable,
    Unknown,
    Write,
)

_REFUSALS: Final = (Refused, Gone, Stale)


async def write(session: Session, shape: Shape, purpose: Purpose, writes: Sequence[Write]) -> list[Outcome]:
    """Make `writes`; one outcome each, in order. Raises SystemFailure where the resource has no such operation."""
    resource = shape.resource
    operation = {
        Purpose.CREATE: resource.create,
        Purpose.UPDATE: resource.update,
        Purpose.DELETE: resource.delete,
    }[purpose]
    if operation is None:
        raise SystemFailure(session.system.name, f"{resource.name} cannot be written by {purpose.value}")
    several = operation.batch or (operation if operation.many > 1 else None)
    if several is None or (len(writes) == 1 and operation.batch is not None):
        return list(await asyncio.gather(*(_single(session, shape, purpose, operation, one) for one in writes)))
    chunks = [writes[start : start + several.many] for start in range(0, len(writes), several.many)]
    done = await asyncio.gather(*(_batch(session, shape, purpose, operation, several, chunk) for chunk in chunks))
    return [outcome for outcomes in done for outcome in outcomes]


async def _single(session: Session, shape: Shape, purpose: Purpose, operation: Operation, one: Write) -> Outcome:
    slots = {**_slots(shape, one), "version": one.version}
    headers: dict[str, str] = {}
    locked = one.version is not None and shape.resource.lock != "none"
    if locked and shape.resource.lock == "etag":
        headers["If-Match"] = str(one.version)
    idempotent = bool(operation.idempotency and one.idempotency_key)
    if idempotent:
        headers[operation.idempotency] = str(one.idempotency_key)
    return await _done(
        session, shape, purpose, operation, one, slots, locked=locked, idempotent=idempotent, headers=headers
    )


async def _done(
    session: Session,
    shape: Shape,
    purpose: Purpose,
    operation: Operation,
    one: Write,
    slots: Mapping[str, Any],
    **guarded: Any,
) -> Outcome:
    """The outcome of one call for one record."""
    try:
        answer = await session.exchange(operation.call, slots, purpose, missing=operation.missing, **guarded)
    except UnsafeId as error:
        return Refused("unsafe-id", str(error))
    except SystemFailure as failure:
        return _not_sent(failure)
    if isinstance(answer, Failed):
        return answer.outcome
    return _applied(shape, purpose, operation, one, at(answer.document, operation.answer), answer.headers)


async def moved(session: Session, shape: Shape, one: Write, before: Outcome, stated: Sequence[str]) -> Outcome:
    """The outcome of a write of which operations bring the record to the states in `stated`, one after the other."""
    outcome = before
    for name in stated:
        if name not in one.native or not isinstance(outcome, Applied):
            continue
        value = one.native[name]
        operation = shape.resource.fields[name].states.get(value)
        if operation is None:
            return Refused(
                "no-operation", f"no operation of the connector sets {name} to this value", {name: "no operation"}
            )
        slots = {**_slots(shape, replace(one, native={})), "value": value}
        outcome = await _done(session, shape, Purpose.UPDATE, operation, one, slots)
    return outcome


async def _batch(
    session: Session,
    shape: Shape,
    purpose: Purpose,
    single: Operation,
    operation: Operation,
    writes: Sequence[Write],
) -> list[Outcome]:
    """One call for all of `writes`; where it is refused as a whole, halves are tried until the bad ones stand alone.

    One bad record of an atomic call refuses it as a whole, whatever the answers to the others say: what is undone may still be
    told as done.
    """
    try:
        slots = _batch_slots(session, shape, operation, writes)
        answer = await session.exchange(operation.call, slots, purpose, missing=operation.missing)
    except UnsafeId as error:
        answer = Failed(Refused("unsafe-id", str(error)))
    except SystemFailure as failure:
        return [_not_sent(failure)] * len(writes)
    if isinstance(answer, Answered):
        outcomes = _each(session, shape, purpose, operation, writes, answer)
        if not operation.atomic or not any(isinstance(outcome, _REFUSALS) for outcome in outcomes):
            return outcomes
    else:
        outcomes = [answer.outcome] * len(writes)
        if not isinstance(answer.outcome, _REFUSALS):
            return outcomes
    if len(writes) == 1:
        return outcomes if single is operation else [await _single(session, shape, purpose, single, writes[0])]
    middle = len(writes) // 2
    return [
        *await _batch(session, shape, purpose, single, operation, writes[:middle]),
        *await _batch(session, shape, purpose, single, operation, writes[middle:]),
    ]


def _slots(shape: Shape, one: Write) -> dict[str, Any]:
    return {
        "id": None if one.remote_id is None else shape.spelled_id(one.remote_id),
        "values": nested(one.native, shape.resource.fields),
    }


def _batch_slots(session: Session, shape: Shape, operation: Operation, writes: Sequence[Write]) -> dict[str, Any]:
    each = [_slots(shape, one) for one in writes]
    ids = [slots["id"] for slots in each]
    records = [slots["values"] for slots in each]
    if operation.each is not None:
        records = [filled(operation.each, session.lookup(slots)) for slots in each]
    updates = [part for slots, record in zip(each, records, strict=True) for part in ([slots["id"]], record)]
    return {"ids": ids, "records": records, "updates": updates}


def _each(
    session: Session,
    shape: Shape,
    purpose: Purpose,
    operation: Operation,
    writes: Sequence[Write],
    answer: Answered,
) -> list[Outcome]:
    """The outcomes that the answer to a batch tells; a record of which it says nothing may have been written or not."""
    if operation.returns == "nothing" and purpose is not Purpose.CREATE and not operation.item:
        return [Applied(str(one.remote_id)) for one in writes]
    items = at(answer.document, operation.answer)
    what = f"{len(items)} answers" if type(items) is list else "no list"
    missing = Unknown(f"the batch of {len(writes)} was answered by {what}")
    placed = _placed(shape, operation, writes, items) if type(items) is list else [MISSING] * len(writes)
    outcomes: list[Outcome] = []
    for one, item in zip(writes, placed, strict=True):
        if item is MISSING:
            outcomes.append(missing)
            continue
        refused = _refused_item(session, purpose, operation, item)
        found = at(item, operation.item)
        outcomes.append(refused or _applied(shape, purpose, operation, one, found, {}))
    return outcomes


def _placed(shape: Shape, operation: Operation, writes: Sequence[Write], items: Sequence[Any]) -> list[Any]:
    """The answer to each write, or MISSING: by the ids that answers carry, by position only where no id speaks against it."""
    by_id: dict[str, Any] = {}
    fits = len(items) == len(writes)
    for position, item in enumerate(items):
        record = at(item, operation.item)
        identity = record.get(shape.identity) if type(record) is dict else None
        if type(identity) in (str, int) and identity != "":
            by_id[str(identity)] = item
            fits = fits and writes[position].remote_id in (None, str(identity))
    if fits:
        return list(items)
    return [MISSING if one.remote_id is None else by_id.get(one.remote_id, MISSING) for one in writes]


def _refused_item(session: Session, purpose: Purpose, operation: Operation, item: Any) -> Outcome | None:
    """The failure of one item of a batch that answers per item with an HTTP status."""
    status = item.get("status") if operation.item and type(item) is dict else None
    if type(status) is not int or 200 <= status < 300:
        return None
    errors = session.connector.errors
    inside = at(item, operation.item)
    body = item if inside is MISSING else inside
    message = session.redacted(text_at(body, errors.message))
    if status in operation.missing and purpose is not Purpose.CREATE:
        return Gone()
    if status == 412:
        return Stale(message)
    if status >= 500:
        return Unknown(message or f"HTTP {status}")
    fields = {name: session.redacted(text) for name, text in texts_at(body, errors.fields).items()}
    return Refused(text_at(body, errors.code) or str(status), message or f"HTTP {status}", fields)


def _applied(
    shape: Shape,
    purpose: Purpose,
    operation: Operation,
    one: Write,
    found: Any,
    headers: Mapping[str, str],
) -> Outcome:
    """The outcome of a write that was answered well: with the record stored, where the answer shows it."""
    if purpose is Purpose.DELETE:
        return Applied(str(one.remote_id))
    if operation.returns == "record" and type(found) is dict:
        try:
            record = shape.record(found, headers.get("etag"))
        except NotARecord:
            pass
        else:
            if shape.left_out:
                record = replace(record, native=answered(record.native, shape.left_out, one.native))
            return Applied(record.remote_id, record)
    if one.remote_id is not None:
        return Applied(one.remote_id)
    if operation.returns == "id" and type(found) in (str, int) and found != "":
        return Applied(str(found))
    if shape.resource.list is None and shape.resource.read is None and one.idempotency_key:
        return Applied(one.idempotency_key)  # what is only sent is never asked for by its id
    location = headers.get("location", "").rstrip("/").rpartition("/")[2]
    return Applied(location) if location else Unknown("the answer to the create does not say which record it made")


def _not_sent(failure: SystemFailure) -> Outcome:
    return Unavailable(str(failure))


def in_turns(shape: Shape, writes: Sequence[Write]) -> tuple[list[Write], dict[int, Write]]:
    """Updates in an order that an archive allows: (first turn, second turn by position).

    Some systems refuse every edit of an archived record, also one that comes with its revival: a record is revived before it is
    edited, and edited before it is archived.
    """
    archive = shape.resource.archive
    if archive is None:
        return list(writes), {}
    field, archived = archive
    now: list[Write] = []
    then: dict[int, Write] = {}
    for position, one in enumerate(writes):
        if field not in one.native or len(one.native) == 1:
            now.append(one)
            continue
        flag = replace(one, native={field: one.native[field]})
        rest = replace(one, native={name: value for name, value in one.native.items() if name != field})
        if one.native[field] == archived:
            now.append(rest)
            then[position] = replace(flag, version=None)
        elif one.remote_id is None:
            now.append(one)
        else:
            now.append(flag)
            then[position] = replace(rest, version=None)
    return now, then


def merged(first: Outcome, record: NativeRecord | None) -> Outcome:
    """A write whose stored record was read back afterwards; None: it was not found, or not yet."""
    if not isinstance(first, Applied):
        return first
    return Applied(first.remote_id, record, read_back=record is not None)
