"""The functions of expressions: pure, total and bounded, and exact where people count on it."""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline_runtime import expressions as e
from syncline_runtime.codecs import CodecError, plain
from syncline_runtime.expressions import FUNCTIONS, ExpressionError, find_signature, result_kind
from syncline_runtime.values import ABSENT, Money

NUMBERS = st.decimals(min_value=-(10**12), max_value=10**12, places=4).map(plain)
BY_KIND: dict[str, st.SearchStrategy[Any]] = {
    "text": st.text(st.characters(exclude_categories=["Cs"])),
    "enum": st.sampled_from(["open", "won"]),
    "integer": st.integers(),
    "number": NUMBERS,
    "money": st.builds(Money, NUMBERS, st.sampled_from(["EUR", "MXN"])),
    "boolean": st.booleans(),
    "date": st.dates(),
    "instant": st.datetimes(timezones=st.just(UTC)),
    "local_time": st.times(),
    "duration": st.one_of(st.timedeltas(), st.integers(-1000, 1000).map(lambda days: timedelta(days=days))),
}
ANY = st.one_of(st.none(), st.just(ABSENT), *BY_KIND.values())
RESULTS: dict[str, type | tuple[type, ...]] = {
    "text": str,
    "currency": str,
    "integer": int,
    "decimal": Decimal,
    "money": Money,
    "boolean": bool,
    "date": date,
    "instant": datetime,
    "local_time": time,
    "duration": timedelta,
    "list<text>": tuple,
}
SIGNATURES = [(name, signature) for name, definition in FUNCTIONS.items() for signature in definition.signatures]


def _arguments(kind: str, first: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    if kind == "same":
        return first
    if kind == "any":
        return ANY
    shape, _, item = kind.partition("<")
    if shape in ("list", "set"):
        elements = st.lists(BY_KIND[item[:-1]] if item else ANY, max_size=5)
        return elements.map(tuple) if shape == "list" else elements.map(frozenset)
    return BY_KIND[kind]


@pytest.mark.parametrize(
    ("name", "signature"), SIGNATURES, ids=lambda part: part if isinstance(part, str) else " ".join(part.parameters)
)
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_a_function_is_total_and_keeps_its_kinds(name: str, signature: e.Signature, data: st.DataObject) -> None:
    first = _arguments(signature.parameters[0], ANY)
    values = [data.draw(_arguments(kind, first)) for kind in signature.parameters]
    function: Callable[..., Any] = getattr(e, signature.python)
    try:
        result = function(*values)
    except CodecError:
        return
    kind = signature.result
    if result is None:
        assert signature.nullable
    elif kind not in ("item", "same"):
        expected = RESULTS[kind]
        assert isinstance(result, expected)
        assert type(result) is not bool or kind == "boolean"
        assert isinstance(result, datetime) is (kind == "instant")
    assert function(*values) == result


@pytest.mark.parametrize(
    ("name", "signature"), SIGNATURES, ids=lambda part: part if isinstance(part, str) else " ".join(part.parameters)
)
@given(data=st.data())
@settings(max_examples=15, deadline=None)
def test_a_function_answers_anything_without_breaking(name: str, signature: e.Signature, data: st.DataObject) -> None:
    values = [data.draw(ANY) for _ in signature.parameters]
    with suppress(CodecError):
        getattr(e, signature.python)(*values)


@pytest.mark.parametrize(
    ("name", "signature"), SIGNATURES, ids=lambda part: part if isinstance(part, str) else " ".join(part.parameters)
)
def test_every_way_to_apply_a_function_is_found(name: str, signature: e.Signature) -> None:
    kinds = tuple({"any": "date", "number": "decimal", "same": "date"}.get(kind, kind) for kind in signature.parameters)
    kinds = tuple(kind.replace("<number>", "<decimal>") for kind in kinds)
    found = find_signature(name, kinds)
    assert found is not None
    assert found.python == signature.python


@pytest.mark.parametrize(
    ("name", "kinds", "result"),
    [
        ("+", ("integer", "percent"), "decimal"),
        ("+", ("email", "text"), "text"),
        ("+", ("money", "integer"), None),
        ("*", ("percent", "money"), "money"),
        ("/", ("integer", "integer"), "decimal"),
        ("-", ("date", "date"), "duration"),
        ("-", ("money",), "money"),
        ("sum", ("list<money>",), "money"),
        ("sum", ("list<text>",), None),
        ("max", ("set<date>",), "date"),
        ("first", ("list<email>",), "email"),
        ("first", ("set<email>",), None),
        ("date", ("instant",), None),
        ("truncate", ("text", "integer"), "text"),
        ("=", ("enum", "enum"), "boolean"),
        ("=", ("integer", "decimal"), "boolean"),
        ("=", ("date", "instant"), None),
        ("<", ("boolean", "boolean"), None),
        ("in", ("enum", "list<enum>"), "boolean"),
        ("shell", ("text",), None),
    ],
)
def test_functions_are_resolved_by_kinds(name: str, kinds: tuple[str, ...], result: str | None) -> None:
    signature = find_signature(name, kinds)
    assert (signature and result_kind(signature, kinds)) == result


# -- what a person can check -------------------------------------------------------------------------------------------

MXN = [Money(Decimal(amount), "MXN") for amount in ("10.10", "20.20")]


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (e.add(Decimal("0.1"), Decimal("0.2")), Decimal("0.3")),
        (e.add(1, 2), 3),
        (e.add(1, Decimal("0.5")), Decimal("1.5")),
        (e.add("Ana", " Ruiz"), "Ana Ruiz"),
        (e.add(*MXN), Money(Decimal("30.3"), "MXN")),
        (e.add(date(2026, 1, 31), timedelta(days=1)), date(2026, 2, 1)),
        (e.subtract(date(2026, 2, 1), date(2026, 1, 31)), timedelta(days=1)),
        (e.multiply(MXN[0], Decimal("0.16")), Money(Decimal("1.616"), "MXN")),
        (e.multiply(2, MXN[0]), Money(Decimal("20.2"), "MXN")),
        (e.divide(1, 4), Decimal("0.25")),
        (e.divide(1, 3), Decimal("0.3333333333333333333333333333333333")),
        (e.divide(MXN[1], MXN[0]), Decimal(2)),
        (e.divide(timedelta(hours=12), timedelta(days=1)), Decimal("0.5")),
        (e.negate(Decimal("1.5")), Decimal("-1.5")),
        (e.absolute(Money(Decimal("-1.5"), "MXN")), Money(Decimal("1.5"), "MXN")),
        (e.round_to(Decimal("2.345"), 2), Decimal("2.35")),
        (e.equals(Decimal("1.50"), Decimal("1.5")), True),
        (e.equals(None, None), True),
        (e.equals(None, ""), False),
        (e.equals(True, 1), False),
        (e.less("a", "b"), True),
        (e.at_most(1, Decimal("1.0")), True),
        (e.greater(date(2026, 2, 1), date(2026, 1, 31)), True),
        (e.at_least(MXN[0], MXN[1]), False),
        (e.is_in("won", ("won", "lost")), True),
        (e.is_in(None, ("won",)), False),
        (e.is_empty(""), True),
        (e.is_empty(0), False),
        (e.is_empty(False), False),
        (e.is_present(None), False),
        (e.truncate("e\u0301te\u0301", 4), "e\u0301t"),
        (e.truncate("ab", 0), ""),
        (e.replace("a-b-c", "-", ""), "abc"),
        (e.replace("abc", "", "x"), "abc"),
        (e.split("a;;b", ";"), ("a", "b")),
        (e.join(frozenset({"b", "a"}), ", "), "a, b"),
        (e.contains("Ana Ruiz", "Ruiz"), True),
        (e.contains((1, 2), 2), True),
        (e.starts_with("SO-1", "SO-"), True),
        (e.ends_with("a.pdf", ".pdf"), True),
        (e.as_text(Decimal("1E+2")), "100"),
        (e.as_text(datetime(2026, 1, 31, 8, tzinfo=UTC)), "2026-01-31T08:00:00Z"),
        (e.as_integer("012"), 12),
        (e.as_decimal("1.50"), Decimal("1.5")),
        (e.as_date(datetime(2026, 2, 1, 5, tzinfo=UTC), "America/Mexico_City"), date(2026, 1, 31)),
        (e.as_instant(date(2026, 2, 1), "America/Mexico_City"), datetime(2026, 2, 1, 6, tzinfo=UTC)),
        (e.as_local_time(datetime(2026, 2, 1, 5, tzinfo=UTC), "Europe/Berlin"), time(6)),
        (e.as_money(Decimal("1.50"), "mxn"), Money(Decimal("1.5"), "MXN")),
        (e.amount(MXN[0]), Decimal("10.1")),
        (e.days(timedelta(days=3, hours=5)), 3),
        (e.total(()), 0),
        (e.total((1, 2)), 3),
        (e.total_decimal((1, Decimal("0.5"))), Decimal("1.5")),
        (e.total_money(()), None),
        (e.total_money(tuple(MXN)), Money(Decimal("30.3"), "MXN")),
        (e.count(()), 0),
        (e.least((3, 1, 2)), 1),
        (e.greatest(frozenset(MXN)), MXN[1]),
        (e.greatest(()), None),
        (e.every(()), True),
        (e.some(()), False),
        (e.some((False, True)), True),
        (e.first(("b", "a")), "b"),
        (e.last(()), None),
    ],
)
def test_an_expression_has_the_result_that_people_expect(result: Any, expected: Any) -> None:
    assert result == expected
    assert type(result) is type(expected)


@pytest.mark.parametrize(
    ("apply", "message"),
    [
        (lambda: e.add(None, 1), "expected a value for the left side of +, got null (expression.missing-value)"),
        (
            lambda: e.add("Ana", ABSENT),
            "expected a value for the right side of +, got an absent field (expression.missing-value)",
        ),
        (lambda: e.divide(1, 0), "expected a divisor other than zero, got zero (expression.division-by-zero)"),
        (
            lambda: e.divide(MXN[0], Decimal("0.0")),
            "expected a divisor other than zero, got zero (expression.division-by-zero)",
        ),
        (
            lambda: e.add(MXN[0], Money(Decimal(1), "EUR")),
            "expected money of one currency around +, got two currencies (expression.currencies)",
        ),
        (lambda: e.less(None, 1), "expected a value for the left side of <, got null (expression.missing-value)"),
        (lambda: e.truncate(None, 3), "expected a value for the text of truncate, got null (expression.missing-value)"),
        (lambda: e.total((1, None)), "expected a value for an element of sum, got null (expression.missing-value)"),
        (
            lambda: e.as_integer("x"),
            "expected an integer in text, got text of 1 character (expression.not-convertible)",
        ),
        (
            lambda: e.is_present(ABSENT),
            "expected a value for the left side of is, got an absent field (expression.missing-value)",
        ),
        (lambda: e.add(date(2026, 1, 1), timedelta(hours=1)), "got a value of type date and a value of type timedelta"),
        (lambda: e.multiply(10**60, 10**60), "expression.out-of-range"),
        (lambda: e.multiply(Decimal(10**60), Decimal(10**60)), "expression.out-of-range"),
        (lambda: e.replace("a" * 1000, "a", "b" * 10_000), "expression.out-of-range"),
        (lambda: e.add("a" * 600_000, "a" * 600_000), "expression.out-of-range"),
        (lambda: e.add(date(9999, 12, 31), timedelta(days=1)), "expression.out-of-range"),
        (lambda: e.total_money((MXN[0], Money(Decimal(1), "EUR"))), "expression.currencies"),
    ],
)
def test_an_expression_without_a_result_says_why(apply: Callable[[], Any], message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        apply()
    assert message in str(caught.value)


@given(left=NUMBERS, right=NUMBERS, third=NUMBERS)
def test_arithmetic_does_not_lose_digits(left: Decimal, right: Decimal, third: Decimal) -> None:
    assert e.subtract(e.add(left, right), right) == left
    assert e.multiply(e.add(left, right), third) == e.add(e.multiply(left, third), e.multiply(right, third))


@given(text=st.text(), longest=st.integers(0, 20))
def test_a_truncated_text_is_a_beginning_that_fits(text: str, longest: int) -> None:
    short = e.truncate(text, longest)
    assert len(short) <= longest
    assert text.startswith(short)
    assert e.truncate(short, longest) == short
