"""The sentences of one diagnostic."""

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """`{fact}` stands for a fact of the diagnostic; a list of names reads as `a`, `b` and `c`.

    `labels` has a sentence for each role that is not a common one.
    """

    message: str
    why: str
    mend: str
    labels: Mapping[str, str] = {}
