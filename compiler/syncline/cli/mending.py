"""`check --fix`: mends carried out in the files of the specs."""

from collections.abc import Iterable
from pathlib import Path

import click

from syncline.cli.checking import checked_spec
from syncline.cli.files import fail, read_spec
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.fixing import fix_of
from syncline.project.mending import mended
from syncline.source import Source

_ROUNDS = 5
"""A mend may bring another mistake to light; one that goes on for longer than this does not end."""


def mend_specs(specs: tuple[str, ...], *, unsafe: bool) -> None:
    """Carry out the fixes of the findings in each spec, and say how many on standard error.

    A file that is only imported is left alone, for others may import it, too; it is named.
    """
    elsewhere: set[str] = set()
    for spec in specs:
        if spec == "-":
            fail("standard input cannot be mended: give the file")
        name, before = read_spec(spec)
        data, done = before, 0
        for _ in range(_ROUNDS):
            source = Source.from_bytes(name, data)
            if not isinstance(source, Source):
                break
            mark = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
            found = checked_spec(spec, name, data).diagnostics
            elsewhere.update(_mendable(found, unsafe=unsafe))
            result = mended(source, found, unsafe=unsafe)
            if not result.done:
                break
            data, done = mark + result.text.encode(), done + result.done
        if data != before:
            _write(spec, data)
            click.echo(f"{spec}: {done} mended", err=True)
    for name in sorted(elsewhere - set(specs)):
        click.echo(f"{name}: can be mended, too, when it is given", err=True)


def _mendable(found: Iterable[Diagnostic], *, unsafe: bool) -> set[str]:
    return {each.span.source.name for each in found if (fix := fix_of(each)) and (fix.safe or unsafe)}


def _write(path: str, data: bytes) -> None:
    try:
        Path(path).write_bytes(data)
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror or error}")
