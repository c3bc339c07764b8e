"""What a run did, for people and for machines."""

from dataclasses import dataclass, field
from typing import Any

from syncline_runtime.records import ActionKind

DONE = {
    ActionKind.CREATE: "created",
    ActionKind.UPDATE: "updated",
    ActionKind.DELETE: "deleted",
    ActionKind.ARCHIVE: "archived",
    ActionKind.RESTORE: "restored",
    ActionKind.UNLINK: "unlinked",
}
"""The summary's word for each kind of action."""


@dataclass(slots=True)
class Summary:
    """The counts of one sync in one run. `done` counts by system and word; `planned` by system and kind; `guarded` how many actions
    a guard holds, by system and operation; `derived` by entity the records that follow from this one's, `passed` those whose
    condition held at first sight; `awaiting` are those that wait for a date, the first of which is `next_date`; `doubts` tells by
    system why a write has no known outcome, the first one's reason; `normalised` by `system.resource.field` how often a value was
    stored otherwise than sent, and as by which declaration; `between` how often records were written by others, unseen, before our
    write, and `undone` how many may have been set back after one without an answer, by system; `deferred` records wait for others
    that they refer to; `waiting` ones for a create or a deletion under way or for listings that lag, the first of these until
    `waits_until`."""

    entity: str
    observed: dict[str, int] = field(default_factory=dict)
    linked: int = 0
    done: dict[tuple[str, str], int] = field(default_factory=dict)
    planned: dict[tuple[str, ActionKind], int] = field(default_factory=dict)
    conflicts: int = 0
    losers: int = 0
    quarantined: int = 0
    held: list[str] = field(default_factory=list)
    guarded: dict[tuple[str, str], int] = field(default_factory=dict)
    derived: dict[str, int] = field(default_factory=dict)
    passed: dict[str, int] = field(default_factory=dict)
    awaiting: int = 0
    next_date: float | None = None
    waiting: int = 0
    waits_until: float | None = None
    deferred: int = 0
    unknown: int = 0
    doubts: dict[str, str] = field(default_factory=dict)
    normalised: dict[str, tuple[int, str]] = field(default_factory=dict)
    between: dict[str, int] = field(default_factory=dict)
    undone: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    failures: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)

    def did(self, system: str, word: str, count: int = 1) -> None:
        """Count what was done in a system."""
        self.done[system, word] = self.done.get((system, word), 0) + count

    def waits(self, until: float | None) -> None:
        """Count a record that waits, for a listing until a time."""
        self.waiting += 1
        times = [at for at in (until, self.waits_until) if at is not None]
        self.waits_until = min(times, default=None)

    def derive(self, entity: str, count: int) -> None:
        """Count records of `entity` that follow from those of this sync."""
        self.derived[entity] = self.derived.get(entity, 0) + count

    def pass_over(self, entity: str) -> None:
        """Count a record from which one of `entity` would follow, had it not been so at first sight."""
        self.passed[entity] = self.passed.get(entity, 0) + 1

    def total(self, word: str) -> int:
        """How often `word` was done, over all systems."""
        return sum(count for (_, done), count in self.done.items() if done == word)

    @property
    def writes(self) -> int:
        """How many records were written in all systems."""
        return sum(self.total(DONE[kind]) for kind in ActionKind if kind in DONE and kind is not ActionKind.UNLINK)

    @property
    def tried(self) -> int:
        """How many records were written, or refused."""
        return self.writes + sum(self.failed.values())

    @property
    def needs_person(self) -> bool:
        """Whether something waits for a person, or for an outcome."""
        return bool(self.conflicts or self.quarantined or self.held or self.unknown)

    def document(self) -> dict[str, Any]:
        """The summary as JSON values."""
        return {
            "entity": self.entity,
            "observed": self.observed,
            "linked": self.linked,
            **{word: self.total(word) for word in DONE.values()},
            "by_system": _nested(self.done),
            "planned": _nested({(system, kind.value): count for (system, kind), count in self.planned.items()}),
            "conflicts": self.conflicts,
            "overwritten": self.losers,
            "quarantined": self.quarantined,
            "held": self.held,
            "guarded": _nested(self.guarded),
            "derived": self.derived,
            "passed": self.passed,
            "awaiting": self.awaiting,
            "next_date": self.next_date,
            "waiting": self.waiting,
            "waits_until": self.waits_until,
            "deferred": self.deferred,
            "unknown": self.unknown,
            "doubts": self.doubts,
            "normalised": {
                where: {"times": times, "normalises": declared} for where, (times, declared) in self.normalised.items()
            },
            "between": self.between,
            "undone": self.undone,
            "failed": self.failed,
            "failures": self.failures,
            "seconds": {phase: round(seconds, 3) for phase, seconds in self.seconds.items()},
        }


def _nested(counts: dict[tuple[str, str], int]) -> dict[str, dict[str, int]]:
    nested: dict[str, dict[str, int]] = {}
    for (system, word), count in sorted(counts.items()):
        nested.setdefault(system, {})[word] = count
    return nested
