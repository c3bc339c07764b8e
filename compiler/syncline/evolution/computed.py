"""What a field is computed from, as it is compared: its expression, and where the back-references in it come from."""

from collections.abc import Callable

from syncline.model.spec import Entity, Field
from syncline.model.spelling import names_in, spelled

Naming = Callable[[str, str], str]
"""From a field, given by its entity and name, to what it goes by."""


def computed_of(entity: Entity, field: Field, naming: Naming, owner: Callable[[str], str]) -> str:
    """The whole of it as a text; `nothing` of a field that is not computed. `owner` names the entities."""
    if field.computed is None:
        return "nothing"

    def named(name: str) -> str:
        head, dot, rest = name.partition(".")
        back = entity.back.get(head)
        if back is None:
            return naming(entity.name, name)
        return f"{head}{dot}{naming(back.entity, rest) if rest else ''}"

    heads = dict.fromkeys(name.partition(".")[0] for name in names_in(field.computed))
    collected = [
        f"{head} : list<{owner(back.entity)}> via {naming(back.entity, back.via)}"
        for head in heads
        if (back := entity.back.get(head)) is not None
    ]
    return "; ".join((spelled(field.computed, named), *collected))
