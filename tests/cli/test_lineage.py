"""`syncline lineage`: what feeds, decides and receives a field, as text, JSON and a diagram."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from syncline.cli import main
from syncline.lineage.tracing import trace
from tests.evolution.specs import BASE, changed, model


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "base.sync").write_text(BASE)
    return tmp_path


def lineage(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["lineage", "base.sync", *arguments])


def at(text: str, nth: int = 1) -> str:
    """The place of a text that stands in the spec, as it is printed."""
    offset = -1
    for _ in range(nth):
        offset = BASE.index(text, offset + 1)
    return f"base.sync:{BASE.count(chr(10), 0, offset) + 1}:{offset - BASE.rfind(chr(10), 0, offset)}"


def test_a_field_shows_its_places_its_rule_and_what_hangs_on_it(folder: Path) -> None:
    assert lineage("Contact.name").stdout == (
        f"Contact.name : text(80)  {at('name   : text(80)')}\n"
        f"  <->   crm.contacts.name as trim  {at('name         <->')}\n"
        f"  <->   erp.parties.title as trim  {at('name      <->')}\n"
        f"  ->    crm.contacts.nick = upper(name)  {at('upper(name)')}\n"
        f"  ->    erp.parties.note = lower(name) only on create  {at('lower(name)')}\n"
        f"  ->    shop.people.name  {at('name -> name')}\n"
        f"  truth newest else crm  {at('name      newest')}\n"
        f"  used  ask whether records match  {at('ask name')}\n"
    )


def test_conditions_and_defaults_are_uses(folder: Path) -> None:
    text = lineage("Contact.stage").stdout
    assert "  truth only source\n" in text
    for clause in (
        "new records begin with prospect",
        "in shop when stage = customer",
        "create in erp when stage = customer",
        "update in erp when stage = customer",
    ):
        assert f"  used  {clause}  base.sync:" in text


def test_a_record_stands_for_its_parts_and_an_entity_for_its_fields(folder: Path) -> None:
    heads = [line.split(" : ")[0] for line in lineage("Contact.home").stdout.splitlines() if line.startswith("Contact")]
    assert heads == ["Contact.home.town", "Contact.home.country"]
    assert [one.name for one in trace(model(BASE), "Visitor")] == ["Visitor.mail"]
    assert len(trace(model(BASE))) == 9


def test_what_otherwise_decides_and_what_is_decided_together_is_said() -> None:
    text = changed(
        ("    code      owned by erp\n", ""),
        ("name      newest else crm\n", "code and name newest else crm\n    otherwise ask\n"),
        ("    home.town ask\n", ""),
    )
    rules = {one.field.name: [each.rule for each in one.decisions] for one in trace(model(text), "Contact")}
    assert rules["code"] == ["newest else crm, together with name"]
    assert rules["home.town"] == ["otherwise ask"]
    assert rules["price"] == ["only source"]


def test_json_has_a_version_and_every_place(folder: Path) -> None:
    document = json.loads(lineage("Contact.price", "--output", "json").stdout)
    assert list(document) == ["format_version", "fields"]
    (field,) = document["fields"]
    assert list(field) == ["entity", "field", "type", "pii", "span", "sources", "decisions", "targets", "uses"]
    assert (field["entity"], field["field"], field["type"], field["pii"]) == (
        "Contact",
        "price",
        "decimal(12, 2)?",
        False,
    )
    (source,) = field["sources"]
    assert (source["system"], source["resource"], source["natives"]) == ("erp", "parties", ["price"])
    assert [one["system"] for one in field["targets"]] == ["crm"]
    assert field["decisions"] == [{"rule": "only source", "span": None}]
    assert set(source["span"]) == {"file", "line", "column", "end_line", "end_column"}


def test_a_diagram_has_a_node_for_each_place_and_quotes_what_is_special(folder: Path) -> None:
    lines = lineage("Contact.stage", "--output", "mermaid").stdout.splitlines()
    assert lines == [
        "flowchart LR",
        '  subgraph s1["crm"]',
        '    n1["crm.contacts.stage"]',
        "  end",
        '  subgraph s4["erp"]',
        '    n2["erp.parties.status"]',
        "  end",
        '  n0(["Contact.stage"])',
        '  n1 <-->|"as #123; prospect: #34;lead#34;, customer: #91;#34;won#34;, #34;key#34;#93;, lost: #34;lost#34; #125;"| n0',
        '  n0 -->|"as #123; prospect: 0, customer: 1, lost: 9 #125;"| n2',
    ]


@pytest.mark.parametrize(
    ("asked", "complaint"),
    [
        ("Contact.nam", "there is no field 'Contact.nam', did you mean 'Contact.name'?"),
        ("Contct", "there is no entity 'Contct', did you mean 'Contact'?"),
        ("Zebra", "there is no entity 'Zebra'; known here: Contact, Visitor"),
    ],
)
def test_an_unknown_name_is_said_with_the_near_one(folder: Path, asked: str, complaint: str) -> None:
    result = lineage(asked)
    assert (result.exit_code, result.stdout, result.stderr) == (2, "", f"syncline: {complaint}\n")


def test_a_spec_with_errors_has_no_lineage(folder: Path) -> None:
    (folder / "base.sync").write_text("spec s version 1\nentity E { name : txt }\n")
    result = lineage()
    assert (result.exit_code, result.stdout) == (1, "")


def test_an_automation_that_sets_what_is_read_is_told(folder: Path) -> None:
    text = changed(
        ("sync Contact", "automation in crm sets contacts.phone when contacts.name is present\nsync Contact")
    )
    (folder / "base.sync").write_text(text)
    assert "  used  crm itself sets contacts.phone when name changes  base.sync:" in lineage("Contact.phone").stdout


def test_what_would_move_the_cursor_of_a_terminal_is_not_printed(folder: Path) -> None:
    (folder / "base.sync").write_text("spec s version 1\nentity E { `a\x1b[2Jb` : text }\n")
    result = lineage()
    assert "\x1b" not in result.stdout + result.stderr
