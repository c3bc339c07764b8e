"""The certificate: its claims are the checks' own, its bytes are always the same, and a package that it does not fit is refused."""

import ast
import json
import os
import re
import subprocess
import sys
import time
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

import syncline
import syncline_runtime
from syncline.certificate import (
    LOOPS,
    OF_A_MAP,
    OF_A_SYNC,
    OF_ALL,
    OF_DERIVATIONS,
    OF_REFERENCES,
    OF_WEBHOOKS,
    ONE_WAY,
    TWO_WAY,
    certified,
)
from syncline.cli.files import loader
from syncline.diagnostics.categories import Category, rule_of
from syncline.diagnostics.lexicon import LEXICON
from syncline.pipeline import check_spec, generate
from syncline_runtime.certified import CERTIFICATE, uncertified

ROOT = Path(__file__).parents[1]
SPEC = ROOT / "specs" / "examples" / "northwind.sync"


def files(spec: Path = SPEC) -> dict[str, str]:
    checked = check_spec(str(spec), spec.read_bytes(), loader(str(spec)))
    assert checked.model is not None
    return certified(checked.model, generate(checked.model))


def document(spec: Path = SPEC) -> Any:
    return json.loads(files(spec)[CERTIFICATE])


@pytest.fixture
def built(tmp_path: Path) -> Path:
    folder = tmp_path / "northwind"
    folder.mkdir()
    for name, text in files().items():
        (folder / name).write_text(text, encoding="utf-8")
    return folder


def run(package: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", package.name, "run"],
        cwd=package.parent, capture_output=True, text=True, timeout=60, check=False,
        env={"PATH": "", "PYTHONPATH": str(Path(syncline_runtime.__file__).parents[1])},
    )  # fmt: skip


CLAIMED = {
    *OF_A_SYNC, *OF_A_MAP, *OF_ALL, *OF_REFERENCES, *OF_DERIVATIONS, *OF_WEBHOOKS, ONE_WAY, TWO_WAY, LOOPS,
    "truth.clash", "truth.gap", "delete.clash", "delete.gap", "map.not-apart",
}  # fmt: skip
OF_NO_PROPERTY = {
    "allow": "speaks of suppressions, not of what runs",
}
"""Codes of checks that say nothing of a package, by their first part."""


def of_checks() -> set[str]:
    checks = Path(syncline.__file__).parent / "checks"
    return {
        node.value
        for path in checks.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in LEXICON
    }


def test_every_proven_claim_is_that_of_a_check() -> None:
    assert of_checks() >= CLAIMED


def test_every_safety_check_has_its_entry() -> None:
    safety = {code for code in of_checks() if rule_of(code).category is Category.SAFETY}
    assert {code for code in safety if code.partition(".")[0] not in OF_NO_PROPERTY} <= CLAIMED


def test_obligations_are_proven_tested_or_assumed_and_say_by_what() -> None:
    claims = document()["obligations"]
    for claim in claims:
        assert claim["claim"]
        match claim["status"]:
            case "proven":
                assert claim["by"] in CLAIMED
            case "tested":
                assert claim["by"] in (TWO_WAY, ONE_WAY, LOOPS)
                assert claim["cases"] > 0
            case status:
                assert status == "assumed"
                assert claim["by"]


def test_what_was_found_and_allowed_is_not_proven(tmp_path: Path) -> None:
    narrow = tmp_path / "narrow.sync"
    text = SPEC.read_text(encoding="utf-8").replace("company    : text(80) required", "company    : text(70) required")
    narrow.write_text(
        text.replace("map Customer to crm", 'allow type.narrowing-length "all are short"\nmap Customer to crm'), "utf-8"
    )
    found = {claim["by"]: claim["status"] for claim in document(narrow)["obligations"]}
    assert "type.narrowing-length" not in found
    assert found["type.narrowing-length was found and allowed, or not checked"] == "assumed"


def test_a_table_is_proven_a_text_codec_tested_and_code_of_ones_own_assumed(tmp_path: Path) -> None:
    own = tmp_path / "own.sync"
    text = SPEC.read_text(encoding="utf-8")
    own.write_text(
        text.replace("name            <-> company as trim", 'name            <-> company as python("shop.names:Tidy")'),
        "utf-8",
    )
    by_line = {claim["of"]: claim for claim in document(own)["obligations"] if ": " in claim["of"]}
    assert by_line["crm.accounts: stage"]["status"] == "proven"
    assert by_line["crm.accounts: name"]["status"] == "assumed"
    assert by_line["erp.customers: name"]["status"] == "tested"
    assert "some value" in by_line["erp.customers: name"]["claim"], "trim takes different texts for the same"


def test_the_bytes_are_the_same_wherever_the_spec_stands(tmp_path: Path) -> None:
    elsewhere = tmp_path / "northwind.sync"
    elsewhere.write_bytes(SPEC.read_bytes())
    assert files(elsewhere) == files()
    assert str(ROOT) not in files()[CERTIFICATE]


def test_a_package_as_built_runs(built: Path) -> None:
    done = run(built)
    assert CERTIFICATE not in done.stderr
    assert "CRM_URL" in done.stderr, "it got as far as its settings"


def test_what_nobody_reads_is_no_error(built: Path) -> None:
    reading_end, writing_end = os.pipe()
    os.close(reading_end)
    done = subprocess.run(
        [sys.executable, "-m", built.name, "--help"], cwd=built.parent, stdout=writing_end, stderr=subprocess.PIPE,
        timeout=60, check=False, env={"PATH": "", "PYTHONPATH": str(Path(syncline_runtime.__file__).parents[1])},
    )  # fmt: skip
    os.close(writing_end)
    assert (done.returncode, done.stderr) == (0, b"")


@pytest.mark.parametrize("name", ["customer.py", "syncs.py", "py.typed"])
def test_a_file_that_was_edited_is_refused_in_one_line_that_says_how_to_mend_it(built: Path, name: str) -> None:
    path = built / name
    path.write_text(path.read_text(encoding="utf-8") + "# edited\n", encoding="utf-8")
    done = run(built)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert re.fullmatch(rf"northwind: {name} is not what was built, .* `syncline build northwind\.sync -o .*`", line)


EDITS = {
    "a constant": lambda text: text.replace('"northwind"', '"southwind"', 1),
    "no Python": lambda text: text + "\nthis is no Python(\n",
    "cut off": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "an import that fails": lambda text: "import nothing_of_the_kind\n" + text,
    "no text": lambda text: "\0" + text,
    "gone": lambda text: None,
}
"""What an editor, a merge or a full disk makes of a file of the package."""


@pytest.mark.parametrize(
    ("name", "edit"), [("package.py", "a constant"), *(("customer.py", edit) for edit in EDITS if edit != "a constant")]
)
def test_what_python_could_not_import_is_refused_before_it_is_imported(built: Path, name: str, edit: str) -> None:
    path = built / name
    text = EDITS[edit](path.read_text(encoding="utf-8"))
    if text is None:
        path.unlink()
    else:
        assert text != path.read_text(encoding="utf-8")
        path.write_text(text, encoding="utf-8")
    done = run(built)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    said = "is missing" if text is None else "is not what was built"
    assert re.fullmatch(rf"northwind: {name} {said}, .* `syncline build northwind\.sync -o .*`", line)


def test_an_edited_package_is_no_module_for_others(built: Path) -> None:
    (built / "customer.py").write_text("1 +", encoding="utf-8")
    asked = [
        sys.executable,
        "-c",
        "try:\n import northwind\nexcept ImportError as error:\n print(type(error).__name__)",
    ]
    done = subprocess.run(asked, cwd=built.parent, capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "NotAsBuilt\n"


def test_a_runtime_of_another_time_is_told_in_one_line(built: Path) -> None:
    init = built / "__init__.py"
    init.write_text(init.read_text("utf-8").replace("require_runtime(1,", "require_runtime(2,"), "utf-8")
    (built / CERTIFICATE).unlink()
    done = run(built)
    assert done.returncode == 2
    (line,) = done.stderr.splitlines()
    assert "runtime API 2" in line


def test_a_missing_or_foreign_certificate_is_refused(built: Path) -> None:
    certificate = built / CERTIFICATE
    text = certificate.read_text(encoding="utf-8")
    for replaced, said in (
        (None, "is missing"),
        ("no json", "cannot be read"),
        ("[]", "cannot be read"),
        (text.replace('"format_version": "1.0"', '"format_version": "9.0"'), "cannot be read"),
        (re.sub(r'("spec": \{[^}]*"sha256": ")[0-9a-f]{8}', r"\g<1>00000000", text), "another version"),
        (re.sub(r'"customer.py"', '"../customer.py"', text), "cannot be read"),
        (re.sub(r'"customer.py"', '"customers.py"', text), "customers.py is missing"),
    ):
        certificate.unlink(missing_ok=True)
        if replaced is not None:
            certificate.write_text(replaced, encoding="utf-8")
        done = run(built)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        assert said in line
        assert "syncline build northwind.sync" in line


def test_looking_costs_less_than_five_milliseconds(built: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(built.parent))
    for module in [one for one in sys.modules if one.partition(".")[0] == "northwind"]:
        monkeypatch.delitem(sys.modules, module)
    package = import_module("northwind").PACKAGE
    assert uncertified(package) is None
    taken = []
    for _ in range(10):
        began = time.process_time()
        uncertified(package)
        taken.append(time.process_time() - began)
    assert min(taken) < 0.005


@pytest.mark.parametrize("damaged", ["__init__.py", "__main__.py", "package.py"])
def test_a_file_that_is_no_python_is_a_line_at_the_door_of_the_runtime(built: Path, damaged: str) -> None:
    def launched(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "syncline_runtime", *arguments],
            cwd=built.parent,
            capture_output=True,
            text=True,
            check=False,
        )

    helped = launched("northwind", "--help")
    assert (helped.returncode, "rebase" in helped.stdout) == (0, True), helped.stderr
    whole = (built / damaged).read_bytes()
    (built / damaged).write_bytes(b"\x00 def (")
    told = launched("northwind", "status")
    assert told.returncode == 2
    assert told.stderr.startswith(f"northwind: {damaged} is not what was built")
    assert "syncline build northwind.sync" in told.stderr
    assert told.stderr.count("\n") == 1
    (built / damaged).write_bytes(whole)
    for arguments, says in (
        ((), "name a package"),
        (("nobody", "run"), "no such package"),
        (("json", "run"), "certificate"),
    ):
        told = launched(*arguments)
        assert (told.returncode, told.stderr.count("\n"), says in told.stderr) == (2, 1, True), told.stderr
    (built / CERTIFICATE).unlink()
    told = launched("northwind", "status")
    assert (told.returncode, f"{CERTIFICATE} is missing" in told.stderr) == (2, True), told.stderr
