"""How protocols spell a reference, by the spelling of the identity it holds: `wire_ref_<spelling>_get` and `_put`.

The canonical form is the remote id as text. A `Reference`, the hub's own form, passes every codec unchanged: which remote
id it is in a system is not for a codec to know.
"""

import re
from typing import Final, TypeAlias

from syncline_runtime.codecs.refusal import wrong_type
from syncline_runtime.values import ABSENT, Absent, Reference

Referred: TypeAlias = str | Reference | Absent | None

_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,39}").fullmatch
_LIMIT: Final = 10**40


def wire_ref_plain_get(value: object) -> Referred:
    """The id of a record, a text; "" is no reference."""
    if type(value) is str:
        return value or None
    if value is None or value is ABSENT or type(value) is Reference:
        return value
    raise wrong_type("the id of a record, a text", value)


def wire_ref_plain_put(value: object) -> Referred:
    """The id of a record as a text."""
    return wire_ref_plain_get(value)


wire_ref_blank_get = wire_ref_plain_get


def wire_ref_blank_put(value: object) -> Referred:
    """The id of a record as a text, "" where there is none."""
    return "" if value is None else wire_ref_plain_get(value)


def wire_ref_number_get(value: object) -> Referred:
    """The id of a record, a whole number."""
    if type(value) is int and 0 <= value < _LIMIT:
        return str(value)
    if value is None or value is ABSENT or type(value) is Reference:
        return value
    if type(value) is str and _NUMBER(value):
        return value
    raise wrong_type("the id of a record, a whole number", value)


def wire_ref_number_put(value: object) -> int | Reference | Absent | None:
    """The id of a record as a whole number."""
    if type(value) is str and _NUMBER(value):
        return int(value)
    if value is None or value is ABSENT or type(value) is Reference:
        return value
    raise wrong_type("the id of a record, a whole number", value)


def wire_ref_false_get(value: object) -> Referred:
    """The id of a record, a whole number, alone or in a list with its name; `false` is no reference."""
    if value is False:
        return None
    if type(value) is list and len(value) == 2:
        value = value[0]
    return wire_ref_number_get(value)


def wire_ref_false_put(value: object) -> int | Reference | Absent | bool | None:
    """The id of a record as a whole number, `false` where there is none."""
    return False if value is None else wire_ref_number_put(value)
