"""Loops of writes: which are found, how they are drawn, and which come to rest."""

import pytest

from syncline.checks.cycles import check_cycles
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.pages import sample
from syncline.diagnostics.words import worded
from syncline.model.spec import Spec
from syncline.pipeline import check_spec, check_together


def model_of(body: str, name: str = "example") -> Spec:
    text = f'spec {name} version 1\nimport "sample.sync"\n{body}'
    checked = check_spec(f"{name}.sync", text.encode(), {"sample.sync": sample().encode()}.get)
    assert [one.code for one in checked.diagnostics if one.code != "cycle.endless"] == []
    assert checked.model is not None
    return checked.model


def pair(entity: str, one: str, other: str, first: str = "crm", second: str = "shop", rule: str = "prefers") -> str:
    """An entity in two systems, with a line for its field in each."""
    decided = f"owned by {first}" if rule == "owned" else f"prefers {first} then {second}"
    return f"""
entity {entity} {{ email : email, it : text(50)?, match email }}
map {entity} to {first}.contacts {{ email <-> email, {one} }}
map {entity} to {second}.contacts {{ email <-> email, {other} }}
sync {entity} across {first}, {second} {{
  delete in {first} hold
  delete in {second} hold
  empty propagates
  truth {{ email prefers {first} then {second}, otherwise {decided} }}
}}
"""


def loops(*bodies: str) -> list[Diagnostic]:
    return list(check_cycles([model_of(body, f"spec_{number}") for number, body in enumerate(bodies)]))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("it <-> stage", "it <-> stage"),
        ("it <-> stage as trim", "it <-> stage as upper"),
        ('it <-> stage as none("-")', "it <-> stage"),
    ],
)
def test_there_and_back_in_one_sync_is_an_echo(one: str, other: str) -> None:
    assert loops(pair("Customer", one, other)) == []


@pytest.mark.parametrize("second", ["it <-> stage", "it <-> stage as trim", "it <-> stage as upper then trim"])
def test_two_syncs_of_the_same_fields_come_to_rest_when_both_spell_them_alike(second: str) -> None:
    assert loops(pair("A", "it <-> stage", "it <-> stage") + pair("B", second, second)) == []


def test_a_prefix_that_grows_with_each_lap() -> None:
    (found,) = loops(
        pair("A", "it <-> stage", "it <-> stage") + pair("B", 'it <-> stage as prefix("+")', "it <-> stage")
    )
    assert found.code == "cycle.endless"
    assert found.facts["problem"] == "moves"
    assert {edge for edge in found.facts["through"] if "." in edge} == {
        "crm.contacts.stage",
        "A.it",
        "shop.contacts.stage",
        "B.it",
    }
    assert len(found.labels) == 3
    assert "→" in worded(found).message


def test_two_syncs_of_one_amount_with_its_currency_come_to_rest() -> None:
    line = "it <-> [credit, currency] as money"
    body = (pair("A", line, line) + pair("B", line, line)).replace("it : text(50)?", "it : money?")
    assert loops(body) == []
    several = (pair("A", "it <-> tags", "it <-> tags") + pair("B", "it <-> tags", "it <-> tags")).replace(
        "it : text(50)?", "it : set<text>?"
    )
    assert loops(several) == []


def test_tables_are_tried_with_every_member() -> None:
    flip = (
        "enum Two { a, b }\n"
        + pair("A", 'it <-> stage as { a: "1", b: "2" }', 'it <-> stage as { a: "1", b: "2" }')
        + pair("B", 'it <-> stage as { a: "1", b: "2" }', 'it <-> stage as { a: "2", b: "1" }')
    )
    (found,) = loops(flip.replace("it : text(50)?", "it : Two?"))
    assert {found.facts["first"], found.facts["second"]} <= {'"a"', '"b"', '"1"', '"2"'}


def test_an_automation_that_writes_back_what_set_it_off() -> None:
    body = pair("Customer", "it <-> stage", "it <-> stage")
    assert loops(body + "automation in crm sets contacts.stage when stage is present\n") == []
    chain = body.replace("it : text(50)?", "it : text(50)?, nr : text(20)?").replace(
        "it <-> stage", "it <-> stage, nr <-> vat"
    )
    one_way = chain + "automation in shop sets contacts.vat when contacts.stage is present\n"
    assert loops(one_way) == []
    (found,) = loops(one_way + "automation in crm sets contacts.stage when contacts.vat is present\n")
    assert found.facts["problem"] == "unknown"
    assert found.facts["loop"].count("→") == 6  # type: ignore[union-attr]


def test_an_automation_against_the_owner_of_a_field_never_ends() -> None:
    body = pair("Customer", "it <-> stage", "it <-> stage", rule="owned")
    (found,) = loops(body + "automation in shop sets contacts.stage\n")
    assert "written again" in str(found.facts["loop"])
    assert loops(body + "automation in crm sets contacts.stage\n") == []
    assert loops(body.replace("owned by crm", "owned by crm keep") + "automation in shop sets contacts.stage\n") == []


def test_specs_that_are_checked_together_are_one_installation() -> None:
    one = pair("A", "it <-> stage", "it <-> stage")
    two = pair("B", 'it <-> stage as prefix("+")', "it <-> stage")
    models = [model_of(one, "one"), model_of(two, "two")]
    assert [list(check_cycles([model])) for model in models] == [[], []]
    assert [found.code for found in check_together(models)] == ["cycle.endless"]


def test_systems_with_other_settings_are_other_systems() -> None:
    one = pair("A", "it <-> stage", "it <-> stage")
    two = pair("B", 'it <-> stage as prefix("+")', "it <-> stage", second="erp").replace(
        "map B to erp.contacts", "map B to erp.contacts"
    )
    assert check_together([model_of(one, "one"), model_of(two, "two")]) == ()


@pytest.mark.parametrize(
    ("automation", "code"),
    [
        ("automation in cmr sets contacts.stage", "name.unknown-system"),
        ("automation in crm sets contcts.stage", "name.unknown-resource"),
        ("automation in crm sets stage", "name.unknown-resource"),
        ("automation in crm sets contacts.stag", "map.native-unknown"),
        ("automation in crm sets contacts.stage when nme is present", "map.native-unknown"),
    ],
)
def test_an_automation_speaks_of_fields_that_exist(automation: str, code: str) -> None:
    text = f'spec one version 1\nimport "sample.sync"\nentity C {{ email : email }}\n{automation}\n'
    found = check_spec("one.sync", text.encode(), {"sample.sync": sample().encode()}.get).diagnostics
    assert [one.code for one in found] == [code]


FOLLOWING = """
entity Deal {{ number : text(20)?, sum : decimal?, {deal} match number }}
entity Order {{ number : text(20)?, sum : decimal?, deal : ref Deal?, {order} match number }}
map Deal to crm.contacts {{ number <-> vat, "a@b.org" -> email, {crm} }}
map Order to shop.contacts {{ number <-> vat, "a@b.org" -> email, {shop} }}
sync Deal across crm {{ empty propagates }}
sync Order across shop {{ delete in shop never, empty propagates }}
derive Order from Deal {once} {{ deal <- Deal, {line} }}
"""


def following(**parts: str) -> list[Diagnostic]:
    given = {
        "deal": "",
        "order": "",
        "crm": "sum <- credit",
        "shop": "sum -> credit",
        "once": "while number is present",
    }
    spec = FOLLOWING.format(**{**given, "line": "sum <- sum", **parts})
    checked = check_spec(
        "following.sync",
        f'spec f version 1\nimport "sample.sync"\n{spec}'.encode(),
        {"sample.sync": sample().encode()}.get,
    )
    found = [one for one in checked.diagnostics if one.code != "cycle.endless"]
    other = {"match.not-applicable", "derive.no-value", "type.narrowing-range", "type.null-operand"}
    assert {one.code for one in found} <= other, found
    assert checked.model is not None
    return list(check_cycles([checked.model]))


COLLECTED = "orders : list<Order> via deal, total : decimal = {function}(orders.sum),"


@pytest.mark.parametrize("function", ["max", "min"])
def test_what_follows_and_is_computed_back_comes_to_rest(function: str) -> None:
    assert following(deal=COLLECTED.format(function=function), crm="sum <- credit, total -> rating") == []
    assert following(deal=COLLECTED.format(function=function), crm="sum <- credit, round(total, 2) -> credit") == []


def test_a_sum_that_is_read_back_grows_with_each_lap() -> None:
    (found,) = following(deal=COLLECTED.format(function="sum"), crm="sum <- credit, round(total, 2) -> credit")
    assert found.facts["problem"] == "moves"
    assert set(found.facts["through"]) == {"Deal.sum", "Order.sum", "Deal.total", "crm.contacts.credit"}  # type: ignore[arg-type]
    assert "follows from" in " ".join(worded(found).labels)


def test_what_is_made_once_comes_back_to_nothing() -> None:
    once = "once when number becomes present"
    assert (
        following(deal=COLLECTED.format(function="sum"), crm="sum <- credit, round(total, 2) -> credit", once=once)
        == []
    )
