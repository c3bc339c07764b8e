"""`syncline diff`: what a new version of a spec does to what already runs."""

from collections.abc import Sequence

import click

from syncline.checks.released import findings
from syncline.cli.check import FOUND, wants_colour
from syncline.cli.files import COULD_NOT_RUN
from syncline.cli.revisions import Revision, revision
from syncline.cli.showing import as_output, write
from syncline.diagnostics import rendering as diagnostics
from syncline.diagnostics.diagnostic import Severity
from syncline.evolution import rendering
from syncline.evolution.annotations import github
from syncline.evolution.change import Impact
from syncline.evolution.comparing import compare
from syncline.evolution.kinds import KINDS
from syncline.evolution.rendering import Compared
from syncline.model.spec import Spec
from syncline.pipeline import check_spec, parse_bytes, resolve_spec
from syncline.syntax.declarations import Header


@click.command()
@click.argument("old", metavar="OLD")
@click.argument("new", metavar="NEW")
@click.option(
    "--output",
    type=click.Choice(["text", "concise", "json", "sarif", "github", "gitlab", "junit"]),
    default="text",
    help="How changes are shown.",
)
@click.option("--output-file", metavar="FILE", help="Write the changes to FILE; one line of totals is printed.")
@click.option(
    "--accept",
    type=click.Choice([each.value for each in Impact if each is not Impact.SAFE]),
    multiple=True,
    help="Show changes of this class, but do not exit with 1 for them; several times for several classes.",
)
def diff(old: str, new: str, output: str, output_file: str | None, accept: tuple[str, ...]) -> None:
    """Class what changes from OLD to NEW by whom it hurts, and say what must happen.

    Both are files, folders, or either at a git reference: git:main:specs/crm.sync. Imports are read
    at the reference too; connectors of the library are those of this compiler. The specs of folders are paired by path,
    then by name.

    \b
    DATA       records would be overwritten, lost, relinked or rewritten
    STATE      stored cursors, links or shadows no longer fit
    API        names or types of the generated package
    BEHAVIOUR  retries, rate, order, schedule, guards
    SAFE       nothing of the kind

    Exits with 0 when all changes are safe or accepted, 1 when one is not, 2 when it could not run.

    \b
    JSON: {"format_version": "1.0", "impact": the worst class or null, "specs": [{"spec": its name, "old_version",
      "new_version", "changes": [
      {"code", "subject", "impacts": the worst first, "needs": [approval | backfill | relink | migration | callers |
       deployment | nothing], "message", "why", "then", "old" and "new": a place or null, "reaches": [{"system",
       "resource", "native": a field or null for whole records, "field": the entity's field it comes through, or null}],
       "facts"}]}]}; a place is {"file", "line", "column", "end_line", "end_column"}, counted from 1.
    """
    before, after = revision(old), revision(new)
    compared = tuple(
        Compared(
            _named(first, second),
            compare(first, second),
            before.origin,
            after.origin,
            (None if first is None else first.version, None if second is None else second.version),
        )
        for first, second in _pairs(specs_of(before, released=True), specs_of(after, released=False))
    )
    shown = _shown(compared, output, new, colour=output_file is None and wants_colour())
    if output_file is None:
        click.echo(shown, nl=False, color=True)
    else:
        write(output_file, shown)
        click.echo(rendering.totals(compared), nl=False)
    accepted = {Impact.SAFE, *map(Impact, accept)}
    if any(not accepted.issuperset(KINDS[change.code].impacts) for one in compared for change in one.changes):
        raise SystemExit(FOUND)


def _shown(compared: Sequence[Compared], output: str, place: str, *, colour: bool) -> str:
    match output:
        case "json":
            return rendering.as_json(compared)
        case "concise":
            return rendering.concise(compared)
        case "github":
            return github(compared)
        case "sarif" | "gitlab" | "junit":
            # As findings: what is safe is none.
            found = [finding for one in compared for change in one.changes for finding in findings(change)]
            return as_output(found, output, [place], {})
    return rendering.text(compared, colour=colour)


def specs_of(side: Revision, *, released: bool) -> dict[str, Spec]:
    """The specs of a side by path; in a folder, files without a `spec` line are what others import."""
    found: dict[str, Spec] = {}
    for name, path in side.files.items():
        data = side.read(path)
        if name and not any(isinstance(node, Header) for node in parse_bytes(path, data)[0].declarations):
            continue
        found[name] = _model(side, path, data, released)
    return found


def _model(side: Revision, path: str, data: bytes, released: bool) -> Spec:
    name = "<stdin>" if path == "-" else path
    # What runs already was accepted by a compiler that may have known less; it counts as it stands.
    resolved = (resolve_spec if released else check_spec)(name, data, side.loader(path))
    errors = [one for one in resolved.diagnostics if one.severity is Severity.ERROR]
    if errors or resolved.model is None:
        click.echo(diagnostics.text(errors, colour=wants_colour()), nl=False, err=True)
        click.echo(f"syncline: {side.origin}{name} does not check, so that it cannot be compared", err=True)
        raise SystemExit(COULD_NOT_RUN)
    return resolved.model


def _pairs(old: dict[str, Spec], new: dict[str, Spec]) -> list[tuple[Spec | None, Spec | None]]:
    if set(old) == set(new) == {""}:
        return [(old[""], new[""])]
    pairs: list[tuple[Spec | None, Spec | None]] = [(old[path], new[path]) for path in old if path in new and path]
    came = {spec.name: spec for path, spec in new.items() if path not in old or not path}
    for path, spec in old.items():
        if path not in new or not path:
            pairs.append((spec, came.pop(spec.name, None)))
    pairs += [(None, spec) for spec in came.values()]
    return sorted(pairs, key=lambda pair: _named(*pair))


def _named(old: Spec | None, new: Spec | None) -> str:
    known = new if new is not None else old
    assert known is not None
    return known.name
