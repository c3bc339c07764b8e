"""What must hold of nested records at rest: elements are there, or are not, as people left them."""

from collections.abc import Callable, Collection, Iterator, Mapping

from syncline_runtime.declaration import Entity, FieldMap
from syncline_runtime.policy import blank
from syncline_runtime.simulation.cells import cells, element_of, field_of, is_element, part_of
from syncline_runtime.simulation.edits import Edit
from syncline_runtime.simulation.inventing import shown
from syncline_runtime.simulation.ledger import Ledger
from syncline_runtime.simulation.world import Violation, short
from syncline_runtime.values import Native, Shown


def left_as_they_were(
    ledger: Ledger, entity: Entity, links: Collection[int], excused: Callable[[int, str], bool]
) -> Iterator[Violation]:
    """No element that a link was agreed on is gone unless a person took it out (I2), and none is back that one took out (I3).

    `links` are those that live; `excused` tells of which field of a link nothing is to be said.
    """
    if not entity.collections:
        return
    acts: dict[tuple[int, str], list[Edit]] = {}
    for edit in ledger.edits:
        link_id = ledger.linked.get((edit.system, edit.entity, edit.remote_id))
        if link_id is not None and link_id in links and edit.entity == entity.name and element_of(edit.field):
            acts.setdefault((link_id, element_of(edit.field)), []).append(edit)
    for (name, link_id, cell), past in ledger.accepted.items():
        if name != entity.name or link_id not in links or not is_element(cell) or excused(link_id, field_of(cell)):
            continue
        done = acts.get((link_id, cell), [])
        taken = [one for one in done if one.field == cell and one.value is False]
        places = {place for place, number in ledger.linked.items() if number == link_id}
        if any((*place, cell) in ledger.window or place in ledger.revived for place in places):
            continue
        if past[-1] is False and not taken:
            yield Violation("I2", f"link {link_id}: {cell} is gone, and nobody took it out", name, field_of(cell))
        last = taken[-1] if taken and done[-1] is taken[-1] else None
        told = last is not None and {(one.system, name, one.remote_id) for one in done} <= ledger.elements.beside.get(
            (last.system, name, last.remote_id, cell), set()
        )
        if past[-1] is True and last is not None and told:
            text = f"link {link_id}: {cell} is there, and {last.system} {last.remote_id} took it out last"
            yield Violation("I3", text, name, field_of(cell))


def shown_alone(
    entity: Entity, mapping: FieldMap, link_id: int, agreed: Mapping[str, Shown], native: Native
) -> Iterator[Violation]:
    """What a record holds of an element that its link is agreed on, all others hold, too: it is agreed on that as well (C2)."""
    if not entity.collections:
        return
    known = cells(entity, agreed)
    flows = {flow.field: flow for flow in mapping.flows if flow.contributes}
    for cell, value in cells(entity, shown(mapping, native)).items():
        part, flow = part_of(cell), flows.get(field_of(cell))
        if not part or flow is None or blank(value) or (flow.picked is None and part not in flow.hears):
            continue
        if element_of(cell) in known and cell not in known:
            text = f"{mapping.system} shows {cell} {short(value)}, and link {link_id} is agreed on nothing there"
            yield Violation("C2", text, entity.name, field_of(cell))
