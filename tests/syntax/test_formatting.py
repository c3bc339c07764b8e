"""The one layout: it keeps the tree and every comment, changes nothing twice, and leaves what is broken alone."""

import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

from syncline.cli.fmt import fmt
from syncline.source import Source
from syncline.syntax.formatting import formatted
from syncline.syntax.parsing import parse
from syncline.syntax.scanning import NEWLINE, scanned
from syncline.syntax.tables import tables
from tests.syntax.sentences import sentence

SPECS = sorted(Path(__file__).parents[2].joinpath("specs").rglob("*.sync"))
SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.sync"))
DECLARATIONS = [
    (path.stem, declaration.span.text)
    for path in SAMPLES
    if path.stem != "language"  # has no form that the other samples do not have
    for declaration in parse(Source(path.name, path.read_text(encoding="utf-8")))[0].declarations
]


def laid_out(text: str) -> str:
    result = formatted(Source("s", text))
    assert isinstance(result, str)
    return result


def test_samples_are_laid_out(sample: Source) -> None:
    result = laid_out(sample.text)
    before, _ = parse(sample)
    after, diagnostics = parse(Source("s", result))
    assert diagnostics == ()
    assert after.declarations == before.declarations
    assert [comment.text for comment in after.comments] == [comment.text for comment in before.comments]
    assert laid_out(result) == result
    assert all(line == line.rstrip() for line in result.split("\n"))


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (
            "map  E to s.r{\na<->b as trim\nlonger -> c\n\nx<-y only on create\n}",
            "map E to s.r {\n  a      <-> b as trim\n  longer  -> c\n\n  x <- y only on create\n}\n",
        ),
        (
            "entity E{a:text?pii\nlonger : list < ref  E >by  b = -1\nmatch a}",
            "entity E {\n  a      : text?            pii\n  longer : list<ref E> by b = -1\n  match a\n}\n",
        ),
        ("enum E {a,b,}", "enum E { a, b }\n"),
        ("enum E {,}", "enum E {}\n"),
        ("enum E {a,b,\nc}", "enum E {\n  a, b\n  c\n}\n"),
        ("use a ,b,\n\n\nc\n\n\n\nuse d", "use a, b,\n  c\n\nuse d\n"),
        ("type A=text(3 ,)# c\n# d", "type A = text(3)  # c\n# d\n"),
        (
            "derive A from B while f (a,\n  - b ) and(c) {\n\n# one\n\nx <- y}",
            "derive A from B while f(a,\n  -b) and (c) {\n  # one\n\n  x <- y\n}\n",
        ),
        ("run_ ", None),
        ('allow\ta.b-c  "why"\nsync E across a { run every 5   minutes }', None),
        (
            "sync E across a{truth{x ask # one\nlonger ask # two\n\ny ask#three\n}}",
            "sync E across a {\n  truth {\n    x      ask  # one\n    longer ask  # two\n\n    y ask  #three\n  }\n}\n",
        ),
        ("system a = b { x: [ {y : 1},2 ],\r\nz:f( n :3 ) }", "system a = b {\n  x: [{ y: 1 }, 2]\n  z: f(n: 3)\n}\n"),
        (
            'connector c over rest { # x\nsetting u:url\nlist   GET "/a"{b 1, c:2}\ncreate POST "/b"\n}',
            'connector c over rest {  # x\n  setting u : url\n  list   GET  "/a" { b 1, c: 2 }\n  create POST "/b"\n}\n',
        ),
    ],
)
def test_layout(before: str, after: str | None) -> None:
    result = formatted(Source("s", before))
    if after is None:
        assert not isinstance(result, str) or "  " not in result.strip()
    else:
        assert result == after


@pytest.mark.parametrize(("sample", "text"), DECLARATIONS)
def test_a_comment_survives_in_every_gap(sample: str, text: str) -> None:
    tokens = [token for token in scanned(Source("s", text), tables()).tokens if token[0] != NEWLINE]
    kept = 0
    stride = 1 + len(tokens) // 150
    for _, _, end in tokens[::stride]:
        noted = f"{text[:end]} # a note\n{text[end:]}"
        result = formatted(Source("s", noted))
        if isinstance(result, str):
            kept += 1
            assert result.count("# a note") == 1 + text.count("# a note")
        else:
            assert parse(Source("s", noted))[1] == result
    assert kept


@given(st.data())
@settings(max_examples=100, deadline=None)
def test_blanks_do_not_matter(data: st.DataObject) -> None:
    """Other blanks between the tokens of a line, the same result."""
    _, text = data.draw(st.sampled_from(DECLARATIONS))
    tokens = scanned(Source("s", text), tables()).tokens
    parts = []
    at = 0
    for _, start, end in tokens:
        gap = text[at:start]
        tight = not gap or "#" in gap
        parts.append(gap if tight else data.draw(st.sampled_from([" ", "  ", "\t", " \t "])))
        parts.append(text[start:end])
        at = end
    assert laid_out("".join(parts)) == laid_out(text)


@given(st.integers(0, 10_000), st.integers(6, 22))
@settings(max_examples=150, deadline=None)
def test_whatever_the_grammar_allows_is_laid_out(seed: int, budget: int) -> None:
    text = sentence(Random(seed), budget)
    result = laid_out(text)
    assert laid_out(result) == result
    assert result.count("# note") == text.count("# note")


def test_a_rename_touches_its_run_only() -> None:
    text = "map E to s.r {\n  a <-> b\n  c <-> d\n\n  e <-> f\n}\n"
    assert laid_out(text) == text
    renamed = laid_out(text.replace("  e ", "  longer_name "))
    assert renamed.splitlines()[:3] == text.splitlines()[:3]


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.stem)
def test_our_own_specs_are_laid_out(path: Path) -> None:
    assert laid_out(path.read_text(encoding="utf-8")) == path.read_text(encoding="utf-8")


def test_what_is_broken_is_left_alone() -> None:
    text = "entity E {\n  a text\n}"
    assert formatted(Source("s", text)) == parse(Source("s", text))[1]
    assert not isinstance(formatted(Source("s", "")), str)


def test_the_command_writes_checks_and_shows(tmp_path: Path) -> None:
    rough, clean, broken = (tmp_path / name for name in ("rough.sync", "clean.sync", "broken.sync"))
    rough.write_bytes(b"\xef\xbb\xbfuse  a\r\n")
    clean.write_bytes(b"use a\n")
    broken.write_bytes(b"use")
    run = CliRunner().invoke

    result = run(fmt, ["--check", str(rough), str(clean)])
    assert (result.exit_code, result.stdout) == (1, f"would change {rough}\n")
    result = run(fmt, ["--diff", str(rough)])
    assert result.exit_code == 1
    assert "+use a\n" in result.stdout
    result = run(fmt, [str(rough), str(broken)])
    assert result.exit_code == 2
    assert "syntax.unexpected" in result.stderr
    assert (rough.read_bytes(), broken.read_bytes()) == (b"use a\n", b"use")
    assert run(fmt, ["--check", "--diff", str(rough), str(clean)]).exit_code == 0
    result = run(fmt, ["-"], input="use   a,b")
    assert (result.exit_code, result.stdout) == (0, "use a, b\n")
    assert run(fmt, [str(tmp_path / "none.sync")]).exit_code == 2
    assert run(fmt, ["--check", "-"], input=b"\xff").exit_code == 2


def test_the_command_imports_only_what_it_uses() -> None:
    program = (
        "import sys; import syncline.cli.fmt;"
        "sys.exit(' '.join({'lark', 'jinja2', 'httpx', 'pydantic', 'syncline.model', 'asyncio'} & set(sys.modules)) or 0)"
    )
    result = subprocess.run([sys.executable, "-c", program], check=False, capture_output=True, text=True)
    assert result.stderr == ""
