"""`check --against` and `lock`: what a spec does to what already runs, and systems that are not what they were."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncline.cli import main

SPEC = """\
spec bills version 1

connector billing over rest {
  setting url : url
  base "{url}"
  resource invoices {
    number : text(20) identity
    email  : email
    total  : decimal(12, 2)
    list GET "/invoices"
    create POST "/invoices"
    update PUT "/invoices/{id}"
  }
}
system bills = billing { url: env("BILLS_URL") }
system books = billing { url: env("BOOKS_URL") }
entity Bill {
  email : email
  total : decimal(12, 2)
  match email
}
map Bill to bills.invoices {
  email <- email
  total <- total
}
map Bill to books.invoices {
  email -> email
  total -> total
}
sync Bill from bills to books { delete in books unlink, run every 5 minutes }
"""
CHANGED = SPEC.replace("total  : decimal(12, 2)\n    list", "total  : decimal(12, 2) spelled text\n    list")


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SYNCLINE_CACHE", str(tmp_path / "cache"))
    (tmp_path / "bills.sync").write_text(SPEC)
    return tmp_path


def syncline(*arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments])


def codes(*arguments: str) -> list[str]:
    found = json.loads(syncline("check", *arguments, "--output", "json").output)
    return [each["code"] for each in found["diagnostics"]]


def test_a_locked_spec_is_refused_once_a_connector_says_something_else(folder: Path) -> None:
    assert syncline("check", "bills.sync").exit_code == 0
    assert syncline("lock", "bills.sync").exit_code == 0
    assert syncline("check", "bills.sync").exit_code == 0
    (folder / "bills.sync").write_text(CHANGED)
    assert codes("bills.sync") == ["lock.drift", "lock.drift"]
    assert syncline("build", "bills.sync", "-o", "out").exit_code == 1
    assert syncline("lock", "bills.sync").exit_code == 0
    assert codes("bills.sync") == []


def test_what_is_remembered_of_a_check_depends_on_the_lock(folder: Path) -> None:
    assert codes("bills.sync") == codes("bills.sync") == []
    (folder / "bills.sync.lock").write_text("{")
    assert codes("bills.sync") == ["lock.unreadable"]
    (folder / "bills.sync.lock").unlink()
    assert codes("bills.sync") == []


def test_a_spec_with_errors_is_not_locked(folder: Path) -> None:
    (folder / "bills.sync").write_text(SPEC.replace("match email", ""))
    assert syncline("lock", "bills.sync").exit_code == 1
    assert not (folder / "bills.sync.lock").exists()


def test_changes_against_the_released_version_are_findings(folder: Path) -> None:
    (folder / "old").mkdir()
    (folder / "old" / "bills.sync").write_text(SPEC)
    assert codes("bills.sync", "--against", "old/bills.sync") == []
    (folder / "bills.sync").write_text(CHANGED)
    assert codes("bills.sync", "--against", "old") == ["release.data", "release.data"]
    shown = syncline("check", "bills.sync", "--against", "old").output
    assert "against the released version, bills.invoices.total is now spelled text, formerly spelled number" in shown
    assert "released as this" in shown


def test_a_reason_above_the_declaration_lets_a_change_pass_and_is_no_burden_afterwards(folder: Path) -> None:
    (folder / "old.sync").write_text(SPEC)
    slower = SPEC.replace("5 minutes", "1 hour")
    (folder / "bills.sync").write_text(slower)
    assert codes("bills.sync", "--against", "old.sync") == ["release.behaviour"]
    allowed = slower.replace("sync Bill", 'allow release.behaviour "the shop asked for it"\nsync Bill')
    (folder / "bills.sync").write_text(allowed)
    assert codes("bills.sync", "--against", "old.sync") == []
    assert codes("bills.sync") == []
    (folder / "old.sync").write_text(slower)
    assert codes("bills.sync", "--against", "old.sync") == ["allow.unused"]


def test_a_spec_that_was_never_released_breaks_nothing(folder: Path) -> None:
    (folder / "old.sync").write_text(SPEC.replace("spec bills", "spec other"))
    assert codes("bills.sync", "--against", "old.sync") == []
