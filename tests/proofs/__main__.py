"""`python -m tests.proofs 3000`: the proofs of so many random specs of twelve two-way lines, doubled by what their code does,
and of a tenth as many whole policies, doubled by what they do with users' edits."""

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.proofs.test_two_way_lines import Doubled, doubled
from tests.proofs.test_whole_policies import Tried, tried

BATCH = 100
"""Specs of one seed: memory does not grow with the run, and a failure is found again by its seed alone."""


def main() -> None:
    """The command line; ends with 1 for a line that breaks the law that the compiler claimed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=(__doc__ or "").strip())
    parser.add_argument("count", type=int, nargs="?", default=3000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--policies", type=int, help="how many whole policies; a tenth of the specs if it is not said")
    given = parser.parse_args()
    began, all_found, done = time.process_time(), Doubled(), 0
    while done < given.count:
        size = min(BATCH, given.count - done)
        start = given.seed * 1_000_000 + done
        try:
            found = doubled(size, start)
        except AssertionError as error:
            print(f"seed {start}: {error}", file=sys.stderr)
            raise SystemExit(1) from None
        all_found.add(found)
        done += size
    print(f"{done:,} random specs, {time.process_time() - began:.0f} s")
    print(*all_found.lines(), sep="\n")
    began, policies = time.process_time(), given.policies if given.policies is not None else given.count // 10
    all_tried = Tried()
    for number in range(policies):
        with TemporaryDirectory() as folder:
            try:
                all_tried.add(tried(given.seed * 1_000_000 + number, Path(folder)))
            except AssertionError as error:
                print(error, file=sys.stderr)
                raise SystemExit(1) from None
    print(f"{policies:,} random policies, {time.process_time() - began:.0f} s")
    print(*all_tried.lines(), sep="\n")


if __name__ == "__main__":
    main()
