"""The sentences of one diagnostic."""

from collections.abc import Mapping
from typing import NamedTuple


class Entry(NamedTuple):
    """`{fact}` stands for a fact of the diagnostic; a list of names reads as `a`, `b` and `c`.

    `mend` may be several sentences: one that speaks of a fact that is empty or not given is left out. `labels` has a
    sentence for each role that is not a common one, `problems` a phrase for each value of the fact `problem`.
    """

    message: str
    why: str
    mend: str | tuple[str, ...]
    labels: Mapping[str, str] = {}
    problems: Mapping[str, str] = {}
