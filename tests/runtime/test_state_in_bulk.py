"""Many rows by one statement come to what a statement for each comes to."""

import sqlite3

import pytest

from syncline_runtime.state.database import Sqlite
from syncline_runtime.state.failure import StateFailure

KEPT = "INSERT INTO kept VALUES (?, ?, 7, x'') ON CONFLICT(name) DO UPDATE SET size = excluded.size, times = times + 1"


def opened():
    connection = sqlite3.connect(":memory:", isolation_level=None)
    connection.execute(
        "CREATE TABLE kept(name TEXT PRIMARY KEY, size INTEGER CHECK(size >= 0), times INTEGER, body BLOB)"
    )
    return connection


@pytest.mark.parametrize("count", [0, 1, 49, 50, 51, 100, 137])
def test_rows_are_what_single_statements_make_of_them(count):
    rows = [(f"n{number % 40}", number) for number in range(count)]
    together, alone = opened(), opened()
    Sqlite(together, "state").many(KEPT, iter(rows))
    for row in rows:
        alone.execute(KEPT, row)
    everything = "SELECT * FROM kept ORDER BY name"
    assert together.execute(everything).fetchall() == alone.execute(everything).fetchall()


@pytest.mark.parametrize("at", [3, 60, 119])
def test_a_row_that_does_not_fit_is_told_wherever_it_stands(at):
    rows = [(f"n{number}", -1 if number == at else number) for number in range(120)]
    with pytest.raises(StateFailure):
        Sqlite(opened(), "state").many(KEPT, rows)


def test_other_statements_are_run_for_each_row():
    connection = opened()
    database = Sqlite(connection, "state")
    database.many(KEPT, [(f"n{number}", number) for number in range(60)])
    database.many("UPDATE kept SET size = ? WHERE name = ?", [(number + 1, f"n{number}") for number in range(60)])
    database.many("DELETE FROM kept WHERE name = ?", [(f"n{number}",) for number in range(1, 60)])
    assert connection.execute("SELECT * FROM kept").fetchall() == [("n0", 1, 7, b"")]
