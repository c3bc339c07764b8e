"""`syncline plan`, `run` and so on: the generated package's own commands, on a spec."""

import sys
import tempfile
from importlib import import_module
from pathlib import Path
from typing import NoReturn

import click

from syncline.cli.check import FOUND, show
from syncline.cli.checking import checked_spec
from syncline.cli.files import read_spec
from syncline.pipeline import generate

PASSED_ON = {"ignore_unknown_options": True, "help_option_names": []}


def _passed_on(name: str, does: str) -> click.Command:
    """The command `name` of the generated package, with all its options."""

    @click.command(name, context_settings=PASSED_ON, help=f"{does}; `syncline {name} SPEC --help` lists the options.")
    @click.argument("spec")
    @click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...]")
    def command(spec: str, arguments: tuple[str, ...]) -> None:
        _execute(spec, (name, *arguments))

    return command


plan = _passed_on("plan", "Show what a run of SPEC would do, record by record")
run = _passed_on("run", "Bring the systems of SPEC into step")
apply = _passed_on("apply", "Do just what a saved plan of SPEC says, or nothing if it no longer holds")
review = _passed_on("review", "List what waits for a person in SPEC, and settle it")
rebase = _passed_on("rebase", "Begin anew where the state of SPEC is lost, or older than the systems")
why = _passed_on("why", "Tell how a value of a record in SPEC came to be")
status = _passed_on("status", "Show the last runs of SPEC and what waits for a person")


@click.command(context_settings=PASSED_ON)
@click.argument("spec")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...]")
def migrate(spec: str, arguments: tuple[str, ...]) -> None:
    """Show what a changed SPEC asks of stored state; `syncline migrate SPEC --apply` does it."""
    _execute(spec, ("migrate", *arguments))


def _execute(spec: str, arguments: tuple[str, ...]) -> NoReturn:
    name, data = read_spec(spec)
    checked = checked_spec(spec, name, data)
    if checked.diagnostics:
        show(list(checked.diagnostics), "text")
    if checked.model is None or not checked.sound:
        raise SystemExit(FOUND)
    from syncline.certificate import certified
    from syncline.lowering import package_name
    from syncline_runtime.cli import main

    package = package_name(checked.model)
    with tempfile.TemporaryDirectory(prefix="syncline-") as folder:
        for path, text in certified(checked.model, generate(checked.model)).items():
            target = Path(folder, package, path)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        sys.path.insert(0, folder)
        main(import_module(package).PACKAGE, list(arguments))
    raise SystemExit(0)
