"""JSON of systems we do not trust: decoded strictly, decimals as Decimal, ending in one clear failure."""

import re
from decimal import Decimal
from typing import Any, Final

import msgspec

DEPTH: Final = 64
"""The deepest nesting that is taken for data."""

_decode: Final = msgspec.json.Decoder(float_hook=Decimal).decode
_encode: Final = msgspec.json.Encoder(decimal_format="number").encode
_CONTAINERS: Final = frozenset((dict, list))
_KEY_END: Final = re.compile(rb'"\s*:')


class NotJson(Exception):
    """The body is not JSON, or JSON that could be read in two ways."""


def decode(body: bytes) -> Any:
    """The document in `body`: numbers with a point or exponent as Decimal, others as int.

    Raises NotJson for NaN and Infinity, for a key that stands twice in an object, for lone surrogates, and beyond DEPTH.
    """
    try:
        document = _decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise NotJson(f"it is not valid JSON ({error})") from None
    except RecursionError:
        raise NotJson("it is nested too deeply") from None
    # The decoder lets the last of several equal keys win. Counting what may end a key never counts too few.
    keys = _keys(document)
    if body.count(b'":') != keys and len(_KEY_END.findall(body)) != keys:
        _refuse_repeated_keys(body)
    return document


def encode(document: Any) -> bytes:
    """JSON of a document of plain values; Decimal as a number, digit by digit."""
    return _encode(document)


def _keys(document: Any) -> int:
    """How many keys stand in all objects of a document, counted level by level. Raises NotJson."""
    count, level, left = 0, [document], DEPTH
    while level:
        objects = [item for item in level if type(item) is dict]
        lists = [item for item in level if type(item) is list]
        if left == 0 and (objects or lists):
            raise NotJson(f"it is nested deeper than {DEPTH} levels")
        left -= 1
        count += sum(map(len, objects))
        level = [item for each in objects for item in each.values() if type(item) in _CONTAINERS]
        level += [item for each in lists for item in each if type(item) in _CONTAINERS]
    return count


def _refuse_repeated_keys(body: bytes) -> None:
    import json

    def unique(pairs: list[tuple[str, Any]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise NotJson("a key stands twice in one object")

    json.loads(body, object_pairs_hook=unique, parse_int=str, parse_float=str)
