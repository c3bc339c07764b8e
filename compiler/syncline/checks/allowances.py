"""`allow CODE "reason"`: what a declaration is spared, and the allowances that spare nothing."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from syncline.diagnostics.categories import covered, rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Severity
from syncline.diagnostics.lexicon import LEXICON
from syncline.resolving.names import nearest
from syncline.source import Span
from syncline.syntax.declarations import Allow, Spec


class Allowance(NamedTuple):
    """An `allow` and the declaration that it speaks of."""

    node: Allow
    target: Span


def allowed(
    trees: Mapping[str, Spec], found: Sequence[Diagnostic], *, complete: bool, own: frozenset[str] = frozenset()
) -> tuple[Diagnostic, ...]:
    """The findings without those that are allowed, and what is wrong with the allowances.

    `complete` says that every check was made, so that what spares nothing can be told; `own` are the namespaces of a team's
    checks that were made, too.
    """
    wrong: list[Diagnostic] = []
    standing: list[Allowance] = []
    for tree in trees.values():
        for node, target in _targets(tree):
            mistakes = tuple(_mistakes(node, target, own))
            wrong += mistakes
            if not mistakes and target is not None:
                standing.append(Allowance(node, target))
    kept, used = [], set()
    for diagnostic in found:
        spared = next((each for each in standing if _covers(each, diagnostic)), None)
        if spared is None:
            kept.append(diagnostic)
        else:
            used.add(id(spared.node))
    for node, _ in standing if complete else ():
        if id(node) not in used and (_is_known(node.code.text) or node.code.text.partition(".")[0] in own):
            facts = {"name": node.code.text}
            wrong.append(Diagnostic("allow.unused", node.span, facts, severity=Severity.WARNING))
    return (*kept, *wrong)


def _targets(tree: Spec) -> Iterator[tuple[Allow, Span | None]]:
    waiting: list[Allow] = []
    for declaration in tree.declarations:
        if isinstance(declaration, Allow):
            waiting.append(declaration)
            continue
        yield from ((node, declaration.span) for node in waiting)
        waiting = []
    yield from ((node, None) for node in waiting)


def _mistakes(node: Allow, target: Span | None, own: Iterable[str]) -> Iterator[Diagnostic]:
    code = node.code.text
    if not node.reason.value.strip():
        yield Diagnostic("allow.no-reason", node.reason.span, {"name": code})
    if target is None:
        yield Diagnostic("allow.nothing-below", node.span, {"name": code})
    if not _is_known(code):
        near = nearest(code, LEXICON)
        # The code of a team's own check is not known here, unless it is one of ours misspelled.
        if near or code.partition(".")[0] in {known.partition(".")[0] for known in LEXICON}:
            yield Diagnostic("allow.unknown-code", node.code.span, {"name": code, "suggestion": near})
    elif not rule_of(code).bends:
        yield Diagnostic("allow.refused", node.code.span, {"name": code})


def _covers(allowance: Allowance, found: Diagnostic) -> bool:
    target = allowance.target
    return (
        found.span.source.name == target.source.name
        and target.start <= found.span.start < max(target.end, target.start + 1)
        and covered(allowance.node.code.text, found.code)
        and not found.code.startswith("allow.")
    )


def _is_known(code: str) -> bool:
    return any(covered(code, known) for known in LEXICON)
