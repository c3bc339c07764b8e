"""Automations: which fields of a resource a system sets by itself, and which it listens to."""

from collections.abc import Iterator, Sequence

from syncline.diagnostics.diagnostic import Label
from syncline.model.automations import Automation
from syncline.model.spec import NativeField, ResourceModel, System
from syncline.resolving.entities import dotted
from syncline.resolving.scope import Scope
from syncline.syntax import Automation as AutomationNode
from syncline.syntax import Binary, Call, Expression, If, ListLiteral, Name, Path, Test, Unary


def resolve_automations(nodes: Sequence[AutomationNode], scope: Scope) -> tuple[Automation, ...]:
    """The automations of the main file, one for each resource of which fields are set; unknown names are reported."""
    return tuple(found for node in nodes for found in _automations(node, scope))


def _automations(node: AutomationNode, scope: Scope) -> Iterator[Automation]:
    name = node.system.text
    if name not in scope.systems:
        scope.findings.unknown("name.unknown-system", name, node.system.span, scope.systems)
        return
    system = scope.systems[name]
    if system is None:
        return
    sets: dict[str, list[NativeField]] = {}
    for path in node.sets:
        resource = _resource(path, system, scope)
        native = None if resource is None else _field(path, 1, resource, scope)
        if resource is not None and native is not None:
            sets.setdefault(resource.name, []).append(native)
    for resource_name, fields in sets.items():
        resource = system.resources[resource_name]
        listens = () if node.condition is None else tuple(_listened(node.condition, resource, scope))
        yield Automation(system=system, resource=resource, sets=tuple(fields), listens=listens, span=node.span)


def _resource(path: Path, system: System, scope: Scope) -> ResourceModel | None:
    first = path.steps[0]
    name = first.text if isinstance(first, Name) else ""
    if name in system.resources and len(path.steps) > 1:
        return system.resources[name]
    label = Label(system.span, "system-declared-here")
    scope.findings.unknown("name.unknown-resource", name, path.span, system.resources, label, system=system.name)
    return None


def _field(path: Path, start: int, resource: ResourceModel, scope: Scope) -> NativeField | None:
    name = dotted(Path(path.steps[start:], path.span))
    if name in resource.fields:
        return resource.fields[name]
    label = Label(resource.span, "resource-declared-here")
    scope.findings.unknown("map.native-unknown", name, path.span, resource.fields, label, resource=resource.name)
    return None


def _listened(condition: Expression, resource: ResourceModel, scope: Scope) -> Iterator[NativeField]:
    seen: set[str] = set()
    for path in _paths(condition):
        first = path.steps[0]
        named = isinstance(first, Name) and first.text == resource.name and len(path.steps) > 1
        native = _field(path, 1 if named else 0, resource, scope)
        if native is not None and native.name not in seen:
            seen.add(native.name)
            yield native


def _paths(node: Expression) -> Iterator[Path]:
    """The paths of a condition that are fields: what they are compared with by `is` are members and states."""
    match node:
        case Path():
            yield node
        case Test(subject=subject):
            yield from _paths(subject)
        case Unary(operand=operand):
            yield from _paths(operand)
        case Binary(left=left, right=right):
            yield from _paths(left)
            yield from _paths(right)
        case If(condition=condition, then=then, otherwise=otherwise):
            for part in (condition, then, otherwise):
                yield from _paths(part)
        case Call(arguments=arguments):
            for argument in arguments:
                yield from _paths(argument.value)
        case ListLiteral(items=items):
            for item in items:
                yield from _paths(item)
