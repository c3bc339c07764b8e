"""A generated package, run as its users run it: `python -m <package>` in a folder of its own, settings in a `.env` file."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import forked

IN_STEP, NEEDS_PERSON, FAILED, AWAITS_CONSENT, CHANGED = 0, 1, 2, 3, 4
_PATIENCE_SECONDS = 120


@dataclass(frozen=True, slots=True)
class Ended:
    """How a command ended. `problems` is what it told on stderr."""

    code: int
    text: str
    problems: str

    @property
    def document(self) -> Any:
        """The JSON document of a command with `--json`."""
        return json.loads(self.text)

    def sync(self, entity: str = "Customer") -> dict[str, Any]:
        """What a run with `--json` says of one entity."""
        (found,) = (sync for sync in self.document["syncs"] if sync["entity"] == entity)
        return dict(found)


@dataclass(slots=True)
class Command:
    """The command line of one generated package; `variables` go into its `.env` file before each command.

    The first command has an interpreter of its own, as users start it; the others are forked from one whose imports are done,
    unless they are to start `afresh`.
    """

    folder: Path
    package: str
    variables: dict[str, str] = field(default_factory=dict)
    _began: bool = False

    def __call__(self, *arguments: str) -> Ended:
        """Run `python -m <package> <arguments>` to its end."""
        process = self.start(*arguments)
        text, problems = process.communicate(timeout=_PATIENCE_SECONDS)
        return Ended(process.returncode, text, problems)

    def start(
        self, *arguments: str, before: Callable[[], None] | None = None, afresh: bool = False
    ) -> "subprocess.Popen[str] | forked.Forked":
        """Start `python -m <package> <arguments>`; `before` is called in the new process, to set its limits."""
        lines = [f"{name}={value}\n" for name, value in self.variables.items()]
        (self.folder / ".env").write_text("".join(lines))
        if self._began and before is None and not afresh:
            return forked.start(self.folder, self.package, arguments)
        self._began = True
        return subprocess.Popen(
            [sys.executable, "-m", self.package, *arguments],
            cwd=self.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=before,
        )


def build(spec: Path, folder: Path, variables: Mapping[str, str]) -> Command:
    """Build a spec's package into the folder with `syncline build`."""
    arguments = [sys.executable, "-m", "syncline", "build", str(spec), "-o", str(folder)]
    built = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stdout + built.stderr
    return Command(folder, spec.stem, dict(variables))
