"""What a run or a plan came to."""

from dataclasses import dataclass, field

from syncline_runtime.executing.derive import Held
from syncline_runtime.executing.summary import Summary


@dataclass(slots=True)
class Report:
    """What a run came to: a summary for each sync, the syncs whose first run waits for consent, by entity what guards held
    back, and of a plan what was carried over first because the spec has changed, a line each."""

    run_id: int
    summaries: list[Summary] = field(default_factory=list)
    awaiting: list[str] = field(default_factory=list)
    held: dict[str, Held] = field(default_factory=dict)
    changed: tuple[str, ...] = ()

    @property
    def failures(self) -> dict[str, str]:
        """One line for each system that could not be used."""
        return {system: line for summary in self.summaries for system, line in summary.failures.items()}

    @property
    def exit_code(self) -> int:
        """0 in step, 1 something needs a person, 2 a system could not be used, 3 a first run awaits consent."""
        if self.failures:
            return 2
        if self.awaiting:
            return 3
        return 1 if any(summary.needs_person for summary in self.summaries) else 0

    @property
    def status(self) -> str:
        """The exit code in a word."""
        return ("in step", "needs a person", "failed", "awaits consent")[self.exit_code]
