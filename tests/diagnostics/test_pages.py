"""Every code has words and a page, and every page's examples report what the page says and nothing else."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import syncline
from syncline.checks.documentation import check_documentation
from syncline.checks.locked import check_lock
from syncline.checks.released import check_against
from syncline.cli.files import library
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.lexicon.entry import Entry
from syncline.diagnostics.pages import PRELUDE, page, pages, sample
from syncline.diagnostics.rendering import concise
from syncline.diagnostics.words import speaks_of
from syncline.evolution.locking import locked
from syncline.pipeline import Extra, check_spec
from syncline.project.reading import read_settings
from syncline.source import Source
from syncline.syntax.formatting import formatted
from syncline.syntax.parsing import parse
from tests.diagnostics.wording import assert_words_complete

COMPILER = Path(syncline.__file__).parent
CODE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*\.[a-z][a-z0-9]*(?:-[a-z0-9]+)*").fullmatch
FENCE = re.compile(r"^```((?:sync|toml)[^\n]*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
MARK = re.compile(r"# error$")
NO_EXAMPLE = {
    "syntax.not-formattable": "it would be a mistake of the formatter, and none is known",
    "baseline.outdated": "it takes a baseline",
    "config.unknown-check": "it takes what is installed",
    "lock.unreadable": "it takes a lock",
    "custom.failed": "it takes a check of a team",
    "custom.foreign-code": "it takes a check of a team",
}
PHASES = {"source.py", "syntax", "resolving", "checks", "project", "examples"}
"""Where findings are made."""

FILE_ENDINGS = ("py", "typed", "json", "lark", "sync", "md", "toml")
MODULES = {"collections.abc", "syncline.checks"}


class Block(NamedTuple):
    """A fenced block of a page: its words after `sync`, its text, and whether it stands under `## Fails`."""

    words: str
    text: str
    fails: bool


def blocks(code: str) -> list[Block]:
    text = page(code)
    start = text.find("## Passes")
    return [
        Block(found[1].removeprefix("sync").strip(), found[2], found.start() < start) for found in FENCE.finditer(text)
    ]


def examples(code: str, fails: bool) -> list[bytes]:
    return [
        as_bytes(block)
        for block in blocks(code)
        if block.fails is fails and block.words in ("", "whole", "escaped", "toml")
    ]


def as_bytes(block: Block) -> bytes:
    if block.words == "escaped":
        repeated = re.sub(
            r"\{([^{}*\n]+)\*(\d+)\}", lambda found: found[1].replace("\\n", "\n") * int(found[2]), block.text
        )
        return re.sub(rb"\\x([0-9a-f]{2})", lambda found: bytes([int(found[1], 16)]), repeated.encode())
    bare = block.words == "" and not re.search(r"^spec ", block.text, re.MULTILINE)
    return ((PRELUDE if bare else "") + block.text).encode()


def files_of(code: str, name: str) -> bytes | None:
    if name.startswith("library:"):
        path = library() / f"{name.removeprefix('library:')}.sync"
        return path.read_bytes() if path.exists() else None
    if name == "sample.sync":
        return sample().encode()
    for block in blocks(code):
        if block.words == name:
            return block.text.encode()
        if found := re.fullmatch(re.escape(block.words).replace(r"\{n\}", "([0-9]+)"), name):
            return block.text.replace("{n+1}", str(int(found[1]) + 1)).encode() if found.groups() else None
    return None


def named(code: str) -> tuple[str, ...]:
    """The files that a page shows by one name each."""
    return tuple(block.words for block in blocks(code) if block.words.endswith(".sync") and "{n}" not in block.words)


def marks(name: str, data: bytes) -> Iterator[tuple[str, int]]:
    for number, line in enumerate(data.decode("utf-8", errors="replace").splitlines(), 1):
        if MARK.search(line):
            yield name, number


def checked(code: str, data: bytes) -> tuple[Diagnostic, ...]:
    if code.startswith("config."):
        return read_settings("example.sync", data)[1]
    extra: list[Extra] = [check_documentation] if code.startswith("docs.") else []
    for block in blocks(code):
        if block.words in ("released", "locked"):
            text = (PRELUDE + block.text).encode()
            before = check_spec("example.sync", text, lambda name: files_of(code, name)).model
            assert before is not None
            if block.words == "released":
                extra.append(check_against({before.name: before}))
            else:
                extra.append(check_lock("example.sync.lock", locked(before).encode()))
    asked = frozenset({code.partition(".")[0]})
    return check_spec("example.sync", data, lambda name: files_of(code, name), extra, asked=asked).diagnostics


def string_literals(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def test_every_code_in_the_sources_has_words_and_every_entry_is_used() -> None:
    emitted = {
        literal
        for path in COMPILER.rglob("*.py")
        if path.relative_to(COMPILER).parts[0] in PHASES
        for literal in string_literals(path)
        if CODE(literal) and literal.rpartition(".")[2] not in FILE_ENDINGS and literal not in MODULES
    }
    assert emitted == set(LEXICON)


def test_every_code_has_a_page_and_every_page_a_code() -> None:
    assert set(pages()) == set(LEXICON)


@pytest.mark.parametrize("area", sorted({code.partition(".")[0] for code in LEXICON}))
def test_words_speak_of_facts_that_can_be_written(area: str) -> None:
    for code, entry in LEXICON.items():
        if code.startswith(f"{area}."):
            assert_well_put(entry)


def assert_well_put(entry: Entry) -> None:
    mends = (entry.mend,) if isinstance(entry.mend, str) else entry.mend
    for template in (entry.message, entry.why, *mends, *entry.labels.values(), *entry.problems.values()):
        assert all(name.isidentifier() for name in speaks_of(template)), template
    assert not entry.message.endswith("."), "a message is a headline"
    for sentence in (entry.why, *mends):
        assert sentence[0].isupper() or sentence[0] in "`{", sentence
        assert sentence.endswith((".", "?")), sentence
        assert "!" not in sentence, sentence


def test_pages_are_titled_and_laid_out_alike() -> None:
    for code in pages():
        text = page(code)
        assert text.startswith(f"# {code}\n\n")
        if code not in NO_EXAMPLE:
            assert 0 < text.find("\n## Fails\n") < text.find("\n## Passes\n"), code
            assert examples(code, fails=True), code
            assert examples(code, fails=False), code


@pytest.mark.parametrize("code", [code for code in pages() if code not in NO_EXAMPLE])
def test_failing_examples_report_the_code_on_the_marked_lines_and_nothing_else(code: str) -> None:
    for data in examples(code, fails=True):
        found = checked(code, data)
        assert {diagnostic.code for diagnostic in found} == {code}, concise(found)
        places = sorted((diagnostic.span.source.name, diagnostic.span.line) for diagnostic in found)
        asked = {diagnostic.span.source.name for diagnostic in found if "step-" in diagnostic.span.source.name}
        files = {"example.sync": data, **{name: files_of(code, name) or b"" for name in (*named(code), *asked)}}
        assert places == sorted(place for name, text in files.items() for place in marks(name, text)), concise(found)
        for diagnostic in found:
            assert_words_complete(diagnostic)


@pytest.mark.parametrize("code", [code for code in pages() if code not in NO_EXAMPLE])
def test_passing_examples_report_nothing(code: str) -> None:
    for data in examples(code, fails=False):
        assert concise(checked(code, data)) == ""


def test_examples_are_laid_out_as_the_formatter_would() -> None:
    for code in pages():
        for block in blocks(code):
            if block.words != "escaped" and "{n" not in block.words:
                assert formatted(Source(code, block.text)) == block.text or not parses(block.text), code
    assert formatted(Source("sample.sync", sample())) == sample()


def parses(text: str) -> bool:
    return not parse(Source("example.sync", text))[1]
