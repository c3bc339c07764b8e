"""Repeating: a create whose system knows it by its key may be sent again in a later run, with the very same body."""

from decimal import Decimal
from typing import Any, Final

import msgspec

from syncline_runtime.declaration import Operation, Resource
from syncline_runtime.rows import IntentRow
from syncline_runtime.values import Native

_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_decode: Final = msgspec.json.Decoder(dict[str, Any], float_hook=Decimal).decode


def repeatable(operation: Operation | None) -> bool:
    """Whether a create without an answer may be sent again in another run: its key lasts, and goes with every create."""
    return bool(
        operation is not None
        and operation.idempotency
        and operation.idempotency_seconds
        and operation.many == 1
        and operation.batch is None
    )


def keyed(resource: Resource) -> bool:
    """Whether a create without an answer is told by its key: the system knows it, or the record is marked with it."""
    return bool(resource.marker) or repeatable(resource.create)


def marked(resource: Resource, native: Native, key: str | None) -> Native:
    """What is sent to create a record: with its mark, where it takes one."""
    return {**native, resource.marker: key} if resource.marker else native


def lasts(intent: IntentRow, operation: Operation | None, now: float) -> bool:
    """Whether the key of an open create is still known to its system; a tenth of its time is left for the way there."""
    if operation is None or intent.body is None or not repeatable(operation):
        return False
    return now < intent.sent_at + operation.idempotency_seconds * 0.9


def packed(native: Native) -> bytes:
    """The body of a create, digit by digit."""
    return _encode(native)


def unpacked(body: bytes) -> Native:
    """The body that `packed` spelled."""
    return _decode(body)
