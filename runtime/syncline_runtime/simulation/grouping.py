"""What became of the elements of sets: which of them people put in and took out, by record and field."""

from collections.abc import Collection, Mapping
from typing import Any, TypeAlias

from syncline_runtime.values import ABSENT, Shown

Cell: TypeAlias = tuple[str, str, str, str]
"""A field of a record: system, entity, remote id, name."""


class Sets:
    """Elements of sets by the field of a record in which they stand.

    `withdrawn` were taken out before their record had a link, and had been shown by then, `taken_out` had not been; `moved`, by
    link and field, were brought to it by a record that went over to another.
    """

    def __init__(self) -> None:
        self.added: dict[Cell, set[Any]] = {}
        self.removed: dict[Cell, set[Any]] = {}
        self.withdrawn: dict[Cell, set[Any]] = {}
        self.moved: dict[tuple[int, str], set[Any]] = {}
        self.taken_out: dict[Cell, set[Any]] = {}
        self._regrouped: dict[Cell, tuple[frozenset[Any], frozenset[Any]]] = {}

    def stored(self, cell: Cell, value: frozenset[Any], was: Shown, *, linked: bool, shown: bool) -> bool:
        """Somebody stored a set in a record that is `linked`, or was `shown` before; whether that undoes what the engine wrote
        there."""
        had = was if isinstance(was, frozenset) else frozenset()
        self.added.setdefault(cell, set()).update(value - had)
        self.taken_out.get(cell, set()).difference_update(value)
        if linked:
            self.removed.setdefault(cell, set()).update(had - value)
        else:  # nobody knew what it had, unless it had been shown and waits for its link
            self.added[cell] -= had - value
            known = self.withdrawn if shown else self.taken_out
            known.setdefault(cell, set()).update(had - value)
        gained, dropped = self._regrouped.get(cell, (value, value))
        return bool(gained & (had - value) or dropped & (value - had))

    def written(self, cell: Cell, before: frozenset[Any], after: frozenset[Any]) -> None:
        """The engine wrote a set over another."""
        self._regrouped[cell] = (after - before, before - after)

    def showed(self, records: Mapping[tuple[str, str, str], Mapping[str, Shown]]) -> None:
        """Records that have no link were shown: an index that lags shows what was taken out nevertheless."""
        for cell, elements in self.taken_out.items():
            if cell[:3] in records:
                value = records[cell[:3]].get(cell[3], ABSENT)
                self.withdrawn.setdefault(cell, set()).update(elements & value if isinstance(value, frozenset) else ())

    def went_over(self, record: tuple[str, str, str], link_id: int, fields: Collection[str]) -> None:
        """A record left a link for another one."""
        for name in fields:
            self.moved.setdefault((link_id, name), set()).update(self.added.get((*record, name), ()))

    def forget(self) -> None:
        """The state was lost."""
        for each in (self.added, self.removed, self.withdrawn, self.moved, self.taken_out):
            each.clear()
