"""The sentences of a change."""

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


def _text(fact: Fact) -> str:
    if isinstance(fact, tuple):
        quoted = [f"`{item}`" for item in fact]
        return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
    return str(fact)
