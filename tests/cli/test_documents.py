"""`syncline ast` and `syncline model`: documents that other tools read, held to their description and to the classes behind."""

import dataclasses
import inspect
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]

from syncline.cli import main
from syncline.documents import model as model_documents
from syncline.documents import tree as tree_documents
from syncline.model import expressions, spec, types
from syncline.syntax import declarations, policy
from syncline.syntax import expressions as syntax_expressions
from syncline_runtime import declaration
from tests.evolution.specs import BASE

ROOT = Path(__file__).parents[2]
EXAMPLES = sorted((ROOT / "specs" / "examples").glob("*.sync"))
SAMPLES = sorted((ROOT / "tests" / "syntax" / "samples").glob("*.sync"))

COUNTED = {"type": "integer", "minimum": 1}
PLACE = {
    "type": "object",
    "properties": {
        "file": {"type": "string"},
        "line": COUNTED,
        "column": COUNTED,
        "end_line": COUNTED,
        "end_column": COUNTED,
    },
    "required": ["line", "column", "end_line", "end_column"],
    "additionalProperties": False,
}
AST = {
    "$defs": {
        "place": {**PLACE, "not": {"required": ["file"]}},
        "node": {
            "type": "object",
            "properties": {
                "node": {"type": "string", "pattern": "^[A-Z][A-Za-z]+$"},
                "span": {"$ref": "#/$defs/place"},
                "arrow_span": {"$ref": "#/$defs/place"},
            },
            "required": ["node", "span"],
            "additionalProperties": {"$ref": "#/$defs/value"},
        },
        "value": {
            "anyOf": [
                {"type": ["string", "boolean", "null"]},
                {"$ref": "#/$defs/node"},
                {"type": "array", "items": {"$ref": "#/$defs/node"}},
            ]
        },
    },
    "type": "object",
    "properties": {
        "format_version": {"const": "1.0"},
        "document": {"const": "ast"},
        "file": {"type": "string"},
        "tree": {"$ref": "#/$defs/node"},
    },
    "required": ["format_version", "document", "file", "tree"],
    "additionalProperties": False,
}
NAMED = {"type": "object", "additionalProperties": {"type": "object"}}
MODEL = {
    "$defs": {
        "place": {**PLACE, "required": ["file", "line", "column", "end_line", "end_column"]},
        "part": {
            "type": "object",
            "properties": {"node": {"type": "string"}, "span": {"$ref": "#/$defs/place"}},
            "required": ["node"],
        },
        "map": {
            "allOf": [{"$ref": "#/$defs/part"}],
            "properties": {
                "entity": {"type": "string"},
                "system": {"type": "string"},
                "resource": {"type": "string"},
                "lines": {"type": "array", "items": {"$ref": "#/$defs/line"}},
                "where": {"type": "array"},
            },
            "required": ["entity", "system", "resource", "lines", "where", "when", "span"],
        },
        "line": {
            "allOf": [{"$ref": "#/$defs/part"}],
            "properties": {
                "field": {"type": ["string", "null"]},
                "natives": {"type": "array", "items": {"type": "string"}},
                "arrow": {"enum": ["<-", "->", "<->"]},
                "pipeline": {"type": "array", "items": {"$ref": "#/$defs/part"}},
            },
            "required": ["field", "natives", "arrow", "pipeline", "expression", "when", "span", "native_span"],
        },
    },
    "type": "object",
    "properties": {
        "format_version": {"const": "1.0"},
        "document": {"const": "model"},
        "file": {"type": "string"},
        "connectors": NAMED,
        "spec": {
            "properties": {
                "name": {"type": "string"},
                "version": {"type": "integer"},
                "sha256": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
                "doc": {"type": "string"},
                "systems": NAMED,
                "entities": NAMED,
                "maps": {"type": "array", "items": {"$ref": "#/$defs/map"}},
                "syncs": {"type": "array"},
            },
            "required": ["name", "version", "sha256", "doc", "systems", "entities", "maps", "syncs"],
        },
    },
    "required": ["format_version", "document", "file", "connectors", "spec"],
    "additionalProperties": False,
}


def asked(*arguments: str) -> Result:
    return CliRunner().invoke(main, list(arguments))


def document(*arguments: str) -> dict[str, Any]:
    result = asked(*arguments)
    assert result.exit_code == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def parts(value: object) -> Iterator[dict[str, Any]]:
    """Every object of a document that is a node."""
    if isinstance(value, dict):
        if isinstance(value.get("node"), str):
            yield value
        for item in value.values():
            yield from parts(item)
    elif isinstance(value, list):
        for item in value:
            yield from parts(item)


@pytest.mark.parametrize("path", [*EXAMPLES, *SAMPLES], ids=lambda path: path.name)
def test_a_tree_is_as_described_and_stands_where_it_says(path: Path) -> None:
    found = document("ast", "--json", str(path))
    Draft202012Validator(AST).validate(found)
    lines = path.read_text(encoding="utf-8").splitlines()
    for part in parts(found):
        span = part["span"]
        assert (span["line"], span["column"]) <= (span["end_line"], span["end_column"])
        if part["node"] == "Name":
            written = lines[span["line"] - 1][span["column"] - 1 : span["end_column"] - 1]
            assert part["text"] in (written, written.strip("`"))


def test_every_field_of_every_node_is_in_the_tree() -> None:
    known = {
        name: cls
        for module in (declarations, policy, syntax_expressions)
        for name, cls in inspect.getmembers(module, inspect.isclass)
        if hasattr(cls, "__match_args__") and hasattr(cls, "__slots__")
    }
    seen: set[str] = set()
    for path in SAMPLES:
        for part in parts(document("ast", "--json", str(path))):
            seen.add(part["node"])
            assert set(part) == {"node", *known[part["node"]].__slots__} - tree_documents.APART
    assert {"Entity", "Map", "FieldLine", "Sync", "Truth", "Table", "Directive", "Derive", "Comment"} <= seen


def test_a_tree_of_what_does_not_parse_is_what_is_left(tmp_path: Path) -> None:
    path = tmp_path / "broken.sync"
    path.write_text("spec s version 1\nentity E { name : text\n  ??? \n  other : text }\n")
    result = asked("ast", "--json", str(path))
    assert result.exit_code == 1
    assert "broken.sync:3:" in result.stderr
    assert [one["node"] for one in json.loads(result.stdout)["tree"]["declarations"]] == ["Header", "Entity"]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_a_model_is_as_described_and_leaves_nothing_to_look_up(path: Path) -> None:
    found = document("model", "--json", str(path))
    Draft202012Validator(MODEL).validate(found)
    whole = found["spec"]
    for system in whole["systems"].values():
        assert system["connector"] in found["connectors"]
    for mapping in whole["maps"]:
        entity = whole["entities"][mapping["entity"]]
        resource = whole["systems"][mapping["system"]]["resources"][mapping["resource"]]
        for line in mapping["lines"]:
            assert line["field"] is None or line["field"] in entity["fields"]
            assert set(line["natives"]) <= {*resource["fields"], *mapping["paths"]}
    for sync in whole["syncs"]:
        assert sync["entity"] in whole["entities"]
        assert set(sync["systems"]) <= set(whole["systems"])


def test_every_field_of_the_model_is_in_the_document_or_omitted_with_a_reason(tmp_path: Path) -> None:
    path = tmp_path / "base.sync"
    path.write_text(BASE)
    known = {
        name: cls
        for module in (declaration, expressions, types, spec)
        for name, cls in inspect.getmembers(module, inspect.isclass)
        if dataclasses.is_dataclass(cls)
    }
    found = document("model", "--json", str(path))
    names = {"NativeField", "System", "Entity", "MatchRule", "Sync"}  # also of what the runtime declares
    for part in parts(found):
        if part["node"] in known and part["node"] not in names:
            fields = {field.name for field in dataclasses.fields(known[part["node"]])}
            omitted = {field for kind, field in model_documents.OMITTED if kind == part["node"]}
            assert set(part) == {"node", *fields} - omitted, part["node"]
    assert all(model_documents.OMITTED.values())


def test_a_model_with_errors_is_none(tmp_path: Path) -> None:
    path = tmp_path / "wrong.sync"
    path.write_text("spec s version 1\nentity E { name : txt }\n")
    result = asked("model", str(path))
    assert (result.exit_code, result.stdout) == (1, "")
    assert "type.unknown" in result.stderr


@pytest.mark.parametrize("command", ["ast", "model"])
def test_a_document_is_the_same_whatever_the_hash_seed(command: str) -> None:
    path = str(EXAMPLES[0])
    program = f"from syncline.cli import main; main([{command!r}, {path!r}])"
    outputs = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
            timeout=60,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@pytest.mark.parametrize("command", ["ast", "model", "lineage", "diff"])
def test_the_help_describes_the_document_and_its_version(command: str) -> None:
    assert '"format_version": "1.0"' in asked(command, "--help").stdout
