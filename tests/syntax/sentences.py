"""Random sentences of the grammar itself, so that no form is forgotten because no sample has it."""

from functools import cache
from random import Random
from typing import Any

import lark

from syncline.syntax.tables import grammar_text

_LEXEMES = {
    "NAME": ["a", "Bc", "`d e`", "on", "list", "by"],
    "STRING": ['"x"', '""', '"é \\"q\\" # no {"'],
    "NUMBER": ["1", "20.50"],
    "PERCENT": ["5%"],
    "QUANTITY": ["5 minutes", "1 ms", "2  days"],
    "ALLOW": ["allow a.b-c"],
    "ARROW": ["<-", "->", "<->"],
    "_SEP": ["\n", "\n\n\n", " # note\n", "\n# note\n", "\r\n\t"],
}


@cache
def _grammar() -> tuple[dict[str, list[list[str]]], dict[str, str], dict[str, int]]:
    """Alternatives by rule, fixed texts by terminal, and the height of the lowest tree by rule."""
    compiled = lark.Lark(grammar_text(), parser="lalr", start="spec")
    alternatives: dict[str, list[list[str]]] = {}
    for rule in compiled.rules:
        alternatives.setdefault(rule.origin.name, []).append([symbol.name for symbol in rule.expansion])
    texts = {t.name: t.pattern.value for t in compiled.terminals if t.name not in _LEXEMES}
    heights: dict[str, int] = {}
    while len(heights) < len(alternatives):
        for name, options in alternatives.items():
            known = [max((_height(heights, s) for s in option), default=0) for option in options]
            if min(known) < 1_000:
                heights[name] = 1 + min(known)
    return alternatives, texts, heights


def _height(heights: dict[str, int], symbol: str) -> int:
    return 0 if symbol.isupper() or symbol.startswith("_") else heights.get(symbol, 1_000)


def sentence(random: Random, budget: int = 12) -> str:
    """A spec that the grammar allows, deeper for a larger budget; comments stand at some of its line ends."""
    alternatives, texts, heights = _grammar()
    words: list[str] = []
    top = 0

    def spell(terminal: str) -> None:
        nonlocal top
        text = texts.get(terminal) or random.choice(_LEXEMES[terminal])
        top += (text in ("{", "(", "[")) - (text in ("}", ")", "]"))
        if terminal == "_SEP" and top and random.random() < 0.4:
            text = ","
        words.append(text)

    waiting: list[tuple[str, int]] = [("declaration_list", budget)]
    while waiting:
        symbol, left = waiting.pop()
        if symbol not in alternatives:
            spell(symbol)
            continue
        options = alternatives[symbol]
        cost = [max((_height(heights, part) for part in option), default=0) for option in options]
        open_: list[Any] = [option for option, height in zip(options, cost, strict=True) if height < left]
        chosen = random.choice(open_) if open_ else options[cost.index(min(cost))]
        waiting.extend((part, left - 1) for part in reversed(chosen))
    return " ".join(words)
