"""How findings are shown: what a person sees, what a program reads, and with which exit code a command ends."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from syncline.cli import main
from syncline.diagnostics.diagnostic import Diagnostic, Label, Severity
from syncline.diagnostics.pages import sample
from syncline.diagnostics.rendering import FORMAT_VERSION, as_json, concise, text
from syncline.pipeline import check_spec
from syncline.source import Source, Span

SOUND = "spec example version 1\nentity Customer { email : email }\n"
FAULTY = "spec example version 1\nentity Customer { email : string }\n"


def findings(spec: str) -> tuple[Diagnostic, ...]:
    files = {"sample.sync": sample().encode()}
    return check_spec(
        "example.sync", f'spec example version 1\nimport "sample.sync"\n{spec}'.encode(), files.get
    ).diagnostics


def at(source: Source, part: str, code: str = "map.target", **facts: str) -> Diagnostic:
    start = source.text.index(part)
    return Diagnostic(code, Span(source, start, start + len(part)), facts or {"arrow": "->"})


def test_a_finding_shows_its_line_its_labels_why_it_matters_and_how_to_mend_it() -> None:
    spec = """
entity Customer { email : email, name : text(100), match email }
map Customer to crm.contacts  { email <-  email, name <-> name }
map Customer to shop.contacts { email  -> email, name <-> name }
sync Customer from crm to shop { delete in shop never }
"""
    assert (
        text(findings(spec))
        == """\
error[truth.missing]: `crm` and `shop` may both change `name`, and nothing says who is right
 --> example.sync:6:50
  |
6 | map Customer to shop.contacts { email  -> email, name <-> name }
  |                                                  ^^^^
  |
5 | map Customer to crm.contacts  { email <-  email, name <-> name }
  |                                                  ---- `crm` may change it here
  |
7 | sync Customer from crm to shop { delete in shop never }
  |      -------- no rule for it in this sync
  |
  = why: When two people edit it between two runs, the outcome would depend on which system was asked first.
  = mend: Add a rule to the sync's `truth` block: `name prefers A then B`, `name owned by A`, `name newest else A` or `name ask`.
  = more: syncline explain truth.missing

1 error
"""
    )


def test_a_label_in_another_file_names_the_file() -> None:
    spec = "entity Customer { email : email }\nmap Customer to crm.contacts { email <-> mail }\n"
    assert (
        text(findings(spec))
        == """\
error[map.native-unknown]: `contacts` has no field `mail`
 --> example.sync:4:42
  |
4 | map Customer to crm.contacts { email <-> mail }
  |                                          ^^^^
 ::: sample.sync:9:12
9 |   resource contacts {
  |            -------- the resource
  |
  = why: The system ignores fields that it does not know, or refuses the whole record.
  = mend: Did you mean `email`? Declare it: `extend` adds the fields that only your instance has.
  = fix: write `email` (--unsafe-fixes)
4 - map Customer to crm.contacts { email <-> mail }
4 + map Customer to crm.contacts { email <-> email }
  = more: syncline explain map.native-unknown

1 error
1 with --unsafe-fixes, after a look at the difference
"""
    )


def test_the_caret_stands_under_its_word_after_tabs_wide_and_combining_characters() -> None:
    source = Source("a.sync", "\tname <- 客户\u0301 -> x\n")
    assert text([at(source, "-> x")]).splitlines()[3:5] == [
        "1 |     name <- 客户\u0301 -> x",
        "  |                  ^^^^",
    ]


def test_a_long_line_is_shown_around_its_mistake() -> None:
    source = Source("a.sync", "x" * 500 + " MISTAKE " + "y" * 5000)
    line, carets = text([at(source, "MISTAKE")]).splitlines()[3:5]
    assert len(line) < 240
    assert line[carets.index("^") : carets.rindex("^") + 1] == "MISTAKE"


@pytest.mark.parametrize("hostile", ["\x1b[2J", "\u202e", "\x07", "\u200b", "\u2028"])
def test_characters_that_move_hide_or_turn_text_never_reach_the_terminal(hostile: str) -> None:
    source = Source(f"{hostile}.sync", f"name {hostile} HERE\n")
    shown = at(source, "HERE", "name.unknown-system", name=hostile, suggestion=hostile)
    assert hostile not in text([shown])
    assert hostile not in concise([shown])
    assert len(concise([shown]).splitlines()) == 1


def test_a_credential_in_a_spec_is_not_repeated_in_the_report() -> None:
    spec = 'system web = sample { url: "https://a:hunter2@b.example", token: "hunter3", tokn: 1 }\n'
    shown = findings(spec)
    assert {found.code for found in shown} == {"secret.literal", "setting.unknown"}
    for report in (text(shown), concise(shown), as_json(shown)):
        assert "hunter" not in report


@pytest.mark.parametrize(
    "setting",
    [
        'token: "hunter2"',
        'token "hunter2"',
        'tokn: "hunter2"',
        '"hunter2"',
        'token: "hunter2" "hunter2"',
        'token: secret("hunter2 of old")',
        "token: secret(hunter2)",
        'token: env("hunter2-x")',
        'token: reveal("hunter2")',
        'token: "hunter2\\q"',
        'token: ["hunter2", "x"]',
        'token: "hunter2',
        'url: "https://anna:hunter2@b.example", token: secret("T")',
        'url: "https://hunter2@b.example", token: secret("T"), none: 1',
    ],
)
@pytest.mark.parametrize("connector", ["sample", "nope"])
@pytest.mark.parametrize("layout", ["system web = {} {{ {} }}", "system web = {} {{\n  vat: 1\n  {}\n}}"])
def test_a_credential_is_covered_wherever_it_was_pasted(setting: str, connector: str, layout: str) -> None:
    shown = findings(layout.format(connector, setting) + "\n")
    assert shown
    for report in (text(shown), concise(shown), as_json(shown)):
        assert "hunter2" not in report


def test_addresses_variables_and_other_declarations_are_shown() -> None:
    spec = 'system web = sample { url: "http://b.example", token: env("T"), n: 1 }\ntype T = texd matching "b"\n'
    shown = text(findings(spec))
    assert 'url: "http://b.example", token: env("T")' in shown
    assert 'type T = texd matching "b"' in shown


def test_a_mend_that_can_be_carried_out_is_shown_as_a_difference() -> None:
    shown = findings("entity Customer { email : string }\n")
    assert (
        "  = fix: write `text` (--fix)\n3 - entity Customer { email : string }\n3 + entity Customer { email : text }\n"
    ) in text(shown)
    assert text(shown).endswith("\n1 error\n1 can be mended with --fix\n")
    (entry,) = json.loads(as_json(shown))["diagnostics"]
    assert entry["fix"]["safe"] is True
    assert entry["fix"]["edits"][0]["text"] == "text"


def test_a_finding_that_spans_lines_is_marked_to_the_end_of_the_first() -> None:
    source = Source("a.sync", "entity A {\n  b\n}\n")
    shown = text([at(source, "{\n  b\n}")])
    assert "1 | entity A {\n  |          ^\n" in shown


def test_totals_count_by_severity() -> None:
    source = Source("a.sync", "a b c\n")
    spans = [Span(source, start, start + 1) for start in (0, 2, 4)]
    severities = (Severity.ERROR, Severity.WARNING, Severity.HINT)
    shown = [
        Diagnostic("map.target", span, {"arrow": "->"}, severity=severity)
        for span, severity in zip(spans, severities, strict=True)
    ]
    assert text(shown).splitlines()[-1] == "1 error, 1 warning, 1 hint"
    assert text([]) == ""


def test_concise_is_one_line_each_that_editors_can_follow() -> None:
    assert concise(findings("entity Customer { email : string, since : timestamp }\n")) == (
        "example.sync:3:27: error[type.unknown] there is no type `string`\n"
        "example.sync:3:43: error[type.unknown] there is no type `timestamp`\n"
    )


def test_json_holds_places_facts_and_words() -> None:
    source = Source("a.sync", "first\nsecond é\n")
    label = Label(Span(source, 0, 5), "first-here")
    shown = Diagnostic("truth.system-twice", Span(source, 6, 12), {"name": "crm", "known": ("a", "b")}, (label,))
    document = json.loads(as_json([shown]))
    assert document["format_version"] == FORMAT_VERSION
    (entry,) = document["diagnostics"]
    place = {"file": "a.sync", "line": 2, "column": 1, "end_line": 2, "end_column": 7}
    assert {key: entry[key] for key in place} == place
    assert entry["labels"] == [
        {"message": "the first one", "file": "a.sync", "line": 1, "column": 1, "end_line": 1, "end_column": 6}
    ]
    assert entry["facts"] == {"name": "crm", "known": ["a", "b"]}
    assert (entry["code"], entry["severity"]) == ("truth.system-twice", "error")
    assert entry["message"] == "`crm` stands twice in this rule"
    assert set(entry) == {"code", "severity", "message", "why", "mend", "labels", "fix", "facts", *place}


@pytest.mark.parametrize(
    ("spec", "arguments", "code"),
    [
        (SOUND, (), 0),
        (FAULTY, (), 1),
        (FAULTY, ("--output", "json"), 1),
        (FAULTY, ("--output", "concise"), 1),
        (None, (), 2),
    ],
)
def test_exit_codes(tmp_path: Path, spec: str | None, arguments: tuple[str, ...], code: int) -> None:
    path = tmp_path / "a.sync"
    if spec is not None:
        path.write_text(spec, encoding="utf-8")
    result = CliRunner().invoke(main, ["check", str(path), *arguments])
    assert result.exit_code == code, result.output
    if spec is None:
        assert result.output.startswith(f"syncline: cannot read {path}")
        assert len(result.output.splitlines()) == 1


def test_a_hint_is_shown_and_lets_the_check_pass(tmp_path: Path) -> None:
    path = tmp_path / "a.sync"
    (tmp_path / "sample.sync").write_text(sample(), encoding="utf-8")
    path.write_text(
        """spec example version 1
import "sample.sync"
entity Customer { email : email, name : text(100), match email }
map Customer to crm.contacts { email <- email, name <-> name }
map Customer to shop.contacts { email -> email, name <-> name }
sync Customer from crm to shop { delete in shop never, truth { name prefers crm } }
""",
        encoding="utf-8",
    )
    result = CliRunner().invoke(main, ["check", str(path)])
    assert result.exit_code == 0
    assert "hint[truth.unlisted-source]" in result.output
    assert result.output.endswith("1 hint\n")


def test_standard_input_is_checked_too() -> None:
    result = CliRunner().invoke(main, ["check", "-", "--output", "concise"], input=FAULTY)
    assert result.output == "<stdin>:2:27: error[type.unknown] there is no type `string`\n"


@pytest.mark.parametrize(
    ("variables", "coloured"),
    [
        ({}, False),
        ({"FORCE_COLOR": "1"}, True),
        ({"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        ({"NO_COLOR": "1"}, False),
    ],
)
def test_colour_is_asked_for(variables: dict[str, str], coloured: bool) -> None:
    environment: dict[str, str | None] = {"NO_COLOR": None, "FORCE_COLOR": None, **variables}
    result = CliRunner().invoke(main, ["check", "-"], input=FAULTY, env=environment)
    assert ("\x1b[" in result.output) is coloured


def test_colour_changes_no_word() -> None:
    shown = findings("entity Customer { email : string }\n")
    coloured = text(shown, colour=True)
    for escape in ("\x1b[1;31m", "\x1b[1;34m", "\x1b[1m", "\x1b[0m"):
        coloured = coloured.replace(escape, "")
    assert coloured == text(shown)


def test_explain_prints_a_page_lists_all_and_suggests() -> None:
    runner = CliRunner()
    assert runner.invoke(main, ["explain", "truth.missing"]).output.startswith("# truth.missing\n")
    assert "truth.missing " in runner.invoke(main, ["explain"]).output
    assert runner.invoke(main, ["explain", "sample.sync"]).output == sample()
    unknown = runner.invoke(main, ["explain", "truth.mising"])
    assert unknown.exit_code == 2
    assert "did you mean 'truth.missing'?" in unknown.output


def test_a_long_line_is_covered_once_for_all_its_findings() -> None:
    from syncline.diagnostics import masking

    source = Source("long.sync", "a(" * 9000 + '"')
    found = [Diagnostic("map.target", Span(source, 2 * at, 2 * at + 1), {"arrow": "->"}) for at in range(600)]
    masking._covered.cache_clear()
    assert text(found).count("map.target") == 1200
    assert masking._covered.cache_info().misses == 1
