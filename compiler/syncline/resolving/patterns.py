"""Regular expressions of `matching`: valid, portable, and never slower than the text is long squared.

A pattern is taken by Python's `re` and holds for the whole text. Back references and look-around are refused; so is a
pattern that can match one text in exponentially many ways (a repeated choice between overlapping repeats), on which a
backtracking matcher never comes back. The test: two different paths through the pattern's position automaton that leave
one position and meet in it again on the same text (exponential degree of ambiguity, Weber and Seidl 1991).
"""

import re
import warnings
from collections.abc import Iterable
from importlib import import_module
from typing import Any, NamedTuple

# What `re` itself is made of: private, so that no type checker knows it.
_PARSER: Any = import_module("re._parser")
_COMPILER: Any = import_module("re._compiler")

_POSITIONS = 160
_COPIES = 6
_WORK = 60_000
_SAMPLES = (*map(chr, range(32, 127)), "é", "Ж", "中", "\u0660", "\u2003", "\n")


class PatternProblem(NamedTuple):
    """What is wrong: kind is invalid, unsupported, catastrophic or too-large; `detail` in the words of `re`, or the construct."""

    kind: str
    detail: str


def pattern_problem(pattern: str) -> PatternProblem | None:
    """Why a pattern cannot be used, or None."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            re.compile(pattern)
            tree: Any = _PARSER.parse(pattern)
    except (re.error, RecursionError, OverflowError) as error:
        return PatternProblem("invalid", str(error))
    automaton = _Automaton()
    try:
        automaton.sequence(tree)
        return PatternProblem("catastrophic", "") if automaton.ambiguous() else None
    except _Unsupported as found:
        return PatternProblem("unsupported", str(found))
    except (_TooLarge, RecursionError):
        return PatternProblem("too-large", "")


class _Unsupported(Exception):
    pass


class _TooLarge(Exception):
    pass


class _Part(NamedTuple):
    empty: bool
    first: frozenset[int]
    last: frozenset[int]


class _Automaton:
    """The positions of a pattern (Glushkov): what each takes, and which may follow which."""

    def __init__(self) -> None:
        self.takes: list[frozenset[str]] = []
        self.follows: list[set[int]] = []
        self.doubled = False
        self._work = 0

    def sequence(self, items: Iterable[Any]) -> _Part:
        whole = _Part(True, frozenset(), frozenset())
        for operator, argument in items:
            whole = self._then(whole, self._item(str(operator), operator, argument))
        return whole

    def _then(self, one: _Part, two: _Part) -> _Part:
        self._join(one.last, two.first)
        self._count(1)
        return _Part(
            one.empty and two.empty,
            one.first | two.first if one.empty else one.first,
            one.last | two.last if two.empty else two.last,
        )

    def _item(self, name: str, operator: Any, argument: Any) -> _Part:
        match name:
            case "LITERAL" | "NOT_LITERAL" | "IN" | "ANY":
                return self._position(operator, argument)
            case "SUBPATTERN":
                return self.sequence(argument[3])
            case "BRANCH":
                parts = [self.sequence(branch) for branch in argument[1]]
                return _Part(
                    any(part.empty for part in parts),
                    frozenset().union(*(part.first for part in parts)),
                    frozenset().union(*(part.last for part in parts)),
                )
            case "MAX_REPEAT" | "MIN_REPEAT":
                return self._repeat(*argument)
            case "AT":
                return _Part(True, frozenset(), frozenset())
            case _:
                raise _Unsupported(name.lower().replace("_", "-"))

    def _repeat(self, least: int, most: int, body: Any) -> _Part:
        if most == 0:
            return _Part(True, frozenset(), frozenset())
        if most <= _COPIES:
            tail = _Part(True, frozenset(), frozenset())
            for copy in range(most, 0, -1):
                whole = self._then(self.sequence(body), tail)
                tail = whole if copy <= least else whole._replace(empty=True)
            return tail
        part = self.sequence(body)
        # A way back that is there already makes two ways round: `(a+)+`.
        self.doubled = self.doubled or any(not self.follows[last].isdisjoint(part.first) for last in part.last)
        self._join(part.last, part.first)
        return _Part(least == 0 or part.empty, part.first, part.last)

    def _position(self, operator: Any, argument: Any) -> _Part:
        if len(self.takes) >= _POSITIONS:
            raise _TooLarge
        one: Any = _COMPILER.compile(_single(operator, argument))
        samples = {*_SAMPLES, *_mentioned(str(operator), argument)}
        self.takes.append(frozenset(character for character in samples if one.fullmatch(character)))
        self.follows.append(set())
        here = frozenset((len(self.takes) - 1,))
        return _Part(False, here, here)

    def _count(self, steps: int) -> None:
        self._work += steps
        if self._work > _WORK:
            raise _TooLarge

    def _join(self, last: frozenset[int], first: frozenset[int]) -> None:
        for position in last:
            self.follows[position] |= first

    def ambiguous(self) -> bool:
        """Whether two paths with the same text leave some position, part, and meet in it again."""
        if self.doubled:
            return True
        # Only positions on a common text matter: pairs are followed forward from each (p, p) and must come back to it.
        after: dict[tuple[int, int], list[tuple[int, int]]] = {}
        for start in range(len(self.takes)):
            seen: set[tuple[int, int]] = set()
            todo = [(start, start)]
            parted: set[tuple[int, int]] = set()
            while todo:
                pair = todo.pop()
                for following in self._pairs(pair, after):
                    if following not in seen:
                        seen.add(following)
                        todo.append(following)
                        if following[0] != following[1]:
                            parted.add(following)
            if (start, start) in seen and self._returns(parted, start, after):
                return True
        return False

    def _returns(
        self, pairs: set[tuple[int, int]], home: int, after: dict[tuple[int, int], list[tuple[int, int]]]
    ) -> bool:
        seen = set(pairs)
        todo = list(pairs)
        while todo:
            for following in self._pairs(todo.pop(), after):
                if following == (home, home):
                    return True
                if following not in seen:
                    seen.add(following)
                    todo.append(following)
        return False

    def _pairs(
        self, pair: tuple[int, int], after: dict[tuple[int, int], list[tuple[int, int]]]
    ) -> list[tuple[int, int]]:
        known = after.get(pair)
        if known is None:
            left, right = self.follows[pair[0]], self.follows[pair[1]]
            known = [(a, b) for a in left for b in right if not self.takes[a].isdisjoint(self.takes[b])]
            after[pair] = known
            self._count(len(left) * len(right))
        return known


def _single(operator: Any, argument: Any) -> Any:
    state: Any = _PARSER.State()
    state.str = ""
    pattern: Any = _PARSER.SubPattern(state, [(operator, argument)])
    return pattern


def _mentioned(name: str, argument: Any) -> Iterable[str]:
    match name:
        case "LITERAL" | "NOT_LITERAL":
            yield chr(argument)
        case "IN":
            for kind, value in argument:
                match str(kind):
                    case "LITERAL":
                        yield chr(value)
                    case "RANGE":
                        yield chr(value[0])
                        yield chr(value[1])
