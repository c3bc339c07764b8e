"""The tables in the package are those of the grammar, and the grammar has no conflict that Lark resolved in silence."""

import inspect
import subprocess
import sys

import lark
import pytest

from syncline.syntax.building import Builder
from syncline.syntax.tables import grammar_text, main, tables


def test_the_packaged_tables_are_those_of_the_grammar() -> None:
    assert main(["--check"]) == 0


def test_a_stale_file_is_reported_and_not_used(tmp_path, monkeypatch, capsys) -> None:
    from syncline.syntax import tables as module

    stale = tmp_path / "tables.json"
    stale.write_text('{"grammar": "another"}', encoding="utf-8")
    monkeypatch.setattr(module, "_FILE", str(stale))
    assert main(["--check"]) == 1
    assert "stale" in capsys.readouterr().err
    tables.cache_clear()
    try:
        assert "spec" in tables().words
    finally:
        tables.cache_clear()


def test_the_grammar_is_lalr_1_without_conflicts() -> None:
    pytest.importorskip("interegular")
    lark.Lark(grammar_text(), parser="lalr", lexer="contextual", start="spec", strict=True)


def test_every_rule_has_its_builder_and_every_builder_its_rule() -> None:
    named = {rule.builder for rule in tables().rules} - {"", "*", "+"}
    methods = {
        name
        for name, member in inspect.getmembers(Builder, inspect.isfunction)
        if not name.startswith("_") and not name.endswith("_token") and name != "word"
    }
    assert methods == named


def test_parsing_imports_no_lark() -> None:
    program = (
        "import sys; from syncline.source import Source; from syncline.syntax.parsing import parse;"
        "assert not parse(Source('s', 'spec a version 1'))[1]; sys.exit('lark' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
