"""The checks have teeth: an executor without one of its protections breaks an invariant, and soon."""

import pytest

from syncline_runtime.simulation.world import WIDE
from tests.simulation.campaign import tallied
from tests.simulation.mutants import MUTANTS

FIRST_KILLED = {
    "shadow_is_sent": 0,
    "webhook_payload": WIDE + 1,
    "no_intent": 6,
    "no_barrier": 0,
    "delete_on_absence": 6,
    "no_guard": 0,
    "absorb_response": 4,
    "no_stale_filter": 7,
    "no_lagwait": 14,
    "recover_absorb": 55,
    "strict_cursor": 20,
    "stored_work": 0,
    "single_404": 58,
    "no_racy": 16,
    "no_overlap": 20,
    "explain_for_ever": 1,
}
"""The seed that kills each mutant; as worlds change, another one near it does. The rare ones have scenarios of their own, in
`tests/runtime/executing/test_protections.py`."""

SCHEDULES = 100


@pytest.mark.parametrize("name", FIRST_KILLED)
def test_a_protection_that_is_off_is_missed(name: str) -> None:
    seeds = dict.fromkeys((FIRST_KILLED[name], *range(SCHEDULES)))
    assert any(tallied([seed], MUTANTS[name]).failing for seed in seeds), f"{name} survives {SCHEDULES} schedules"
