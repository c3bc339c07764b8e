"""Each spec that would have caused a complaint from the field is refused for the right reason; its mended twin is accepted."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from syncline.checks.locked import check_lock
from syncline.checks.released import check_against
from syncline.cli.files import loader
from syncline.diagnostics.diagnostic import Severity
from syncline.evolution.locking import locked
from syncline.model.spec import Spec
from syncline.pipeline import Checked, Extra, check_spec, check_together, generate

HERE = Path(__file__).parent
MARK = re.compile(r"# error: (\S+)$")
REFUSED = sorted(HERE.glob("*.refused.sync"))
MENDED = sorted(HERE.glob("*.mended.sync"))


def name(path: Path) -> str:
    return path.name.partition(".")[0]


def companion(path: Path, kind: str) -> Spec | None:
    """The model of the file that stands beside a complaint: `released` before it, `locked` when it was tried, `beside` it."""
    file = path.with_name(f"{name(path)}.{kind}.sync")
    if not file.exists():
        return None
    checked = check_spec(file.name, file.read_bytes(), loader(str(file)))
    assert checked.sound, checked.diagnostics
    return checked.model


def checked_whole(path: Path) -> Checked:
    """A complaint checked as `check` does it, with what stands beside it."""
    extra: list[Extra] = []
    if (released := companion(path, "released")) is not None:
        extra.append(check_against({released.name: released}))
    if (lock := companion(path, "locked")) is not None:
        extra.append(check_lock(f"{path.name}.lock", locked(lock).encode()))
    asked = frozenset({"release", "lock"} if extra else ())
    checked = check_spec(path.name, path.read_bytes(), loader(str(path)), extra, asked=asked)
    other = companion(path, "beside")
    if checked.model is not None and checked.sound and other is not None:
        return replace(checked, diagnostics=(*checked.diagnostics, *check_together((checked.model, other))))
    return checked


@pytest.mark.parametrize("path", REFUSED, ids=name)
def test_what_would_have_caused_it_is_refused_on_the_marked_line_only(path: Path) -> None:
    found = checked_whole(path).diagnostics
    marked = {
        (number, mark[1])
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if (mark := MARK.search(line))
    }
    assert marked
    assert sorted((each.span.line, each.code) for each in found) == sorted(marked)
    assert all(each.severity is Severity.ERROR and each.span.source.name == path.name for each in found)


@pytest.mark.parametrize("path", MENDED, ids=name)
def test_its_mended_twin_is_accepted_and_builds(path: Path) -> None:
    checked = checked_whole(path)
    assert checked.diagnostics == ()
    assert checked.model is not None
    assert generate(checked.model)


def test_every_spec_has_its_twin_and_tells_what_happened() -> None:
    assert list(map(name, REFUSED)) == list(map(name, MENDED))
    for path in (*REFUSED, *MENDED):
        assert path.read_text(encoding="utf-8").startswith("## "), path.name
