"""A template may print, loop and test presence; everything else belongs in the view."""

from pathlib import Path

import pytest
from jinja2 import Environment, nodes

import syncline

TEMPLATES = sorted((Path(syncline.__file__).parent / "templates").glob("*"))
ALLOWED = (
    nodes.Template, nodes.Output, nodes.TemplateData, nodes.Name, nodes.Getattr, nodes.For, nodes.If, nodes.Filter,
)  # fmt: skip
FILTERS = {"literal", "one_line"}


def offences(source: str) -> list[str]:
    """What a template does beyond printing, looping and testing presence."""
    tree = Environment(autoescape=True).parse(source)
    found = [
        f"line {node.lineno}: {type(node).__name__}"
        for node in tree.find_all(nodes.Node)
        if not isinstance(node, ALLOWED)
    ]
    found += [
        f"line {node.lineno}: filter {node.name}" for node in tree.find_all(nodes.Filter) if node.name not in FILTERS
    ]
    found += [
        f"line {node.lineno}: test is not a plain name"
        for node in tree.find_all(nodes.If)
        if not isinstance(node.test, nodes.Name | nodes.Getattr) or node.elif_
    ]
    return found


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_hold_no_logic(path: Path) -> None:
    assert path.suffix == ".jinja"
    assert offences(path.read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    "source",
    [
        "{% if a == b %}{% endif %}",
        "{% if a %}{% elif b %}{% endif %}",
        "{% set a = 1 %}",
        "{{ a + b }}",
        "{{ a.b() }}",
        "{{ a | upper }}",
        "{{ a[0] }}",
        "{{ 'x' if a else 'y' }}",
        "{% macro m() %}{% endmacro %}",
        "{% if not a %}{% endif %}",
    ],
)
def test_the_check_finds_logic(source: str) -> None:
    assert offences(source)
