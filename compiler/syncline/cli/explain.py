"""`syncline explain`: the page of a diagnostic."""

from difflib import get_close_matches

import click

from syncline.cli.files import fail
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.pages import page


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain a diagnostic's CODE: what it means, why it matters, how to mend it. Without CODE, list all."""
    if code is None:
        for known in sorted(LEXICON):
            click.echo(known)
        return
    if code not in LEXICON:
        close = get_close_matches(code, LEXICON, 1)
        fail(
            f"there is no diagnostic {code!r}"
            + (f", did you mean {close[0]!r}?" if close else "; `syncline explain` lists all")
        )
    click.echo(page(code), nl=False)
