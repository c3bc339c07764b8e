"""The formulas of cost against the requests that real runs make to sandboxes: right within five per cent."""

from pathlib import Path

import pytest

from tests.guarantees.installation import installed

SPECS = Path(__file__).parent / "specs"
EXAMPLES = Path(__file__).parents[2] / "specs" / "examples"


def test_a_crm_by_cursor_and_an_erp_by_offset_one_record_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"crm": {"key": "sandbox"}, "erp": {"user": "books", "pass": "sandbox"}}
    with installed(EXAMPLES / "northwind.sync", tmp_path, monkeypatch, "northwind", secrets) as made:
        crm, erp = made.systems["crm"], made.systems["erp"]
        for number in range(80):
            crm.add(
                "accounts",
                {"number": f"N{number:04}", "company": f"Company {number}", "person": "Ana", "phone": None, "stage": "lead",
                 "town": None, "country": None, "labels": ["a"], "closed": False},
            )  # fmt: skip
        assert made.holds("--apply-first", crm=True, erp=True) == {}
        assert made.did["erp"].created == 80
        assert made.holds(erp=True) == {}
        assert made.holds() == {}
        for identity in list(crm.records["accounts"])[:70]:
            crm.edit("accounts", identity, {"company": "Changed"})
        assert made.holds("--approve", "update") == {}
        assert made.did["erp"].updated == 70
        for identity in list(erp.records["customers"])[:60]:
            erp.edit("customers", identity, {"contact": "Bo"})
        assert made.holds("--approve", "update") == {}
        assert made.did["crm"].updated == 60
        for identity in list(crm.records["accounts"])[:3]:
            crm.remove("accounts", identity)
        assert made.holds("--full", crm=True, erp=True, missing={"crm": 3}) == {}
        assert made.did["erp"].archived == 3


def test_a_crm_in_batches_and_an_erp_with_child_lists_that_answers_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {
        "crm": {"email": "admin@example.com", "password": "sandbox"},
        "erp": {"database": "books", "user": "admin", "password": "sandbox"},
    }
    with installed(SPECS / "batches.sync", tmp_path, monkeypatch, "batches", secrets) as made:
        crm, erp = made.systems["crm"], made.systems["erp"]
        for number in range(230):
            crm.add(
                "contacts",
                {"fullname": f"Ana {number}", "email": f"ana{number}@example.com", "phone": "+4721212121", "vat": f"NO{number}",
                 "website": "https://example.com", "tags": ["a"], "archived": False},
            )  # fmt: skip
        assert made.holds("--apply-first", crm=True, erp=True) == {}
        assert made.did["erp"].created == 230
        assert made.holds(erp=True) == {}
        assert made.holds() == {}
        for identity in list(crm.records["contacts"])[:220]:
            crm.edit("contacts", identity, {"phone": "+4722222222"})
        assert made.holds("--approve", "update") == {}
        assert made.did["erp"].updated == 220
        for identity in list(erp.records["parties"])[:130]:
            erp.edit("parties", identity, {"name": "Bo"})
        assert made.holds("--approve", "update") == {}
        assert made.did["crm"].updated == 130
        for identity in list(crm.records["contacts"])[:3]:
            crm.remove("contacts", identity)
        assert made.holds("--full", crm=True, erp=True, missing={"crm": 3}) == {}
        assert made.did["erp"].archived == 3


def test_a_form_without_a_cursor_and_deletions_that_are_carried_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"web": {"key": "sandbox"}, "post": {"key": "sandbox"}}
    with installed(SPECS / "plain.sync", tmp_path, monkeypatch, "plain", secrets) as made:
        web = made.systems["web"]
        for number in range(130):
            web.add("leads", {"email": f"ana{number}@example.com", "name": f"Ana {number}"})
        assert made.holds("--apply-first", web=True, post=True) == {}
        assert made.did["post"].created == 130
        assert made.holds(web=True, post=True) == {}
        for identity in list(web.records["leads"])[:50]:
            web.remove("leads", identity)
        assert made.holds(web=True, missing={"web": 50}) == {}
        assert made.did["post"].deleted == 50
        assert made.holds(web=True) == {}
