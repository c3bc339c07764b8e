"""The sentences of a change."""

from string import Formatter
from typing import NamedTuple

from syncline.evolution.change import Change, Fact
from syncline.evolution.kinds import KINDS


class Worded(NamedTuple):
    """What changed, what it does to what runs already, and what must happen; the last is empty where nothing must."""

    message: str
    why: str
    then: str


def worded(change: Change) -> Worded:
    """The sentences of a change. Raises KeyError for a code that is no kind, or a fact that is not given."""
    kind = KINDS[change.code]
    facts = {"subject": change.subject, **{name: _text(fact) for name, fact in change.facts.items()}}
    return Worded(kind.message.format_map(facts), kind.why.format_map(facts), kind.then.format_map(facts))


def explained(code: str) -> str:
    """A kind of change for `syncline explain`. Raises KeyError for a code that is none."""
    kind = KINDS[code]
    facts = {name: f"({name})" for _, name, _, _ in Formatter().parse(kind.message + kind.why + kind.then) if name}
    sentences = [sentence.format_map(facts) for sentence in (kind.message, kind.why, kind.then)]
    classes = " and ".join(each.value.upper() for each in kind.impacts)
    needs = ", ".join(need.value for need in kind.needs)
    message, why, then = (f"{sentence[:1].upper()}{sentence[1:]}" for sentence in sentences)
    parts = [
        f"# {code}",
        f"A change that `syncline diff` classes as {classes}; it needs: {needs}.",
        f"> {message}",
        why,
        then,
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _text(fact: Fact) -> str:
    if isinstance(fact, tuple):
        quoted = [f"`{item}`" for item in fact]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return str(fact)
