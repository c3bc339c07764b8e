"""GitHub annotations: errors first, ten of a kind, and where the rest is."""

from syncline.diagnostics.diagnostic import Severity
from syncline.diagnostics.formats.github import github
from syncline.source import Source
from tests.diagnostics.formats.places import SPEC, at, found_in, placed


def test_an_annotation_stands_at_its_words() -> None:
    assert github(found_in(SPEC, "text")).startswith(
        "::error file=a.sync,line=4,endLine=4,col=11,endColumn=15,title=syncline truth.system-twice::"
        "`crm` stands twice in this rule%0A"
    )


def test_columns_are_left_out_of_what_spans_lines() -> None:
    assert ",col=17,title=" in github(found_in(SPEC, "{\n  email"))


def test_ten_of_a_kind_are_annotations_errors_first_and_the_rest_is_in_the_log() -> None:
    source = Source("a.sync", SPEC)
    warnings = [at(source, "text", Severity.WARNING)] * 12
    errors = [at(source, "never")] * 13
    lines = github(placed(*warnings, *errors)).splitlines()
    assert [line.partition(" ")[0] for line in lines] == (
        ["::error"] * 10 + ["::warning"] * 10 + ["::notice"] + ["a.sync:8:17:"] * 3 + ["a.sync:4:11:"] * 2
    )
    assert lines[20] == "::notice title=syncline::5 more in the log of this step, below its annotations"


def test_the_note_on_the_rest_is_one_of_ten_notices() -> None:
    found = found_in(SPEC, *["text"] * 11, severity=Severity.HINT)
    assert sum(line.startswith("::notice") for line in github(found).splitlines()) == 10


def test_no_character_of_a_name_can_begin_another_command() -> None:
    shown = github(found_in(SPEC, "text", name="a,b:c%\n::error::x.sync"))
    assert len(shown.splitlines()) == 1
    assert "file=a%2Cb%3Ac%25%0A%3A%3Aerror%3A%3Ax.sync," in shown
