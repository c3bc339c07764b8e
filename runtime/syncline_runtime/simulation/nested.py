"""What became of the elements of nested records: which of them links were agreed on, and who knew of one when it was taken out."""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from syncline_runtime.declaration import Entity
from syncline_runtime.simulation.cells import cells, element_of, is_element
from syncline_runtime.simulation.grouping import Cell

Place: TypeAlias = tuple[str, str, str]
"""A record: system, entity, remote id."""


class Elements:
    """Elements by the cell that says whether one is there.

    `beside`: of one that a person took out, the records of its link then; none where one of them had news of it. `written` are
    those that the engine put into a record that was there. `former` are the values of an element before it was gone, by
    link and cell. `repeated` are
    the fields of elements in which people type one value more than once, by entity and field of the record.
    """

    def __init__(self) -> None:
        self.beside: dict[Cell, set[Place]] = {}
        self.written: set[Cell] = set()
        self.former: dict[tuple[int, str], set[Any]] = {}
        self.repeated: set[tuple[str, str, str]] = set()
        self._known: dict[tuple[str, int], set[str]] = {}

    def taken_out(
        self, cell: Cell, places: set[Place], last: Mapping[Cell, Any], is_agreed: Callable[[str, Any], bool]
    ) -> None:
        """A person took an element out of a record whose link has some `places`; `last` are the values that somebody stored."""
        news = any(
            not is_agreed(one[3], value)
            for one, value in last.items()
            if element_of(one[3]) == cell[3] and one != cell and one[:3] in places
        )
        self.beside[cell] = set() if news else places

    def agreed(
        self, entity: Entity, link_id: int, values: Mapping[str, Any], past: Mapping[tuple[str, int, str], list[Any]]
    ) -> Mapping[str, Any]:
        """What a link is agreed on now, and which elements it was agreed on once and is no more. One that is back, by an edit of
        who had it still, has what it has there, which may have been superseded in its `past`."""
        found = cells(entity, values)
        if not entity.collections:
            return found
        known = self._known.setdefault((entity.name, link_id), set())
        back = {name for name in known if name in found and past[entity.name, link_id, name][-1] is False}
        for name, number, cell in past if back else ():
            if (name, number) == (entity.name, link_id) and element_of(cell) in back:
                self.former.setdefault((link_id, cell), set()).update(past[name, number, cell])
        known.update(filter(is_element, found))
        return {**dict.fromkeys(sorted(known), False), **found}

    def forget(self) -> None:
        """The state was lost."""
        self.beside.clear()
        self._known.clear()
