"""What is asked of the words of any finding."""

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.words import COMMON_ROLES, speaks_of


def assert_words_complete(diagnostic: Diagnostic) -> None:
    """Every place in the words is filled by a fact, every problem has its phrase, every label its words."""
    entry = LEXICON[diagnostic.code]
    problem = entry.problems.get(str(diagnostic.facts.get("problem")), "")
    if entry.problems:
        assert problem, f"no phrase for {diagnostic.facts.get('problem')}"
    mend = entry.mend if isinstance(entry.mend, str) else ""
    for template in (entry.message, entry.why, mend, problem):
        assert set(speaks_of(template)) <= set(diagnostic.facts), (template, diagnostic.facts)
    for label in diagnostic.labels:
        assert label.role in entry.labels or label.role in COMMON_ROLES or "type" in label.facts, label.role
        template = entry.labels.get(label.role, "")
        assert set(speaks_of(template)) <= {*diagnostic.facts, *label.facts}, (template, label)
