"""`systems.py`: the systems of a spec, the connectors they are instances of, and their resources."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from syncline.lowering.declarations import constant, spelled
from syncline.lowering.imports import SOURCES, import_groups
from syncline.lowering.layout import Code, Plain, call, imported, mapping, text
from syncline.lowering.naming import distinct, snake
from syncline.lowering.quoting import literal
from syncline.model.spec import Map, Spec, System
from syncline.view import Module
from syncline_runtime.declaration import Through

FILE: Final = "systems.py"


def system_names(spec: Spec) -> Mapping[str, str]:
    """The constant that declares each system, by the system's name."""
    return distinct(((name, snake(name).upper()) for name in spec.systems), SOURCES)


def systems_module(spec: Spec) -> Module:
    """The module that declares the systems of the spec."""
    names = system_names(spec)
    connectors = {system.connector.name: system.connector for system in spec.systems.values()}
    wishes = ((name, f"{snake(name)}_connector".upper()) for name in connectors)
    connector_names = distinct(wishes, (*SOURCES, *names.values()))
    codes: dict[str, Code] = {
        connector_names[name]: spelled(connector.declaration) for name, connector in connectors.items()
    }
    for name, system in spec.systems.items():
        codes[names[name]] = _system(system, connector_names[system.connector.name], spec.maps)
    used = {name for code in codes.values() for name in imported(code)} | {"Final"}
    return Module(
        file=FILE,
        doc="The systems, how each is reached, and what is read and written there.",
        imports=import_groups(used),
        declarations=tuple(constant(f"{name}: Final", code) for name, code in codes.items()),
    )


def _system(system: System, connector: str, maps: tuple[Map, ...]) -> Code:
    own = [map_ for map_ in maps if map_.system.name == system.name]
    ways = _through(own)
    used = dict.fromkeys((*(map_.resource.name for map_ in own), *ways))
    referenced = [
        field.references
        for name in used
        for field in system.resources[name].fields.values()
        if field.references is not None and field.references in system.resources
    ]
    resources = (
        (literal(name), spelled(replace(system.resources[name].declaration, through=ways.get(name, {}))))
        for name in dict.fromkeys((*used, *referenced))
    )
    return call(
        "System",
        name=text(system.name),
        connector=Plain(connector),
        settings=mapping((literal(name), spelled(source)) for name, source in system.settings.items()),
        resources=mapping(resources),
        **({"place_of": text(system.place_of)} if system.place_of else {}),
    )


def _through(maps: Iterable[Map]) -> Mapping[str, dict[str, Through]]:
    """By resource and path, what maps read and write behind references."""
    found: dict[str, dict[str, Through]] = {}
    for map_ in maps:
        for native in map_.paths.values():
            for way in native.ways:
                found.setdefault(way.resource, {})[way.path] = Through(
                    reference=way.reference.name,
                    resource=way.target,
                    field=way.field,
                    spelled=way.reference.wire,
                    null=way.reference.null,
                    absent_is_null=way.reference.absent_is_null,
                )
                found.setdefault(way.target, {})
    return found
