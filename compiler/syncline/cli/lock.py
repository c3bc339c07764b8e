"""`syncline lock`: pin what a spec holds its systems to be."""

import click

from syncline.cli.check import FOUND, show
from syncline.cli.files import fail, read_spec
from syncline.cli.showing import write
from syncline.pipeline import check_spec


@click.command()
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
def lock(specs: tuple[str, ...]) -> None:
    """Write SPEC.lock: the systems, resources and fields that SPEC uses, as their connectors describe them now.

    From then on `check` refuses a spec whose systems are described otherwise (lock.drift), as after an upgrade of a library
    connector. What the spec does not use is no drift. Keep the file beside the spec, in version control.
    """
    from syncline.cli.files import loader
    from syncline.evolution.locking import locked

    for spec in specs:
        if spec == "-":
            fail("a lock stands beside its spec: name a file")
        name, data = read_spec(spec)
        checked = check_spec(name, data, loader(spec))
        if checked.model is None or not checked.sound:
            show(list(checked.diagnostics), "text")
            raise SystemExit(FOUND)
        write(f"{spec}.lock", locked(checked.model))
        click.echo(f"{spec}.lock")
