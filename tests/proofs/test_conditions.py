"""What is claimed of conditions holds for the code that is generated from them: no false proof, and every example is one."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from syncline.diagnostics.pages import PRELUDE, sample
from syncline.examples.loading import load_package
from syncline.guarantees.owning import choices, verdict
from syncline.pipeline import check_spec, generate
from syncline_runtime.codecs.refusal import CodecError
from syncline_runtime.declaration import Cases

SPEC = """
enum Region {{ eu, us, asia }}
entity Customer {{
  email : email
  region : Region?
  vip : boolean
  score : integer?
  city : text?
  name : text(100)
  match email
}}
codec regions = {{ eu: "EU", us: "US", asia: "ASIA" }}
map Customer to crm.contacts {{
  email <-> email
  region <- currency as regions
  vip <- vip
  score <- rating
  city <- vat
  name <-> name
}}
map Customer to erp.contacts {{ email <-> email, name <-> name }}
sync Customer across crm, erp {{
  delete in crm hold
  delete in erp hold
  truth {{
    email prefers crm then erp
    name owned by crm when {one}
    name owned by erp when {other}
    otherwise ask
  }}
}}
"""
ATOMS = st.one_of(
    st.sampled_from(["vip", "not vip", "region is eu", "region is not eu", "region in [eu, us]", "region is null"]),
    st.sampled_from(["region is present", "region is empty", "score is null", "city is empty", "city is present"]),
    st.builds(
        lambda operator, number: f"(score is present and score {operator} {number})",
        st.sampled_from(["<", "<=", ">", ">=", "=", "!="]),
        st.integers(-1, 3),
    ),
    st.sampled_from(['city = "Oslo"', 'city != "Oslo"', 'city in ["Oslo", "Lima"]', 'city = ""', "score = 2"]),
    st.sampled_from(['lower(name) = "ana"', 'lower(name) != "ana"', 'email = "a@x.org"', "name = email"]),
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.builds(lambda one, other: f"({one} and {other})", inner, inner),
        st.builds(lambda one, other: f"({one} or {other})", inner, inner),
        st.builds(lambda one: f"not ({one})", inner),
    ),
    max_leaves=4,
)
RECORDS = [
    {"email": email, "region": region, "vip": vip, "score": score, "city": city, "name": name}
    for email in ("a@x.org", "b@x.org")
    for region in ("eu", "us", "asia", None)
    for vip in (True, False)
    for score in (-2, -1, 0, 1, 2, 3, 9, None)
    for city in ("Oslo", "Lima", "", "Bergen", None)
    for name in ("Ana", "Bo", "a@x.org")
]


def predicates(one: str, other: str) -> tuple[Any, tuple[Callable[[Any], bool], ...]]:
    """What is known of two conditions, and the functions that a build makes of them."""
    text = PRELUDE + SPEC.format(one=one, other=other)
    checked = check_spec("example.sync", text.encode(), {"sample.sync": sample().encode()}.get)
    bad = {one.code for one in checked.diagnostics if one.severity.value == "error"}
    assert bad <= {"truth.clash", "truth.gap", "truth.decider"}
    assert checked.model is not None
    (choice,) = choices(checked.model.syncs[0])
    rule = load_package(generate(checked.model)).syncs[0].rules["name"]
    assert isinstance(rule, Cases)
    return verdict(choice._replace(rules=choice.conditional)), tuple(case.when for case in rule.cases)


def holds(when: Callable[[Any], bool], record: Any) -> bool | None:
    try:
        return when(record)
    except CodecError:
        return None


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(CONDITIONS, CONDITIONS)
def test_no_false_proof(one: str, other: str) -> None:
    found, functions = predicates(one, other)
    pairs = [tuple(holds(function, record) for function in functions) for record in RECORDS]
    both = [pair for pair in pairs if pair == (True, True)]
    none = [pair for pair in pairs if True not in pair]
    if found.disjoint:
        assert both == []
        assert found.clash is None
    if found.complete:
        assert none == []
        assert found.gap is None
    # The records above try every class of values that these conditions can tell apart: an example must be among them.
    if found.clash is not None:
        assert both
    if found.gap is not None:
        assert none


@pytest.mark.parametrize(
    ("one", "other", "disjoint", "complete"),
    [
        ("vip", "not vip", True, True),
        ("region is eu", "region is not eu", True, True),
        ("region is eu", "region in [us, asia]", True, False),
        ("score is present and score > 1", "score is null or score <= 1", True, True),
        ("score is present and score > 1", "score is null or score < 1", True, False),
        ('city = "Oslo"', 'city != "Oslo"', True, True),
        ('lower(name) = "ana"', 'not (lower(name) = "ana")', True, True),
        ('lower(name) = "ana"', 'lower(name) = "bo"', False, False),
    ],
)
def test_what_can_be_proven_is(one: str, other: str, disjoint: bool, complete: bool) -> None:
    found, _ = predicates(one, other)
    assert (found.disjoint, found.complete) == (disjoint, complete)
