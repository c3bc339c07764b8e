"""Try the mutants of the stage in the current folder: `python -m tests.mutants.trying TESTS…`.

mutmut writes the mutants, all of a function beside it, of which the environment names the one to run. The tests are collected once,
and run once to see which function each reaches; then each mutant has a process, forked from that one, which runs the tests that
reach it, the quickest first, to the first that fails. (mutmut itself collects anew for every mutant: most of the time it takes.)
"""

import json
import os
import resource
import signal
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from zlib import crc32

import pytest
from _pytest.runner import runtestprotocol
from mutmut import __main__ as mutmut
from mutmut.mutation.trampoline import set_mutant_under_test
from mutmut.state import state

CHILDREN = int(os.environ.get("CHILDREN", "2"))
SAMPLE = int(os.environ.get("SAMPLE", "1"))
"""Of how many mutants one is tried."""

SEED = os.environ.get("SEED", "0")
"""Which ones: another seed tries others."""

PATIENCE = 60
"""Seconds that a process may take beside thirty times what its tests take; one that hangs was noticed."""


class Trying:
    """Takes the place of pytest's loop over the tests."""

    def __init__(self, metas: Iterable[Path]) -> None:
        self.metas = {path: json.loads(path.read_text()) for path in metas}
        self.tests: dict[str, list[pytest.Item]] = defaultdict(list)
        self.seconds: dict[str, float] = {}
        self.running: dict[int, tuple[Path, str]] = {}

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        set_mutant_under_test("stats")
        for item in session.items:
            began = time.monotonic()
            if failed(item):
                raise pytest.UsageError(f"{item.nodeid} fails without any fault")
            self.seconds[item.nodeid] = time.monotonic() - began
            for function in state()._stats:
                self.tests[function].append(item)
            state()._stats.clear()
        for tests in self.tests.values():
            tests.sort(key=lambda item: self.seconds[item.nodeid])
        print(f"{len(session.items)} tests in {sum(self.seconds.values()):.0f} s", flush=True)
        waiting = [
            (path, key)
            for path, meta in self.metas.items()
            for key, code in verdicts(meta)
            if code is None and crc32(f"{SEED} {key}".encode()) % SAMPLE == 0
        ]
        for number, (path, key) in enumerate(waiting):
            tests = self.tests.get(key.rpartition("__mutmut_")[0], [])
            if not tests:
                self.metas[path]["exit_code_by_key"][key] = 33
                continue
            while len(self.running) >= CHILDREN:
                self.reap()
            self.running[self.fork(key, tests)] = path, key
            if number % 20 == 0:
                self.save()
                print(f"{number} of {len(waiting)}", flush=True)
        while self.running:
            self.reap()
        self.save()
        return True

    def fork(self, key: str, tests: list[pytest.Item]) -> int:
        if child := os.fork():
            return child
        seconds = PATIENCE + 30 * int(sum(self.seconds[item.nodeid] for item in tests))
        signal.alarm(seconds)
        resource.setrlimit(resource.RLIMIT_CPU, (seconds, seconds))
        set_mutant_under_test(key)
        try:
            os._exit(int(any(failed(item) for item in tests)))
        finally:
            os._exit(3)

    def reap(self) -> None:
        child, status = os.wait()
        path, key = self.running.pop(child)
        self.metas[path]["exit_code_by_key"][key] = os.waitstatus_to_exitcode(status)

    def save(self) -> None:
        for path, meta in self.metas.items():
            path.write_text(json.dumps(meta))


def failed(item: pytest.Item) -> bool:
    return any(report.failed for report in runtestprotocol(item, log=False, nextitem=None))


def verdicts(meta: Mapping[str, Any]) -> Iterable[tuple[str, int | None]]:
    found: dict[str, int | None] = meta["exit_code_by_key"]
    return found.items()


def main() -> int:
    """What pytest says."""
    set_mutant_under_test("mutant_generation")
    mutmut.copy_src_dir()
    mutmut.copy_also_copy_files()
    mutmut.setup_source_paths()
    mutmut.create_mutants(CHILDREN)
    print("mutants written", flush=True)
    metas = sorted(Path.cwd().glob("mutants/src/**/*.meta"))
    mutmut.config()
    os.chdir("mutants")
    return int(
        pytest.main(
            ["-q", "-s", "--assert=plain", "--tb=no", "-p", "no:cacheprovider", *sys.argv[1:]], plugins=[Trying(metas)]
        )
    )


if __name__ == "__main__":
    sys.exit(main())
