"""The loop of the LALR(1) parser: tokens and tables to one value, by way of a builder's methods."""

from collections.abc import Callable
from typing import Any, NamedTuple, TypeAlias

from syncline.syntax.building import Builder
from syncline.syntax.declarations import Declaration
from syncline.syntax.scanning import Token
from syncline.syntax.tables import Tables

Step: TypeAlias = tuple[int, int, int, Callable[..., Any] | None, tuple[int, ...]]
"""A rule made ready: how it acts, its result, its size, the builder's method and the parts."""

HAND_ON, COLLECT, EXTEND, BUILD = range(4)


def steps_of(tables: Tables, builder: Builder) -> list[Step]:
    """The rules of the tables with the methods of this builder."""
    steps: list[Step] = []
    for rule in tables.rules:
        if rule.builder == "":
            steps.append((HAND_ON, rule.result, rule.size, None, rule.parts))
        elif rule.builder == "*":
            steps.append((COLLECT, rule.result, rule.size, None, rule.parts))
        elif rule.builder == "+":
            steps.append((EXTEND, rule.result, rule.size, None, rule.parts))
        else:
            steps.append((BUILD, rule.result, rule.size, getattr(builder, rule.builder), rule.parts))
    return steps


def makers_of(tables: Tables, builder: Builder) -> dict[int, Callable[[int, int], Any]]:
    """By terminal: how a token of it becomes a value; the others stand for themselves."""
    number = {symbol: at for at, symbol in enumerate(tables.symbols[: tables.terminals])}
    return {
        number["NAME"]: builder.name_token,
        number["STRING"]: builder.text_token,
        number["NUMBER"]: builder.number_token,
        number["PERCENT"]: builder.percent_token,
        number["QUANTITY"]: builder.quantity_token,
    }


Recover: TypeAlias = Callable[[list[int], list[Any], list[int], list[int], int], int]
"""Called with the stacks (states, values, starts, ends) and the token that does not fit: mends the stacks in place and
says at which token to go on, or -1 to give up."""


class Driver(NamedTuple):
    """The tables, made ready for one source."""

    tables: Tables
    steps: list[Step]
    makers: dict[int, Callable[[int, int], Any]]
    text: str

    @staticmethod
    def of(tables: Tables, builder: Builder) -> "Driver":
        """A driver that makes nodes with this builder."""
        return Driver(tables, steps_of(tables, builder), makers_of(tables, builder), builder.source.text)


def driven(driver: Driver, tokens: list[Token], recover: Recover | None = None) -> tuple[Declaration, ...] | None:
    """The declarations that the tokens make, `$END` last; None when a token does not fit and there is no recovering."""
    tables, steps, makers, text = driver
    actions, gotos, accept = tables.actions, tables.gotos, tables.accept
    words = frozenset(tables.words.values())
    name = tables.symbols.index("NAME")
    state = tables.start
    states = [state]
    values: list[Any] = []
    starts: list[int] = []
    ends: list[int] = []
    at = 0
    while True:
        kind, start, end = tokens[at]
        while True:
            action = actions[state].get(kind)
            if action is None:
                if kind in words:
                    kind = name
                    continue
                if state == accept:
                    result: tuple[Declaration, ...] = values[-1]
                    return result
                if recover is None:
                    return None
                at = recover(states, values, starts, ends, at)
                if at < 0:
                    return None
                state = states[-1]
                break
            if action >= 0:
                state = action
                states.append(state)
                maker = makers.get(kind)
                values.append(text[start:end] if maker is None else maker(start, end))
                starts.append(start)
                ends.append(end)
                at += 1
                break
            how, result_symbol, size, build, parts = steps[~action]
            if size == 1:
                # One symbol for one: only the state changes, and the value where a node is made of it.
                states.pop()
                if how == BUILD:
                    assert build is not None
                    values[-1] = build(starts[-1], ends[-1], *[values[part] if part else None for part in parts])
                elif how == COLLECT:
                    values[-1] = [values[-1]]
                state = gotos[states[-1]][result_symbol]
                states.append(state)
                continue
            if how == EXTEND:
                values[-size].append(values[-1])
                ends[-size] = ends[-1]
                keep = 1 - size
                del states[-size:], values[keep:], starts[keep:], ends[keep:]
                state = gotos[states[-1]][result_symbol]
                states.append(state)
                continue
            value: Any
            if size:
                first, last = starts[-size], ends[-1]
            else:
                first = last = ends[-1] if ends else 0
            if how == BUILD:
                assert build is not None
                value = build(first, last, *[values[part] if part else None for part in parts])
            elif how == COLLECT:
                value = [values[part] for part in parts]
            else:
                value = values[parts[0]]
            if size:
                del states[-size:], values[-size:], starts[-size:], ends[-size:]
            values.append(value)
            starts.append(first)
            ends.append(last)
            state = gotos[states[-1]][result_symbol]
            states.append(state)
