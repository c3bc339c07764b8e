"""The document of renders: what was sent where a system stored something else, and what writes replaced that nobody saw since."""

from collections.abc import Mapping
from typing import Any, Final

import msgspec

from syncline_runtime.records import Member
from syncline_runtime.state.packing import Packing
from syncline_runtime.values import ABSENT, Shown

_MARK: Final = "~"  # no field has this name
_START: Final = b'{"~":'

ALL_UNSEEN: Final = b'{"~":{}}'
"""Of a record that we created, and of which nobody has said what it holds."""


def packed_renders(packing: Packing, member: Member) -> bytes | None:
    """The document to be stored with a member; None where there is nothing to say."""
    renders = packing.pack(member.renders) if member.renders else None
    if not member.unseen:
        return renders
    before = {name: None if value is ABSENT else value for name, value in member.unseen.items()}
    document = _START + packing.pack(before)
    return document + (b"}" if renders is None else b"," + renders[1:])


def is_unseen(document: bytes | None) -> bool:
    """Whether some write to the record was not seen since."""
    return document is not None and document.startswith(_START)


def unseen_of(packing: Packing, document: bytes, shadow: Mapping[str, Shown]) -> Mapping[str, Any]:
    """What the fields showed that were written and not seen since; of a record that we created, nothing."""
    if not document.startswith(_START):
        return {}
    before = bytes(msgspec.json.decode(document, type=dict[str, msgspec.Raw])[_MARK])
    values = packing.unpack(before)
    names = msgspec.json.decode(before, type=dict[str, msgspec.Raw]) or shadow
    return {name: values.get(name) for name in names}


def seen_of(document: bytes) -> bytes | None:
    """The document once every write was seen just as it was sent."""
    renders = msgspec.json.decode(document, type=dict[str, msgspec.Raw])
    del renders[_MARK]
    return msgspec.json.encode(renders) if renders else None
