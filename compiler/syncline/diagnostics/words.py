"""The words of every diagnostic, in one place: what is wrong, why it matters in production, how to mend it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from string import Formatter

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.lexicon.entry import Entry

COMMON_ROLES = {
    "declared-here": "declared here",
    "first-here": "the first one",
    "resource-declared-here": "the resource",
    "system-declared-here": "the system",
    "connector-declared-here": "the connector",
    "setting-declared-here": "asked for here",
    "entity-declared-here": "the entity",
    "sync-declared-here": "in this sync",
    "field-declared-here": "declared here",
    "native-declared-here": "declared here",
}
"""What labels say whose entry has no words of its own for their role."""

OWN = Entry("{message}", "{why}", ("{mend}",))
"""The words of a finding that a check of a team reports."""


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
    """The sentences of a diagnostic. A code without an entry in the lexicon is a team's own, and brings its words as facts."""
    entry = LEXICON.get(diagnostic.code, OWN)
    facts = _texts(diagnostic.facts)
    problem = diagnostic.facts.get("problem")
    if isinstance(problem, str) and problem in entry.problems:
        facts["problem"] = entry.problems[problem].format_map(facts)
    return Worded(
        message=entry.message.format_map(facts),
        why="" if entry is OWN and "why" not in facts else entry.why.format_map(facts),
        mend=_mend(entry, diagnostic.facts, facts),
        labels=tuple(_label(label, entry.labels, facts) for label in diagnostic.labels),
    )


def speaks_of(template: str) -> tuple[str, ...]:
    """The facts that a template has a place for."""
    return tuple(name for _, name, _, _ in Formatter().parse(template) if name)


def _mend(entry: Entry, given: Mapping[str, Fact], facts: _Facts) -> str:
    sentences = [f"Did you mean `{given['suggestion']}`?"] if given.get("suggestion") else []
    if isinstance(entry.mend, str):
        return " ".join([*sentences, entry.mend.format_map(facts)])
    for template in entry.mend:
        if all(given.get(name) not in (None, "", ()) for name in speaks_of(template)):
            sentences.append(template.format_map(facts))
    return " ".join(sentences)


def _label(label: Label, roles: Mapping[str, str], facts: _Facts) -> str:
    own = _Facts({**facts, **_texts(label.facts)})
    if label.role in roles:
        return roles[label.role].format_map(own)
    if "type" in label.facts:
        return f"declared as `{own['type']}`"
    return COMMON_ROLES.get(label.role, label.role.replace("-", " "))


def _texts(facts: Mapping[str, Fact]) -> _Facts:
    return _Facts({name: _text(fact) for name, fact in facts.items()})


def _text(fact: Fact) -> str:
    if isinstance(fact, tuple):
        # What is expected somewhere comes as phrases, which quote what is to be quoted themselves.
        quoted = [item if "`" in item or " " in item or item.isdecimal() else f"`{item}`" for item in fact]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}" if quoted else "none"
    return str(fact)
