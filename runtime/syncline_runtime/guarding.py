"""Guards: what is held back when a plan would do too much, before the first write of a run."""

from collections.abc import Mapping
from dataclasses import dataclass

from syncline_runtime.declaration import Sync
from syncline_runtime.records import ActionKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Operations of one system held in this run: why, and the command that releases them."""

    system: str
    operations: tuple[ActionKind, ...]
    reason: str
    release: str
    line: int = 0


def guard(
    sync: Sync, counts: Mapping[tuple[str, ActionKind], int], links: int, *, run: str = "RUN"
) -> tuple[Hold, ...]:
    """Hold what exceeds the guards: `counts` of planned actions by system and kind, `links` the entity's live links."""
    raise NotImplementedError


def listing_shrunk(listed: int, known: int) -> bool:
    """Tell whether a full listing is too short to be evidence of absence (under half of the known live members)."""
    return listed * 2 < known
