"""`syncline plan`, `run` and `status`: the generated package's own commands, on a spec."""

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


@click.command(context_settings=PASSED_ON)
@click.argument("spec")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...]")
def plan(spec: str, arguments: tuple[str, ...]) -> None:
    """Show what a run of SPEC would do, record by record; `syncline plan SPEC --help` lists the options."""
    _execute(spec, ("plan", *arguments))


@click.command(context_settings=PASSED_ON)
@click.argument("spec")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...]")
def run(spec: str, arguments: tuple[str, ...]) -> None:
    """Bring the systems of SPEC into step; `syncline run SPEC --help` lists the options."""
    _execute(spec, ("run", *arguments))


@click.command(context_settings=PASSED_ON)
@click.argument("spec")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[OPTION...]")
def status(spec: str, arguments: tuple[str, ...]) -> None:
    """Show the last runs of SPEC and what waits for a person; `syncline status SPEC --help` lists the options."""
    _execute(spec, ("status", *arguments))


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
