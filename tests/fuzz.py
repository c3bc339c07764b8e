"""Malformed specs by the thousand: `python -m tests.fuzz 10000 [--seed 1] [--from 0]`, `… --show CASE` prints one.

Each is checked and its findings are shown in every form of ours. Asked of all of them: no exception, a place on each finding,
at most a second of processor time and 256 MiB. The same seed and number always give the same bytes. Batches run in processes
of their own, so that one that hangs or eats memory ends alone; a batch that does is split until the case is found.
"""

import argparse
import faulthandler
import json
import random
import re
import resource
import subprocess
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import NamedTuple

from syncline.cli.files import library
from syncline.diagnostics.pages import PRELUDE, page, pages, sample
from syncline.diagnostics.rendering import as_json, concise, text
from syncline.pipeline import check_spec

ROOT = Path(__file__).parents[1]
SECONDS = 1.0
MEBIBYTES = 256
BATCH = 250
PATIENCE = 30
"""Seconds after which a case hangs."""

FENCE = re.compile(r"^```sync\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TOKEN = re.compile(r"\s+|\w+|\"[^\"\n]*\"|<->|->|<-|.", re.DOTALL)
PIECES = (
    *(
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        ",",
        "\n",
        "<->",
        "->",
        "<-",
        ":",
        "=",
        "?",
        '"',
        "`",
        "#",
        "##",
        ".",
        "%",
        "*",
        "\0",
    ),
    *(
        "entity",
        "map",
        "sync",
        "truth",
        "as",
        "then",
        "where",
        "when",
        "match",
        "ref",
        "list<",
        "import",
        "use",
        "enum",
    ),
    *("connector", "resource", "otherwise", "if", "null", "\\", "\r", "\ufeff", "é", "🙂", "\u202e", "٣", "０", "ﬀ"),
    *("decimal(12, 2)", "text(5)", "5 minutes", "10%", "9" * 400, "1e999", '"\\u{110000}"', '"\\u{d800}"', "-" * 200),
)
Draw = random.Random


@cache
def sources() -> tuple[str, ...]:
    """Every real spec: the library, the examples, the samples, the complaints, and the examples of the pages."""
    folders = ("specs", "tests/syntax/samples", "tests/complaints", "tests/guarantees/specs")
    files = sorted(path for folder in folders for path in (ROOT / folder).rglob("*.sync"))
    examples = (PRELUDE + found for code in pages() for found in FENCE.findall(page(code)))
    return (*(path.read_text(encoding="utf-8") for path in files), *examples)


def _tokens(draw: Draw, spec: str) -> str:
    """Tokens taken out, doubled, swapped, and put in from elsewhere."""
    tokens = TOKEN.findall(spec) or [""]
    others = TOKEN.findall(draw.choice(sources()))
    for _ in range(draw.choice((1, 1, 2, 3, 8, 40))):
        at = draw.randrange(len(tokens))
        match draw.randrange(5):
            case 0:
                tokens[at] = ""
            case 1:
                tokens[at] *= 2
            case 2:
                other = draw.randrange(len(tokens))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case 3:
                tokens[at] = draw.choice(PIECES)
            case _:
                tokens[at] += draw.choice(others)
    return "".join(tokens)


def _lines(draw: Draw, spec: str) -> str:
    """Lines taken out, moved, and put in from another spec."""
    lines = spec.splitlines(keepends=True) or ["\n"]
    others = draw.choice(sources()).splitlines(keepends=True) or ["\n"]
    for _ in range(draw.choice((1, 2, 5, 20))):
        at = draw.randrange(len(lines))
        match draw.randrange(3):
            case 0:
                lines[at] = ""
            case 1:
                lines.insert(at, draw.choice(lines))
            case _:
                lines.insert(at, draw.choice(others))
    return "".join(lines)


def _repeated(draw: Draw, spec: str) -> str:
    """A piece of it many times over: deep, wide, and long."""
    tokens = TOKEN.findall(spec) or [""]
    start = draw.randrange(len(tokens))
    end = start + draw.choice((1, 2, 3, 5, 10, 30))
    times = draw.choice((2, 20, 200, 1000))
    piece = "".join(tokens[start:end])
    return "".join(tokens[:start]) + piece * min(times, 20_000 // max(1, len(piece))) + "".join(tokens[end:])


def _cut(draw: Draw, spec: str) -> str:
    """A file of which the end, the beginning or the middle is missing."""
    first, second = sorted((draw.randrange(len(spec) + 1), draw.randrange(len(spec) + 1)))
    return draw.choice((spec[:first], spec[first:], spec[:first] + spec[second:]))


def _characters(draw: Draw, spec: str) -> str:
    characters = list(spec) or [""]
    for _ in range(draw.choice((1, 3, 10, 100))):
        characters[draw.randrange(len(characters))] = draw.choice(
            (chr(draw.randrange(0xD800)), "", '"', "{", "}", "\n")
        )
    return "".join(characters)


def _invented(draw: Draw, spec: str) -> str:
    """No spec at all, of its words."""
    words = (*TOKEN.findall(spec), *PIECES)
    return draw.choice(("", " ", "\n")).join(draw.choice(words) for _ in range(draw.choice((1, 10, 100, 1000))))


def _bytes(draw: Draw, spec: str) -> bytes:
    data = bytearray(spec.encode())
    for _ in range(draw.choice((1, 5, 50))):
        data[draw.randrange(len(data))] = draw.randrange(256)
    return bytes(data)


def _noise(draw: Draw, spec: str) -> bytes:
    return draw.randbytes(draw.choice((0, 1, 2, 7, 100, 1000, 20_000)))


KINDS: dict[str, Callable[[Draw, str], str | bytes]] = {
    "tokens": _tokens,
    "lines": _lines,
    "repeated": _repeated,
    "cut": _cut,
    "characters": _characters,
    "invented": _invented,
    "bytes": _bytes,
    "noise": _noise,
}


class Case(NamedTuple):
    """A malformed spec, and how it was made."""

    kind: str
    data: bytes


def case(seed: int, number: int) -> Case:
    """The bytes of a case; the same for the same numbers, as long as the specs they are made of stay the same."""
    draw = Draw(f"{seed}/{number}")
    kind = draw.choice(list(KINDS))
    made = KINDS[kind](draw, draw.choice(sources()) or "\n")
    return Case(kind, made if isinstance(made, bytes) else made.encode("utf-8", "surrogatepass"))


def load(name: str) -> bytes | None:
    """The library, and the systems that specs share; never a file that a mutated name happens to meet."""
    if name.startswith("library:"):
        path = library() / f"{name.removeprefix('library:')}.sync"
        return path.read_bytes() if re.fullmatch(r"\w+", path.stem) and path.exists() else None
    return sample().encode() if name in ("sample.sync", "systems.sync") else None


def complaint(data: bytes) -> tuple[str, list[str]]:
    """What is wrong with how a case is dealt with ("" for nothing), and the codes that it gave."""
    start = time.process_time()
    try:
        found = check_spec("fuzz.sync", data, load).diagnostics
        for each in found:
            name, line, column = each.span.source.name, each.span.line, each.span.column
            inside = 0 <= each.span.start <= each.span.end <= len(each.span.source.text)
            if not name or line < 1 or column < 1 or not inside:
                return f"{each.code} has no place: {each.span!r} {each.span.start}-{each.span.end}", []
        for show in (concise, text, as_json):
            show(found)
    except BaseException:  # whatever it is, it is what we look for
        return traceback.format_exc(limit=-4), []
    seconds = time.process_time() - start
    if seconds > SECONDS:
        return f"took {seconds:.2f} s of processor time", []
    return "", [each.code for each in found]


def batch(seed: int, start: int, end: int) -> None:
    """Check the cases of a range in this process, and print what came of it as JSON."""
    complaints: dict[int, str] = {}
    codes: Counter[str] = Counter()
    kinds: Counter[str] = Counter()
    clean, slowest = 0, (0.0, -1)
    complaint(sources()[0].encode())  # what only the first check of a process pays is not the case's fault
    for number in range(start, end):
        made = case(seed, number)
        faulthandler.dump_traceback_later(PATIENCE, exit=True)
        before = time.process_time()
        said, found = complaint(made.data)
        slowest = max(slowest, (time.process_time() - before, number))
        faulthandler.cancel_dump_traceback_later()
        kinds[made.kind] += 1
        codes.update(found)
        clean += not found and not said
        if said:
            complaints[number] = said
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(json.dumps([complaints, codes, kinds, clean, slowest, peak]))


class Totals:
    """What came of all batches."""

    __slots__ = ("clean", "codes", "complaints", "kinds", "peak", "slowest")

    def __init__(self) -> None:
        self.complaints: dict[int, str] = {}
        self.codes: Counter[str] = Counter()
        self.kinds: Counter[str] = Counter()
        self.clean = 0
        self.slowest = (0.0, -1)
        self.peak = 0.0

    def add(self, seed: int, start: int, end: int) -> None:
        """Run a batch in a process of its own."""
        command = [sys.executable, "-m", "tests.fuzz", "--seed", str(seed), "--batch", str(start), str(end)]
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
        result = json.loads(done.stdout) if done.returncode == 0 else None
        if result is None or result[5] > MEBIBYTES:
            if end - start > 1:
                middle = (start + end) // 2
                self.add(seed, start, middle)
                self.add(seed, middle, end)
                return
            said = f"took {result[5]:.0f} MiB" if result else f"ended its process:\n{done.stderr[-1500:]}"
            self.complaints[start] = said
            return
        complaints, codes, kinds, clean, slowest, peak = result
        self.complaints.update({int(number): said for number, said in complaints.items()})
        self.codes.update(codes)
        self.kinds.update(kinds)
        self.clean += clean
        self.slowest = max(self.slowest, tuple(slowest))
        self.peak = max(self.peak, peak)


def fuzz(count: int, seed: int, start: int) -> int:
    """Run so many cases, print the counts, and return how many were not dealt with as they should."""
    totals = Totals()
    with ThreadPoolExecutor(2) as pool:
        ranges = [(at, min(at + BATCH, start + count)) for at in range(start, start + count, BATCH)]
        list(pool.map(lambda ends: totals.add(seed, *ends), ranges))
    for number, said in sorted(totals.complaints.items()):
        print(f"case {number} (seed {seed}): {said}")
    print(f"{count} cases, seed {seed}: {', '.join(f'{kinds} {kind}' for kind, kinds in sorted(totals.kinds.items()))}")
    print(f"{sum(totals.codes.values())} findings of {len(totals.codes)} codes; {totals.clean} cases without any")
    print(f"slowest {totals.slowest[0]:.2f} s (case {totals.slowest[1]}), most memory {totals.peak:.0f} MiB")
    print(f"{len(totals.complaints)} not dealt with as they should" if totals.complaints else "all dealt with")
    return len(totals.complaints)


def main(arguments: Sequence[str]) -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=(__doc__ or "").splitlines()[0])
    parser.add_argument("count", type=int, nargs="?", default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--from", type=int, default=0, dest="start")
    parser.add_argument("--show", type=int, metavar="CASE")
    parser.add_argument("--batch", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    if given.show is not None:
        sys.stdout.buffer.write(case(given.seed, given.show).data)
    elif given.batch:
        batch(given.seed, *given.batch)
    else:
        raise SystemExit(1 if fuzz(given.count, given.seed, given.start) else 0)


if __name__ == "__main__":
    main(sys.argv[1:])
