"""A few kills over sandboxes; `make kill` has more of them, and `make systems` has real servers."""

from pathlib import Path

import pytest

from .campaign import campaign
from .northwind import built, opened


def test_killed_it_goes_on_where_it_was(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    code, package = built(tmp_path_factory.mktemp("northwind"))
    with opened(code, package, tmp_path) as world:
        tally = campaign(world, seed=1, kills=3, population=12)
    assert tally.found == []
    assert tally.kills == 3
    assert {"pauses", "full disks", "locked states"} <= {what for what, count in tally.happened.items() if count}
