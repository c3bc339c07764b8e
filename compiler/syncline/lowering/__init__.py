"""From the resolved spec to the view that the templates print: the only place that spells Python."""

from syncline.lowering.declarations import constant
from syncline.lowering.entities import entity_module, entity_names
from syncline.lowering.imports import import_groups
from syncline.lowering.laws import laws_module
from syncline.lowering.layout import Plain, call, imported, mapping, sequence, text
from syncline.lowering.naming import is_package, slug, snake
from syncline.lowering.policy import FILE as SYNCS
from syncline.lowering.policy import syncs_module
from syncline.lowering.quoting import literal
from syncline.lowering.remarks import shown_file
from syncline.lowering.stamps import FILE as STAMP
from syncline.lowering.stamps import stamp_module
from syncline.lowering.systems import FILE as SYSTEMS
from syncline.lowering.systems import system_names, systems_module
from syncline.model.derivations import Derivation
from syncline.model.spec import Map, Spec
from syncline.view import Module, Package
from syncline_runtime.declaration import RUNTIME_API


def lower(spec: Spec) -> Package:
    """The package that runs a checked spec."""
    names = entity_names(spec)
    entities = {
        name: entity_module(entity, _maps(spec, name), names[name], _derivations(spec, name))
        for name, entity in spec.entities.items()
    }
    systems = systems_module(spec)
    syncs, sync_names = syncs_module(spec, names)
    package = package_name(spec)
    derived = [f"{names[name].module}.{rule}" for name, module in entities.items() for rule in module.derivations]
    whole = call(
        "Package",
        name=text(package),
        source=text(spec.file.replace("\\", "/").rsplit("/", 1)[-1]),
        spec_version=Plain(literal(spec.version)),
        spec_sha256=text(spec.sha256),
        systems=mapping(
            (literal(name), Plain(f"systems.{constant_}")) for name, constant_ in system_names(spec).items()
        ),
        entities=mapping(
            (literal(name), Plain(f"{names[name].module}.{names[name].constant}")) for name in spec.entities
        ),
        mappings=sequence(
            Plain(f"{names[name].module}.{map_}") for name, module in entities.items() for map_ in module.maps
        ),
        syncs=sequence(Plain(f"syncs.{name}") for name in sync_names),
        **({"derivations": sequence(map(Plain, derived))} if derived else {}),
        stamp=Plain("stamp.STAMP"),
    )
    siblings = (SYSTEMS, SYNCS, STAMP, *(each.module.file for each in entities.values()))
    table = Module(
        file="package.py",
        doc="The package as a whole.",
        imports=import_groups({*imported(whole), "Final"}, (file.removesuffix(".py") for file in siblings)),
        declarations=(constant("PACKAGE: Final", whole),),
    )
    laws = laws_module(spec)
    return Package(
        name=package,
        source=shown_file(spec.file),
        sha256=spec.sha256,
        api=RUNTIME_API,
        doc=spec.doc or "Systems kept in step.",
        modules=(
            systems,
            *(each.module for each in entities.values()),
            syncs,
            stamp_module(spec),
            table,
            *((laws,) if laws is not None else ()),
        ),
    )


def package_name(spec: Spec) -> str:
    """The name of the generated package: the spec's own where that is a free module name."""
    name = snake(spec.name)
    return name if is_package(name) else slug(name, spec.name).lower()


def _derivations(spec: Spec, entity: str) -> tuple[Derivation, ...]:
    return tuple(rule for rule in spec.derivations if rule.entity.name == entity)


def _maps(spec: Spec, entity: str) -> tuple[Map, ...]:
    return tuple(map_ for map_ in spec.maps if map_.entity.name == entity)
