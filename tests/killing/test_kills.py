"""A few kills over sandboxes; `make kill` has more of them, and `make systems` has real servers."""

from pathlib import Path

import pytest

from syncline_runtime.declaration import Package

from .campaign import Campaign, campaign
from .northwind import built, opened


@pytest.fixture(scope="module")
def northwind(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Package]:
    return built(tmp_path_factory.mktemp("northwind"))


def test_killed_it_goes_on_where_it_was(northwind: tuple[Path, Package], tmp_path: Path) -> None:
    with opened(*northwind, tmp_path) as world:
        tally = campaign(world, seed=1, kills=3, population=12)
    assert tally.found == []
    assert tally.kills >= 3
    assert {"pauses", "full disks", "locked states"} <= {what for what, count in tally.happened.items() if count}


@pytest.mark.parametrize("what", ["kill_apply", "kill_rebase", "kill_answers"])
def test_whatever_is_killed_is_done_once_or_told(northwind: tuple[Path, Package], tmp_path: Path, what: str) -> None:
    with opened(*northwind, tmp_path) as world:
        at = Campaign(world, seed=1)
        at.populate(8)
        at.converge()
        getattr(at, what)()
        at.converge()
    assert at.tally.found == []
