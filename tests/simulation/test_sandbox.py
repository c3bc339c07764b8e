"""A sandbox behaves as its declaration says: the real connectors read from it what they wrote."""

import asyncio
import importlib
import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from syncline.cli.files import loader
from syncline.pipeline import check_spec, generate
from syncline_runtime.connectors import open_system
from syncline_runtime.declaration import HeaderAuth, Package, Text
from syncline_runtime.ports import Applied, NativeRecord, Refused, SystemFailure, Write
from syncline_runtime.simulation.sandbox import Sandbox

SPECS = Path(__file__).parents[2] / "specs" / "examples"
SETTINGS = {
    "crm": {"email": "ana@example.org", "password": "canary-crm"},
    "erp": {"database": "erp", "user": "ana", "password": "canary-erp"},
}


class Clock:
    """Never waits."""

    def now(self) -> float:
        return 1_800_000_000.0

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(0)


class Unlimited:
    """A budget without an end."""

    async def acquire(self, calls: int = 1) -> None:
        return None

    def throttled(self, retry_after: float) -> None:
        return None


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Package]:
    spec = SPECS / "crm_erp_customers.sync"
    checked = check_spec(str(spec), spec.read_bytes(), loader(str(spec)))
    assert checked.model is not None
    folder = tmp_path_factory.mktemp("built")
    for path, text in generate(checked.model).items():
        target = folder / "sandboxed" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")
    sys.path.insert(0, str(folder))
    try:
        yield importlib.import_module("sandboxed").PACKAGE
    finally:
        sys.path.remove(str(folder))


CASES = {
    "crm": ("contacts", {"fullname": "Ana", "email": "ana@x.example", "tags": ["gold"]}, {"fullname": "Ana B."}),
    "erp": (
        "parties",
        {"name": "Ana", "email": "ana@x.example", "tags": "gold", "vat": "NO1"},
        {"email": "b@x.example", "vat": None},
    ),
}


def shown(record: NativeRecord, fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name: record.native.get(name) for name in fields}


@pytest.mark.parametrize("name", CASES)
async def test_what_is_written_is_read(package: Package, name: str) -> None:
    resource, values, edit = CASES[name]
    sandbox = Sandbox(package.systems[name], SETTINGS[name]).start()
    system = open_system(package.systems[name], {"url": sandbox.url, **SETTINGS[name]}, Clock(), Unlimited())
    fields = list(package.systems[name].resources[resource].fields)
    try:
        await system.open()
        made = await system.create(resource, [Write(values), Write({**values, "email": "c@x.example"})])
        assert all(isinstance(outcome, Applied) for outcome in made)
        first, second = (outcome.remote_id for outcome in made if isinstance(outcome, Applied))
        pages = [page async for page in system.pages(resource, fields=fields)]
        listed = {record.remote_id: record for page in pages for record in page.records}
        assert shown(listed[first], values) == values
        cursor = pages[-1].cursor
        (updated,) = await system.update(resource, [Write(edit, remote_id=first)])
        assert isinstance(updated, Applied)
        read = await system.read(resource, [first, "999999"], fields=fields)
        assert read["999999"] is None
        record = read[first]
        assert record is not None
        assert shown(record, {**values, **edit}) == {**values, **edit}
        assert sandbox.writes == 3
        changed = [
            record.remote_id
            async for page in system.pages(resource, fields=fields, since=cursor)
            for record in page.records
        ]
        assert first in changed
        (gone,) = await system.delete(resource, [Write({}, remote_id=second)])
        assert isinstance(gone, Applied)
        assert list(sandbox.records[resource]) == [first]
    finally:
        await system.close()
        sandbox.stop()


async def test_an_empty_set_is_no_list_of_children(package: Package) -> None:
    sandbox = Sandbox(package.systems["crm"], SETTINGS["crm"]).start()
    system = open_system(package.systems["crm"], {"url": sandbox.url, **SETTINGS["crm"]}, Clock(), Unlimited())
    try:
        await system.open()
        (made,) = await system.create("contacts", [Write({"fullname": "Ana", "tags": []})])
        assert isinstance(made, Applied)
        assert made.record is not None
        assert made.record.native["tags"] == []
        await system.update("contacts", [Write({"tags": ["gold"]}, remote_id=made.remote_id)])
        assert sandbox.shown("contacts", made.remote_id, "tags") == ["gold"]
    finally:
        await system.close()
        sandbox.stop()


async def test_wrong_credentials_and_faults_are_answered_as_errors(package: Package) -> None:
    declared = package.systems["crm"]
    sandbox = Sandbox(declared, SETTINGS["crm"]).start()
    try:
        wrong = {"url": sandbox.url, **SETTINGS["crm"], "password": "guess"}
        with pytest.raises(SystemFailure, match="credentials"):
            await open_system(declared, wrong, Clock(), Unlimited()).open()
        system = open_system(declared, {"url": sandbox.url, **SETTINGS["crm"]}, Clock(), Unlimited())
        await system.open()
        sandbox.faults.append(422)
        (refused,) = await system.create("contacts", [Write({"fullname": "Ana"})])
        assert isinstance(refused, Refused)
        assert sandbox.records["contacts"] == {}
        await system.close()
    finally:
        sandbox.stop()


@pytest.mark.parametrize(("key", "status"), [("canary-key", 200), ("guess", 401)])
def test_a_key_in_a_header_is_looked_at(package: Package, key: str, status: int) -> None:
    crm = package.systems["crm"]
    keyed = replace(crm.connector, auth=HeaderAuth(header="X-Key", value=Text("Key {key}")))
    sandbox = Sandbox(replace(crm, connector=keyed), {"key": "canary-key"})
    assert sandbox.answer("GET", "/api/collections/contacts/records", {"x-key": f"Key {key}"}, b"")[0] == status
