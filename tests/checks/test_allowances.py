"""What `allow` spares: one code on one declaration, for a reason, and never what would lose data or mean nothing."""

from time import process_time

import pytest

from syncline.diagnostics.categories import rule_of
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.pages import sample
from syncline.pipeline import Checked, check_spec, generate
from syncline.source import Source
from syncline.syntax.formatting import formatted
from tests.diagnostics.test_pages import NO_EXAMPLE, checked, examples, files_of

SPEC = """
entity Customer { email : email, note : text(40)?, match email }
map Customer to crm.contacts { email <-> email }
map Customer to shop.contacts { email -> email, note -> name }
sync Customer from crm to shop { delete in shop never }
"""
REASON = 'allow field.no-source "filled from March on"\n'


def check(spec: str) -> Checked:
    text = f'spec example version 1\nimport "sample.sync"\n{spec}'
    return check_spec("example.sync", text.encode(), {"sample.sync": sample().encode()}.get)


def codes(spec: str) -> list[str]:
    return [found.code for found in check(spec).diagnostics]


def test_an_allowance_spares_its_code_on_the_next_declaration() -> None:
    assert codes(SPEC) == ["field.no-source"]
    result = check(REASON + SPEC)
    assert result.diagnostics == ()
    assert result.sound


def test_it_spares_no_other_declaration_and_is_then_unused() -> None:
    assert codes(SPEC.replace("map Customer to crm", f"{REASON}map Customer to crm")) == [
        "field.no-source",
        "allow.unused",
    ]


def test_several_speak_of_one_declaration_and_documentation_may_stand_between() -> None:
    second = 'allow truth.unneeded "both, soon"\n'
    assert codes(f"{second}{REASON}## Whoever buys.\n{SPEC}") == ["allow.unused"]


def test_an_imported_file_allows_for_its_own_declarations() -> None:
    entity, rest = SPEC.strip().split("\n", 1)
    files = {"sample.sync": sample().encode(), "entities.sync": f"{REASON}{entity}\n".encode()}
    text = f'spec example version 1\nimport "sample.sync"\nimport "entities.sync"\n{rest}\n'
    assert check_spec("example.sync", text.encode(), files.get).diagnostics == ()


def test_the_second_of_two_alike_is_unused() -> None:
    assert codes(REASON + REASON + SPEC) == ["allow.unused"]


def test_what_is_unused_is_not_told_while_errors_hide_what_it_may_be_for() -> None:
    assert codes(f"{REASON}{SPEC.replace('note -> name', 'note -> nmae')}") == ["map.native-unknown"]


def test_an_unused_allowance_cannot_be_allowed_away() -> None:
    wanted = 'allow allow.unused "let it be"\n'
    assert codes(wanted + REASON + SPEC.replace(", note -> name", "").replace("note : text(40)?,", "")) == [
        "allow.unused",
        "allow.unused",
    ]


@pytest.mark.parametrize("code", ["delete.no-rule", "codec.not-invertible", "type.unknown", "secret.literal"])
def test_what_would_lose_data_or_means_nothing_cannot_be_allowed(code: str) -> None:
    assert "allow.refused" in codes(f'allow {code} "it will be fine"\n{SPEC}')


def test_a_refused_allowance_spares_nothing() -> None:
    spec = 'allow type.unknown "soon"\nentity Customer { email : emial, match email }\n'
    assert codes(spec) == ["allow.refused", "type.unknown"]


@pytest.mark.parametrize("code", sorted(code for code in LEXICON if rule_of(code).bends and code not in NO_EXAMPLE))
def test_what_may_be_allowed_can_be_built(code: str) -> None:
    """Whatever bends has a meaning that runs: code is generated for the failing example, allowed."""
    for data in examples(code, fails=True):
        found = checked(code, data)
        result = check_spec("example.sync", data, lambda name: files_of(code, name))
        assert result.model is not None
        if not code.startswith("allow."):
            assert {diagnostic.code for diagnostic in found} == {code}
            assert generate(result.model)


def test_many_allowances_cost_as_many_looks() -> None:
    count = 2000
    entity = "{}entity E{} {{ a : text, match a }}\n"
    spec = "".join(
        entity.format(f'allow truth.uneeded{at} "x"\nallow field.no-source "x"\n', at) for at in range(count)
    )
    started = process_time()
    found = codes(spec)
    assert found.count("allow.unknown-code") == count
    assert process_time() - started < 8


def test_the_formatter_leaves_an_allowance_where_it_stands() -> None:
    text = 'allow field.no-source "filled from March on"\nentity Customer { email: email }\n'
    assert formatted(Source("a.sync", text)) == text
