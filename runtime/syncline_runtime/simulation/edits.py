"""What somebody stored in a field of a record."""

from typing import NamedTuple

from syncline_runtime.simulation.world import short
from syncline_runtime.values import Shown


class Edit(NamedTuple):
    """A value that somebody stored: `value` as the system shows it, in canonical form."""

    system: str
    entity: str
    remote_id: str
    field: str
    value: Shown
    at: float
    by: str

    def told(self) -> str:
        """It, for people who read what became of it."""
        place = f"{self.system} {self.remote_id} {self.field}"
        return f"{place} {short(self.value)}, stored by {self.by} at {self.at:.3f},"
