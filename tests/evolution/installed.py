"""Versions of a spec, built one after the other over the same two databases and the same state."""

import io
import sqlite3
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from syncline.pipeline import check_spec, generate
from syncline_runtime.cli import execute
from syncline_runtime.declaration import Package

SPEC = """\
spec deskwork version 1

connector books over sql {
  setting url : secret
  resource people table "people" {
    id     : integer identity
    number : text(20)
    name   : text(80) required
    nick   : text(80)
    phone  : text(30)
    stage  : text(12)
  }
  resource parties table "parties" {
    id     : integer identity
    code   : text(20)
    title  : text(80) required
    alias  : text(80)
    tel    : text(30)
    status : text(12)
  }
}

system crm = books { url: secret("CRM_URL") }
system erp = books { url: secret("ERP_URL") }

enum Stage { prospect, customer, lost }

entity Contact {
  code  : text(20)
  name  : text(80)
  phone : text(30)?
  stage : Stage
  match code
}

map Contact to crm.people {
  code  <-> number
  name  <-> name
  phone <-> phone
  stage <-> stage as { prospect: "lead", customer: "won", lost: "lost" }
}

map Contact to erp.parties {
  code  <-> code
  name  <-> title
  phone <-> tel
  stage <-> status as { prospect: "P", customer: "C", lost: "L" }
}

sync Contact across crm, erp {
  delete in crm hold
  delete in erp hold
  truth {
    code  owned by erp
    name  prefers crm then erp
    phone prefers crm then erp
    stage prefers crm then erp
  }
  empty propagates
}
"""

RENAMED = (
    ("entity Contact {", "entity Person renamed from Contact {"),
    ("  name  : text(80)", "  label : text(80) renamed from name"),
    ("  name  <-> name", "  label <-> name"),
    ("  name  <-> title", "  label <-> title"),
    ("    name  prefers", "    label prefers"),
    ("{ prospect, customer, lost }", "{ lead renamed from prospect, customer, lost }"),
    ('{ prospect: "lead"', '{ lead: "lead"'),
    ('{ prospect: "P"', '{ lead: "P"'),
    ("map Contact to crm", "map Person to crm"),
    ("map Contact to erp", "map Person to erp"),
    ("sync Contact across", "sync Person across"),
)
"""What gives the entity, a field and a member of SPEC new names."""


class Desk:
    """Two databases and a state; `become` installs a version of the spec, `do` runs a command of it."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder, self._monkeypatch = folder, monkeypatch
        self.state = folder / "state.db"
        self._built = 0
        for name in ("crm", "erp"):
            monkeypatch.setenv(f"{name.upper()}_URL", f"sqlite:///{folder / name}.db")
        self.sql("crm", "CREATE TABLE people(id INTEGER PRIMARY KEY, number, name, nick, phone, stage)")
        self.sql("erp", "CREATE TABLE parties(id INTEGER PRIMARY KEY, code, title, alias, tel, status)")
        self.package: Package
        self.out = self.err = ""

    def sql(self, name: str, statement: str, *values: object) -> list[Any]:
        with sqlite3.connect(self.folder / f"{name}.db") as connection:
            found = connection.execute(statement, values).fetchall()
        connection.close()
        return found

    def become(self, text: str) -> None:
        self._built += 1
        checked = check_spec("deskwork.sync", text.encode(), lambda _: None)
        assert checked.sound, checked.diagnostics
        assert checked.model is not None
        home = self.folder / f"version{self._built}"
        for path, code in generate(checked.model).items():
            (home / "deskwork" / path).parent.mkdir(parents=True, exist_ok=True)
            (home / "deskwork" / path).write_text(code, encoding="utf-8")
        self._monkeypatch.syspath_prepend(str(home))
        for module in [one for one in sys.modules if one.partition(".")[0] == "deskwork"]:
            del sys.modules[module]
        self.package = import_module("deskwork").PACKAGE

    def do(self, *arguments: str) -> int:
        out, err = io.StringIO(), io.StringIO()
        code = execute(self.package, [*arguments, "--state", str(self.state)], stdout=out, stderr=err)
        self.out, self.err = out.getvalue(), err.getvalue()
        assert "Traceback" not in self.err
        return code

    def people(self) -> list[Any]:
        return self.sql("crm", "SELECT number, name, phone, stage FROM people ORDER BY number")

    def parties(self) -> list[Any]:
        return self.sql("erp", "SELECT code, title, tel, status FROM parties ORDER BY code")


def filled(desk: Desk) -> Desk:
    """A desk whose two contacts are in step."""
    desk.sql(
        "crm", "INSERT INTO people VALUES (1, 'A1', 'Ana', 'An', '11', 'lead'), (2, 'B2', 'Bob', 'Bo', '22', 'won')"
    )
    desk.sql("erp", "INSERT INTO parties VALUES (7, 'A1', 'Ana', 'Annie', '11', 'P')")
    desk.become(SPEC)
    assert desk.do("run", "--apply-first") == 0, desk.err
    assert [row[:2] for row in desk.parties()] == [("A1", "Ana"), ("B2", "Bob")]
    return desk
