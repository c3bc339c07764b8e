"""Rules under conditions: of `owned by … when` and `delete … when` exactly one holds for every record, where that can be shown."""

from collections.abc import Iterator, Sequence

from syncline.diagnostics.diagnostic import Diagnostic, Fact, Label
from syncline.guarantees.owning import choices, deletions, verdict
from syncline.model.contest import Contest
from syncline.model.spec import Sync, Truth
from syncline.model.spelling import names_in


def check_owners(sync: Sync) -> Iterator[Diagnostic]:
    """truth.clash, truth.gap, truth.decider."""
    contest = Contest(sync)
    for choice in choices(sync):
        rules, found = choice.conditional, verdict(choice)
        if found.clash is not None:
            one, other, example = found.clash
            facts: dict[str, Fact] = {"field": choice.subject, "example": example}
            yield Diagnostic("truth.clash", rules[other].span, facts, (Label(rules[one].span, "first-rule"),))
        if found.gap is not None:
            facts = {"field": choice.subject, "example": found.gap, "last": rules[-1].systems[0].name}
            yield Diagnostic("truth.gap", rules[-1].span, facts)
        yield from _deciders(sync, contest, rules)


def _deciders(sync: Sync, contest: Contest, rules: Sequence[Truth]) -> Iterator[Diagnostic]:
    told: set[str] = set()
    for rule in rules:
        for name in names_in(rule.when) if rule.when is not None else ():
            sources = contest.contributors(name)
            if name in told or not contest.contested(name) or all(one.when is None for one in contest.rules_for(name)):
                continue
            told.add(name)
            field = sync.entity.fields[name]
            facts: dict[str, Fact] = {
                "field": name,
                "rule": rule.text,
                "listed": " then ".join(dict.fromkeys(system.account for system in sources)),
            }
            where = rule.when.span if rule.when is not None else rule.span
            yield Diagnostic("truth.decider", where, facts, (Label(field.span, "declared-here"),))


def check_conditional_deletes(sync: Sync) -> Iterator[Diagnostic]:
    """delete.clash, delete.gap."""
    for rules, found in deletions(sync):
        system = rules[0].system.account
        if found.clash is not None:
            one, other, example = found.clash
            label = Label(rules[one].span, "first-rule")
            yield Diagnostic("delete.clash", rules[other].span, {"system": system, "example": example}, (label,))
        if not found.complete:
            facts: dict[str, Fact] = {"system": system, "example": found.gap or "none of the conditions holds"}
            yield Diagnostic("delete.gap", rules[-1].span, facts)
