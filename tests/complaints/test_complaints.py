"""Each spec that would have caused a complaint from the field is refused for the right reason; its mended twin is accepted."""

import re
from pathlib import Path

import pytest

from syncline.cli.files import loader
from syncline.diagnostics.diagnostic import Severity
from syncline.pipeline import check_spec, generate

HERE = Path(__file__).parent
MARK = re.compile(r"# error: (\S+)$")
REFUSED = sorted(HERE.glob("*.refused.sync"))
MENDED = sorted(HERE.glob("*.mended.sync"))


def name(path: Path) -> str:
    return path.name.partition(".")[0]


@pytest.mark.parametrize("path", REFUSED, ids=name)
def test_what_would_have_caused_it_is_refused_on_the_marked_line_only(path: Path) -> None:
    found = check_spec(path.name, path.read_bytes(), loader(str(path))).diagnostics
    marked = {
        (number, mark[1])
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
    }
    assert marked
    assert {(each.span.line, each.code) for each in found} == marked
    assert all(each.severity is Severity.ERROR and each.span.source.name == path.name for each in found)


@pytest.mark.parametrize("path", MENDED, ids=name)
def test_its_mended_twin_is_accepted_and_builds(path: Path) -> None:
    checked = check_spec(path.name, path.read_bytes(), loader(str(path)))
    assert checked.diagnostics == ()
    assert checked.model is not None
    assert generate(checked.model)


def test_every_spec_has_its_twin_and_tells_what_happened() -> None:
    assert list(map(name, REFUSED)) == list(map(name, MENDED))
    for path in (*REFUSED, *MENDED):
        assert path.read_text(encoding="utf-8").startswith("## "), path.name
