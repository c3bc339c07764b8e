"""Owners by condition, from the spec to the records: the right system wins, drift goes where the spec says, nothing else does."""

from pathlib import Path
from typing import Any

import pytest

from syncline.certificate import obligations
from tests.compiled.installation import Installation, checked, codes, compiled

CONTACTS = """
enum Region {{ eu, us, asia }}
entity Customer {{ email : email, region : Region{optional}, vip : boolean, score : integer?, name : text(100), match email }}
codec regions = {{ eu: "EU", us: "US", asia: "ASIA" }}
map Customer to crm.contacts {{
  email <-> email
  region <- currency as regions
  vip <- vip
  score <- rating
  name <-> name
}}
map Customer to erp.contacts {{ email <-> email, name <-> name }}
sync Customer across crm, erp {{
  delete in crm hold
{clauses}
  truth {{
    email prefers crm then erp
{truth}
  }}
}}
"""


def spec(*truth: str, optional: str = "?", clauses: str = "  delete in erp hold") -> str:
    return CONTACTS.format(truth="\n".join(f"    {rule}" for rule in truth), optional=optional, clauses=clauses)


ALL = "region in [eu, us, asia]"


@pytest.mark.parametrize(
    ("rules", "found"),
    [
        (("name owned by crm when region is eu", "name owned by erp when region is not eu"), []),
        (("name owned by crm when region is eu", "name owned by erp when region in [us, asia]"), ["truth.gap"]),
        (("name owned by crm when region is eu", f"name owned by erp when {ALL}", "name ask"), ["truth.clash"]),
        (("name owned by crm when vip", "name owned by erp when not vip"), []),
        (("name owned by crm when vip", "otherwise ask"), []),
        (("name owned by crm when vip", "name prefers erp then crm"), []),
        (("name owned by crm when vip",), ["truth.gap"]),
        (("name owned by crm when score >= 10", "name owned by erp when score < 10 or score is null"), ["truth.gap"]),
        (
            (
                "name owned by crm when score is present and score >= 10",
                "name owned by erp when score is empty or score < 10",
            ),
            [],
        ),
        (
            ("name owned by crm when score is present and score > 10", "name owned by erp when score is empty"),
            ["truth.gap"],
        ),
        (('name owned by crm when email = "a@x.org"', 'name owned by erp when email != "a@x.org"'), []),
        (('name owned by crm when email = "a@x.org"', 'name owned by erp when email = "b@x.org"'), ["truth.gap"]),
        (("name owned by crm when vip", "name ask", "name union"), ["truth.overlap"]),
        (("record owned by crm when vip", "record owned by erp otherwise"), []),
        (("record owned by crm when vip", "record owned by erp when not vip"), []),
        (("record owned by crm when vip",), ["truth.gap"]),
        (("record owned by crm",), ["truth.record"]),
        (("record owned by crm when vip otherwise",), ["truth.record"]),
        (
            ("record owned by crm when vip", "record owned by erp otherwise", "record owned by crm otherwise"),
            ["truth.overlap"],
        ),
        (("name owned by crm when nmae is present", "name ask"), ["name.unknown-field"]),
    ],
)
def test_the_check_finds_gaps_and_clashes_and_nothing_else(rules: tuple[str, ...], found: list[str]) -> None:
    assert codes(spec(*rules)) == found


def examples(*rules: str) -> list[Any]:
    return [one.facts.get("example") for one in checked(spec(*rules)).diagnostics if "example" in one.facts]


def test_a_finding_names_a_record() -> None:
    assert examples("name owned by crm when region is eu", "name owned by erp when region in [us, asia]") == [
        "region is null"
    ]
    assert examples("name owned by crm when region is eu", "name owned by erp when vip", "name ask") == [
        "region is eu and vip is true"
    ]


def claims(text: str) -> dict[str, str]:
    model = checked(text).model
    assert model is not None
    return {
        one.by: one.status
        for one in obligations(model)
        if one.of.startswith("sync Customer: ") or one.by in ("owner-conditions", "conditions-not-comparable")
    }


def test_what_cannot_be_compared_is_assumed_and_said() -> None:
    told = claims(spec('name owned by crm when lower(name) = "ana"', 'name owned by erp when lower(name) != "ana"'))
    assert told["conditions-not-comparable"] == told["owner-conditions"] == "assumed"
    proven = claims(spec("name owned by crm when vip", "name owned by erp when not vip"))
    assert proven == {"truth.clash": "proven", "truth.gap": "proven"}


async def two(tmp_path: Path, text: str, **crm: Any) -> tuple[Installation, str, str]:
    world = Installation(tmp_path, compiled(text))
    values = {"email": "a@x.org", "name": "Ana", "currency": "EU", "vip": True, "rating": 1} | crm
    first = world.put("crm.contacts", **values)
    await world.run()
    return world, first, world.only("erp.contacts")


@pytest.mark.parametrize(("region", "agreed", "loser"), [("EU", "Anna", "erp"), ("US", "Annie", "crm")])
async def test_the_owner_of_the_record_wins(tmp_path: Path, region: str, agreed: str, loser: str) -> None:
    rules = spec("record owned by crm when region is eu", "record owned by erp otherwise").replace(
        "    email prefers crm then erp\n", ""
    )
    world, crm, erp = await two(tmp_path, rules, currency=region)
    world.put("crm.contacts", crm, name="Anna")
    world.put("erp.contacts", erp, name="Annie")
    await world.run()
    assert world.records("crm.contacts")[crm]["name"] == world.records("erp.contacts")[erp]["name"] == agreed
    assert world.journal("overwritten") == [(loser, "name")]
    await world.settled()


async def test_the_owner_changes_with_the_record_in_the_same_run(tmp_path: Path) -> None:
    rules = spec("name owned by crm when region is eu", "name owned by erp when region is not eu")
    world, crm, erp = await two(tmp_path, rules)
    world.put("crm.contacts", crm, name="Anna", currency="US")
    world.put("erp.contacts", erp, name="Annie")
    await world.run()
    assert world.records("crm.contacts")[crm]["name"] == "Annie"
    await world.settled()


@pytest.mark.parametrize("drift", ["", " keep", " report"])
async def test_drift_goes_where_the_spec_says_and_is_told(tmp_path: Path, drift: str) -> None:
    rules = spec(f"name owned by crm when vip{drift}", "name owned by erp when not vip")
    world, crm, erp = await two(tmp_path, rules)
    world.put("erp.contacts", erp, name="Annie")
    await world.run()
    assert world.records("crm.contacts")[crm]["name"] == "Ana"
    assert world.records("erp.contacts")[erp]["name"] == ("Annie" if drift else "Ana")
    assert world.journal("overwritten") == ([] if drift else [("erp", "name")])
    assert world.journal("drift") == ([("erp", "name")] if drift else [])
    await world.run()
    assert len(world.journal("drift")) == (1 if drift else 0)
    with world.store() as store:
        told = [(row.field, row.candidates) for row in store.review.conflicts()]
    assert told == ([("name", '{"crm": "Ana", "erp": "Annie"}')] if drift == " report" else [])
    await world.settled()


async def test_kept_drift_is_the_truth_once_its_system_owns(tmp_path: Path) -> None:
    rules = spec("name owned by crm when vip keep", "name owned by erp when not vip")
    world, crm, erp = await two(tmp_path, rules)
    world.put("erp.contacts", erp, name="Annie")
    await world.run()
    world.put("crm.contacts", crm, vip=False)
    await world.run()
    assert world.records("crm.contacts")[crm]["name"] == "Annie"
    await world.settled()


async def test_a_report_goes_when_the_drift_does(tmp_path: Path) -> None:
    world, _, erp = await two(tmp_path, spec("name owned by crm when vip report", "name ask"))
    world.put("erp.contacts", erp, name="Annie")
    assert (await world.run()).exit_code == 1
    world.put("erp.contacts", erp, name="Ana")
    assert (await world.run()).exit_code == 0


CONDITIONAL = """  delete in erp archive when vip
  delete in erp propagate when not vip"""


@pytest.mark.parametrize(("vip", "left"), [(True, 1), (False, 0)])
async def test_a_deletion_follows_the_clause_of_its_record(tmp_path: Path, vip: bool, left: int) -> None:
    world, crm, erp = await two(tmp_path, spec("name owned by crm", clauses=CONDITIONAL), vip=vip)
    world.drop("crm.contacts", crm)
    await world.run(full=True)
    await world.run(full=True)
    assert len(world.records("erp.contacts")) == left
    if left:
        assert world.records("erp.contacts")[erp]["active"] is False


@pytest.mark.parametrize(
    ("clauses", "found"),
    [
        (CONDITIONAL, []),
        ("  delete in erp archive when vip\n  delete in erp hold", []),
        ("  delete in erp archive when vip", ["delete.gap"]),
        (
            "  delete in erp archive when vip\n  delete in erp unlink when region is eu\n  delete in erp hold",
            ["delete.clash"],
        ),
        ("  delete in erp hold\n  delete in erp hold", ["sync.duplicate-clause"]),
        (
            '  delete in erp archive when lower(name) = "x"\n  delete in erp hold when lower(name) != "x"',
            ["delete.gap"],
        ),
    ],
)
def test_deletions_are_complete_and_unique(clauses: str, found: list[str]) -> None:
    assert codes(spec("name owned by crm", clauses=clauses)) == found
