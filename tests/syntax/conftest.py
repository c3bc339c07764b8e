"""The samples, and short ways to parse."""

from collections.abc import Callable
from pathlib import Path

import pytest

from syncline import syntax
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Source
from syncline.syntax.parsing import parse

SAMPLES = sorted(Path(__file__).with_name("samples").glob("*.sync"))
Parse = Callable[[str], tuple[syntax.Spec, tuple[Diagnostic, ...]]]


@pytest.fixture(params=SAMPLES, ids=lambda path: path.stem)
def sample(request: pytest.FixtureRequest) -> Source:
    """Each sample in turn."""
    path: Path = request.param
    return Source(path.name, path.read_text(encoding="utf-8"))


@pytest.fixture
def parsed() -> Parse:
    """Parse a text."""
    return lambda text: parse(Source("spec.sync", text))
