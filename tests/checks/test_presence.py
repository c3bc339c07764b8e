"""Expressions and what may be empty: told where a record without a value could not be computed, and nowhere else."""

import pytest

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.pipeline import check_spec

SPEC = """
spec presence version 1
connector shop over rest {{
  setting url : url
  base "{{url}}"
  resource people {{
    id    : text identity
    name  : text
    score : integer
    list GET "/people" {{ items "data" }}
    read GET "/people/{{id}}" {{ returns record }}
    create POST "/people" {{ returns record }}
    update PATCH "/people/{{id}}" {{ returns record }}
  }}
}}
system crm = shop {{ url: env("URL") }}
entity Person {{
  first : text?
  last  : text
  bonus : integer?
  tags  : set<text>
  match last
}}
map Person to crm.people {when}{{
  {line}
}}
"""

FAILS = [
    ('first + " " + last -> name', "first", ""),
    ("upper(first) -> name", "first", ""),
    ("bonus * 2 -> score", "bonus", ""),
    ('(if first is empty then first + "!" else last) -> name', "first", ""),
    ('(if first is present or bonus > 3 then last + "!" else "") -> name', "bonus", ""),
    ("(if not (bonus = null) then bonus + 1 else bonus - 1) -> score", "bonus", ""),
]

PASSES = [
    ('(if first is present then first + " " else "") + last -> name', ""),
    ('(if first is empty then last else first + " " + last) -> name', ""),
    ("(if bonus is present and bonus > 3 then bonus else 0) -> score", ""),
    ("(if bonus is empty or bonus < 3 then 0 else bonus - 3) -> score", ""),
    ("(if bonus != null then bonus + 1 else 0) -> score", ""),
    ("(if bonus = 3 then bonus + 1 else 0) -> score", ""),
    ('(if first in ["Ann", "Bo"] then upper(first) else last) -> name', ""),
    ("(if bonus = null then 0 else 1) -> score", ""),
    ("bonus + 1 -> score", "when bonus is present "),
    ("count(tags) -> score", ""),
]


def found(line: str, when: str) -> list[Diagnostic]:
    checked = check_spec("presence.sync", SPEC.format(line=line, when=when).encode(), lambda name: None)
    assert {one.code.split(".")[0] for one in checked.diagnostics} <= {"type"}, checked.diagnostics
    return [one for one in checked.diagnostics if one.code == "type.null-operand"]


@pytest.mark.parametrize(("line", "operand", "when"), FAILS)
def test_what_may_be_empty_is_told_where_a_value_is_needed(line: str, operand: str, when: str) -> None:
    assert {one.facts["operand"] for one in found(line, when)} == {operand}


@pytest.mark.parametrize(("line", "when"), PASSES)
def test_what_was_asked_for_first_is_present(line: str, when: str) -> None:
    assert not found(line, when)
