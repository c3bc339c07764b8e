"""Cycles of writes: an edit that comes back as an edit, lap after lap, through syncs and declared automations."""

from collections.abc import Iterator, Sequence

from syncline.checks.cycles.graph import Edge, graph_of, may_turn
from syncline.checks.cycles.laps import Lap, run_lap
from syncline.checks.cycles.loops import loops
from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.model.spec import Spec

__all__ = ["check_cycles"]


def check_cycles(specs: Sequence[Spec]) -> Iterator[Diagnostic]:
    """cycle.endless, over all specs of one installation.

    A loop passes where one lap brings every value back unchanged from then on; assumed is that there is no automation that
    no spec declares. Systems of two specs are one where connector and settings are the same.
    """
    if not may_turn(specs):
        return
    for component in loops(graph_of(specs)):
        for loop in component:
            lap = run_lap(loop)
            if not lap.ends:
                yield _endless(loop, lap)
                break  # what is wrong with the others of the same component is often the same line


def _endless(loop: tuple[Edge, ...], lap: Lap) -> Diagnostic:
    # It is told from the step that is most likely the one to mend.
    start = max(range(len(loop)), key=lambda index: (loop[index].kind == "automation", _alters(loop[index]), -index))
    turned = loop[start:] + loop[:start]
    facts: dict[str, Fact] = {
        "field": turned[0].source.text,
        "loop": " → ".join([edge.source.text for edge in turned] + [turned[0].source.text]),
        "through": tuple(edge.source.text for edge in turned),
        "problem": lap.problem,
        "first": lap.first,
        "second": lap.second,
    }
    labels = tuple(
        Label(edge.span, f"then-{edge.kind}", {"source": edge.source.text, "target": edge.target.text})
        for edge in turned[1:]
    )
    return Diagnostic("cycle.endless", turned[0].span, facts, labels)


def _alters(edge: Edge) -> bool:
    return edge.line is not None and bool(edge.line.pipeline or edge.line.expression is not None)
