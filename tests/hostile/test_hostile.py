"""What a server says cannot end a run in a traceback, pass unsaid, or touch any other record. `make hostile` does more of it."""

from pathlib import Path

import pytest

from tests.hostile.reading import Tally, bodies, records, without_identity


@pytest.mark.parametrize("seed", range(10))
async def test_two_thousand_malformed_records_end_with_a_reason_and_the_others_go_on(tmp_path: Path, seed: int) -> None:
    tally = Tally()
    await records(tmp_path, seed, 200, tally)
    assert tally.found == []
    assert tally.count == 200


@pytest.mark.parametrize("seed", range(0, 16, 4))
async def test_a_malformed_body_loses_and_doubles_nothing(tmp_path: Path, seed: int) -> None:
    tally = Tally()
    for one in range(seed, seed + 4):
        (tmp_path / str(one)).mkdir()
        await bodies(tmp_path / str(one), one, tally)
    assert tally.found == []


@pytest.mark.parametrize("seed", range(2))
async def test_records_without_identity_end_with_a_reason_and_the_others_go_on(tmp_path: Path, seed: int) -> None:
    tally = Tally()
    await without_identity(tmp_path, seed, 40, tally)
    assert tally.found == []
    assert tally.count == 40
