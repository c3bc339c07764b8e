"""Every code has a category; what is said of it is what the compiler does."""

import pytest

from syncline.diagnostics.categories import DEFAULT, Category, covered, rule_of
from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.pages import pages
from tests.diagnostics.test_pages import NO_EXAMPLE, checked, examples


@pytest.mark.parametrize("code", [code for code in pages() if code not in NO_EXAMPLE])
def test_a_code_is_reported_with_its_severity(code: str) -> None:
    reported = {found.severity for data in examples(code, fails=True) for found in checked(code, data)}
    assert reported == {rule_of(code).severity}


def test_whatever_nobody_decided_about_is_safety_and_does_not_bend() -> None:
    assert rule_of("nobody.thought-of-it") == (Category.SAFETY, False, Severity.ERROR)
    assert rule_of("acme.naming", frozenset(("acme",))) == (Category.STANDARD, True, Severity.ERROR)


def test_what_has_no_meaning_to_run_never_bends() -> None:
    for code in LEXICON:
        if code.startswith(("syntax.", "name.", "not-yet.", "import.", "spec.", "setting.", "connector.", "secret.")):
            assert not rule_of(code).bends, code


def test_documentation_is_the_only_category_that_is_off_at_first() -> None:
    assert set(Category) - DEFAULT == {Category.DOCS}


def test_a_prefix_ends_at_a_dot() -> None:
    assert covered("truth", "truth.missing")
    assert covered("truth.missing", "truth.missing")
    assert not covered("tru", "truth.missing")
    assert not covered("truth.missing", "truth")
