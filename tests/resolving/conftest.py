"""Resolving of texts: `resolved` gives the spec and what was found, `found` the codes with the texts they stand at."""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import pytest

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.model.spec import Spec
from syncline.resolving import resolve
from syncline.source import Source
from syncline.syntax.parsing import parse

CONNECTOR = """
connector shop over sql {
  setting url : secret
  resource customers table "customers" {
    id       : integer identity
    changed  : instant version
    name     : text(200)
    code     : text(20)
    mail     : email
    stage    : text
    rank     : integer
    active   : boolean
    price    : decimal(12, 2)
    currency : text(3)
    born     : text
    met      : instant spelled local
    tags     : set<text>
    parent   : ref customers
  }
}
"""
SYSTEMS = """
system a = shop { url: secret("A_URL") }
system b = shop { url: secret("B_URL") }
"""


class Resolved(NamedTuple):
    """The spec, and the findings with the text that each stands at."""

    spec: Spec
    diagnostics: tuple[Diagnostic, ...]

    @property
    def found(self) -> list[tuple[str, str]]:
        return [(one.code, one.span.text) for one in self.diagnostics]

    def only(self, code: str) -> Diagnostic:
        """The one finding of a code."""
        (one,) = [one for one in self.diagnostics if one.code == code]
        return one


Resolve = Callable[..., Resolved]


def resolve_text(text: str, files: Mapping[str, str] | None = None, name: str = "main.sync") -> Resolved:
    """Resolves a text that must parse; `files` are what may be loaded."""
    known = files or {}

    def load(path: str) -> object:
        return parse(Source(path, known[path])) if path in known else None

    tree, mistakes = parse(Source(name, text))
    assert mistakes == ()
    spec, diagnostics = resolve(tree, load)  # type: ignore[arg-type]
    assert spec is not None
    return Resolved(spec, diagnostics)


@pytest.fixture
def resolved() -> Resolve:
    """A whole file."""
    return resolve_text


@pytest.fixture
def within() -> Resolve:
    """Declarations in a spec that has the connector `shop` and its systems `a` and `b`."""

    def resolve_within(text: str, files: Mapping[str, str] | None = None) -> Resolved:
        return resolve_text(f"spec main version 1\n{CONNECTOR}{SYSTEMS}{text}\n", files)

    return resolve_within
