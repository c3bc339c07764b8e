"""Expressions: every name a field or member, every operator a function of the registry, every part typed."""

from collections.abc import Callable
from typing import Any

import pytest

from syncline.model.expressions import Apply, Both, Choose, Constant, EntityField, Expression, NativeValue
from syncline.model.types import Type

Resolve = Callable[..., Any]

ENTITY = """
enum Stage { open, won, lost, present }
record Address { country : country? }
entity E {
  name : text(40), nick : text(10)?, count : integer, price : decimal(12, 2), fee : money?
  born : date, seen : instant, stage : Stage, vip : boolean, tags : set<text>, address : Address
}
"""


def when(within: Resolve, condition: str) -> Any:
    return within(f"{ENTITY}map E to a.customers when {condition} {{ name <-> name }}")


def tail(within: Resolve, expression: str, native: str = "name") -> Any:
    return within(f"{ENTITY}map E to a.customers {{ {expression} -> {native} }}")


def shown(node: Expression) -> str:
    """An expression in one line, for comparison."""
    match node:
        case Constant(value=value):
            return repr(value)
        case EntityField(name=name) | NativeValue(name=name):
            return name
        case Apply(function=function, arguments=arguments):
            return f"{function}({', '.join(map(shown, arguments))})"
        case Both(every=every, parts=parts):
            return f"{'and' if every else 'or'}({', '.join(map(shown, parts))})"
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return f"if({shown(condition)}, {shown(then)}, {shown(otherwise)})"


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("vip", "vip"),
        ("not vip", "not(vip)"),
        ('name = "x"', "=(name, 'x')"),
        ("stage = won", "=(stage, 'won')"),
        ("won = stage", "=('won', stage)"),
        ("stage is won", "=(stage, 'won')"),
        ("stage is not won", "not(=(stage, 'won'))"),
        ("stage in [won, lost]", "or(=(stage, 'won'), =(stage, 'lost'))"),
        ("stage not in [won]", "not(=(stage, 'won'))"),
        ("stage is present", "=(stage, 'present')"),
        ("nick is present", "is present(nick)"),
        ("nick is empty", "is empty(nick)"),
        ("nick is not present", "not(is present(nick))"),
        ("nick is null", "=(nick, None)"),
        ("nick = null", "=(nick, None)"),
        ('"x" in tags', "in('x', tags)"),
        ("count > 1 and price >= 2.5 and vip", "and(>(count, 1), >=(price, Decimal('2.5')), vip)"),
        ("vip and (count > 1 or count < -1)", "and(vip, or(>(count, 1), <(count, -1)))"),
        ('address.country = "MX"', "=(address.country, 'MX')"),
        ('contains(lower(name), "a")', "contains(lower(name), 'a')"),
        ("if vip then count > 1 else true", "if(vip, >(count, 1), True)"),
        ("born is past", "is past(born)"),
        ("seen - 7 days is past", "is past(-(seen, datetime.timedelta(days=7)))"),
        ("amount(fee) > 10%", ">(amount(fee), Decimal('0.1'))"),
    ],
)
def test_a_condition_is_resolved_to_fields_members_and_functions(within: Resolve, written: str, expected: str) -> None:
    result = when(within, written)
    assert result.found == []
    condition = result.spec.maps[0].when
    assert shown(condition) == expected
    assert condition.type.kind == "boolean"


@pytest.mark.parametrize(
    ("written", "code", "text"),
    [
        ("vpi", "name.unknown-field", "vpi"),
        ("address.county is present", "name.unknown-field", "address.county"),
        ("address is present", "type.record-as-value", "address"),
        ("stage is wno", "name.unknown-member", "wno"),
        ("stage = wno", "name.unknown-member", "wno"),
        ("nick is prsent", "name.unknown-state", "prsent"),
        ('stage = "won"', "expression.arguments", 'stage = "won"'),
        ("count", "type.mismatch", "count"),
        ("not count", "type.mismatch", "count"),
        ("vip and count", "type.mismatch", "count"),
        ('count > "1"', "expression.arguments", 'count > "1"'),
        ("name > 1", "expression.arguments", "name > 1"),
        ("born > seen", "expression.arguments", "born > seen"),
        ("lowre(name) = name", "name.unknown-function", "lowre"),
        ("lower(name, 1) = name", "expression.arguments", "lower(name, 1)"),
        ("lower(text: name) = name", "expression.named-argument", "text"),
        ("stage in []", "expression.list", "[]"),
        ("[vip]", "expression.list", "[vip]"),
        ("stage becomes won", "condition.becomes", "stage becomes won"),
        ("count is past", "type.mismatch", "count"),
        ("seen > seen - 7 months", "expression.duration", "7 months"),
    ],
)
def test_what_an_expression_gets_wrong_is_reported_once(within: Resolve, written: str, code: str, text: str) -> None:
    assert when(within, written).found == [(code, text)]


def test_every_unknown_name_of_an_expression_is_reported(within: Resolve) -> None:
    result = when(within, "vpi and lowre(nmae) = name and stage in [wno, won]")
    assert sorted(result.found) == [
        ("name.unknown-field", "nmae"),
        ("name.unknown-field", "vpi"),
        ("name.unknown-function", "lowre"),
        ("name.unknown-member", "wno"),
    ]


@pytest.mark.parametrize(
    ("written", "native", "expected"),
    [
        ("truncate(name, 20)", "code", Type("text", length=20)),
        ("truncate(name, 90)", "name", Type("text", length=40)),
        ("upper(nick)", "code", Type("text", length=10)),
        ('name + ", " + name', "name", Type("text", length=82)),
        ("count + 1", "rank", Type("integer")),
        ("count + price", "price", Type("decimal")),
        ("amount(fee) * 2", "price", Type("decimal")),
        ("text(stage)", "name", Type("text", length=7)),
        ("if vip then 1 else count", "rank", Type("integer")),
        ("if vip then 1 else null", "rank", Type("integer", nullable=True)),
        ('if vip then "gold" else name', "name", Type("text", length=40)),
        ("-3", "rank", Type("integer")),
        ('"retail"', "name", Type("text", length=6)),
        ("vip and count > 1", "active", Type("boolean")),
    ],
)
def test_the_type_of_an_expression_is_as_narrow_as_can_be_seen(
    within: Resolve, written: str, native: str, expected: Type
) -> None:
    result = tail(within, written, native)
    assert result.found == []
    (line,) = result.spec.maps[0].lines
    assert line.expression.type == expected
    assert line.field is None
    assert line.slot == f"={native}"


@pytest.mark.parametrize(
    ("written", "native", "text"),
    [
        ("count + 1", "name", "count + 1"),
        ("fee + fee", "price", "fee + fee"),
        ('if vip then 1 else "x"', "rank", '"x"'),
        ("if vip then fee else 1", "rank", "1"),
    ],
)
def test_a_result_that_does_not_fit_is_a_mismatch(within: Resolve, written: str, native: str, text: str) -> None:
    assert tail(within, written, native).found == [("type.mismatch", text)]


def test_an_expression_that_is_read_speaks_of_native_fields(within: Resolve) -> None:
    result = within(
        f"{ENTITY}map E to a.customers {{ stage <- if rank > 3 then won else lost, vip <- active and price > rank }}"
    )
    assert result.found == []
    stage, vip = result.spec.maps[0].lines
    assert shown(stage.expression) == "if(>(rank, 3), 'won', 'lost')"
    assert stage.expression.type == Type("enum", members=("open", "won", "lost", "present"), name="Stage")
    assert [native.name for native in stage.natives] == ["rank"]
    assert [native.name for native in vip.natives] == ["active", "price", "rank"]


def test_text_is_no_member_of_an_enum(within: Resolve) -> None:
    result = within(f"{ENTITY}map E to a.customers {{ stage <- lower(name) }}")
    assert result.found == [("type.mismatch", "lower(name)")]
