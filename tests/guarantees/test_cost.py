"""The formulas of cost against the requests that real runs make to sandboxes: right within five per cent."""

import re
from dataclasses import replace
from math import ceil
from pathlib import Path
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.cli.files import loader
from syncline.guarantees.cost import pages, share, written
from syncline.model.spec import Map, Sync
from syncline.pipeline import check_spec
from syncline_runtime.declaration import Operation, Paging
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


# -- what is printed ---------------------------------------------------------------------------------------------------


def resource_side() -> tuple[Sync, Map]:
    path = SPECS / "batches.sync"
    checked = check_spec(str(path), path.read_bytes(), loader(str(path)))
    assert checked.model is not None
    (sync,) = checked.model.syncs
    return sync, next(side for side in sync.maps if side.system.name == "erp")


SYNC, ERP = resource_side()


def evaluated(formula: str, n: int) -> int:
    """A printed formula at n."""
    total = 0
    for part in formula.removesuffix(", at least 1").split(" + "):
        term = part.split()[0]
        found = re.fullmatch(r"(\d*)(?:⌈n/(\d+)⌉|⌊n/(\d+)⌋|⌊\(n−1\)/(\d+)⌋|(n))|(\d+)", term)
        assert found is not None, term
        times, up, down, shifted, plain, constant = found.groups()
        if constant:
            total += int(constant)
            continue
        value = ceil(n / int(up)) if up else n // int(down) if down else (n - 1) // int(shifted) if shifted else n
        total += int(times or 1) * value
        assert plain or up or down or shifted
    return total


def variant(read: int, write: int, returns: bool, batch: int, style: str, size: int) -> Map:
    declared = ERP.resource.declaration
    assert declared.update is not None
    assert declared.list is not None
    answers: Literal["record", "nothing"] = "record" if returns else "nothing"
    several = replace(declared.update, many=batch, returns=answers) if batch > 1 else None
    update: Operation = replace(declared.update, many=write, returns=answers, batch=several)
    listing = replace(declared.list, paging=Paging(style=style, size=size))  # type: ignore[arg-type]
    changed = replace(
        declared,
        update=update,
        create=update,
        read=replace(declared.read, many=read) if read and declared.read is not None else None,
        list=listing,
    )
    return replace(ERP, resource=replace(ERP.resource, declaration=changed))


@settings(max_examples=300, deadline=None)
@given(
    read=st.integers(0, 300),
    write=st.integers(1, 300),
    returns=st.booleans(),
    batch=st.sampled_from((0, 10, 50)),
    style=st.sampled_from(("none", "number", "offset", "cursor", "keyset", "link")),
    size=st.integers(2, 500),
    n=st.integers(20_000, 100_000),
)
def test_a_printed_formula_is_the_one_that_is_reckoned_with(
    read: int, write: int, returns: bool, batch: int, style: str, size: int, n: int
) -> None:
    side = variant(read, write if batch == 0 else 1, returns, batch, style, size)
    resource = side.resource.declaration
    printed = share(SYNC, side).formulas
    assert resource.list is not None
    assert evaluated(printed["listing of n records"], n) == pages(resource.list, n, everything=True)
    for words, operation, guarded in (("n updates", resource.update, True), ("n creates", resource.create, False)):
        reckoned = written(side, operation, n, guarded=guarded, children=guarded)
        assert abs(evaluated(printed[words], n) - reckoned) <= 0.05 * reckoned
