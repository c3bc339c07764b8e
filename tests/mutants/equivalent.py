"""Faults that change nothing anybody could see, and why: no test can tell them from the code as it is."""

import re
from collections.abc import Sequence
from typing import NamedTuple


class Equivalent(NamedTuple):
    """A change of one line: `function` and `added` are patterns that must match whole; `added` is what stands there then."""

    function: str
    added: str
    why: str


EQUIVALENT: tuple[Equivalent, ...] = ()

_STRICT = re.compile(r", strict=(True|False|None)\)|, \)")


def why_equivalent(function: str, removed: Sequence[str], added: Sequence[str]) -> str | None:
    """Why a change makes no difference, or None where it may make one."""
    before, after = " ".join(removed), " ".join(added)
    if "strict=True" in before and _STRICT.sub(")", before) == _STRICT.sub(")", after):
        return "what is zipped is made from the same fields, so that it is of one length"
    for known in EQUIVALENT:
        if re.fullmatch(known.function, function) and re.fullmatch(known.added, after):
            return known.why
    return None
