"""The field-level graph of triggers: which field changes when another one does, and by which line."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from syncline.model.automations import Automation
from syncline.model.contest import Contest
from syncline.model.spec import Arrow, Line, Map, NativeField, ResourceModel, Spec, Sync, System
from syncline.model.spelling import names_in
from syncline.source import Span
from syncline_runtime.declaration import When


class Node(NamedTuple):
    """A field: of an entity of a spec, or of a resource of a system that several specs may share."""

    owner: str
    name: str
    text: str  # as it is told of: `crm.contacts.name`, `Customer.name`

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Node) and (self.owner, self.name) == (other.owner, other.name)

    def __hash__(self) -> int:
        return hash((self.owner, self.name))


class Edge(NamedTuple):
    """`target` changes when `source` does. `line` says how, for a map's line; an automation's function is not known.

    `name` is what the expression of a line calls the source, where that is not its name; `several`: of any number of records. A
    `choice` is that of another record, by a reference on the way of a path: what that makes of a value is not known.
    """

    source: Node
    target: Node
    kind: Literal["read", "write", "automation", "overwrite", "follow", "choice"]
    span: Span
    line: Line | None = None
    name: str = ""
    several: bool = False


@dataclass(slots=True)
class Graph:
    """Edges by where they start, in the order of the specs."""

    edges: dict[Node, list[Edge]] = field(default_factory=dict)

    def add(self, edge: Edge) -> None:
        """Adds an edge; a field that sets itself off is its system's business."""
        if edge.source != edge.target:
            self.edges.setdefault(edge.source, []).append(edge)


def may_turn(specs: Sequence[Spec]) -> bool:
    """Whether any loop is possible: not where each field of a system is in one line, with one field of an entity."""
    if any(spec.automations or any(not one.once for one in spec.derivations) for spec in specs):
        return True
    if any(field.computed for spec in specs for entity in spec.entities.values() for field in entity.fields.values()):
        return True
    used: set[tuple[str, str, str]] = set()
    for spec in specs:
        for sync in spec.syncs:
            for field_map in sync.maps:
                # In one spec a system goes by its name; the names of two specs' systems say nothing.
                owner = field_map.system.account if len(specs) == 1 else field_map.system.connector.name
                for line in field_map.lines:
                    if len(line.natives) > 1 and line.expression is not None:
                        return True
                    for native in line.natives:
                        key = (owner, field_map.resource.name if len(specs) == 1 else "", native.name)
                        if key in used:
                            return True
                        used.add(key)
    return False


def graph_of(specs: Sequence[Spec]) -> Graph:
    """The graph of an installation."""
    graph = Graph()
    written: set[Node] = set()
    rewritten: dict[Node, Node] = {}
    for number, spec in enumerate(specs):
        for sync in spec.syncs:
            contest = Contest(sync)
            for field_map in sync.maps:
                for edge in _edges(str(number), sync, contest, field_map):
                    graph.add(edge)
                    if edge.kind in ("write", "choice"):
                        written.add(edge.target)
                for edge in _overwritten(sync, contest, field_map):
                    graph.add(edge)
                    rewritten[edge.source] = edge.target
        for edge in (*_derived(str(number), spec), *_computed(str(number), spec)):
            graph.add(edge)
    for spec in specs:
        for automation in spec.automations:
            for edge in _automated(automation, written, rewritten):
                graph.add(edge)
    return graph


def place_of(system: System, resource: ResourceModel) -> str:
    """What two specs have in common that reach the same resource of the same system."""
    listing = resource.declaration.list
    where = resource.declaration.location or (resource.name if listing is None else repr(listing.call))
    return f"{system.connector.name} {sorted(system.settings.items())!r} {where}"


def native_node(place: str, system: System, resource: ResourceModel, native: NativeField) -> Node:
    """The node of a system's field, by where it stands in the record."""
    spot = ".".join(native.path) or native.name
    child = f" {native.child!r}" if native.child is not None else ""
    return Node(place, spot + child, f"{system.name}.{resource.name}.{native.name}")


def _hub(spec: str, entity: str, name: str) -> Node:
    return Node(f"entity {spec} {entity}", name, f"{entity}.{name}")


def _derived(number: str, spec: Spec) -> Iterator[Edge]:
    """What is kept in step with the record that it follows from; what is made once is its own, and comes back to nothing."""
    for derivation in spec.derivations:
        for line in () if derivation.once else derivation.lines:
            for name in () if line.expression is None else names_in(line.expression):
                source = _hub(number, derivation.origin.name, name)
                yield Edge(source, _hub(number, derivation.entity.name, line.slot), "follow", line.span, line, name)


def _computed(number: str, spec: Spec) -> Iterator[Edge]:
    for entity in spec.entities.values():
        for field_ in entity.fields.values():
            if field_.computed is None:
                continue
            line = Line(
                field=field_,
                natives=(),
                arrow=Arrow.READ,
                span=field_.span,
                native_span=field_.computed.span,
                expression=field_.computed,
            )
            for name in names_in(field_.computed):
                head, _, rest = name.partition(".")
                back = entity.back.get(head)
                source = (entity.name, name) if back is None else (back.entity, rest or back.via)
                goal = _hub(number, entity.name, field_.name)
                yield Edge(_hub(number, *source), goal, "follow", line.span, line, name, back is not None)


def _edges(spec: str, sync: Sync, contest: Contest, field_map: Map) -> Iterator[Edge]:
    entity = field_map.entity
    system, resource = field_map.system, field_map.resource
    place = place_of(system, resource)
    updated = all(rule.allowed for rule in sync.updates if rule.system.name == system.name)

    def hub(name: str) -> Node:
        return Node(f"entity {spec} {entity.name}", name, f"{entity.name}.{name}")

    for line in field_map.lines:
        natives = [native_node(place, system, resource, native) for native in line.natives]
        if line.field is not None and line.arrow is not Arrow.WRITE and _heard(contest, line, system):
            for native in natives:
                yield Edge(native, hub(line.field.name), "read", line.span, line)
        if line.arrow is Arrow.READ or not updated or When.ON_CREATE in line.when:
            continue
        if line.field is not None and line.expression is None:
            sources = [line.field.name]
        else:
            sources = list(names_in(line.expression)) if line.expression is not None else []
        for source in sources:
            look = field_map.looks.get(source)
            along = () if look is None else look.steps(entity.name)
            for native in natives:
                yield Edge(_hub(spec, *field_map.origin(source)), native, "write", line.span, line, source)
                for step in along:
                    yield Edge(_hub(spec, *step), native, "choice", line.span, line)


def _heard(contest: Contest, line: Line, system: System) -> bool:
    """Whether an edit in the system changes the field: one against its owner is overwritten instead."""
    assert line.field is not None
    if not contest.contested(line.field.name):
        return True
    rules = contest.rules_for(line.field.name)
    return not rules or any(
        rule.rule != "owned" or any(owner.name == system.name for owner in rule.systems) for rule in rules
    )


def _loses(contest: Contest, line: Line, system: System) -> bool:
    """Whether an edit in the system may be overwritten as drift."""
    if line.field is None or not contest.contested(line.field.name):
        return False
    return any(
        rule.rule == "owned" and rule.drift == "overwrite" and all(owner.name != system.name for owner in rule.systems)
        for rule in contest.rules_for(line.field.name)
    )


def _overwritten(sync: Sync, contest: Contest, field_map: Map) -> Iterator[Edge]:
    """From each field that is kept as the entity has it, to the same field written again: whoever edits it, loses."""
    system, resource = field_map.system, field_map.resource
    place = place_of(system, resource)
    if any(rule.system.name == system.name and not rule.allowed for rule in sync.updates):
        return
    for line in field_map.lines:
        if line.arrow is Arrow.READ or line.when & (When.ON_CREATE | When.INTO_EMPTY):
            continue
        if line.arrow is Arrow.WRITE or _loses(contest, line, system):
            for native in line.natives:
                node = native_node(place, system, resource, native)
                yield Edge(
                    node,
                    node._replace(name=f"{node.name} again", text=f"{node.text} (written again)"),
                    "overwrite",
                    line.span,
                )


def _automated(automation: Automation, written: set[Node], rewritten: Mapping[Node, Node]) -> Iterator[Edge]:
    """From what an automation listens to, to what it sets; what is written again sets it off again."""
    system, resource = automation.system, automation.resource
    place = place_of(system, resource)
    heard = automation.listens or tuple(
        native for native in resource.fields.values() if native_node(place, system, resource, native) in written
    )
    for target in automation.sets:
        goal = native_node(place, system, resource, target)
        for native in heard:
            source = native_node(place, system, resource, native)
            yield Edge(source, goal, "automation", automation.span)
            if source in rewritten:
                yield Edge(rewritten[source], goal, "automation", automation.span)
