"""`syncline fmt`: the one layout of specs."""

import sys
from pathlib import Path

import click

from syncline.cli.files import COULD_NOT_RUN, fail, read_spec
from syncline.diagnostics import rendering
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Source
from syncline.syntax.formatting import formatted
from syncline.syntax.parsing import problem_found

WOULD_CHANGE = 1


@click.command()
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file would change.")
@click.option("--diff", is_flag=True, help="Write nothing; print what would change, exit with 1 when there is any.")
def fmt(files: tuple[str, ...], check: bool, diff: bool) -> None:
    """Lay out FILEs in place (`-` reads standard input and prints the result). A broken spec is left as it is.

    Exits with 0 when all is done or clean, 1 when --check or --diff found something to change, 2 when it could not run.
    """
    changed = broken = False
    for file in files:
        name, data = read_spec(file)
        result = _formatted(name, data)
        if not isinstance(result, str):
            click.echo(rendering.text(result), nl=False, err=True)
            broken = True
            continue
        differs = result.encode() != data
        changed |= differs
        if diff and differs:
            click.echo(_difference(name, data.decode("utf-8-sig"), result), nl=False)
        if check and differs and not diff:
            click.echo(f"would change {name}")
        if not check and not diff:
            _write(file, result, differs)
    if broken:
        raise SystemExit(COULD_NOT_RUN)
    if changed and (check or diff):
        raise SystemExit(WOULD_CHANGE)


def _formatted(name: str, data: bytes) -> str | tuple[Diagnostic, ...]:
    source = Source.from_bytes(name, data)
    return formatted(source) if isinstance(source, Source) else (problem_found(source),)


def _write(file: str, result: str, differs: bool) -> None:
    if file == "-":
        sys.stdout.buffer.write(result.encode())
    elif differs:
        try:
            Path(file).write_bytes(result.encode())
        except OSError as error:
            fail(f"cannot write {file}: {error.strerror or error}")


def _difference(name: str, before: str, after: str) -> str:
    from difflib import unified_diff

    lines = unified_diff(before.splitlines(True), after.splitlines(True), name, f"{name} (formatted)")
    return "".join(line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines)
