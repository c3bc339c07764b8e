"""Nested records as the checker knows them: cells, each named by the key of its element and never by its place.

`lines[7]` says whether an element is there, `lines[7].quantity` what it holds. References within elements have no cell.
"""

from collections.abc import Mapping
from typing import Any

from syncline_runtime.declaration import Entity
from syncline_runtime.values import Shown


def cells(entity: Entity, values: Mapping[str, Shown]) -> Mapping[str, Shown]:
    """Values with the cells of their elements in the place of keyed collections; one that is empty stands for itself."""
    if not entity.collections:
        return values
    found: dict[str, Shown] = {}
    for name, value in values.items():
        found.update(cells_of(entity, name, value))
    return found


def cells_of(entity: Entity, name: str, value: Any) -> Mapping[str, Shown]:
    """The cells of one field's value; of what is no keyed collection, the value itself."""
    collection = entity.collections.get(name)
    if collection is None or collection.key is None or not isinstance(value, tuple) or not value:
        return {name: value}
    found: dict[str, Shown] = {}
    for element in value:
        there = f"{name}[{element[collection.key]}]"
        found[there] = True
        for part, held in element.items():
            if part != collection.key and part not in collection.refers:
                found[f"{there}.{part}"] = held
    return found


def field_of(cell: str) -> str:
    """The field in which a cell stands; of any other name, itself."""
    return cell.partition("[")[0]


def part_of(cell: str) -> str:
    """The field of the element that a cell holds; empty where it says whether the element is there."""
    _, bracket, part = cell.rpartition("]")
    return part[1:] if bracket else ""


def element_of(cell: str) -> str:
    """The cell that says whether the element of a cell is there."""
    there, bracket, _ = cell.rpartition("]")
    return there + bracket


def is_element(name: str) -> bool:
    """Whether a name is that of a cell that says whether an element is there."""
    return name.endswith("]")
