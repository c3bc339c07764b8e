"""The formulas of cost against the requests that real runs make to sandboxes: right within five per cent."""

import io
import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from syncline.cli.files import loader
from syncline.guarantees.cost import Load, calls, login
from syncline.model.spec import Spec
from syncline.pipeline import check_spec, generate
from syncline_runtime.cli import execute
from syncline_runtime.declaration import Package
from syncline_runtime.simulation.sandbox import Sandbox

SPECS = Path(__file__).parent / "specs"
EXAMPLES = Path(__file__).parents[2] / "specs" / "examples"


@dataclass
class Installation:
    """A built spec between sandboxes, and the cost that its model foretells."""

    spec: Spec
    package: Package
    systems: Mapping[str, Sandbox]
    state: Path
    did: dict[str, Load] = field(default_factory=dict)

    def holds(self, *arguments: str, missing: Mapping[str, int] | None = None, **everything: bool) -> dict[str, str]:
        """One run: where the formulas are off by more than five per cent of its requests, given what it says it did."""
        before = {name: sandbox.requests for name, sandbox in self.systems.items()}
        out, err = io.StringIO(), io.StringIO()
        code = execute(self.package, ["run", "--json", "--state", str(self.state), *arguments], stdout=out, stderr=err)
        assert code in (0, 1), (out.getvalue(), err.getvalue())
        (done,) = json.loads(out.getvalue())["syncs"]
        (sync,) = self.spec.syncs
        off = {}
        for side in sync.maps:
            name = side.system.name
            counted = self.systems[name].requests - before[name]
            did = done["by_system"].get(name, {})
            load = Load(
                listed=done["observed"][name],
                everything=everything.get(name, False),
                created=did.get("created", 0),
                updated=did.get("updated", 0),
                archived=did.get("archived", 0),
                deleted=did.get("deleted", 0),
                missing=(missing or {}).get(name, 0),
            )
            foretold = login(side) + calls(side, load)
            if abs(foretold - counted) > 0.05 * counted:
                off[name] = f"{foretold} foretold, {counted} counted: {load}"
            self.did[name] = load
        return off


@contextmanager
def installed(
    path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch, name: str, secrets: Mapping[str, Mapping[str, str]]
) -> Iterator[Installation]:
    checked = check_spec(str(path), path.read_bytes(), loader(str(path)))
    assert checked.sound, checked.diagnostics
    assert checked.model is not None
    home = folder / "built" / name
    home.mkdir(parents=True)
    for file, text in generate(checked.model).items():
        (home / file).write_text(text, encoding="utf-8")
    monkeypatch.syspath_prepend(str(home.parent))
    for module in [one for one in sys.modules if one.partition(".")[0] == name]:
        del sys.modules[module]
    package: Package = import_module(name).PACKAGE
    systems = {
        system: Sandbox(declared, secrets.get(system, {})).start() for system, declared in package.systems.items()
    }
    try:
        for system, declared in package.systems.items():
            for setting, source in declared.settings.items():
                variable: Any = getattr(source, "variable", None)
                if variable is not None:
                    given = {"url": systems[system].url, **secrets.get(system, {})}
                    monkeypatch.setenv(variable, given[setting])
        yield Installation(checked.model, package, systems, folder / "state.db")
    finally:
        for sandbox in systems.values():
            sandbox.stop()


def test_a_crm_by_cursor_and_an_erp_by_offset_one_record_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"crm": {"key": "sandbox"}, "erp": {"user": "books", "pass": "sandbox"}}
    with installed(EXAMPLES / "northwind.sync", tmp_path, monkeypatch, "northwind", secrets) as made:
        crm, erp = made.systems["crm"], made.systems["erp"]
        for number in range(80):
            crm.add(
                "accounts",
                {"number": f"N{number:04}", "company": f"Company {number}", "person": "Ana", "phone": None, "stage": "lead",
                 "town": None, "country": None, "labels": ["a"], "closed": False},
            )  # fmt: skip
        assert made.holds("--apply-first", crm=True, erp=True) == {}
        assert made.did["erp"].created == 80
        assert made.holds(erp=True) == {}
        assert made.holds() == {}
        for identity in list(crm.records["accounts"])[:70]:
            crm.edit("accounts", identity, {"company": "Changed"})
        assert made.holds("--approve", "update") == {}
        assert made.did["erp"].updated == 70
        for identity in list(erp.records["customers"])[:60]:
            erp.edit("customers", identity, {"contact": "Bo"})
        assert made.holds("--approve", "update") == {}
        assert made.did["crm"].updated == 60
        for identity in list(crm.records["accounts"])[:3]:
            crm.remove("accounts", identity)
        assert made.holds("--full", crm=True, erp=True, missing={"crm": 3}) == {}
        assert made.did["erp"].archived == 3


def test_a_crm_in_batches_and_an_erp_with_child_lists_that_answers_ids(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {
        "crm": {"email": "admin@example.com", "password": "sandbox"},
        "erp": {"database": "books", "user": "admin", "password": "sandbox"},
    }
    with installed(SPECS / "batches.sync", tmp_path, monkeypatch, "batches", secrets) as made:
        crm, erp = made.systems["crm"], made.systems["erp"]
        for number in range(230):
            crm.add(
                "contacts",
                {"fullname": f"Ana {number}", "email": f"ana{number}@example.com", "phone": "+4721212121", "vat": f"NO{number}",
                 "website": "https://example.com", "tags": ["a"], "archived": False},
            )  # fmt: skip
        assert made.holds("--apply-first", crm=True, erp=True) == {}
        assert made.did["erp"].created == 230
        assert made.holds(erp=True) == {}
        assert made.holds() == {}
        for identity in list(crm.records["contacts"])[:220]:
            crm.edit("contacts", identity, {"phone": "+4722222222"})
        assert made.holds("--approve", "update") == {}
        assert made.did["erp"].updated == 220
        for identity in list(erp.records["parties"])[:130]:
            erp.edit("parties", identity, {"name": "Bo"})
        assert made.holds("--approve", "update") == {}
        assert made.did["crm"].updated == 130
        for identity in list(crm.records["contacts"])[:3]:
            crm.remove("contacts", identity)
        assert made.holds("--full", crm=True, erp=True, missing={"crm": 3}) == {}
        assert made.did["erp"].archived == 3


def test_a_form_without_a_cursor_and_deletions_that_are_carried_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = {"web": {"key": "sandbox"}, "post": {"key": "sandbox"}}
    with installed(SPECS / "plain.sync", tmp_path, monkeypatch, "plain", secrets) as made:
        web = made.systems["web"]
        for number in range(130):
            web.add("leads", {"email": f"ana{number}@example.com", "name": f"Ana {number}"})
        assert made.holds("--apply-first", web=True, post=True) == {}
        assert made.did["post"].created == 130
        assert made.holds(web=True, post=True) == {}
        for identity in list(web.records["leads"])[:50]:
            web.remove("leads", identity)
        assert made.holds(web=True, missing={"web": 50}) == {}
        assert made.did["post"].deleted == 50
        assert made.holds(web=True) == {}
