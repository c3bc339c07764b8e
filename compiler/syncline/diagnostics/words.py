"""The words of every diagnostic, in one place: what is wrong, why it matters in production, how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.diagnostics.lexicon import LEXICON


@dataclass(frozen=True, slots=True)
class Worded:
    """A diagnostic in sentences; `labels` stand in the order of the diagnostic's."""

    message: str
    why: str
    mend: str
    labels: tuple[str, ...] = field(default=())


class _Facts(dict[str, str]):
    """Facts as text; a fact that a phase did not give reads as `…` rather than failing the report."""

    def __missing__(self, key: str) -> str:
        return "…"


def worded(diagnostic: Diagnostic) -> Worded:
    """The sentences of a diagnostic. Raises KeyError for a code without an entry in the lexicon."""
    entry = LEXICON[diagnostic.code]
    facts = _texts(diagnostic.facts)
    mend = entry.mend.format_map(facts)
    if suggestion := diagnostic.facts.get("suggestion"):
        mend = f"did you mean `{_text(suggestion)}`?" + (f" {mend}" if mend else "")
    return Worded(
        message=entry.message.format_map(facts),
        why=entry.why.format_map(facts),
        mend=mend,
        labels=tuple(_label(label, entry.labels, facts) for label in diagnostic.labels),
    )


def _label(label: Label, roles: Mapping[str, str], facts: _Facts) -> str:
    template = roles.get(label.role) or COMMON_ROLES.get(label.role) or label.role.replace("-", " ")
    return template.format_map(_Facts({**facts, **_texts(label.facts)}))


COMMON_ROLES = {"declared-here": "declared here", "first-here": "first declared here", "used-here": "used here"}


def _texts(facts: Mapping[str, Fact]) -> _Facts:
    return _Facts({name: _text(fact) for name, fact in facts.items()})


def _text(fact: Fact) -> str:
    if isinstance(fact, tuple):
        # What is expected somewhere comes as phrases, which quote what is to be quoted themselves.
        quoted = [item if "`" in item or " " in item else f"`{item}`" for item in fact]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}" if quoted else "none"
    return str(fact)
