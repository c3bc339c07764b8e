"""Every measurement in one table: `python benchmarks/run.py [--quick]`. Ratios are to hand-written code in the same run."""

import os
import resource
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from full_run import compare
from large_spec import large_spec
from mapping import measured
from million import main as million

HERE = Path(__file__).parent


def processor_seconds(arguments: list[str], repeats: int, *, remembered: bool = False) -> float:
    """The median processor time of a process, bytecode cached as on any installed machine; of a spec nothing is `remembered`,
    unless asked for."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    found = []
    for _ in range(repeats + 1):
        with tempfile.TemporaryDirectory(prefix="syncline-bench-") as empty:
            if not remembered:
                environment["XDG_CACHE_HOME"] = empty
            before = resource.getrusage(resource.RUSAGE_CHILDREN)
            subprocess.run([sys.executable, *arguments], check=True, capture_output=True, env=environment)
            after = resource.getrusage(resource.RUSAGE_CHILDREN)
        found.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return statistics.median(found[1:])


def line(what: str, reached: str, aim: str) -> None:
    """One row of the table."""
    print(f"{what:<58} {reached:>12}   {aim}", flush=True)


def checks(quick: bool, repeats: int) -> None:
    """The rows of `check`: cold, linear in the lines, and again with nothing changed."""
    floor = processor_seconds(["-c", "pass"], repeats)
    click = processor_seconds(["-c", "import click"], repeats)
    with tempfile.TemporaryDirectory(prefix="syncline-bench-") as folder:
        os.environ["SYNCLINE_CACHE"] = str(Path(folder, "cache"))
        Path(folder, "cache").mkdir(mode=0o700)
        for lines in (1_000, 10_000) if quick else (1_000, 10_000, 100_000):
            spec = Path(folder, f"of_{lines}.sync")
            spec.write_text(large_spec(lines), encoding="utf-8")
            times = 1 if lines > 10_000 else repeats
            seconds = processor_seconds(["-m", "syncline", "check", "--no-cache", str(spec)], times)
            aim = "< 1.5" if lines == 10_000 else ""
            line(f"check of a {lines:,}-line spec, processor s", f"{seconds:.2f}", aim)
            line(
                "  a line, \N{MICRO SIGN}s",
                f"{seconds / lines * 1e6:.0f}",
                "start included; linear: no more with more lines",
            )
        spec = Path(folder, "of_10000.sync")
        seconds = processor_seconds(["-m", "syncline", "check", str(spec)], repeats)
        line("  10,000 lines again, nothing changed", f"{seconds:.3f}", "< 0.25")
        example = HERE.parent / "specs" / "examples" / "crm_erp_customers.sync"
        seconds = processor_seconds(["-m", "syncline", "check", "--no-cache", str(example)], repeats)
        line(f"cold check of a small file, processor s (bare Python {floor:.3f})", f"{seconds:.3f}", "< 0.15")
        seconds = processor_seconds(["-m", "syncline", "check", str(example)], repeats)
        line(f"  again, nothing changed (Python and click {click:.3f})", f"{seconds:.3f}", "")


def main(quick: bool) -> None:
    """Print the table."""
    repeats = 1 if quick else 5
    small, large = (10_000, 20_000) if quick else (10_000, 100_000)
    line("measurement", "reached", "aim")
    checks(quick, repeats)
    for cost in measured():
        line(f"mapping a record, {cost.name}, ratio to by hand", f"{cost.ratio:.2f}", "< 1.10")
    few, many = compare(small, 1), compare(large, 1 if quick else 3)
    line(f"first run of {large:,} records, REST to SQLite, ratio to by hand", f"{many['ratio']:.2f}", "< 2.0")
    line("  ratio to by hand with a state that holds what ours holds", f"{many['ratio, sealed']:.2f}", "< 1.5")
    line("  ratio to by hand with links and intents, in plain text", f"{many['ratio, durable']:.2f}", "")
    line("  processor s, ours and by hand", f"{many['ours']:.1f} / {many['by hand']:.1f}", "")
    line(f"  peak memory MB at {small:,} and {large:,}", f"{few['ours MB']:.0f} / {many['ours MB']:.0f}", "< 120, flat")
    line("  requests against the least possible", f"{many['requests']:.3f}", "1.0")
    line("a run with nothing changed, processor s", f"{many['nothing changed']:.2f}", "")
    idle = million(50_000 if quick else 1_000_000)
    line(
        f"  over {idle['linked records']:,.0f} linked records, imports included",
        f"{idle['nothing changed']:.2f}",
        "< 0.5",
    )
    line("  its peak memory MB", f"{idle['MB']:.0f}", "< 100")


if __name__ == "__main__":
    main("--quick" in sys.argv)
