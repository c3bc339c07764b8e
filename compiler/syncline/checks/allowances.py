"""`allow CODE "reason"`: what a declaration is spared, and the allowances that spare nothing."""

from bisect import bisect_right
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Final, NamedTuple

from syncline.diagnostics.categories import rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.diagnostics.lexicon import LEXICON
from syncline.resolving.names import nearest
from syncline.source import Span
from syncline.syntax.declarations import Allow, Spec

_GUESSES: Final = 50
"""How many unknown codes are compared with all known ones, which is slow."""


ON_REQUEST: Final = frozenset({"release", "lock", "docs"})
"""The first parts of codes of checks that are only made when asked for."""


class Spared(NamedTuple):
    """What was found and stands, and what is spared with the reason that its allowance gives."""

    found: tuple[Diagnostic, ...]
    spared: tuple[tuple[Diagnostic, str], ...]


class Allowance(NamedTuple):
    """An `allow` and the declaration that it speaks of."""

    node: Allow
    target: Span


def allowed(
    trees: Mapping[str, Spec],
    found: Sequence[Diagnostic],
    *,
    complete: bool,
    own: frozenset[str] = frozenset(),
    asked: frozenset[str] = frozenset(),
) -> Spared:
    """The findings without those that are allowed, with what is wrong with the allowances; and those that are allowed.

    `complete` says that every check was made, so that what spares nothing can be told; `own` are the namespaces of a team's
    checks that were made, too, and `asked` those of ours that were made because they were asked for.
    """
    wrong: list[Diagnostic] = []
    standing: dict[tuple[str, int, str], Allowance] = {}
    unused: list[Allow] = []
    guesses = _GUESSES
    for tree in trees.values():
        for node, target in _targets(tree):
            mistakes = tuple(_mistakes(node, target, guess=guesses > 0))
            guesses -= any(mistake.code == "allow.unknown-code" for mistake in mistakes)
            wrong += mistakes
            if mistakes or target is None:
                continue
            key = (target.source.name, target.start, node.code.text)
            if standing.setdefault(key, Allowance(node, target)).node is not node:
                unused.append(node)
    kept, used = [], set()
    excused: list[tuple[Diagnostic, str]] = []
    starts = {name: [each.span.start for each in tree.declarations] for name, tree in trees.items()}
    for diagnostic in found:
        spared = _sparing(diagnostic, standing, starts)
        if spared is None:
            kept.append(diagnostic)
        else:
            used.add(id(spared))
            excused.append((diagnostic, spared.reason.value.strip()))
    unused += [node for node, _ in standing.values() if id(node) not in used]
    for node in unused if complete else ():
        if node.code.text.partition(".")[0] in ON_REQUEST - asked:
            continue  # whether it spares anything is told by a check that looks
        if node.code.text in _known() or node.code.text.partition(".")[0] in own:
            facts = {"name": node.code.text}
            wrong.append(Diagnostic("allow.unused", node.span, facts, severity=Severity.WARNING))
    return Spared((*kept, *wrong), tuple(excused))


def _sparing(
    found: Diagnostic, standing: Mapping[tuple[str, int, str], Allowance], starts: Mapping[str, Sequence[int]]
) -> Allow | None:
    """The allowance that covers a finding: of its declaration, for its code or a part of the code that ends at a dot."""
    name = found.span.source.name
    at = bisect_right(starts.get(name, ()), found.span.start) - 1
    if at < 0 or found.code.startswith("allow."):
        return None
    code = found.code
    while code:
        allowance = standing.get((name, starts[name][at], code))
        if allowance is not None and found.span.start < max(allowance.target.end, allowance.target.start + 1):
            return allowance.node
        code = code.rpartition(".")[0]
    return None


def _targets(tree: Spec) -> Iterator[tuple[Allow, Span | None]]:
    waiting: list[Allow] = []
    for declaration in tree.declarations:
        if isinstance(declaration, Allow):
            waiting.append(declaration)
            continue
        yield from ((node, declaration.span) for node in waiting)
        waiting = []
    yield from ((node, None) for node in waiting)


def _mistakes(node: Allow, target: Span | None, *, guess: bool) -> Iterator[Diagnostic]:
    code = node.code.text
    if not node.reason.value.strip():
        yield Diagnostic("allow.no-reason", node.reason.span, {"name": code})
    if target is None:
        yield Diagnostic("allow.nothing-below", node.span, {"name": code})
    if code not in _known():
        near = nearest(code, LEXICON) if guess else ""
        # The code of a team's own check is not known here, unless it is one of ours misspelled.
        if near or code.partition(".")[0] in _known():
            yield Diagnostic("allow.unknown-code", node.code.span, {"name": code, "suggestion": near})
    elif not rule_of(code).bends:
        yield Diagnostic("allow.refused", node.code.span, {"name": code})


@cache
def _known() -> frozenset[str]:
    """All codes, and the parts of them that end at a dot."""
    return frozenset(".".join(parts[:size]) for code in LEXICON for parts in [code.split(".")] for size in (1, 2, 3))
