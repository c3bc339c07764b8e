"""Patterns of `matching`: what runs in reasonable time is accepted, what can hang is refused."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.resolving.patterns import pattern_problem


@pytest.mark.parametrize(
    "pattern",
    [
        "[A-Z0-9]{8,20}",
        "[a-z]+(\\.[a-z]+)*",
        "(?:[A-Z]+-)*[A-Z]+",
        "([0-9]{1,3}\\.){3}[0-9]{1,3}",
        "(?i)abc|def",
        "^[0-9]+$",
        "\\d+\\d+",
        "(a{1,2}){1,3}",
        "(?:ab?)*",
        "",
    ],
)
def test_a_harmless_pattern_is_accepted(pattern: str) -> None:
    assert pattern_problem(pattern) is None


@pytest.mark.parametrize("pattern", ["(a+)+", "(.*)*", "(\\w+\\s?)*", "(x+x+)+y", "(a|aa)+", "(?:ab?b?)*", "(a*?)*"])
def test_a_pattern_with_two_ways_round_a_loop_is_catastrophic(pattern: str) -> None:
    problem = pattern_problem(pattern)
    assert problem is not None
    assert problem.kind == "catastrophic"


@pytest.mark.parametrize(
    ("pattern", "kind"),
    [
        ("(", "invalid"),
        ("a{3,1}", "invalid"),
        ("(a)\\1", "unsupported"),
        ("(?=a)b", "unsupported"),
        ("[a-z]x" * 100, "too-large"),
    ],
)
def test_what_cannot_be_used_is_told_apart(pattern: str, kind: str) -> None:
    problem = pattern_problem(pattern)
    assert problem is not None
    assert problem.kind == kind


ATOMS = st.sampled_from(["a", "b", "ab", "[ab]", "a|b", "a|ab", "."])


def patterns() -> st.SearchStrategy[str]:
    return st.recursive(
        ATOMS,
        lambda inner: st.one_of(
            st.tuples(inner, inner).map(lambda pair: f"(?:{pair[0]})(?:{pair[1]})"),
            st.tuples(inner, st.sampled_from(["*", "+", "?", "{2,3}", "{2}"])).map(
                lambda pair: f"(?:{pair[0]}){pair[1]}"
            ),
        ),
        max_leaves=5,
    )


@settings(max_examples=150, deadline=None)
@given(patterns(), st.sampled_from(["a", "b", "ab", "aab"]))
def test_an_accepted_pattern_never_hangs(pattern: str, pump: str) -> None:
    if pattern_problem(pattern) is not None:
        return
    started = time.process_time()
    re.fullmatch(pattern, pump * 14 + "!")
    assert time.process_time() - started < 0.5
