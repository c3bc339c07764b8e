"""`laws_test.py` beside a package: it passes for what is lawful, and catches a codec or a merge function that lies. Those of the
examples are run where they stand, in `tests/golden`."""

import subprocess
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path

import pytest

from syncline.pipeline import Load, check_spec, generate

SPEC = """\
spec shop version 1

connector desk over sql {
  setting url : secret
  resource people table "people" {
    id   : integer identity
    sku  : text(20)
    name : text(80)
    note : text(80)
    paid : integer
  }
}
system crm = desk { url: secret("CRM_URL") }
system erp = desk { url: secret("ERP_URL") }
entity Item {
  sku  : text(20)
  name : text(80)
  note : text(80)
  paid : money
  match sku
}
map Item to crm.people {
  sku  <-> sku  as python("own:Sku")
  name <-> name as trim then upper
  note <-> note
  paid <-> paid as money("JPY", minor)
}
map Item to erp.people {
  sku  <-> sku
  name <-> name
  note <-> note
  paid <-> paid as money("JPY", minor)
}
sync Item across crm, erp {
  delete in crm hold
  delete in erp hold
  truth {
    sku  owned by crm
    name prefers crm then erp
    note python("own:longest")
    paid owned by erp
  }
}
"""
HONEST = """\
class Sku:
    def put(self, value):
        return f"SKU-{value}"

    def get(self, native):
        return native.removeprefix("SKU-")


def longest(values):
    return max(values, key=lambda value: (len(value), value))
"""
LIES = {
    "forgets what it cannot spell": (HONEST.replace('f"SKU-{value}"', 'f"SKU-{value.lower()}"'), "test_codec_sku"),
    "reads something else": (HONEST.replace('removeprefix("SKU-")', 'strip("SKU-")'), "test_codec_sku"),
    "prefers who comes first": (HONEST.replace("(len(value), value)", "len(value)"), "test_item_note_merged"),
    "joins": (
        HONEST.replace("max(values, key=lambda value: (len(value), value))", "''.join(values)"),
        "test_item_note_merged",
    ),
}


def built(folder: Path, name: str, text: bytes, load: Load) -> None:
    checked = check_spec(name, text, load)
    assert checked.sound, checked.diagnostics
    assert checked.model is not None
    (folder / checked.model.name).mkdir()
    for path, code in generate(checked.model).items():
        (folder / checked.model.name / path).write_text(code, encoding="utf-8")


def laws_of(folder: Path, package: str, monkeypatch: pytest.MonkeyPatch) -> dict[str, Callable[[], None]]:
    monkeypatch.syspath_prepend(str(folder))
    for module in [one for one in sys.modules if one.partition(".")[0] in (package, "own")]:
        monkeypatch.delitem(sys.modules, module)
    found = vars(import_module(f"{package}.laws_test"))
    return {name: law for name, law in found.items() if name.startswith("test_")}


def test_lawful_code_of_ones_own_passes_as_pytest_runs_it(tmp_path: Path) -> None:
    built(tmp_path, "shop.sync", SPEC.encode(), lambda _: None)
    (tmp_path / "own.py").write_text(HONEST)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "shop"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout
    assert "10 passed" in done.stdout


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_caught_by_the_test_of_what_lies(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, lie: str) -> None:
    own, test = LIES[lie]
    built(tmp_path, "shop.sync", SPEC.encode(), lambda _: None)
    (tmp_path / "own.py").write_text(own)
    with pytest.raises(AssertionError, match=r"put|makes"):
        laws_of(tmp_path, "shop", monkeypatch)[test]()
