"""Whatever a file holds, checking it ends in findings with places and words, never in an exception."""

import re
from functools import cache
from pathlib import Path

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from syncline.cli.files import library
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.pages import PRELUDE, page, pages, sample
from syncline.diagnostics.rendering import as_json, concise, text
from syncline.diagnostics.words import worded
from syncline.pipeline import Checked, check_spec
from tests.diagnostics.wording import assert_words_complete

ROOT = Path(__file__).parents[2]
SPECS = sorted((*(ROOT / "specs" / "examples").glob("*.sync"), *(ROOT / "tests" / "syntax" / "samples").glob("*.sync")))
TOKEN = re.compile(r"\s+|\w+|\"[^\"\n]*\"|.", re.DOTALL)
FENCE = re.compile(r"^```sync\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PIECES = (
    *("{", "}", "(", ")", "[", "]", ",", "\n", "<->", "->", "<-", ":", "=", "?", '"', "`", "#", "##", ".", "%", "\0"),
    *(
        "entity",
        "map",
        "sync",
        "truth",
        "as",
        "then",
        "where",
        "when",
        "match",
        "ref",
        "list<",
        "import",
        "use",
        "système",
    ),
    *(
        "decimal(12, 2)",
        "text(5)",
        "ref X",
        "5 minutes",
        "10%",
        "99999999999999999999",
        '"\\u{110000}"',
        "null",
        "\ufeff",
    ),
)
QUICK = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@cache
def sources() -> tuple[str, ...]:
    """Real specs, and the examples of all pages."""
    examples = (PRELUDE + found for code in pages() for found in FENCE.findall(page(code)))
    return (*(path.read_text(encoding="utf-8") for path in SPECS), *examples)


def drawn_source(data: st.DataObject) -> str:
    return sources()[data.draw(st.integers(0, len(sources()) - 1), label="source")]


def load(name: str) -> bytes | None:
    if name == "sample.sync":
        return sample().encode()
    if name.startswith("library:"):
        path = library() / f"{name.removeprefix('library:')}.sync"
        return path.read_bytes() if path.name in {found.name for found in library().iterdir()} else None
    return None


def assert_told(data: bytes) -> Checked:
    checked = check_spec("any.sync", data, load)
    for found in checked.diagnostics:
        assert found.code in LEXICON
        assert 0 <= found.span.start <= len(found.span.source.text)
        line, column = found.span.source.position(found.span.start)
        assert line >= 1
        assert column >= 1
        assert_words_complete(found)
        assert worded(found).mend
    text(checked.diagnostics)
    concise(checked.diagnostics)
    as_json(checked.diagnostics)
    assert checked.model is not None or checked.diagnostics
    return checked


@QUICK
@given(st.binary(max_size=200))
@example(b"")
@example(b"\xef\xbb\xbf")
@example(b"\xff\xfe" + "entity A {}".encode("utf-16-le"))
@example(b"\xed\xa0\x80")
@example(b"{" * 1_000_000)
@example(b"spec a version 1\nentity E {" + b"a" * 100_000 + b" : text }")
@example(b"spec a version 1\n" + b"-" * 50_000)
def test_any_bytes(data: bytes) -> None:
    assert_told(data)


@QUICK
@given(st.lists(st.sampled_from(PIECES), max_size=40).map(" ".join))
def test_any_words_of_the_language(spec: str) -> None:
    assert_told(spec.encode())


@QUICK
@given(st.data())
def test_specs_with_lines_deleted_doubled_and_swapped(data: st.DataObject) -> None:
    lines = drawn_source(data).splitlines(keepends=True)
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(lines) - 1))
        match data.draw(st.sampled_from(("delete", "double", "swap", "cut"))):
            case "delete" if len(lines) > 1:
                del lines[at]
            case "double":
                lines.insert(at, lines[at])
            case "swap":
                other = data.draw(st.integers(0, len(lines) - 1))
                lines[at], lines[other] = lines[other], lines[at]
            case _:
                lines = lines[: at + 1]
    assert_told("".join(lines).encode())


@settings(QUICK, max_examples=200)
@given(st.data())
def test_specs_with_words_deleted_replaced_and_swapped(data: st.DataObject) -> None:
    tokens = TOKEN.findall(drawn_source(data))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(tokens) - 1))
        match data.draw(st.sampled_from(("delete", "replace", "swap", "truncate", "borrow"))):
            case "delete" if len(tokens) > 1:
                del tokens[at]
            case "replace":
                tokens[at] = data.draw(st.sampled_from(PIECES))
            case "swap":
                other = data.draw(st.integers(0, len(tokens) - 1))
                tokens[at], tokens[other] = tokens[other], tokens[at]
            case "borrow":
                tokens[at] = data.draw(st.sampled_from(tokens))
            case _:
                tokens = tokens[: at + 1]
    assert_told("".join(tokens).encode())


def test_real_specs_hold_nothing_that_they_should_not() -> None:
    for path in (ROOT / "specs" / "examples").glob("*.sync"):
        assert concise(assert_told(path.read_bytes()).diagnostics) == ""
