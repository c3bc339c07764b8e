"""`syncline plan`, `run` and so on: the generated package's own commands, on a spec."""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import Final, NoReturn

import click

from syncline.cli.sound import sound_model
from syncline.pipeline import generate

PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


DOES: Final = {
    "plan": "Show what a run of SPEC would do, record by record",
    "run": "Bring the systems of SPEC into step",
    "serve": "Run the syncs of SPEC by their schedules, and take webhooks",
    "apply": "Do just what a saved plan of SPEC says, or nothing if it no longer holds",
    "review": "List what waits for a person in SPEC, and settle it",
    "why": "Tell how a value of a record in SPEC came to be",
    "status": "Show the last runs of SPEC and what waits for a person",
    "audit": "Verify or show what was decided, written and overruled in SPEC, and by whom",
    "prune": "Let go what is kept for people and is old",
    "erase": "Erase one person's data, in the systems of SPEC as it says and in its state",
    "export": "Write the state of SPEC as lines of JSON, sealed or in the clear",
    "import": "Make a state of SPEC from an export",
    "state": "Look at all of the state of SPEC, or exchange its keys",
    "rebase": "Begin anew where the state of SPEC is lost, or older than the systems",
    "migrate": "Show what a changed SPEC asks of stored state; `--apply` does it",
}
"""The commands of a generated package, each an attribute of this module."""


def __getattr__(name: str) -> click.Command:
    if name not in DOES:
        raise AttributeError(name)
    return _passed_on(name, DOES[name])


def _passed_on(name: str, does: str) -> click.Command:
    """The command `name` of the generated package, with all its options."""

    @click.command(name, context_settings=PASSED_ON, help=f"{does}; `syncline {name} SPEC --help` lists the options.")
    @click.argument("spec")
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...]")
    def command(spec: str, arguments: tuple[str, ...]) -> None:
        _execute(spec, (name, *arguments))

    return command


def _execute(spec: str, arguments: tuple[str, ...]) -> NoReturn:
    model = sound_model(spec)
    from syncline.certificate import certified
    from syncline.lowering import package_name
    from syncline_runtime.cli import main

    package = package_name(model)
    with tempfile.TemporaryDirectory(prefix="syncline-") as folder:
        for path, text in certified(model, generate(model)).items():
            target = Path(folder, package, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        sys.path.insert(0, folder)
        main(import_module(package).PACKAGE, list(arguments))
    raise SystemExit(0)
