"""A built spec between sandboxes: real runs whose requests are counted and seen."""

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
