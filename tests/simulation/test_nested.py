"""Nested records: people add, edit and take out elements in several systems; each is told by its key, never by its place."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from syncline_runtime import aligning, merging, observing
from syncline_runtime.executing import recover
from syncline_runtime.simulation.cells import cells, element_of, field_of, is_element, part_of
from syncline_runtime.simulation.schedule import Profile, Result, simulate
from syncline_runtime.simulation.telling import told as story
from syncline_runtime.simulation.world import NESTED, WIDE, Faults
from tests.simulation.house import built

SPEC = Path(__file__).with_name("baskets.sync")
FAULTS = Faults(edit=0.2, same_key=0.3, nested=0.7, lost=0.1, zombie=0.05, delete=0.02)
STALLED = Faults(edit=0.5, busy=0.4, nested=0.9, same_key=0.3)
"""Much is refused as busy, so that people edit what others have taken out elsewhere."""
BROKEN_OFF = Faults(edit=0.5, lost=0.3, nested=0.9, crash=0.02)
"""Many a create has no answer that anybody kept."""
FIRST = 1_080_000


def run(seed: int, faults: Faults | None = None) -> Result:
    return simulate(built(SPEC), seed, Profile(faults=faults))


def failing(seeds: range, faults: Faults | None = None) -> dict[str, str]:
    """What did not hold, by invariant."""
    found: dict[str, str] = {}
    for each in (each for seed in seeds for each in run(seed, faults).violations):
        found[each.invariant] = f"{found.get(each.invariant, '')}{each.text}\n"
    return found


def test_a_record_that_was_merged_into_a_deleted_one_is_gone_with_it() -> None:
    assert not run(1_090_209).violations


def test_what_people_do_to_elements_is_told_and_counted() -> None:
    results = [run(seed, FAULTS) for seed in range(FIRST, FIRST + 4)]
    lines = [line for result in results for line in story(result.events)]
    assert any("stored" in line and "items[s" in line and "].count = " in line for line in lines)
    assert any(" without items[s" in line for line in lines)
    assert all(result.faults["nested"] for result in results)
    assert {("Basket", "a", "items[]"), ("Basket", "c", "items[]")} <= set().union(*(one.edited for one in results))


@pytest.mark.parametrize(
    ("first", "faults"), [(FIRST + 100, FAULTS), (FIRST + 104, STALLED), (WIDE + NESTED + 100, None)]
)
def test_every_invariant_holds_where_people_edit_nested_records(first: int, faults: Faults | None) -> None:
    assert failing(range(first, first + 4), faults) == {}


@pytest.mark.parametrize(
    "seed",
    [
        1_090_025,  # what a write in doubt had been sent counted as news, once another element was put beside it
        1_090_030,  # what was edited after it had been taken out elsewhere came back with the edited field alone
    ],
)
def test_seeds_that_failed_once_do_not_fail_again(seed: int) -> None:
    assert run(seed).violations == ()


def test_people_leave_nested_records_alone_in_other_worlds() -> None:
    result = run(WIDE)
    assert not any("items[" in line for line in story(result.events))


def by_place(base: Any, shown: Any, key: str, hears: Any) -> Mapping[Any, Any]:
    """As `changes`, with the elements told from one another by their place."""
    old, new = list(base) if isinstance(base, tuple) else [], list(shown) if isinstance(shown, tuple) else []
    renamed = [{**element, key: old[at][key]} if at < len(old) else element for at, element in enumerate(new)]
    return aligning.changes(base, tuple(renamed), key, hears)


def never_gone(base: Any, shown: Any, key: str, hears: Any) -> Mapping[Any, Any]:
    """As `changes`, blind to what was taken out."""
    found = aligning.changes(base, shown, key, hears)
    return {cell: value for cell, value in found.items() if cell[1] or value is None}


def test_elements_told_by_their_place_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "changes", by_place)
    found = failing(range(FIRST, FIRST + 4), FAULTS)
    assert "nobody ever stored" in found["I4"]
    assert "is gone, and nobody took it out" in found["I2"]


def test_elements_that_come_back_are_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "changes", never_gone)
    assert "took it out last" in failing(range(FIRST, FIRST + 4), FAULTS)["I3"]


def test_an_element_that_comes_back_without_its_fields_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(merging, "still_shown", lambda *about: {})
    assert "is agreed on nothing there" in failing(range(FIRST + 6, FIRST + 7), STALLED)["C2"]


def test_a_write_in_doubt_that_is_explained_as_a_whole_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observing, "landed", lambda base, sent, shown, key: (base or (), False))
    assert "I3" in failing(range(FIRST + 26, FIRST + 27), FAULTS)


def test_a_create_in_doubt_that_is_explained_as_a_whole_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recover, "landed", lambda base, sent, shown, key: ((), False))
    assert "I3" in failing(range(FIRST + 13, FIRST + 14), BROKEN_OFF)


def test_a_write_without_an_answer_is_explained_by_element() -> None:
    assert failing(range(FIRST + 13, FIRST + 14), BROKEN_OFF) == {}
    assert failing(range(FIRST + 26, FIRST + 27), FAULTS) == {}
    assert failing(range(FIRST + 6, FIRST + 7), STALLED) == {}


def test_cells_are_named_by_field_key_and_part() -> None:
    entity = built(SPEC).entities["Basket"]
    items = ({"sku": "x[1]", "count": 2}, {"sku": "b"})
    found = cells(entity, {"name": "Ana", "items": items})
    assert found == {"name": "Ana", "items[x[1]]": True, "items[x[1]].count": 2, "items[b]": True}
    assert cells(entity, {"items": ()}) == {"items": ()}
    assert [part_of(cell) for cell in found] == ["", "", "count", ""]
    assert [is_element(cell) for cell in found] == [False, True, False, True]
    assert {element_of(cell) for cell in found} == {"", "items[x[1]]", "items[b]"}
    assert {field_of(cell) for cell in found} == {"name", "items"}
