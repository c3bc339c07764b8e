"""Hostile text anywhere in a spec never becomes code: no canary sings, no surprising node appears, every constant survives."""

import ast
import builtins
import re
import subprocess
import sys
import tempfile
import tokenize
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from importlib import import_module
from io import StringIO
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from hypothesis import Phase, example, given, settings
from hypothesis import strategies as st

from syncline.emitting import ALLOWED, emit
from syncline.lowering import lower
from syncline.lowering.naming import distinct, is_plain
from syncline.lowering.quoting import literal, one_line, pieces
from syncline.lowering.reserved import WORDS
from syncline.model.spec import Spec
from syncline.source import Source, Span
from syncline_runtime.declaration import Package
from syncline_runtime.values import ABSENT
from tests.emitting.models import crm_erp

CANARIES = [
    "CANARY()",
    '"; CANARY(); "',
    "'; CANARY(); '",
    '"""\nCANARY()\n"""',
    "'''\rCANARY()\r'''",
    "x\nCANARY()\n",
    "x\rCANARY()\r",
    "x\r\nCANARY()",
    "x\u2028CANARY()",
    "x\u2029CANARY()",
    "x\x85CANARY()",
    "x\x0bCANARY()",
    "x\x0cCANARY()",
    "{{ CANARY() }}",
    "{% for x in CANARY() %}",
    "{# CANARY() #}",
    "\\",
    '\\"); CANARY(); ("',
    "\\\nCANARY()",
    "# CANARY()",
    "{CANARY()}",
    "%(CANARY)s",
    "\x00CANARY()",
    "\u202eCANARY()",
    "\ud800CANARY()",
    "CANARY",
    "class", "None", "print", "match", "type", "__class__", "__init__", "_", "self", "native", "old", "before",
    "Any", "Entity", "ABSENT", "text_of", "ﬁeld", "Ａ", "ⅷ", "ſ", "é", "e\u0301", "name", "Name", "NAME", "1",
    "", " ", "a.b", "a__b",
    "x" * 200,
    "'\"" * 80,
]  # fmt: skip

hostile = st.one_of(
    st.sampled_from(CANARIES),
    st.lists(st.sampled_from(CANARIES), min_size=2, max_size=3).map("".join),
    st.text(max_size=30),
    st.text(alphabet=st.characters(), max_size=10),
)

# Words of the model that name something of ours, not of the spec's author: never anybody's text.
OURS = {
    ("Type", "kind"), ("CodecUse", "name"), ("NativeField", "wire"), ("NativeField", "null"), ("NativeField", "kind"),
    ("Apply", "function"), ("Truth", "rule"), ("Truth", "drift"), ("Sync", "empty"), ("Sync", "out_of_scope"),
    ("Guard", "operation"), ("Trigger", "kind"), ("Connector", "protocol"), ("Connector", "encoding"),
    ("Paging", "style"),
}  # fmt: skip


def poisoned(value: Any, texts: Mapping[str, str], owner: tuple[str, str] = ("", "")) -> Any:
    """The model with every text replaced by the one that stands for it, identically everywhere."""
    match value:
        case str():
            if owner in OURS:
                return value
            return re.escape(texts[value]) if owner == ("Type", "pattern") else texts[value]
        case Span():
            return Span(Source(texts[value.source.name], value.source.text), value.start, value.end)
        case None | bool() | int() | float() | Enum():
            return value
        case tuple():
            return tuple(poisoned(item, texts, owner) for item in value)
        case Mapping():
            return {poisoned(key, texts): poisoned(item, texts) for key, item in value.items()}
        case _ if is_dataclass(value):
            name = type(value).__name__
            made = {item.name: poisoned(getattr(value, item.name), texts, (name, item.name)) for item in fields(value)}
            return type(value)(**made)  # type: ignore[misc]
        case _:
            raise AssertionError(type(value))


def texts_of(value: Any, owner: tuple[str, str] = ("", "")) -> Iterator[str]:
    match value:
        case str() if owner not in OURS:
            yield value
        case Span():
            yield value.source.name
        case tuple():
            for item in value:
                yield from texts_of(item, owner)
        case Mapping():
            for key, item in value.items():
                yield from texts_of(key)
                yield from texts_of(item)
        case _ if is_dataclass(value):
            for item in fields(value):
                yield from texts_of(getattr(value, item.name), (type(value).__name__, item.name))


TEXTS = tuple(dict.fromkeys(texts_of(crm_erp())))
EVERYWHERE = {text: f"{CANARIES[at % len(CANARIES)]}{at // len(CANARIES) or ''}" for at, text in enumerate(TEXTS)}


def replacing(chosen: Mapping[str, str]) -> dict[str, str]:
    """What stands for each text of the model: distinct texts stay distinct, for they are names."""
    found = {text: text for text in TEXTS}
    for text, other in chosen.items():
        if other not in found.values():
            found[text] = other
    return found


poison = st.dictionaries(st.sampled_from(TEXTS), hostile, min_size=4, max_size=16).map(replacing)


def imported(files: dict[str, str], name: str) -> Package:
    """The package as Python runs it, under a name that no other test uses."""
    with tempfile.TemporaryDirectory() as folder:
        package = Path(folder) / name
        package.mkdir()
        for path, text in files.items():
            (package / path).write_bytes(text.encode())
        sys.path.insert(0, folder)
        try:
            found = import_module(name).PACKAGE
        finally:
            sys.path.remove(folder)
            for module in [module for module in sys.modules if module.split(".")[0] == name]:
                del sys.modules[module]
    assert isinstance(found, Package)
    return found


NAMES = count()
ROOT = Path(__file__).parents[2]
COMMENT = re.compile(
    r"# ([A-Za-z0-9_.-]{1,40}:[0-9]+|Generated by Syncline .*|sha256 of the spec: .*|noqa: E402)"
).fullmatch

# A failure names its texts; making seventy of them smaller takes minutes and tells no more.
unshrunk = settings(max_examples=40, deadline=None, phases=(Phase.explicit, Phase.generate))


@given(poison)
@example(EVERYWHERE)
@unshrunk
def test_hostile_text_stays_text(texts: dict[str, str]) -> None:
    spec: Spec = poisoned(crm_erp(), texts)
    sung: list[str] = []
    builtins.CANARY = lambda *_: sung.append("sung")  # type: ignore[attr-defined]
    try:
        files = emit(lower(spec))
        assert_code(files)
        package = imported(files, f"hostile_{next(NAMES)}")
        mappings = [package.mapping(texts["Company"], texts[system]) for system in ("crm", "erp")]
        shown = [mapping.read({}) for mapping in mappings]
        written = [mapping.write({}, {}) for mapping in mappings]
    finally:
        del builtins.CANARY  # type: ignore[attr-defined]
    assert sung == []
    assert package.systems == {
        name: type(package.systems[name])(
            name=system.name,
            connector=system.connector.declaration,
            settings=system.settings,
            resources={key: resource.declaration for key, resource in system.resources.items()},
            place_of=system.place_of,
        )
        for name, system in spec.systems.items()
    }
    entity = package.entities[texts["Company"]]
    assert entity.fields == tuple(spec.entities[texts["Company"]].fields)
    assert entity.shape.__annotations__.keys() == set(entity.fields)
    assert set(shown[0]) == {flow.field for flow in mappings[0].flows}
    assert all(value is ABSENT for view in shown for value in view.values())
    assert written == [{}, {}]
    assert package.syncs[0].systems == (texts["crm"], texts["erp"])


def assert_code(files: dict[str, str]) -> None:
    """No surprising node, no surprising comment, no name but in ASCII."""
    for path, text in files.items():
        assert re.fullmatch(r"[a-z_][a-z0-9_]*\.(py|typed)", path)
        assert {type(node) for node in ast.walk(ast.parse(text))} <= ALLOWED
        for token in tokenize.generate_tokens(StringIO(text).readline):
            if token.type == tokenize.COMMENT:
                assert COMMENT(token.string), token.string
            if token.type == tokenize.NAME:
                assert token.string.isascii()


def test_hostile_code_is_formatted_and_clean(tmp_path: Path) -> None:
    for path, text in emit(lower(poisoned(crm_erp(), EVERYWHERE))).items():
        (tmp_path / path).write_bytes(text.encode())
    for command in (["format", "--diff"], ["check"]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *command, "--config", str(ROOT / "pyproject.toml"), str(tmp_path)],
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@given(st.text(alphabet=st.characters()))
@example("\"\\'\n")
def test_a_literal_evaluates_to_its_text(text: str) -> None:
    spelled = literal(text)
    assert ast.literal_eval(spelled) == text
    assert spelled.isascii()
    assert "\n" not in spelled
    assert ast.literal_eval(f"({' '.join(pieces(text))})") == text


finite = {"allow_nan": False, "allow_infinity": False}
numbers = st.one_of(st.integers(), st.booleans(), st.decimals(**finite), st.floats(**finite))  # type: ignore[arg-type]


@given(numbers)
@example(10**5000)
@example(-(10**5000))
def test_a_number_evaluates_to_itself(number: Any) -> None:
    found = eval(literal(number), {"Decimal": Decimal})
    assert found == number
    assert type(found) is type(number)


@pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")])
def test_a_number_that_is_none_has_no_literal(number: float) -> None:
    with pytest.raises(ValueError, match="not finite"):
        literal(number)


@given(st.text(alphabet=st.characters(), max_size=300))
def test_a_remark_is_one_line_that_ends_nothing(text: str) -> None:
    shown = one_line(text)
    assert len(shown) <= 96
    assert len(f"# {shown}x".splitlines()) == 1
    assert not set(shown) & set('"\\')


@given(st.lists(st.tuples(hostile, hostile), unique_by=lambda pair: pair[0]))
def test_identifiers_are_plain_distinct_and_nobody_elses(names: list[tuple[str, str]]) -> None:
    taken = {"Any", "name", "native"}
    found = distinct(names, taken)
    assert len(set(found.values())) == len(names)
    assert not set(found.values()) & (taken | WORDS)
    assert all(is_plain(name) for name in found.values())
