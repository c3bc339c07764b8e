"""Where a phase puts what it found: diagnostics in the order of finding, with near names for those not known."""

from collections.abc import Collection, Iterable

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.resolving.names import nearest
from syncline.source import Span
from syncline.syntax import Name

_COMPARISONS = 50_000
_LISTED = 12
_DECLARED = frozenset(
    ("type.unknown", "codec.unknown", "name.unknown-entity", "name.unknown-system", "name.unknown-connector")
)


class Findings:
    """The diagnostics of one run of the phase."""

    __slots__ = ("_comparisons", "_found", "_partial")

    def __init__(self) -> None:
        self._found: list[Diagnostic] = []
        self._comparisons = 0
        self._partial = False

    def report(self, code: str, span: Span, /, *labels: Label, **facts: Fact) -> None:
        """Records an error."""
        self._found.append(Diagnostic(code, span, facts, labels))

    def unknown(
        self, code: str, name: str, span: Span, known: Collection[str], /, *labels: Label, **facts: Fact
    ) -> None:
        """Records that `name` is none of `known`; facts `name`, `suggestion` ("" for none) and `known` (() when many)."""
        suggestion = self._suggestion(name, known)
        if self._partial and not suggestion and code in _DECLARED:
            return
        listed = tuple(sorted(known)) if len(known) <= _LISTED else ()
        self.report(code, span, *labels, name=name, suggestion=suggestion, known=listed, **facts)

    def unknown_word(self, what: str, name: str, span: Span, known: Iterable[str]) -> None:
        """Records a word of a connector that is not in the vocabulary of `what`, with the closest one that is."""
        names = tuple(sorted(known))
        self.report(
            "connector.unknown-word", span, what=what, name=name, known=names, suggestion=self._suggestion(name, names)
        )

    def malformed(self, name: str, span: Span, expected: str) -> None:
        """Records a word of a connector whose values do not fit; `expected` is an example of what does."""
        self.report("connector.malformed", span, name=name, expected=expected)

    def lacks_a_file(self) -> None:
        """From now on, a name that nothing like it declares is taken to be declared in a file that could not be read."""
        self._partial = True

    def duplicate(self, kind: str, name: Name, first: Span) -> None:
        """Records the second declaration of a name; `kind` is the word that declares it."""
        self.report("name.duplicate", name.span, Label(first, "declared-here"), name=name.text, kind=kind)

    def count(self) -> int:
        """How much has been reported so far."""
        return len(self._found)

    def add(self, diagnostics: Collection[Diagnostic]) -> None:
        """Records what another phase found."""
        self._found.extend(diagnostics)

    def all(self) -> tuple[Diagnostic, ...]:
        """What was found, once each: a mistake in a shared declaration shows wherever it is used."""
        seen: dict[tuple[str, str, int, int, tuple[tuple[str, Fact], ...]], Diagnostic] = {}
        for found in self._found:
            span = found.span
            key = (found.code, span.source.name, span.start, span.end, tuple(sorted(found.facts.items())))
            seen.setdefault(key, found)
        return tuple(seen.values())

    def _suggestion(self, name: str, known: Collection[str]) -> str:
        # Comparing with every known name is slow: a file with thousands of unknown names gets help for the first.
        self._comparisons += len(known)
        return nearest(name, known) if self._comparisons <= _COMPARISONS else ""
