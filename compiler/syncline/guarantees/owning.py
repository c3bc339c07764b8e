"""Rules under conditions, side by side: which of them decide what, and what is known of their conditions."""

from typing import NamedTuple

from syncline.model.conditions import Verdict, compare
from syncline.model.contest import Contest
from syncline.model.spec import DeleteRule, Sync, Truth


class Choice(NamedTuple):
    """Rules of which the first holds whose condition does; `subject` is what they decide, in the language's words."""

    subject: str
    rules: tuple[Truth, ...]

    @property
    def conditional(self) -> tuple[Truth, ...]:
        """The rules that have a condition."""
        return tuple(rule for rule in self.rules if rule.when is not None)


def choices(sync: Sync) -> tuple[Choice, ...]:
    """The rules under conditions that decide contested fields, each set once."""
    found: dict[tuple[int, ...], Choice] = {}
    contest = Contest(sync)
    for name in sync.entity.fields:
        rules = contest.rules_for(name)
        if not contest.contested(name) or all(rule.when is None for rule in rules):
            continue
        subject = " and ".join(rules[0].fields) or "record"
        found.setdefault(tuple(rule.span.start for rule in rules), Choice(subject, rules))
    return tuple(found.values())


def verdict(choice: Choice) -> Verdict:
    """What is known of the conditions of a choice; one with a rule for the rest is complete."""
    found = compare([rule.when for rule in choice.conditional if rule.when is not None])
    if len(choice.conditional) < len(choice.rules):
        return found._replace(gap=None, complete=True)
    return found


def deletions(sync: Sync) -> tuple[tuple[tuple[DeleteRule, ...], Verdict], ...]:
    """For each system with conditional `delete` clauses, these clauses and what is known of their conditions."""
    by_system: dict[str, list[DeleteRule]] = {}
    first = {rule.system.account: rule.system.name for rule in reversed(sync.deletes)}
    for rule in sync.deletes:
        if rule.system.name == first[rule.system.account]:  # its other places have the same clauses
            by_system.setdefault(rule.system.account, []).append(rule)
    found = []
    for rules in by_system.values():
        conditional = tuple(rule for rule in rules if rule.when is not None)
        if conditional:
            known = compare([rule.when for rule in conditional if rule.when is not None])
            if len(conditional) < len(rules):
                known = known._replace(gap=None, complete=True)
            found.append((conditional, known))
    return tuple(found)
