"""`make kill N=1000 SEED=1`: that many kills of real processes over sandboxes, in chapters that begin without a state."""

import argparse
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

from tests.killing.campaign import campaign
from tests.killing.northwind import built, opened

CHAPTER = 25


def main() -> int:
    """0 if nothing was lost, made twice or left unrecovered, else 1."""
    parser = argparse.ArgumentParser(prog="kill", description=__doc__)
    parser.add_argument("kills", type=int, nargs="?", default=1000)
    parser.add_argument("--seed", type=int, default=1, help="of the first chapter")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="begin no chapter after so long")
    asked = parser.parse_args()
    began, whole, seed, killed = time.monotonic(), Counter[str](), asked.seed, 0
    found: list[str] = []
    with tempfile.TemporaryDirectory(prefix="syncline-kill-") as place:
        code, package = built(Path(place))
        while killed < asked.kills and time.monotonic() - began < asked.seconds:
            folder = Path(place) / f"chapter-{seed}"
            folder.mkdir()
            with opened(code, package, folder) as world:
                tally = campaign(world, seed, min(CHAPTER, asked.kills - killed), population=40)
            killed += tally.kills
            whole += tally.happened
            found += tally.found
            for line in tally.found:
                print(line, flush=True)
            print(f"seed {seed}: {tally.kills} kills, {killed} in all, {len(tally.found)} found", flush=True)
            seed += 1
    print(f"seeds {asked.seed} to {seed - 1}: {killed} kills in {time.monotonic() - began:.0f} s, {len(found)} found")
    for what, count in sorted(whole.items()):
        print(f"  {what}: {count}")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main())
