"""Laid out code is what the formatter would make of it, and means what it means on one line."""

import ast
import subprocess
import sys
from pathlib import Path

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from syncline.lowering.imports import import_groups
from syncline.lowering.layout import (
    INDENT,
    Bracketed,
    Code,
    Infix,
    Item,
    Plain,
    call,
    flat,
    laid_out,
    mapping,
    members,
    sequence,
    text,
)
from syncline.lowering.quoting import literal

CONFIGURATION = Path(__file__).parents[2] / "pyproject.toml"
NAMES = st.sampled_from(["a", "native", "some_long_identifier", "another_identifier_that_is_quite_long"]).map(Plain)
TEXTS = st.one_of(
    st.sampled_from(["", "x", "it's", 'say "so"', "long " * 30, "\u00e9" * 40]), st.text(max_size=50)
).map(text)


OPERANDS = st.one_of(NAMES, st.builds(lambda head, items: call(head, *items), NAMES, st.lists(NAMES, max_size=2)))
COMPARISONS = st.builds(
    lambda word, x, y: Infix((("", x), (word, y))), st.sampled_from(["is", "is not", "in"]), OPERANDS, NAMES
)
JUNCTIONS = st.builds(
    lambda word, items: Infix(tuple((word if at else "", item) for at, item in enumerate(items))),
    st.sampled_from(["and", "or"]),
    st.lists(st.one_of(OPERANDS, COMPARISONS), min_size=2, max_size=5),
)
CHOICES = st.builds(
    lambda x, y, z: Infix((("", x), ("if", y), ("else", z))), OPERANDS, st.one_of(COMPARISONS, JUNCTIONS), OPERANDS
)
CONDITIONS = st.one_of(COMPARISONS, JUNCTIONS, CHOICES)


def larger(codes: st.SearchStrategy[Code]) -> st.SearchStrategy[Code]:
    some = st.lists(codes, min_size=1, max_size=5)
    heads = NAMES
    keys = st.lists(st.text(max_size=8).map(literal), min_size=5, max_size=5, unique=True)
    return st.one_of(
        st.builds(lambda head, items: call(head, *items), heads, some),
        st.builds(lambda head, items: call(head, one=items[0], two=items[-1]), heads, some),
        some.map(sequence),
        some.map(members),
        st.builds(lambda names, items: mapping(zip(names, items, strict=False)), keys, some),
        st.builds(lambda head, key: Bracketed(head, "[", (Item("", key),), "]"), heads, codes),
        CONDITIONS,
    )  # fmt: skip


CODES = st.recursive(st.one_of(NAMES, TEXTS), larger, max_leaves=25)


def assigned(code: Code) -> str:
    return f"x = {laid_out(code, indent='', before=4, after=0)}\n"


def in_function(code: Code) -> str:
    note = "  # a.sync:12"
    body = laid_out(code, indent=INDENT * 2, before=8 + len('"k": '), after=1, remark=note)
    return f'def f():\n    return {{\n        "k": {body},{note}\n    }}\n'


@given(CODES)
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_layout_keeps_the_meaning(code: Code) -> None:
    expected = ast.dump(ast.parse(f"({flat(code)})", mode="eval").body)
    assert ast.dump(ast.parse(f"({laid_out(code, indent='', before=1, after=1)})", mode="eval").body) == expected
    entry = ast.parse(in_function(code)).body[0]
    assert isinstance(entry, ast.FunctionDef)
    returned = entry.body[0]
    assert isinstance(returned, ast.Return)
    assert isinstance(returned.value, ast.Dict)
    assert ast.dump(returned.value.values[0]) == expected


@given(st.lists(CODES, min_size=10, max_size=20))
@settings(
    max_examples=10, deadline=None, phases=(Phase.explicit, Phase.generate), suppress_health_check=list(HealthCheck)
)
def test_layout_is_the_formatters(codes: list[Code]) -> None:
    source = "\n".join(map(assigned, codes))
    done = subprocess.run(
        [sys.executable, "-m", "ruff", "format", "--diff", "--config", str(CONFIGURATION), "-"],
        input=source.encode(),
        capture_output=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode() + done.stderr.decode()


def test_imports_stand_as_isort_puts_them() -> None:
    groups = import_groups({"Any", "re", "Decimal", "ABSENT", "text_of", "Flow"}, ["item10", "item2", "systems"])
    assert [group.statements for group in groups] == [
        ("import re", "from decimal import Decimal", "from typing import Any"),
        (
            "from syncline_runtime.codecs import text_of",
            "from syncline_runtime.declaration import Flow",
            "from syncline_runtime.values import ABSENT",
        ),
        ("from . import item2, item10, systems",),
    ]
