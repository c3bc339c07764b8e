"""Northwind's customers in two sandboxes on loopback, kept in step by the generated package over HTTP."""

import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from sys import path as importable

from syncline_runtime.declaration import Package
from syncline_runtime.simulation.sandbox import Sandbox
from tests.systems.command import Command, build

SPEC = Path(__file__).parents[2] / "specs" / "examples" / "northwind.sync"
_CRM = {"key": "sandbox-key"}
_ERP = {"user": "books", "pass": "sandbox-password"}
_RESOURCES = {"crm": "accounts", "erp": "customers"}
_NAMES = {
    "crm": {"key": "number", "name": "company", "contact": "person", "phone": "phone", "city": "town"},
    "erp": {"key": "account", "name": "name", "contact": "contact", "phone": "telephone", "city": "city"},
}
_REST: Mapping[str, Mapping[str, object]] = {
    "crm": {"stage": "lead", "town": None, "country": None, "labels": [], "closed": False},
    "erp": {"status": 0, "country": "", "credit_limit": "10.00", "groups": "", "active": True},
}


class Northwind:
    """`World` of two sandboxes."""

    sides: Sequence[str] = ("crm", "erp")
    asked = "phone"
    fields: Mapping[str, Sequence[str]] = {
        "name": ("crm", "erp"),
        "contact": ("crm", "erp"),
        "phone": ("crm", "erp"),
        "city": ("erp",),
    }

    def __init__(self, command: Command, sandboxes: Mapping[str, Sandbox]) -> None:
        self.command, self._sandboxes = command, sandboxes

    def create(self, side: str, key: str, values: Mapping[str, str]) -> None:
        native = {_NAMES[side][name]: value for name, value in {"key": key, **values}.items()}
        self._sandboxes[side].add(_RESOURCES[side], {**_REST[side], **native})

    def edit(self, side: str, key: str, name: str, value: str) -> None:
        self._sandboxes[side].edit(_RESOURCES[side], self._identity(side, key), {_NAMES[side][name]: value})

    def shown(self, side: str) -> list[tuple[str, Mapping[str, str | None]]]:
        sandbox, resource, names = self._sandboxes[side], _RESOURCES[side], _NAMES[side]
        found = (
            {name: sandbox.shown(resource, identity, native) for name, native in names.items()}
            for identity in list(sandbox.records[resource])
        )
        return [(str(one["key"]), one) for one in found]

    def stamps(self) -> object:
        return [sandbox.writes for sandbox in self._sandboxes.values()]

    def _identity(self, side: str, key: str) -> str:
        (found,) = (
            identity
            for identity in self._sandboxes[side].records[_RESOURCES[side]]
            if self._sandboxes[side].shown(_RESOURCES[side], identity, _NAMES[side]["key"]) == key
        )
        return found


def built(folder: Path) -> tuple[Path, Package]:
    """Build the package once; the folder with it, and its declarations."""
    spec = folder / SPEC.name
    spec.write_text(SPEC.read_text().replace("  rate 50 per second\n", ""))
    build(spec, folder, {})
    importable.insert(0, str(folder))
    try:
        package = import_module("northwind").PACKAGE
    finally:
        importable.remove(str(folder))
    assert isinstance(package, Package)
    return folder / "northwind", package


@contextmanager
def opened(code: Path, package: Package, folder: Path) -> Iterator[Northwind]:
    """Empty sandboxes and a package without a state in the folder."""
    shutil.copytree(code, folder / "northwind")
    crm, erp = Sandbox(package.systems["crm"], _CRM).start(), Sandbox(package.systems["erp"], _ERP).start()
    variables = {
        "CRM_URL": crm.url,
        "CRM_KEY": _CRM["key"],
        "ERP_URL": erp.url,
        "ERP_USER": _ERP["user"],
        "ERP_PASSWORD": _ERP["pass"],
    }
    try:
        yield Northwind(Command(folder, "northwind", variables), {"crm": crm, "erp": erp})
    finally:
        crm.stop()
        erp.stop()
