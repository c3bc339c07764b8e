"""`python -m PACKAGE erase RECORD`: said first, then done, and told what is left."""

import json
from pathlib import Path

import pytest

from tests.cli.test_serve import SPEC, Place, people

PERSONAL = SPEC.replace("name  : text(100)\n  match", "name  : text(100) pii\n  match").replace(
    "  run every 1 hour\n", '  erase purge in crm\n  erase keep in erp "the law"\n  run every 1 hour\n'
)


@pytest.fixture
def place(tmp_path: Path) -> Place:
    made = Place(tmp_path, PERSONAL)
    people(made.crm, "INSERT INTO people(email, name) VALUES ('ana@x.org', 'Ana Canary'), ('bo@x.org', 'Bo')")
    assert made.do("run", "--apply-first")[0] == 0
    return made


def test_it_says_what_it_would_do_and_does_it_when_told(place: Place) -> None:
    code, told = place.do("erase", "crm:1")
    assert (code, "say `--yes`" in told) == (3, True)
    assert "Person in crm, record 1: is deleted" in told
    assert "Person in erp, record 1: is kept (the law)" in told
    assert people(place.crm) == ["Ana Canary", "Bo"]
    code, told = place.do("erase", "ana@x.org", "--yes", "--by", "Kim")
    assert code == 0, told
    assert "left alone from now on" in told
    assert people(place.crm) == ["Bo"]
    assert people(place.erp) == ["Ana Canary", "Bo"]
    state = b"".join(path.read_bytes() for path in place.folder.glob("shops.db*"))
    assert b"Ana Canary" not in state
    assert b"ana@x.org" not in state
    assert place.do("run", "--full")[0] == 0
    assert people(place.crm) == ["Bo"]
    code, told = place.do("why", "erp:1")
    assert (code, "Ana" in told, "erased" in told) == (0, False, True)


def test_a_record_that_is_in_one_system_only_is_erased_too(place: Place) -> None:
    people(place.crm, "INSERT INTO people(email, name) VALUES ('cleo@x.org', 'Cleo')")
    people(place.erp, "INSERT INTO people(email, name) VALUES ('cleo@y.org', 'Cleo')")
    assert place.do("plan")[0] == 0
    code, told = place.do("erase", "crm:3", "--json")
    assert code == 2, told
    assert place.do("run")[0] == 0
    code, told = place.do("erase", "erp:3", "--json")
    assert code == 3
    assert [step["system"] for step in json.loads(told)["steps"]] == ["crm", "erp"]


def test_who_is_not_known_is_said(place: Place) -> None:
    code, told = place.do("erase", "nobody@x.org", "--yes")
    assert (code, "no record is called nobody@x.org" in told) == (2, True)
