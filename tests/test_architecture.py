"""Who may import whom, held on the source text and on what a command really imports."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
COMPILER = ROOT / "compiler" / "syncline"
RUNTIME = ROOT / "runtime" / "syncline_runtime"

PURE = (
    "values", "records", "declaration", "frozen", "codecs", "expressions", "observing", "identity", "deciding", "merging",
    "showing", "accounting", "aligning", "policy", "outstanding", "normalising", "guarding", "answering", "paging", "cursors",
    "evolving",
)  # fmt: skip
NO_MORE_THAN_NAMED = {"ports", "certified"}
"""Types and a function that the pure core names, or passes on."""


def imported(path: Path, *, at_import: bool = False) -> Iterator[str]:
    """The top-level packages that a file imports; with `at_import`, only those outside functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    nodes = tree.body if at_import else ast.walk(tree)
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def users_of(package: str, folder: Path) -> set[str]:
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*.py")
        if any(name.split(".")[0] == package for name in imported(path))
    }


def test_only_the_parser_knows_lark() -> None:
    assert users_of("lark", COMPILER) <= {"syntax/parsing.py", "syntax/tables.py"}


def test_only_emitting_knows_jinja() -> None:
    assert users_of("jinja2", COMPILER) == {"emitting.py"}


def test_the_runtime_never_imports_the_compiler() -> None:
    assert users_of("syncline", RUNTIME) == set()


@pytest.mark.parametrize("module", PURE)
def test_the_pure_core_imports_itself_and_the_standard_library_only(module: str) -> None:
    path = RUNTIME / f"{module}.py"
    files = [path] if path.exists() else sorted((RUNTIME / module).rglob("*.py"))
    assert files
    for file in files:
        for name in imported(file, at_import=True):
            top, _, inner = name.partition(".")
            own = top == "syncline_runtime" and inner.partition(".")[0] in {*PURE, *NO_MORE_THAN_NAMED}
            assert top in sys.stdlib_module_names or own, f"{file.name} imports {name}"


ONLY_WHEN_ASKED_FOR = (
    "syncline.diagnostics.fixing", "syncline.diagnostics.formats", "syncline.diagnostics.lexicon",
    "syncline.diagnostics.rendering", "syncline.diagnostics.words", "syncline.project", "syncline.checks.allowances",
    "syncline.checks.documentation", "syncline.cli.baselines", "syncline.cli.mending", "syncline.cli.projects",
    "syncline.cli.showing", "syncline.cli.statistics", "syncline.syntax.placing", "difflib", "importlib.metadata",
    "tomllib", "xml",
)  # fmt: skip


def test_a_clean_spec_pays_for_no_format_setting_baseline_or_mend() -> None:
    program = (
        "import sys\n"
        "from syncline.cli import main\n"
        "try: main(['check', '-'])\n"
        "except SystemExit: pass\n"
        "print(*sys.modules, file=sys.stderr)\n"
    )
    spec = b"spec clean version 1\nentity Customer { email : email }\n"
    done = subprocess.run([sys.executable, "-c", program], input=spec, capture_output=True, check=True, timeout=60)
    assert done.stdout == b"1 spec checked, nothing found\n"
    imported = done.stderr.decode().splitlines()[-1].split()
    assert [name for name in imported if name.startswith(ONLY_WHEN_ASKED_FOR)] == []


@pytest.mark.parametrize("command", [["check", "-"], ["fmt", "-"]])
def test_check_and_fmt_import_only_what_they_use(command: list[str]) -> None:
    program = (
        "import sys\n"
        "from syncline.cli import main\n"
        f"try: main({command!r})\n"
        "except SystemExit: pass\n"
        "heavy = {'jinja2', 'httpx', 'pydantic', 'msgspec', 'sqlalchemy', 'phonenumbers', 'asyncio', 'hypothesis'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        input=b"spec empty_one version 1\n",
        capture_output=True,
        check=True,
        timeout=60,
    )
    assert done.stderr.decode().splitlines()[-1] == "[]"
