"""What a check costs as specs grow, in length and in width: processor seconds, user and system, start-up included.

`python benchmarks/growth.py` prints a table: cold (nothing remembered of the spec, bytecode cached), and again, nothing changed.
"""

import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from statistics import median

from large_spec import large_spec
from wide_spec import wide_in_fields, wide_in_systems

SHAPES: tuple[tuple[str, Callable[[int], str], tuple[int, ...]], ...] = (
    ("lines", large_spec, (1_000, 3_000, 10_000, 30_000, 100_000)),
    ("fields of one entity", wide_in_fields, (400, 800, 1_600, 3_200)),
    ("systems of one sync", wide_in_systems, (50, 100, 200, 400)),
)
TURNS = 3


def seconds(file: Path, *options: str) -> float:
    """The processor time of one `syncline check`; ends the program where it finds anything."""
    before = os.times()
    subprocess.run([sys.executable, "-m", "syncline", "check", *options, str(file)], check=True, capture_output=True)
    after = os.times()
    return after.children_user + after.children_system - before.children_user - before.children_system


def main() -> None:
    """Print the table."""
    print("| shape | size | lines | cold s | per 1,000 lines ms | unchanged s |\n|---|---|---|---|---|---|")
    with tempfile.TemporaryDirectory() as folder:
        os.environ["SYNCLINE_CACHE"] = str(Path(folder, "cache"))
        for name, make, sizes in SHAPES:
            for size in sizes:
                file = Path(folder, f"{name.split()[0]}_{size}.sync")
                text = make(size)
                file.write_text(text)
                lines = text.count("\n")
                turns = 1 if lines > 20_000 else TURNS
                cold = median(seconds(file, "--no-cache") for _ in range(turns))
                seconds(file)
                again = median(seconds(file) for _ in range(turns))
                print(
                    f"| {name} | {size:,} | {lines:,} | {cold:.2f} | {1e6 * cold / lines:.0f} | {again:.3f} |",
                    flush=True,
                )


if __name__ == "__main__":
    main()
