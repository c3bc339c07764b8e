"""`syncline explain`: the page of a diagnostic."""

from difflib import get_close_matches

import click

from syncline.cli.files import fail
from syncline.diagnostics.pages import page, pages, sample, summary
from syncline.evolution.kinds import KINDS
from syncline.evolution.words import explained

SAMPLE = "sample.sync"

NOTE = f"""\
## About the examples

Each stands under `spec example version 1` and `import "{SAMPLE}"` where it has no `spec` line of its own. That file
declares three systems, `crm`, `erp` and `shop`, each with `contacts` (every operation, and a clock), `parties` (no clock,
no delete, little room) and `bookings` (can only be read). `syncline explain {SAMPLE}` shows it.
"""


@click.command()
@click.argument("code", required=False)
def explain(code: str | None) -> None:
    """Explain a diagnostic's CODE, or that of a change: what it means, why it matters, how to mend it. Without CODE, list all
    diagnostics."""
    known = pages()
    if code is None:
        width = max(map(len, known))
        for each in known:
            click.echo(f"{each:<{width}}  {summary(each)}")
    elif code == SAMPLE:
        click.echo(sample(), nl=False)
    elif code in known:
        text = page(code)
        click.echo(f"{text}\n{NOTE}" if "```sync\n" in text else text, nl=False)
    elif code in KINDS:
        click.echo(explained(code), nl=False)
    else:
        close = get_close_matches(code, (*known, *KINDS), 1)
        fail(
            f"there is no diagnostic {code!r}"
            + (f", did you mean {close[0]!r}?" if close else "; `syncline explain` lists all")
        )
