"""`make mutants [AT=FOLDER]`: faults put into what decides and what recovers, one by one; which of them does no test see?

The tree is staged as mutmut wants it, in a folder of its own: a temporary one, or `--at FOLDER`, where the next call goes on with
what was not seen yet. What decides is tried by its own tests, what recovers by those of whole runs. Printed are the survivors, each
as the lines that it changed, and the score by function; a survivor that `equivalent.py` explains is counted apart.
"""

import argparse
import ast
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.mutants.equivalent import why_equivalent

ROOT = Path(__file__).parents[2]
COPIED = {"compiler/syncline": "syncline", "grammar": "grammar", "specs": "specs", "tests": "tests"}
STATUS = {0: "survived", 1: "killed", 3: "killed", 5: "no test", 33: "no test", None: "not tried"}
"""By exit code of the tests; any other is a run that hung or crashed: seen."""

SLOW = "not postgres and not trimming_and_folding and not observing_twice and not a_write_accounts_for_the_fields"
"""What is left out, as are the decision tables: each survivor would take a minute of it."""


class Group(NamedTuple):
    """Modules that are changed, and the tests (patterns of paths) that are to notice."""

    modules: tuple[str, ...]
    tests: tuple[str, ...]


GROUPS = {
    "planner": Group(
        ("merging", "showing", "deciding", "observing", "identity", "accounting", "aligning", "guarding"),
        (
            "tests/runtime/test_deciding*.py",
            "tests/runtime/test_told*.py",
            "tests/runtime/test_observing*.py",
            "tests/runtime/test_identity*.py",
            "tests/runtime/test_guarding.py",
            "tests/runtime/test_normalising.py",
            "tests/runtime/test_aligning.py",
        ),
    ),
    "recovery": Group(
        ("executing/recover", "executing/settling", "executing/taking"),
        tuple(
            f"tests/runtime/executing/test_{name}.py"
            for name in (
                "recovering*",
                "unknown_outcomes*",
                "outcomes_settled",
                "unseen",
                "archiving",
                "taking*",
                "doubted_fields",
                "staleness",
                "protections",
                "deletions*",
                "failures",
                "identity_held",
                "one_field",
                "merged",
                "marks",
                "counted_writes",
                "review",
                "unidentified",
                "unread",
                "messages",
            )
        ),
    ),
}


class Mutant(NamedTuple):
    """One fault: `function` it is in, what became of it, and the lines that it removed and added."""

    function: str
    status: str
    removed: tuple[str, ...]
    added: tuple[str, ...]


def main() -> int:
    """0 if nine in ten of the faults that change something are seen."""
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__)
    parser.add_argument("groups", nargs="*", default=list(GROUPS), help=f"{' or '.join(GROUPS)}; both")
    parser.add_argument("--at", type=Path, help="stage here and keep it")
    parser.add_argument("--children", type=int, default=2)
    parser.add_argument("--sample", type=int, default=1, help="try one of so many")
    parser.add_argument("--seed", type=int, default=0, help="which ones of a sample")
    parser.add_argument("--told", action="store_true", help="tell what the last call found, try nothing")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="mutants-") as temporary:
        found: list[Mutant] = []
        for name in asked.groups:
            stage = (asked.at or Path(temporary)) / name
            if not asked.told:
                _stage(stage, GROUPS[name])
                _forget_survivors(stage)
                _run(stage, GROUPS[name], asked.children, asked.sample, asked.seed)
            found += _mutants(stage, GROUPS[name])
    return _tell([one for one in found if one.status != "not tried"])


def _stage(stage: Path, group: Group) -> None:
    (stage / "src").mkdir(parents=True, exist_ok=True)
    copied = COPIED | {"runtime/syncline_runtime": "src/syncline_runtime"}
    for source, target in copied.items():
        shutil.rmtree(stage / target, ignore_errors=True)
        shutil.copytree(ROOT / source, stage / target, ignore=shutil.ignore_patterns("__pycache__"))
    # mutmut does not write anew what it has copied once.
    shutil.rmtree(stage / "mutants" / "tests", ignore_errors=True)
    (stage / "pyproject.toml").write_text(
        f"""[tool.mutmut]
source_paths = ["src"]
only_mutate = {json.dumps([f"src/syncline_runtime/{module}.py" for module in group.modules])}
also_copy = {json.dumps([*COPIED.values()])}
track_dependencies = false

[tool.pytest.ini_options]
pythonpath = ["."]
addopts = "--import-mode=importlib"
asyncio_mode = "auto"
asyncio_default_fixture_loop_scope = "function"
"""
    )


def _forget_survivors(stage: Path) -> None:
    for path in stage.glob("mutants/src/**/*.meta"):
        known = json.loads(path.read_text())
        verdicts = known["exit_code_by_key"]
        known["exit_code_by_key"] = {
            key: verdict if STATUS.get(verdict, "killed") == "killed" else None for key, verdict in verdicts.items()
        }
        path.write_text(json.dumps(known))


def _run(stage: Path, group: Group, children: int, sample: int, seed: int) -> None:
    tests = sorted(str(path.relative_to(ROOT)) for pattern in group.tests for path in ROOT.glob(pattern))
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    log = stage / "log"
    with log.open("w") as out:
        done = subprocess.run(
            [sys.executable, "-m", "tests.mutants.trying", *tests, "-k", SLOW],
            cwd=stage,
            env=environment | {"CHILDREN": str(children), "SAMPLE": str(sample), "SEED": str(seed)},
            stdout=out,
            stderr=subprocess.STDOUT,
            check=False,
        )
    if done.returncode:
        raise SystemExit(f"the tests fail without any fault:\n{log.read_text()[-3000:]}")


def _mutants(stage: Path, group: Group) -> Iterator[Mutant]:
    for module in group.modules:
        path = stage / "mutants" / "src" / "syncline_runtime" / f"{module}.py"
        verdicts: dict[str, int | None] = json.loads(Path(f"{path}.meta").read_text())["exit_code_by_key"]
        text = path.read_text()
        lines, bodies = text.splitlines(), {}
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                bodies[node.name] = lines[node.lineno - 1 : node.end_lineno]
        for key, verdict in verdicts.items():
            name = key.rpartition(".")[2]
            original = bodies[name.rpartition("__mutmut_")[0] + "__mutmut_orig"]
            changed = [line for line in difflib.ndiff(original[1:], bodies[name][1:]) if line[0] in "+-"]
            function = re.sub(r"^x_|^xǁ|__mutmut_\d+$", "", name).replace("ǁ", ".")
            removed, added = (tuple(line[2:].strip() for line in changed if line[0] == sign) for sign in "-+")
            yield Mutant(f"{module}.{function}", STATUS.get(verdict, "killed"), removed, added)


def _tell(mutants: Sequence[Mutant]) -> int:
    counts: dict[str, Counter[str]] = {}
    for one in mutants:
        status = one.status
        if status in ("survived", "no test") and why_equivalent(one.function, one.removed, one.added):
            status = "equivalent"
        for row in (one.function, one.function.partition(".")[0], "all"):
            counts.setdefault(row, Counter())[status] += 1
        if status == "survived":
            print(
                f"{one.function}\n" + "\n".join([*(f"  - {x}" for x in one.removed), *(f"  + {x}" for x in one.added)])
            )
    columns = ("killed", "survived", "no test", "equivalent")
    print(f"\n{'':50}" + "".join(f"{column:>12}" for column in columns) + f"{'score':>8}")
    for row, count in sorted(counts.items(), key=lambda item: ("." not in item[0], item[0] == "all", item[0])):
        print(f"{row:50}" + "".join(f"{count[column]:12}" for column in columns) + f"{_score(count):8.1%}")
    return int(_score(counts.get("all", Counter())) < 0.9)


def _score(count: Counter[str]) -> float:
    return count["killed"] / max(1, count.total() - count["equivalent"])


if __name__ == "__main__":
    sys.exit(main())
