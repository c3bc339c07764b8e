"""Examples hold or fail by what generated code does, in both directions and through the truth rules."""

import sys

import pytest

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.pages import PRELUDE, sample
from syncline.pipeline import check_spec

SPEC = """
enum Stage { lead, won }
entity Customer {
  email : email
  name  : text(100)
  stage : Stage?
  born  : date?
  paid  : money?
  tags  : set<text>?
  match email
}
map Customer to crm.contacts {
  email <-> email    as lower
  name  <-> name     as trim
  stage <-> stage    as { lead: "open", won: ["closed", "done"] }
  born  <-> birthday as date("%d.%m.%Y")
  paid  <-> [credit, currency] as money
  tags  <-> tags
}
map Customer to shop.contacts {
  email <-> email as lower
  name  <-> name  as trim
  stage <-  if vip then won else lead
  tags   -> tags
}
sync Customer across crm, shop {
  delete in crm hold
  delete in shop hold
  empty propagates
  truth {
    email owned by crm
    name newest else crm
    stage ask
  }
}
"""


def check(example: str, spec: str = SPEC) -> tuple[Diagnostic, ...]:
    text = f'{PRELUDE}{spec}\nexample "it" {{\n{example}\n}}\n'
    return check_spec("example.sync", text.encode(), {"sample.sync": sample().encode()}.get).diagnostics


def differences(example: str) -> list[tuple[object, ...]]:
    found = check(example)
    assert {one.code for one in found} <= {"example.fails"}, found
    return [tuple(one.facts.get(name) for name in ("problem", "field", "expected", "got")) for one in found]


@pytest.mark.parametrize(
    "example",
    [
        'crm.contacts { email: "A@B.no", name: " Ana", stage: "done" }\nis Customer { email: "a@b.no", name: "Ana", stage: won }',
        'crm.contacts { birthday: "31.01.2026" }\nis Customer { born: "2026-01-31" }',
        'crm.contacts { credit: 12.5, currency: "EUR" }\nis Customer { paid: "12.50 EUR" }',
        'crm.contacts { tags: ["b", "a"] }\nis Customer { tags: ["a", "b"] }',
        "crm.contacts { birthday: null }\nis Customer { born: null }",
        "shop.contacts { vip: true }\nis Customer { stage: won }",
        'crm.contacts { name: "Ana" }\nshop.contacts { name: "Ana" }\nis Customer { name: "Ana" }',
    ],
)
def test_what_holds(example: str) -> None:
    assert differences(example) == []


@pytest.mark.parametrize(
    ("example", "expected"),
    [
        ('crm.contacts { name: " Ana" }\nis Customer { name: " Ana" }', [("read", "name", '" Ana"', '"Ana"')]),
        ('crm.contacts { stage: "done" }\nis Customer { stage: lead }', [("read", "stage", "lead", "won")]),
        ('crm.contacts { name: "Ana" }\nis Customer { stage: lead }', [("read", "stage", "lead", "nothing")]),
        ('shop.contacts { name: "A" }\nis Customer { born: null }', [("unmapped", "born", "null", "nothing")]),
        (
            'crm.contacts { name: "A", birthday: "1.1.26" }\nis Customer { name: "A" }',
            [("refused-read", None, "a date written as '%d.%m.%Y'", "text of 6 characters")],
        ),
        (
            'shop.contacts { name: "A", tags: ["a"] }\nis Customer { tags: ["a", "b"] }',
            [("sent", "tags", '["a"]', '["a", "b"]')],
        ),
    ],
)
def test_what_does_not_hold_is_told_field_by_field(example: str, expected: list[object]) -> None:
    assert differences(example) == expected


GIVEN = 'given Customer { email: "a@b.no", name: "Ana", stage: lead, tags: [] }\n'


@pytest.mark.parametrize(
    "example",
    [
        GIVEN + 'shop.contacts { name: "Anna" }\nthen Customer { name: "Anna" }\nthen crm.contacts { name: "Anna" }',
        GIVEN + 'crm.contacts { name: "B" }\nshop.contacts { name: "C" }\nthen Customer { name: "B" }',
        GIVEN
        + 'crm.contacts { name: "B", updated: "2026-01-01T12:00:00Z" }\n'
        + 'shop.contacts { name: "C", updated: "2026-01-01T12:01:00Z" }\nthen Customer { name: "C" }',
        GIVEN + 'shop.contacts { tags: ["x"] }\nthen Customer { tags: [] }\nthen shop.contacts { tags: [] }',
        'crm.contacts { email: "a@b.no", name: "B" }\nthen Customer { name: "B" }\nthen shop.contacts { name: "B" }',
        'crm.contacts { email: "a@b.no", name: "B" }\nshop.contacts { email: "a@b.no", name: "C" }\nthen Customer { name: "B" }',
    ],
)
def test_truth_that_holds(example: str) -> None:
    assert differences(example) == []


def test_a_field_that_a_person_decides_is_told_as_held() -> None:
    ((problem, field, expected, got),) = differences(
        GIVEN
        + 'crm.contacts { stage: "closed" }\nshop.contacts { name: "Ana", vip: false }\nthen Customer { stage: lead }'
    ) or [("", "", "", "")]
    assert (problem, field, expected, got) == ("decided", "stage", "lead", "won")
    held = differences('crm.contacts { stage: "closed" }\nshop.contacts { vip: false }\nthen Customer { stage: won }')
    assert [one[0] for one in held] == ["held"]


@pytest.mark.parametrize(
    ("example", "code"),
    [
        ('crm.contacts { nmae: "A" }\nis Customer { name: "A" }', "map.native-unknown"),
        ('crm.contacts { name: "A" }\nis Customer { nmae: "A" }', "name.unknown-field"),
        ('crm.contcts { name: "A" }\nis Customer { name: "A" }', "name.unknown-resource"),
        ('crn.contacts { name: "A" }\nis Customer { name: "A" }', "name.unknown-system"),
        ('crm.contacts { name: "A" }\nis Custmer { name: "A" }', "name.unknown-entity"),
        ('crm.contacts { name: "A" }\nis Customer { born: "31.1.2026" }', "type.mismatch"),
        ('crm.contacts { name: "A" }\nis Customer { paid: "12 XXQ" }', "type.mismatch"),
        ('crm.contacts { name: "A" }\nis Customer { stage: lost }', "name.unknown-member"),
        ('crm.contacts { name: "A" }\nis Customer { name: "A", name: "B" }', "name.duplicate"),
        ('is Customer { name: "A" }', "example.shape"),
        ('crm.contacts { name: "A" }\nis Customer { name: "A" }\nthen Customer { name: "A" }', "example.shape"),
        ('erp.parties { name: "A" }\nis Customer { name: "A" }', "example.unmapped"),
    ],
)
def test_mistakes_in_an_example_are_the_usual_findings(example: str, code: str) -> None:
    assert [one.code for one in check(example)] == [code]


def test_nothing_is_run_while_there_are_errors_and_nothing_is_left_behind() -> None:
    broken = SPEC.replace("email owned by crm", "")
    found = check('crm.contacts { name: "A" }\nis Customer { name: "B" }', broken)
    assert [one.code for one in found] == ["truth.missing"]
    before = set(sys.modules)
    assert check('crm.contacts { name: "A" }\nis Customer { name: "A" }') == ()
    assert not {
        name for name in set(sys.modules) - before if "example" in name and not name.startswith("syncline.examples")
    }
