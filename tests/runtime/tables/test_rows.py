"""Which rows of the decision tables the scenarios beside this file reach, counted from what pytest collects."""

import subprocess
import sys
from pathlib import Path

import pytest

DIRECTIONS = ("crm-erp", "erp-crm")
"""Where it happens, and the other."""

FIELDS = [f"test_fields.py::test_row[F{number}-{{}}-{parties}]" for number in range(14) for parties in ("two", "three")]
CELLS = [f"test_records.py::test_cell[{one}{other}-{{}}]" for one in "PMD?" for other in "PMD?X"]
RECORDS = [
    *(
        f"test_records.py::test_on_delete[{policy}-{{}}]"
        for policy in ("propagate", "archive", "unlink", "recreate", "hold")
    ),
    *(f"test_records.py::test_delete_against_edit[{row}-{{}}]" for row in ("hold", "edit wins", "delete wins")),
    *(f"test_records.py::test_out_of_scope[{policy}-{{}}]" for policy in ("unlink", "keep", "archive")),
    *(f"test_records.py::test_what_was_deleted_is_back[{row}-{{}}]" for row in ("undelete", "re-creation")),
    *(
        f"test_records.py::test_what_was_deleted_is_back_where_only_some_are_archived[{row}-{{}}]"
        for row in ("let-go", "archived")
    ),
    *(
        f"test_records.py::test_a_source_is_deleted_while_its_create_is_unknown[{landed}-{{}}]"
        for landed in ("landed", "lost")
    ),
    *(f"test_records.py::test_merger_inside_a_system[{row}-{{}}]" for row in ("free", "linked elsewhere")),
]
IDENTITIES = [
    *(
        f"test_identities.py::test_situation[{name}-{{}}]"
        for name in (
            "OWN_MARKER_LIVE",
            "OWN_MARKER_DEAD",
            "IN_FLIGHT_KEY",
            "NO_KEY",
            "SELF_DUPLICATE",
            "FOUND",
            "FOUND_ALREADY_LINKED",
            "AMBIGUOUS",
            "REVIEW",
            "ABSENT_FRESH",
            "ABSENT",
            "UNIQUE_REJECTED",
        )
    ),
    *(
        f"test_identities.py::test_first_merge[{row}-{{}}]"
        for row in ("equal", "blank", "blank of the owner", "owned", "prefers", "newest", "ask")
    ),
]
OUTCOMES = [
    *(
        f"test_outcomes.py::{test}[{{}}-{landed}]"
        for test in (
            "test_create_by_unique_key",
            "test_create_by_idempotency_key",
            "test_create_by_marker",
            "test_create_at_most_once",
            "test_update_in_doubt_is_a_barrier",
            "test_delete",
            "test_batch",
        )
        for landed in ("landed", "lost")
    ),
    *(
        f"test_outcomes.py::test_update[{versions}-{{}}-{landed}]"
        for versions in ("versions", "no versions")
        for landed in ("landed", "lost")
    ),
    *(f"test_outcomes.py::test_definitely_not_applied[{answer}-{{}}]" for answer in ("4xx", "429", "412", "404")),
]
TABLES = {
    "a field": FIELDS,
    "a record, cell by cell": CELLS,
    "a record, its clauses": RECORDS,
    "identity": IDENTITIES,
    "unknown outcomes": OUTCOMES,
}


@pytest.fixture(scope="module")
def collected() -> set[str]:
    """The ids of the scenarios in this folder, without the folder."""
    here = Path(__file__).parent
    told = subprocess.run(
        [sys.executable, "-m", "pytest", "--collect-only", "-q", "-p", "no:cacheprovider", str(here)],
        capture_output=True,
        text=True,
        check=True,
        cwd=here.parents[2],
    )
    return {line.rpartition("tables/")[2] for line in told.stdout.splitlines() if "::" in line}


@pytest.mark.parametrize("table", TABLES)
def test_every_row_is_reached_in_both_directions(collected: set[str], table: str) -> None:
    wanted = {row.format(direction) for row in TABLES[table] for direction in DIRECTIONS}
    assert not wanted - collected


def test_there_are_as_many_scenarios_as_the_rows_ask_for(collected: set[str]) -> None:
    scenarios = {one for one in collected if not one.startswith("test_rows.py")}
    named = {row.format(direction) for rows in TABLES.values() for row in rows for direction in DIRECTIONS}
    assert scenarios == named, "each scenario stands for a row, and is named here"
    assert len(scenarios) >= 150
