"""From the trees of all files to one spec in which every name is an object."""

import gc
from collections.abc import Mapping
from dataclasses import replace

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.model.spec import ConnectorModel, ResourceModel, Spec
from syncline.resolving.automations import resolve_automations
from syncline.resolving.codecs import check_codecs
from syncline.resolving.computed import resolve_computed
from syncline.resolving.connectors import extend_resources, refuses_pii, resolve_connector
from syncline.resolving.derivations import resolve_derivations, with_derivations
from syncline.resolving.entities import check_records, resolve_entity
from syncline.resolving.examples import resolve_examples
from syncline.resolving.findings import Findings
from syncline.resolving.imports import Load, gather
from syncline.resolving.maps import resolve_map
from syncline.resolving.places import systems_in_use, with_places
from syncline.resolving.references import check_targets, resolve_alignment
from syncline.resolving.resources import referring
from syncline.resolving.scope import Scope
from syncline.resolving.syncs import resolve_syncs
from syncline.resolving.systems import resolve_system
from syncline.resolving.types import check_declarations
from syncline.source import Span
from syncline.syntax import Entity, Extend
from syncline.syntax import Spec as SyntaxSpec


def resolve(main: SyntaxSpec, load: Load) -> tuple[Spec | None, tuple[Diagnostic, ...]]:
    """The resolved spec and every mistake in its names and types, those of the parsing of other files included.

    What is faulty or of a later release is left out of the spec. None when the file declares nothing at all.
    """
    # As in parsing: all growth and no garbage, so collecting in between only costs.
    collecting = gc.isenabled()
    gc.disable()
    try:
        return _resolved(main, load)
    finally:
        if collecting:
            gc.enable()


def _resolved(main: SyntaxSpec, load: Load) -> tuple[Spec | None, tuple[Diagnostic, ...]]:
    findings = Findings()
    scope = Scope(gather(main, load, findings), findings)
    check_declarations(scope)
    check_records(scope)
    check_codecs(scope)
    for name, node in scope.declared.types.items():
        if isinstance(node, Entity):
            scope.entities[name] = resolve_entity(node, scope)
    resolve_computed(scope)
    resolve_alignment(scope)
    _connectors(scope)
    _systems(scope)
    resolved = (resolve_map(node, scope) for node in scope.declared.maps)
    maps = with_places([found for found in resolved if found is not None], scope)
    derivations, broken = resolve_derivations(scope)
    syncs = with_derivations(resolve_syncs(maps, scope), derivations, broken)
    examples = resolve_examples(scope.declared.examples, maps, syncs, scope)
    automations = resolve_automations(scope.declared.automations, scope)
    version = _version(main, scope)
    if not main.declarations:
        return None, findings.all()
    header = scope.declared.header
    spec = Spec(
        name="spec" if header is None else header.name.text,
        version=version,
        file=main.source.name,
        sha256=scope.declared.sha256,
        systems=systems_in_use(scope.systems, maps),
        entities={name: known.entity for name, known in scope.entities.items()},
        maps=maps,
        syncs=syncs,
        span=Span(main.source, 0, 0) if header is None else header.name.span,
        doc="" if header is None or header.doc is None else header.doc,
        examples=examples,
        automations=automations,
        derivations=derivations,
    )
    return spec, findings.all()


def _version(main: SyntaxSpec, scope: Scope) -> int:
    """The version that the header says; 1 where it says none that counts."""
    header = scope.declared.header
    if header is None:
        if main.declarations:
            scope.findings.report("spec.header-missing", Span(main.source, 0, 0))
        return 1
    text = header.version.text
    if text.isdecimal() and len(text) < 7 and int(text) > 0:
        return int(text)
    scope.findings.report("spec.version", header.version.span, found=text)
    return 1


def _connectors(scope: Scope) -> None:
    for name, node in scope.declared.connectors.items():
        model, diagnostics = resolve_connector(node)
        scope.connectors[name] = model
        scope.findings.add(diagnostics)


def _systems(scope: Scope) -> None:
    resources: dict[str, Mapping[str, ResourceModel]] = {}
    connectors: dict[str, ConnectorModel] = {}
    for name, node in scope.declared.systems.items():
        connector = scope.connectors.get(node.connector.text)
        scope.systems[name] = None
        if connector is None and node.connector.text not in scope.declared.missing:
            scope.findings.unknown("name.unknown-connector", node.connector.text, node.connector.span, scope.connectors)
        elif connector is not None:
            connectors[name] = connector
            resources[name] = connector.resources
    for extension in scope.declared.extensions:
        _extend(extension, connectors, resources, scope)
    for name, connector in connectors.items():
        node = scope.declared.systems[name]
        resources[name] = referring(resources[name], connector.spelling)
        system = resolve_system(node, connector, resources[name], scope)
        uncleared = not connector.cleared_for_pii or any(
            refuses_pii(extension.items) for extension in scope.declared.extensions if extension.system.text == name
        )
        scope.systems[name] = replace(system, cleared_for_pii=not uncleared)
    for connector_name, declared in scope.connectors.items():
        if declared is not None:
            mine = [resources[name] for name, used in connectors.items() if used is declared]
            known: dict[str, object] = {key: None for each in (declared.resources, *mine) for key in each}
            for each in mine or [declared.resources]:
                check_targets(each, known, connector_name, scope.findings)


def _extend(
    node: Extend,
    connectors: Mapping[str, ConnectorModel],
    resources: dict[str, Mapping[str, ResourceModel]],
    scope: Scope,
) -> None:
    name = node.system.text
    if name in connectors:
        resources[name], diagnostics = extend_resources(connectors[name], resources[name], node.items)
        scope.findings.add(diagnostics)
    elif name not in scope.declared.systems:
        scope.findings.unknown("name.unknown-system", name, node.system.span, scope.declared.systems)
