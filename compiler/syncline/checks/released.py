"""What a spec would do to what already runs, against its released version: as findings, which a team can allow or keep."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Final

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label, Severity
from syncline.evolution.change import Change, Impact
from syncline.evolution.comparing import compare, impact
from syncline.evolution.words import worded
from syncline.model.spec import Spec
from syncline.source import Span

CODES: Final = {
    Impact.DATA: "release.data",
    Impact.STATE: "release.state",
    Impact.API: "release.api",
    Impact.BEHAVIOUR: "release.behaviour",
}


def check_against(released: Mapping[str, Spec]) -> Callable[[Spec], Iterable[Diagnostic]]:
    """The check that compares a spec with its released version, by name; what was never released breaks nothing.

    release.data, release.state, release.api, release.behaviour.
    """

    def check_released(spec: Spec) -> Iterator[Diagnostic]:
        for change in compare(released[spec.name], spec) if spec.name in released else ():
            yield from findings(change, spec.span)

    return check_released


def findings(change: Change, elsewhere: Span | None = None) -> Iterator[Diagnostic]:
    """A change as a finding, where it stands in the new version, else at `elsewhere`, else where it stood; none if it is safe."""
    span = change.new or elsewhere or change.old
    if impact(change) in CODES and span is not None:
        yield _found(change, span)


def _found(change: Change, span: Span) -> Diagnostic:
    words = worded(change)
    facts: dict[str, Fact] = {
        "change": words.message,
        "kind": change.code,
        "why": words.why.rstrip("."),
        "then": words.then.rstrip("."),
        "reaches": tuple(str(effect) for effect in change.effects[:12]),
    }
    code = CODES[impact(change)]
    severity = Severity.WARNING if code == "release.behaviour" else Severity.ERROR
    labels = () if change.old is None or change.new is None else (Label(change.old, "released-as"),)
    return Diagnostic(code, span, facts, labels, severity)
