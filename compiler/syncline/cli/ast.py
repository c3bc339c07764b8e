"""`syncline ast`: the syntax tree of a spec, for tools that are not ours."""

import json

import click

from syncline.cli.check import FOUND
from syncline.cli.files import read_spec
from syncline.diagnostics import rendering
from syncline.documents.tree import tree_document
from syncline.pipeline import parse_bytes


@click.command()
@click.argument("spec", metavar="SPEC")
@click.option("--json", "as_json", is_flag=True, default=True, help="The format, of which there is one.")
def ast(spec: str, as_json: bool) -> None:
    """Print the syntax tree of SPEC as JSON, comments included; what it imports is not read.

    \b
    {"format_version": "1.0", "document": "ast", "file": as typed, "tree": a node}
    A node is {"node": its class, "span": a place, and its fields}: each field is a node, a list of nodes, a text, a
    boolean or null. Numbers are texts as written: 1.0 and 1.00 are different decimals.
    A place is {"line", "column", "end_line", "end_column"}, counted from 1, the end behind the last character.
    The classes and their fields are those of `syncline.syntax`. A first number of the version that you do not know means
    that you would misread it; a second one, that something was added.

    Where lines do not parse, the tree is what is left without them, and they are told on standard error. Exits with 0 when done, 1
    when something did not parse, 2 when it could not run.
    """
    name, data = read_spec(spec)
    tree, found = parse_bytes(name, data)
    click.echo(json.dumps(tree_document(tree), ensure_ascii=False, indent=2))
    if found:
        click.echo(rendering.text(found), nl=False, err=True)
        raise SystemExit(FOUND)
