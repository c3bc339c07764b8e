"""A first run from one loopback REST API into another, in batches of 100: ours against by hand and, if it is there, dlt.

`python rest_to_rest.py [COUNT] [REPEATS] [LATENCY_MS]` prints processor and wall seconds of processes of their own, one after
the other in turns, and the ratios of ours; with a latency, also what the API alone would take. dlt is measured by the interpreter
that BENCHMARK_DLT names, of an environment of its own (`pip install 'dlt[sqlalchemy]' httpx`).
"""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path

from full_run import Cost, spent
from people_server import PAGE

HERE = Path(__file__).parent
Figures = dict[str, list[tuple[Cost, float, dict[str, int]]]]


def compare(count: int, repeats: int, latency: float) -> dict[str, float]:
    """Medians of interleaved runs."""
    found: Figures = {}
    server = subprocess.Popen(
        [sys.executable, str(HERE / "people_server.py"), "0", str(count), str(latency)],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert server.stdout is not None
        url = f"http://127.0.0.1:{server.stdout.readline().strip()}"
        with tempfile.TemporaryDirectory(prefix="syncline-bench-") as name:
            folder = Path(name)
            subprocess.run(
                [sys.executable, "-m", "syncline", "build", str(HERE / "contacts.sync"), "-o", str(folder)],
                check=True,
                capture_output=True,
            )
            for turn in range(repeats):
                _turn(url, folder, turn, found)
    finally:
        server.terminate()
    return _figures(found, count, latency)


def _turn(url: str, folder: Path, turn: int, found: Figures) -> None:
    by_hand = str(HERE / "by_hand.py")
    here = {"PYTHONPATH": os.pathsep.join((str(folder), os.environ.get("PYTHONPATH", "")))}
    runs: dict[str, Callable[[], Cost]] = {
        "ours": lambda: spent(
            ["-m", "contacts", "run", "--apply-first", "--state", str(folder / f"state{turn}.db")],
            **here,
            API_URL=url,
            CONTACTS_URL=url,
        ),
        "by hand": lambda: spent([by_hand, url, url]),
        "by hand, durable": lambda: spent([by_hand, url, url, str(folder / f"links{turn}.db")]),
        "by hand, sealed": lambda: spent([by_hand, url, url, str(folder / f"same{turn}.db"), "sealed"]),
    }
    if python := os.environ.get("BENCHMARK_DLT"):
        runs["dlt"] = lambda: spent([str(HERE / "by_dlt.py"), url, url, str(folder / f"dlt{turn}")], python=python)
    written = ""
    for name, run in runs.items():
        before = time.monotonic()
        cost = run()
        wall = time.monotonic() - before
        with urllib.request.urlopen(f"{url}/contacts/all") as answer:
            stored = answer.read().decode()
        with urllib.request.urlopen(urllib.request.Request(f"{url}/contacts", method="DELETE")) as answer:
            told = json.loads(answer.read())
        assert written in ("", stored), f"{name} did not write the same"
        written = stored
        found.setdefault(name, []).append((cost, wall, told))
        print(f"{name}: {cost.seconds:.2f} s, {wall:.2f} s wall, {told}", file=sys.stderr)


def _figures(found: Figures, count: int, latency: float) -> dict[str, float]:
    figures: dict[str, float] = {"records": count}
    for name, runs in found.items():
        figures[name] = statistics.median(cost.seconds for cost, _, _ in runs)
        figures[f"{name}, wall"] = statistics.median(wall for _, wall, _ in runs)
        if name != "ours":
            pairs = zip(found["ours"], runs, strict=True)
            figures[f"ratio to {name}"] = statistics.median(ours[0].seconds / other[0].seconds for ours, other in pairs)
    pages = -(-count // PAGE)
    ours = found["ours"]
    figures["ours MB"] = max(cost.memory for cost, _, _ in ours)
    # Pages, the empty one after them, the empty target's one, and full batches.
    figures["requests, of the least"] = max(told["requests"] for _, _, told in ours) / (2 * pages + 2)
    figures["most at once"] = max(told["most at once"] for _, _, told in ours)
    if latency:
        figures["API alone, its pages in turn"] = (pages + 1) * latency / 1000
        figures["API alone, one call at a time"] = (2 * pages + 2) * latency / 1000
    return figures


if __name__ == "__main__":
    arguments = [*sys.argv[1:], *("10000", "3", "0")[len(sys.argv) - 1 :]]
    for name, figure in compare(int(arguments[0]), int(arguments[1]), float(arguments[2])).items():
        print(f"{name:>30} {figure:10.2f}")
