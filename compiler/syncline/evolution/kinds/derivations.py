"""Kinds of changes of derivations."""

from collections.abc import Mapping
from typing import Final

from syncline.evolution.kinds.kind import APPROVAL, BEHAVIOUR, DATA, PLAN, Kind

DERIVATIONS: Final[Mapping[str, Kind]] = {
    "derive.added": Kind(
        DATA,
        APPROVAL,
        "{subject} now follows from {origin} {when}",
        "Records are made that were not; of `once`, none of what is so already.",
        "Look in `plan` at how many it would make.",
    ),
    "derive.removed": Kind(
        BEHAVIOUR,
        APPROVAL,
        "{subject} no longer follows from {origin}",
        "No more of them is made; those that were made stay as they are.",
        "Make sure that nobody counts on it.",
    ),
    "derive.condition": Kind(
        DATA,
        APPROVAL,
        "{subject} follows from {origin} {new}, formerly {old}",
        "Other records are made; and of `while`, records leave that no longer follow.",
        PLAN,
    ),
    "derive.line": Kind(
        DATA,
        APPROVAL,
        "{subject} is {new} of {origin}, formerly {old}",
        "Records that are made from now on show another value; so do, of `while`, those that were made.",
        PLAN,
    ),
}
