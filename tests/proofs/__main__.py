"""`python -m tests.proofs 3000`: the proofs of so many random specs of twelve two-way lines, doubled by what their code does."""

import argparse
import sys
import time

from tests.proofs.test_two_way_lines import Doubled, doubled

BATCH = 100
"""Specs of one seed: memory does not grow with the run, and a failure is found again by its seed alone."""


def main() -> None:
    """The command line; ends with 1 for a line that breaks the law that the compiler claimed."""
    parser = argparse.ArgumentParser(prog="python -m tests.proofs", description=(__doc__ or "").strip())
    parser.add_argument("count", type=int, nargs="?", default=3000)
    parser.add_argument("--seed", type=int, default=1)
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
        all_found.told.update(found.told)
        all_found.strict.update(found.strict)
        done += size
    print(f"{done:,} random specs, {time.process_time() - began:.0f} s")
    print(*all_found.lines(), sep="\n")


if __name__ == "__main__":
    main()
