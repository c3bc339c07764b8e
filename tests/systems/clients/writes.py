"""What was written between two looks at a server, told from the server's own stamps."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Writes:
    """The ids of records made, changed (also to the same content) and removed between two looks."""

    created: frozenset[str]
    changed: frozenset[str]
    removed: frozenset[str]

    def __len__(self) -> int:
        return len(self.created) + len(self.changed) + len(self.removed)


def writes_between(before: Mapping[str, str], after: Mapping[str, str]) -> Writes:
    """Compare two answers of a client's `stamps`."""
    both = before.keys() & after.keys()
    return Writes(
        created=frozenset(after.keys() - before.keys()),
        changed=frozenset(key for key in both if before[key] != after[key]),
        removed=frozenset(before.keys() - after.keys()),
    )
