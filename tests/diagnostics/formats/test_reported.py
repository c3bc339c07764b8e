"""A finding is known again when lines move, and told apart from its equals."""

import pytest

from syncline.source import Source
from syncline.syntax.parsing import parse
from syncline.syntax.placing import declaration_path
from tests.diagnostics.formats.places import SPEC, at, found_in, placed


@pytest.mark.parametrize(
    ("part", "path"),
    [
        ("spec", "spec example"),
        ("text", "entity Customer / name"),
        ("prefers", "sync Customer / truth / name"),
        ("ask", "sync Customer / truth / email"),
        ("never", "sync Customer / delete in crm"),
    ],
)
def test_a_place_is_named_by_its_declarations(part: str, path: str) -> None:
    assert declaration_path(parse(Source("a.sync", SPEC))[0], SPEC.index(part)) == path


def test_a_fingerprint_outlives_lines_and_layout_but_not_the_declaration() -> None:
    moved = "# a comment\n\n" + SPEC.replace("  name  : text", "\n  # another\n  name:   text")
    (before,), (after,) = found_in(SPEC, "text"), found_in(moved, "text")
    assert before.fingerprint == after.fingerprint
    assert before.diagnostic.span.line != after.diagnostic.span.line
    assert found_in(SPEC, "email :")[0].fingerprint != before.fingerprint
    assert found_in(SPEC, "text", name="b.sync")[0].fingerprint != before.fingerprint


def test_equal_findings_of_one_declaration_have_fingerprints_of_their_own() -> None:
    source = Source("a.sync", SPEC)
    fingerprints = [each.fingerprint for each in placed(at(source, "crm then"), at(source, "erp, email"))]
    assert len(set(fingerprints)) == 2
