"""Examples: what they are about, and whether they say what there is and what has to become of it."""

from collections.abc import Sequence
from typing import Final

from syncline.diagnostics.diagnostic import Label
from syncline.model.examples import EntitySample, Example, MapExample, NativeSample, TruthExample
from syncline.model.spec import Map, Sync
from syncline.resolving.samples import entity_sample, native_sample
from syncline.resolving.scope import EntityScope, Scope
from syncline.syntax import Example as ExampleNode
from syncline.syntax import Name, ResourceName
from syncline.syntax import Sample as SampleNode

_ROLES: Final = ("", "given", "is", "then")


def resolve_examples(
    nodes: Sequence[ExampleNode], maps: Sequence[Map], syncs: Sequence[Sync], scope: Scope
) -> tuple[Example, ...]:
    """The examples of the main file; one with a mistake is reported and left out."""
    found = (_example(node, maps, syncs, scope) for node in nodes)
    return tuple(example for example in found if example is not None)


def _example(node: ExampleNode, maps: Sequence[Map], syncs: Sequence[Sync], scope: Scope) -> Example | None:
    if not _well_formed(node, scope):
        return None
    entity = _entity(node, maps, scope)
    samples = [(sample.role, _sample(sample, entity, maps, scope)) for sample in node.samples]
    if entity is None or any(sample is None for _, sample in samples):
        return None
    entities = {role: _of_entity(samples, role) for role in _ROLES}
    shown = tuple(sample for role, sample in samples if not role and isinstance(sample, NativeSample))
    expected = entities["is"]
    if expected is not None:
        return MapExample(title=node.title.value, shown=shown, expected=expected, span=node.title.span)
    written = tuple(sample for role, sample in samples if role == "then" and isinstance(sample, NativeSample))
    sync = _sync(node, entity, (*shown, *written), syncs, scope)
    if sync is None:
        return None
    return TruthExample(
        title=node.title.value,
        sync=sync,
        given=entities["given"],
        shown=shown,
        expected=entities["then"],
        written=written,
        span=node.title.span,
    )


def _of_entity(samples: Sequence[tuple[str, EntitySample | NativeSample | None]], role: str) -> EntitySample | None:
    return next((sample for own, sample in samples if own == role and isinstance(sample, EntitySample)), None)


def _well_formed(node: ExampleNode, scope: Scope) -> bool:
    """Whether the samples say what there is and what it has to become, each once."""
    roles = [sample.role for sample in node.samples]
    problem, span = "", node.title.span
    about_entity = [sample.role for sample in node.samples if isinstance(sample.target, Name)]
    for sample in node.samples:
        named = isinstance(sample.target, Name)
        if (named and not sample.role) or (not named and sample.role in ("given", "is")):
            problem, span = ("entity-alone" if named else "system-expected"), sample.target.span
            break
    else:
        if "is" not in roles and "then" not in roles:
            problem = "nothing-expected"
        elif "" not in roles:
            problem = "no-record"
        elif "is" in roles and ("then" in roles or "given" in roles):
            problem = "mixed"
        elif any(about_entity.count(role) > 1 for role in _ROLES):
            problem = "several"
    if problem:
        scope.findings.report("example.shape", span, name=node.title.value, problem=problem)
    return not problem


def _entity(node: ExampleNode, maps: Sequence[Map], scope: Scope) -> EntityScope | None:
    """The entity that the example names, else the one that its first system's record is mapped to."""
    named = [sample.target for sample in node.samples if isinstance(sample.target, Name)]
    for name in named:
        if name.text not in scope.entities:
            scope.findings.unknown("name.unknown-entity", name.text, name.span, scope.entities)
            return None
        if name.text != named[0].text:
            scope.findings.report("example.shape", name.span, name=node.title.value, problem="entities")
            return None
    if named:
        return scope.entities[named[0].text]
    for sample in node.samples:
        target = sample.target
        if isinstance(target, ResourceName):
            for candidate in maps:
                if _place(candidate) == (target.system.text, target.resource.text):
                    return scope.entities[candidate.entity.name]
    return None


def _sync(
    node: ExampleNode, entity: EntityScope, samples: Sequence[NativeSample], syncs: Sequence[Sync], scope: Scope
) -> Sync | None:
    """The sync whose truth rules decide; None where it was reported, there is none, or it lacks a system."""
    name = entity.entity.name
    sync = next((one for one in syncs if one.entity.name == name), None)
    if sync is None:
        if all(declared.entity.text != name for declared in scope.declared.syncs):
            scope.findings.report("example.unsynced", node.title.span, name=node.title.value, entity=name)
        return None
    systems = [system.name for system in sync.systems]
    for sample in samples:
        if sample.map.system.name not in systems:
            if sync.complete:
                label = Label(sync.span, "sync-declared-here")
                scope.findings.unknown("sync.unknown-system", sample.map.system.name, sample.span, systems, label)
            return None
    return sync


def _sample(
    node: SampleNode, entity: EntityScope | None, maps: Sequence[Map], scope: Scope
) -> EntitySample | NativeSample | None:
    if isinstance(node.target, Name):
        return None if entity is None else entity_sample(node.values, entity, scope)
    found = _map(node.target, entity, maps, scope)
    return None if found is None else native_sample(node.values, found, scope)


def _map(target: ResourceName, entity: EntityScope | None, maps: Sequence[Map], scope: Scope) -> Map | None:
    system_name, resource_name = target.system.text, target.resource.text
    if system_name not in scope.systems:
        scope.findings.unknown("name.unknown-system", system_name, target.system.span, scope.systems)
        return None
    system = scope.systems[system_name]
    if system is None:
        return None
    if resource_name not in system.resources:
        label = Label(system.span, "system-declared-here")
        scope.findings.unknown(
            "name.unknown-resource", resource_name, target.resource.span, system.resources, label, system=system_name
        )
        return None
    place = (system_name, resource_name)
    for candidate in maps:
        if _place(candidate) == place and entity is not None and candidate.entity.name == entity.entity.name:
            return candidate
    if all((node.target.system.text, node.target.resource.text) != place for node in scope.declared.maps):
        name = "" if entity is None else entity.entity.name
        scope.findings.report("example.unmapped", target.span, entity=name, resource=f"{system_name}.{resource_name}")
    return None


def _place(found: Map) -> tuple[str, str]:
    return found.system.account, found.resource.name
