"""The spec that the long simulations run: built once, with capabilities that vary from seed to seed."""

import importlib
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from syncline.cli.files import loader
from syncline.pipeline import check_spec, generate
from syncline_runtime.declaration import GuardLimit, Operation, Package, Resource, Sync, System
from syncline_runtime.simulation.world import WIDE

SPEC = Path(__file__).with_name("house.sync")
SHOP = Path(__file__).with_name("shop.sync")

SHOPS = 2_000_000
"""From this seed on, the spec is another: references, derivations, messages, a computed field."""

CAPABILITIES: tuple[Mapping[str, Any], ...] = (
    {"lag": 0},
    {"lag": 25},
    {"lag": 80},
    {"lag": 15, "lock": "etag"},
    {"lag": 25, "idempotency": "Idempotency-Key"},
    {"lag": 0, "lock": "etag", "idempotency": "Idempotency-Key"},
    {"lag": 0, "batch": 3},
    {"lag": 25, "batch": 2, "silent": True},
)
"""What the systems of a schedule may be able to do."""


@cache
def built(spec: Path = SPEC) -> Package:
    """The generated package of a spec."""
    checked = check_spec(str(spec), spec.read_bytes(), loader(str(spec)))
    assert checked.model is not None, [str(each) for each in checked.diagnostics]
    folder = Path(tempfile.mkdtemp(prefix="syncline-simulated-"))
    name = f"simulated_{spec.stem}"
    for path, text in generate(checked.model).items():
        target = folder / name / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        package: Package = importlib.import_module(name).PACKAGE
    finally:
        sys.path.remove(str(folder))
    return package


def house(seed: int) -> Package:
    """The package of one schedule: two systems or three, each with capabilities drawn from the seed."""
    rng = Random(f"house {seed}")
    if seed >= SHOPS:
        shop = built(SHOP)
        return able(shop, {name: rng.choice(CAPABILITIES) if name != "post" else {} for name in shop.systems})
    package = built()
    systems = ("a", "b", "c") if rng.random() < 0.35 else ("a", "b")
    found = able(package, {name: rng.choice(CAPABILITIES) for name in systems})
    return guarded(merging(found, rng), seed) if seed >= WIDE else found


def guarded(package: Package, seed: int) -> Package:
    """The package, in one of four worlds with a guard that lets no delete pass by itself."""
    if Random(f"guards {seed}").random() >= 0.25:
        return package
    limit = GuardLimit(operation="delete", count=0, percent=0.0)

    def strict(sync: Sync) -> Sync:
        return replace(sync, guards=(*(one for one in sync.guards if one.operation != "delete"), limit))

    return replace(package, syncs=tuple(map(strict, package.syncs)))


def merging(package: Package, rng: Random) -> Package:
    """The package with systems that tell a merged record by a field, or answer for it with the one that is left."""
    (sync,) = package.syncs
    policy: Any = rng.choice(("hold", "follow"))
    telling = {name for name in package.systems if rng.random() < 0.5}
    return replace(
        package,
        systems={name: _telling(one) if name in telling else one for name, one in package.systems.items()},
        syncs=(replace(sync, merged=policy),),
    )


def _telling(system: System) -> System:
    return replace(
        system, resources={name: replace(one, merged="merged_into") for name, one in system.resources.items()}
    )


def able(package: Package, capabilities: Mapping[str, Mapping[str, Any]]) -> Package:
    """The package with only these systems, and with these capabilities."""
    return replace(
        package,
        systems={name: _system(package.systems[name], **able) for name, able in capabilities.items()},
        mappings=tuple(one for one in package.mappings if one.system in capabilities),
        syncs=tuple(
            replace(one, systems=tuple(name for name in one.systems if name in capabilities)) for one in package.syncs
        ),
    )


def _system(
    declared: System, lag: float = 0, lock: Any = "none", idempotency: str = "", batch: int = 1, silent: bool = False
) -> System:
    def changed(operation: Operation | None) -> Operation | None:
        if operation is None:
            return None
        returns: Any = "id" if silent and operation.returns == "record" else operation.returns
        lasting = 86_400.0 if idempotency else 0.0
        return replace(operation, idempotency=idempotency, idempotency_seconds=lasting, many=batch, returns=returns)

    def resource(one: Resource) -> Resource:
        if one.list is None or one.list.since is None:
            return one
        since = replace(one.list.since, lag_seconds=float(lag))
        return replace(
            one,
            list=replace(one.list, since=since),
            read=replace(one.read, many=batch) if one.read is not None else None,
            create=changed(one.create),
            update=changed(one.update),
            delete=replace(one.delete, many=batch) if one.delete is not None else None,
            lock=lock,
        )

    return replace(
        declared,
        connector=replace(declared.connector, timeout_seconds=10.0),
        resources={name: resource(one) for name, one in declared.resources.items()},
    )
