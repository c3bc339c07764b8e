"""Changes of derivations: which records follow from others, when, and what they show."""

from collections.abc import Iterator

from syncline.evolution.change import Change, Fact
from syncline.evolution.reaching import all_records, reached
from syncline.evolution.renaming import Renaming
from syncline.model.derivations import Derivation
from syncline.model.spec import Line, Spec
from syncline.model.spelling import Rename, same, spelled


def derivation_changes(old: Spec, new: Spec, renames: Renaming) -> Iterator[Change]:
    """Derivations that came, went or changed; one whose entity went is told with it."""
    before = {(renames.entity(one.entity.name), renames.entity(one.origin.name)): one for one in old.derivations}
    after = {(one.entity.name, one.origin.name): one for one in new.derivations}
    for pair, derivation in before.items():
        if pair not in after and all(name in new.entities for name in pair):
            facts: dict[str, Fact] = {"origin": pair[1]}
            yield Change("derive.removed", pair[0], derivation.span, None, facts, all_records(old, pair[0]))
    for pair, derivation in after.items():
        if pair in before:
            yield from _derivation(new, before[pair], derivation, renames)
        else:
            facts = {"origin": pair[1], "when": when_of(derivation, same)}
            yield Change("derive.added", pair[0], None, derivation.span, facts, all_records(new, pair[0]))


def _derivation(spec: Spec, before: Derivation, after: Derivation, renames: Renaming) -> Iterator[Change]:
    entity, origin = after.entity.name, after.origin.name

    def field(old: str) -> str:
        return renames.field(origin, old)

    was, now = when_of(before, field), when_of(after, same)
    if was != now:
        facts: dict[str, Fact] = {"origin": origin, "old": was, "new": now}
        yield Change("derive.condition", entity, before.span, after.span, facts, all_records(spec, entity))
    old_lines = {renames.field(entity, line.slot): line for line in before.lines}
    new_lines = {line.slot: line for line in after.lines}
    for name in dict.fromkeys((*old_lines, *new_lines)):
        if name not in after.entity.fields:
            continue  # told with the field
        old, new = old_lines.get(name), new_lines.get(name)
        said = "nothing" if old is None else computed_of(old, field)
        says = "nothing" if new is None else computed_of(new, same)
        if said != says:
            places = (before.span if old is None else old.span), (after.span if new is None else new.span)
            facts = {"origin": origin, "old": said, "new": says}
            yield Change("derive.line", f"{entity}.{name}", *places, facts, reached(spec, entity, [name]))


def computed_of(line: Line, field: Rename) -> str:
    """What a line makes of the record that it starts from; `field` renames the fields in it."""
    said = "itself" if line.expression is None else spelled(line.expression, field)
    if line.made is None:
        return said
    return f"{said} {{ {', '.join(f'{one.slot} <- {computed_of(one, same)}' for one in line.made)} }}"


def when_of(derivation: Derivation, field: Rename) -> str:
    """The rule's condition; `field` renames the fields in it."""
    return f"{'once when' if derivation.once else 'while'} {spelled(derivation.condition, field)}"
