"""The grammar as data: the tables that drive the parser, their file, and the command that writes it.

`python -m syncline.syntax.tables` writes `tables.json` from `grammar/sync.lark`; with `--check` it only compares. The
file holds the text of the grammar it was made from, so that a stale one is recognised and not used.
"""

import json
import re
import sys
from functools import cache
from os.path import dirname, isfile, join
from typing import Any, NamedTuple

_PACKAGE = dirname(dirname(__file__))
_FILE = join(dirname(__file__), "tables.json")


class Rule(NamedTuple):
    """What a reduction does: a builder's method; `*` to begin a list, `+` to extend one, nothing to hand on the only part."""

    builder: str
    result: int
    size: int
    parts: tuple[int, ...]
    """Which of the symbols are handed on, counted from the top of the stack (-1 is the last one); 0 is an absent part."""


class Tables(NamedTuple):
    """LALR(1) tables with a lexer of one regular expression; terminals and nonterminals are numbered together."""

    symbols: tuple[str, ...]
    """Names by number, terminals first."""
    terminals: int
    """How many of the symbols are terminals."""
    phrases: tuple[str, ...]
    """By terminal: the text of a fixed one, else empty."""
    words: dict[str, int]
    """Keyword to terminal."""
    pattern: re.Pattern[str]
    """Blanks and one token, a group for each kind of token."""
    groups: tuple[int, ...]
    """By group of the pattern: its terminal; negative for what the grammar does not name, see `scanning`."""
    rules: tuple[Rule, ...]
    actions: tuple[dict[int, int], ...]
    """By state, then terminal: the state to shift to, or a rule as its complement."""
    gotos: tuple[dict[int, int], ...]
    """By state, then nonterminal: the next state."""
    entries: tuple[int, ...]
    """By state: the symbol that leads to it."""
    start: int
    accept: int

    def number(self, spelled: str) -> int:
        """The terminal with this name, or with this fixed text. Raises ValueError for none."""
        names = self.symbols[: self.terminals]
        return names.index(spelled) if spelled in names else self.phrases.index(spelled)


def grammar_text() -> str:
    """The grammar, from the package or, in a checkout, from beside it."""
    for folder in (_PACKAGE, dirname(dirname(_PACKAGE))):
        path = join(folder, "grammar", "sync.lark")
        if isfile(path):
            return _read(path)
    raise FileNotFoundError(f"no grammar/sync.lark in {_PACKAGE} nor beside it")


@cache
def tables() -> Tables:
    """The tables of the grammar: read from their file, or built when the file was made from another grammar."""
    grammar = grammar_text()
    if isfile(_FILE):
        document = json.loads(_read(_FILE))
        if document["grammar"] == grammar:
            return _decoded(document)
    from syncline.syntax.parsing import compile_grammar

    return _decoded(compile_grammar(grammar))


def _read(path: str) -> str:
    with open(path, encoding="utf-8") as file:
        return file.read()


def _decoded(document: dict[str, Any]) -> Tables:
    rows = [dict(zip(row[::2], row[1::2], strict=True)) for row in document["rows"]]
    return Tables(
        tuple(document["symbols"]),
        document["terminals"],
        tuple(document["phrases"]),
        document["words"],
        re.compile(document["pattern"]),
        tuple(document["groups"]),
        tuple([Rule(builder, result, size, tuple(parts)) for builder, result, size, parts in document["rules"]]),
        tuple([rows[number] for number in document["actions"]]),
        tuple([rows[number] for number in document["gotos"]]),
        tuple(document["entries"]),
        document["start"],
        document["accept"],
    )


def _rendered() -> str:
    from syncline.syntax.parsing import compile_grammar

    return json.dumps(compile_grammar(grammar_text()), separators=(",", ":"), ensure_ascii=True) + "\n"


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` say whether it is up to date: 0 when it is."""
    rendered = _rendered()
    if arguments == ["--check"]:
        current = isfile(_FILE) and _read(_FILE) == rendered
        if not current:
            print("tables.json is stale; run python -m syncline.syntax.tables", file=sys.stderr)
        return 0 if current else 1
    with open(_FILE, "w", encoding="utf-8") as file:
        file.write(rendered)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
