"""What holds for records that follow from others, for values that are computed, and for conditions that wait for a date."""

from collections.abc import Iterator

from syncline.guarantees.guarantee import Guarantee, Topic
from syncline.model.derivations import Derivation
from syncline.model.expressions import Apply, Both, Choose, Expression
from syncline.model.spec import Sync


def following(sync: Sync) -> Iterator[Guarantee]:
    """Statements about the derivations that make the entity's records, about its computed fields and its dates."""
    for rule in sync.derivations:
        yield from _derived(rule)
    computed = [field for field in sync.entity.fields.values() if field.computed is not None]
    if computed:
        names = " and ".join(f"`{field.name}`" for field in computed)
        yield Guarantee(
            Topic.FOLLOWING,
            "computed",
            f"{names}: computed anew, in the same run, whenever a record changes that goes into it, comes or goes",
            tuple(field.span for field in computed),
        )
    conditions = [(rule.when, rule.span) for rule in (*sync.creates, *sync.updates)]
    conditions += [(side.when, side.span) for side in sync.maps]
    conditions += [(rule.condition, rule.span) for rule in sync.derivations]
    waiting = tuple(span for when, span in conditions if when is not None and _waits(when))
    if waiting:
        yield Guarantee(
            Topic.FOLLOWING,
            "looks-again",
            "a record whose date a condition waits for is looked at again by the first run after that date, whether it changed or "
            "not; `run` and `status` say when, and `serve` makes a run then; a day is over when it is over in UTC",
            waiting,
        )


def _derived(rule: Derivation) -> Iterator[Guarantee]:
    entity, origin = rule.entity.name, rule.origin.name
    yield Guarantee(
        Topic.FOLLOWING,
        "one-of-each",
        f"of each {origin} this rule makes at most one {entity}, however often its condition is seen, crashed on or replayed; it "
        f"is decided with the {origin}, and created like any other record of its sync; one that a person deletes is not made again",
        (rule.span,),
    )
    if rule.once:
        yield Guarantee(
            Topic.FOLLOWING,
            "first-sight-is-no-edge",
            f"a {origin} that is so already when it is first seen makes no {entity}, and neither does one that is so when the rule "
            "is added: `plan` counts them; two changes between two runs are seen as one",
            (rule.span, rule.condition.span),
        )
    else:
        yield Guarantee(
            Topic.FOLLOWING,
            "kept-in-step",
            f"while it holds, also of a {origin} that was there before, the {entity} shows what it follows from; when it ends, or "
            f"the {origin} is gone, the {entity} leaves by `out of scope`",
            (rule.span, rule.condition.span),
        )


def _waits(expression: Expression) -> bool:
    match expression:
        case Apply(function="is past"):
            return True
        case Apply(arguments=parts) | Both(parts=parts):
            return any(map(_waits, parts))
        case Choose(condition=condition, then=then, otherwise=otherwise):
            return any(map(_waits, (condition, then, otherwise)))
    return False
