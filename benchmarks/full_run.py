"""A full first run from a loopback REST server into SQLite, ours against by hand, in processes of their own.

`python full_run.py [COUNT] [REPEATS]` prints processor seconds, peak memory and requests, and the ratios to the job by hand: as it
is written at first, with a state that makes it as durable as ours, and with one that holds all that ours holds, sealed;
and, where BENCHMARK_DLT names an interpreter with `dlt[sqlalchemy]` and httpx, to dlt.
"""

import os
import re
import resource
import sqlite3
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from people_server import PAGE

HERE = Path(__file__).parent
TABLE = """
    CREATE TABLE people (
      id INTEGER PRIMARY KEY, source TEXT UNIQUE, name TEXT, email TEXT, phone TEXT, lifecycle INTEGER, born TEXT,
      credit_limit NUMERIC, street TEXT, city TEXT, country TEXT, newsletter INTEGER, notes TEXT
    )
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """What one process took: processor seconds, and peak memory in MB."""

    seconds: float
    memory: float
    output: str


def spent(arguments: list[str], python: str = sys.executable, **environment: str) -> Cost:
    """The cost of a process. Ends the program when it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    measured = [python, str(HERE / "measured.py"), *arguments]
    # Bytecode is cached, as on any installed machine.
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(measured, env={**variables, **environment}, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(arguments)} failed:\n{done.stdout}{done.stderr}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    seconds = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
    return Cost(seconds, float(done.stderr.rsplit(maxsplit=1)[-1]), done.stdout)


def database(folder: Path, name: str) -> Path:
    """A fresh database with an empty table."""
    path = folder / f"{name}.sqlite"
    connection = sqlite3.connect(path)
    connection.execute(TABLE)
    connection.commit()
    connection.close()
    return path


def rows(path: Path) -> list[tuple[object, ...]]:
    """The table's content without its ids, in the order of the source."""
    connection = sqlite3.connect(path)
    columns = (
        "source, name, email, phone, lifecycle, born, round(credit_limit, 2), street, city, country, newsletter, notes"
    )
    found = connection.execute(f"SELECT {columns} FROM people ORDER BY source").fetchall()
    connection.close()
    return found


def requests(output: str) -> int:
    """How many requests a run says that it made of the API."""
    found = re.search(r"requests .*?api ([0-9]+)", output)
    assert found is not None, output
    return int(found[1])


def compare(count: int, repeats: int) -> dict[str, float]:
    """Medians of interleaved runs: processor seconds and memory of ours and by hand, the ratio, and the requests of ours."""
    ours, by_hand, durable, same, again, dlt = [], [], [], [], [], []
    server = subprocess.Popen(
        [sys.executable, str(HERE / "people_server.py"), "0", str(count)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        with tempfile.TemporaryDirectory(prefix="syncline-bench-") as name:
            folder = Path(name)
            subprocess.run(
                [sys.executable, "-m", "syncline", "build", str(HERE / "people.sync"), "-o", str(folder)],
                check=True,
                capture_output=True,
            )
            for turn in range(repeats):
                mine, theirs = database(folder, f"ours{turn}"), database(folder, f"hand{turn}")
                safe, sealed = database(folder, f"durable{turn}"), database(folder, f"sealed{turn}")
                by_hand.append(spent([str(HERE / "by_hand.py"), url, str(theirs)]))
                durable.append(spent([str(HERE / "by_hand.py"), url, str(safe), str(folder / f"links{turn}.db")]))
                same.append(
                    spent([str(HERE / "by_hand.py"), url, str(sealed), str(folder / f"same{turn}.db"), "sealed"])
                )
                environment = {
                    "PYTHONPATH": str(folder),
                    "API_URL": url,
                    "WAREHOUSE_URL": f"sqlite:///{mine}",
                }
                state = str(folder / f"state{turn}.db")
                ours.append(spent(["-m", "people", "run", "--apply-first", "--state", state], **environment))
                again.append(spent(["-m", "people", "run", "--state", state], **environment))
                if python := os.environ.get("BENCHMARK_DLT"):
                    place = folder / f"dlt{turn}"
                    dlt.append(spent([str(HERE / "by_dlt.py"), url, f"{place}.sqlite", str(place)], python=python))
                    assert len(rows(Path(f"{place}.sqlite"))) == count
                assert rows(mine) == rows(theirs) == rows(safe) == rows(sealed), "all must write the same rows"
                print(ours[-1].output, again[-1].output, file=sys.stderr)
    finally:
        server.terminate()
    return {
        "records": count,
        "ours": statistics.median(cost.seconds for cost in ours),
        "by hand": statistics.median(cost.seconds for cost in by_hand),
        "ratio": statistics.median(mine.seconds / theirs.seconds for mine, theirs in zip(ours, by_hand, strict=True)),
        "by hand, durable": statistics.median(cost.seconds for cost in durable),
        "ratio, durable": statistics.median(
            mine.seconds / one.seconds for mine, one in zip(ours, durable, strict=True)
        ),
        "by hand, sealed": statistics.median(cost.seconds for cost in same),
        "ratio, sealed": statistics.median(mine.seconds / one.seconds for mine, one in zip(ours, same, strict=True)),
        **(
            {
                "dlt": statistics.median(cost.seconds for cost in dlt),
                "ratio to dlt": statistics.median(
                    mine.seconds / one.seconds for mine, one in zip(ours, dlt, strict=True)
                ),
            }
            if dlt
            else {}
        ),
        "ours MB": max(cost.memory for cost in ours),
        "by hand MB": max(cost.memory for cost in by_hand),
        "nothing changed": statistics.median(cost.seconds for cost in again),
        "requests": max(requests(cost.output) for cost in ours) / -(-count // PAGE),
    }


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for name, figure in compare(count, int(sys.argv[2]) if len(sys.argv) > 2 else 3).items():
        print(f"{name:>16} {figure:10.2f}")
