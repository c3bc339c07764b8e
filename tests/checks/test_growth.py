"""The work of a check grows with the spec and no faster, whatever its shape: told by counting calls, not by a clock."""

import sys
from collections.abc import Callable
from types import FrameType

import pytest

from benchmarks.large_spec import large_spec
from benchmarks.wide_spec import wide_in_fields, wide_in_systems
from syncline.cli.files import loader
from syncline.pipeline import check_spec, generate


def calls(work: Callable[[], object]) -> int:
    """How many Python functions, generators among them, are entered or resumed, and how many built-in ones are called."""
    count = 0

    def counted(frame: FrameType, event: str, argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    before = sys.getprofile()
    sys.setprofile(counted)
    try:
        work()
    finally:
        sys.setprofile(before)
    return count


def checked(text: str) -> Callable[[], object]:
    def work() -> object:
        found = check_spec("grown.sync", text.encode(), loader("grown.sync"))
        assert found.sound, found.diagnostics
        return found

    return work


@pytest.mark.parametrize(
    ("shape", "size"),
    [(large_spec, 500), (wide_in_fields, 60), (wide_in_systems, 40)],
    ids=["length", "fields", "systems"],
)
def test_twice_the_spec_is_twice_the_work(shape: Callable[[int], str], size: int) -> None:
    checked(shape(size))()  # tables and imports of the first time count for nobody
    small, large, larger = (calls(checked(shape(factor * size))) for factor in (1, 3, 5))
    # What is linear grows by the same from each size to the next; a quadratic part would grow by two thirds more.
    assert (larger - large) <= 1.15 * (large - small)


def test_code_grows_with_the_spec_too() -> None:
    models = []
    for size in (40, 120, 200):
        found = check_spec("grown.sync", wide_in_fields(size).encode(), loader("grown.sync"))
        assert found.model is not None
        models.append(found.model)
    generate(models[0])
    small, large, larger = (calls(lambda model=model: generate(model)) for model in models)  # type: ignore[misc]
    assert (larger - large) <= 1.25 * (large - small)
