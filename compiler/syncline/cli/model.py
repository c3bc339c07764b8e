"""`syncline model`: the resolved model of a spec, for tools that are not ours."""

import json

import click

from syncline.cli.check import FOUND
from syncline.cli.files import loader, read_spec
from syncline.diagnostics import rendering
from syncline.documents.model import model_document
from syncline.pipeline import check_spec


@click.command()
@click.argument("spec", metavar="SPEC")
@click.option("--json", "as_json", is_flag=True, default=True, help="The format, of which there is one.")
def model(spec: str, as_json: bool) -> None:
    """Print the resolved model of SPEC as JSON: imports read, names resolved, types and defaults filled in.

    \b
    {"format_version": "1.0", "document": "model", "file": as typed, "connectors": by name, "spec": {
      "name", "version", "sha256", "doc", "systems": by name, "entities": by name, "maps": [...], "syncs": [...], ...}}
    Each part is {"node": its class, "span": a place, and its fields}. What stands elsewhere in the document is named:
    "entity", "system", "resource", "field", "natives"; a field of a record is dotted (address.street).
    A place is {"file", "line", "column", "end_line", "end_column"}, counted from 1, the end behind the last character.
    Decimals and dates are texts. A secret is the name of its variable: its value is in no spec.
    A first number of the version that you do not know means that you would misread it; a second one, that something was
    added.

    Exits with 0 when done, 1 when the spec has errors, which are told on standard error, 2 when it could not run.
    """
    name, data = read_spec(spec)
    checked = check_spec(name, data, loader(spec))
    if checked.model is None or not checked.sound:
        click.echo(rendering.text(checked.diagnostics), nl=False, err=True)
        raise SystemExit(FOUND)
    click.echo(json.dumps(model_document(checked.model), ensure_ascii=False, indent=2))
