"""`syncline lineage`: where a field comes from, who decides it and where it goes."""

from difflib import get_close_matches

import click

from syncline.cli.check import FOUND
from syncline.cli.files import fail, loader, read_spec
from syncline.diagnostics import rendering as diagnostics
from syncline.lineage import rendering
from syncline.lineage.tracing import trace
from syncline.model.spec import Spec
from syncline.pipeline import check_spec


@click.command()
@click.argument("spec", metavar="SPEC")
@click.argument("field", required=False, metavar="[ENTITY[.FIELD]]")
@click.option(
    "--output", type=click.Choice(["text", "json", "mermaid"]), default="text", help="How the lineage is shown."
)
def lineage(spec: str, field: str | None, output: str) -> None:
    """Show which systems and native fields feed and receive each field of SPEC, through which codecs and expressions, by which
    truth rule, and which clauses hang on it. A field that is a record stands for all its parts.

    Exits with 0 when done, 1 when the spec has errors, 2 when it could not run.

    \b
    JSON: {"format_version": "1.0", "fields": [{"entity", "field", "type", "pii", "span", "sources" and "targets":
      [{"system", "resource", "natives", "through", "condition", "span"}], "decisions": [{"rule", "span" or null}],
      "uses": [{"clause", "span"}]}]}; a span is {"file", "line", "column", "end_line", "end_column"}, counted from 1.
    """
    name, data = read_spec(spec)
    checked = check_spec(name, data, loader(spec))
    if checked.model is None or not checked.sound:
        click.echo(diagnostics.text(checked.diagnostics), nl=False, err=True)
        raise SystemExit(FOUND)
    entity, _, part = (field or "").partition(".")
    found = trace(checked.model, entity or None, part or None)
    if not found and field:
        _unknown(checked.model, entity, field)
    match output:
        case "json":
            click.echo(rendering.as_json(found), nl=False)
        case "mermaid":
            click.echo(rendering.mermaid(found), nl=False)
        case _:
            click.echo(rendering.text(found), nl=False)


def _unknown(model: Spec, entity: str, asked: str) -> None:
    known = [f"{one.name}.{field}" for one in model.entities.values() for field in one.fields]
    if asked == entity:
        known = list(model.entities)
    close = get_close_matches(asked, known, 1)
    hint = f", did you mean {close[0]!r}?" if close else f"; known here: {', '.join(known[:10])}"
    fail(f"there is no {'entity' if asked == entity else 'field'} {asked!r}{hint}")
