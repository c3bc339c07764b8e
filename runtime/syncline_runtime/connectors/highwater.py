"""The cursor that a listing may leave behind, page by page."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from syncline_runtime import cursors
from syncline_runtime.connectors.session import Answered
from syncline_runtime.paging import Step


@dataclass(slots=True)
class HighWater:
    """Follows one listing. `by_version`: it goes in the order of change, so that what is yet to come is never older.

    Pages that go on by number may miss what changes behind them; that is later than their beginning, and asked for again. In
    a group of one version that is larger than a page, a record that moves on meanwhile may hide another: then the whole group is.
    """

    spelling: str
    by_version: bool
    since: str | None
    highest: str | None = None
    began: datetime | None = None
    by_number: bool = False
    went_on: bool = False  # the last page led on by its version
    grouped: dict[str, Any] = field(default_factory=dict)
    disturbed: str | None = None

    def after(
        self, answer: Answered, ids: Sequence[str], versions: Sequence[Any], step: Step, onward: Step | None
    ) -> str | None:
        """The cursor to store once this page, and all before it, are accounted for."""
        self.highest = cursors.later(self.highest, cursors.newest(versions, self.spelling), self.spelling)
        self.began = self.began or _beginning(answer)
        if step.pages > 1 and ids and not (self.by_version and self.went_on):
            self.by_number = True
        self.went_on = onward is not None and onward.boundary != step.boundary
        if self.by_version and onward is not None and not self.went_on:
            self.grouped.update((identity, step.boundary) for identity in ids)
        if self.grouped:
            self._look_for_movers(ids, versions)
        if onward is not None and not self.by_version:
            return self.since
        cursor = cursors.later(self.since, self.highest, self.spelling)
        if self.by_number:
            cursor = cursors.capped(cursor, self.began, self.spelling)
        return cursors.earlier(cursor, self.disturbed, self.spelling)

    def _look_for_movers(self, ids: Sequence[str], versions: Sequence[Any]) -> None:
        for identity, version in zip(ids, versions, strict=True):
            group = self.grouped.get(identity, version)
            if group != version:
                left = cursors.stored(group, self.spelling)
                self.disturbed = cursors.earlier(left, self.disturbed, self.spelling)


def _beginning(answer: Answered) -> datetime:
    """When the listing began on the server's clock; on ours, with room for five minutes between them, where it tells none."""
    return answer.server_time or datetime.fromtimestamp(answer.sent_at - 300, UTC)
