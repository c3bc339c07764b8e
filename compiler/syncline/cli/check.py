"""`syncline check`: what is wrong with specs, before anything runs."""

from __future__ import annotations

import json
import os
import sys
from typing import TYPE_CHECKING

import click

from syncline.cli import remembering
from syncline.cli.files import fail
from syncline.cli.selecting import selected

# Nothing of the compiler is imported here: what an earlier check found is shown without it.
if TYPE_CHECKING:
    from collections.abc import Mapping

    from syncline.diagnostics.diagnostic import Diagnostic
    from syncline.model.spec import Spec
    from syncline.syntax.declarations import Spec as Tree

FOUND = 1
SHOWN_HERE = ("text", "concise", "json")


@click.command()
@click.argument("specs", nargs=-1, required=True, metavar="SPEC...")
@click.option(
    "--output",
    type=click.Choice(["text", "concise", "json", "sarif", "github", "gitlab", "junit"]),
    default="text",
    help="How findings are shown.",
)
@click.option("--output-file", metavar="FILE", help="Write the findings to FILE; one line of totals is printed.")
@click.option(
    "--report",
    is_flag=True,
    help="Show what each sound spec promises, assumes and costs; `json` joins it to the findings.",
)
@click.option(
    "--changes",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Records that change between two runs, for which each schedule must keep within the declared rates.",
)
@click.option(
    "--records",
    type=click.IntRange(0),
    default=0,
    metavar="N",
    help="Records in each system that lists all of them on every run, for the same.",
)
@click.option(
    "--against",
    metavar="OLD",
    help="Tell what the specs do to what already runs: OLD is the released file or folder, or git:REFERENCE:PATH.",
)
@click.option("--fix", is_flag=True, help="Mend in the files what is certain, then check.")
@click.option("--unsafe-fixes", is_flag=True, help="Mend what is likely, too; look at the difference.")
@click.option("--baseline", metavar="FILE", help="Leave out the old findings that FILE counts; tell which are gone.")
@click.option("--write-baseline", metavar="FILE", help="Count the present findings in FILE, as far as they may stand.")
@click.option("--prune-baseline", is_flag=True, help="Take out of the --baseline what is gone.")
@click.option("--stats", is_flag=True, help="Show on standard error where the time went.")
@click.option("--no-cache", is_flag=True, help="Check anew, whatever an earlier check of the same files found.")
@click.option("--show-settings", is_flag=True, help="Show what holds for each SPEC, and check nothing.")
def check(
    specs: tuple[str, ...],
    output: str,
    output_file: str | None,
    report: bool,
    changes: int,
    records: int,
    against: str | None,
    fix: bool,
    unsafe_fixes: bool,
    baseline: str | None,
    write_baseline: str | None,
    prune_baseline: bool,
    stats: bool,
    no_cache: bool,
    show_settings: bool,
) -> None:
    """Check SPECs: files, folders with all below them, or `-` for standard input.

    Exits with 0 when clean, 1 with findings, 2 when it could not run.
    """
    if report and not output_file and output not in SHOWN_HERE:
        fail(f"--report is shown as text or joined to json; write {output} to a file with --output-file")
    if prune_baseline and not baseline:
        fail("--prune-baseline needs --baseline FILE")
    selection = selected(specs)
    specs = selection.specs
    if show_settings:
        from syncline.cli import projects

        sound_settings = [projects.show_settings(spec) for spec in specs]
        raise SystemExit(0 if all(sound_settings) else FOUND)
    if fix or unsafe_fixes:
        from syncline.cli.mending import mend_specs

        mend_specs(selection, unsafe=unsafe_fixes)
    plain = output in SHOWN_HERE and not any(
        (output_file, report, changes, records, against, baseline, write_baseline, stats, no_cache)
    )
    sound: list[Spec] = []
    trees: Mapping[str, Tree] = {}
    watch = None
    spared: list[tuple[Diagnostic, str]] = []
    found = remembering.recalled(specs) if plain else None
    if found is None:
        from syncline.cli.inspecting import inspected
        from syncline.measuring import Stopwatch

        watch = Stopwatch() if stats else None
        found, sound, trees, spared = inspected(specs, changes, records, watch, remembered=plain, against=against)
    old: list[Diagnostic] = []
    if baseline or write_baseline:
        before = found
        found = _sorted_out(found, trees, specs, baseline, write_baseline, prune_baseline)
        kept = set(map(id, found))
        old = [each for each in before if id(each) not in kept]
    if watch is not None:
        from syncline.cli.statistics import statistics

        click.echo(statistics(watch, trees, found), nl=False, err=True)
    if report and output == "json" and not output_file:
        show_reports(sound, found)
    else:
        if output_file or output not in SHOWN_HERE:
            _hand_over(found, output, output_file, specs, trees, (spared, old))
        else:
            show(found, output)
        if (output == "text" or output_file) and not found:
            click.echo(f"{len(specs)} {'spec' if len(specs) == 1 else 'specs'} checked, nothing found")
        if report:
            show_reports(sound)
    if any(diagnostic.severity.value != "hint" for diagnostic in found):
        raise SystemExit(FOUND)


def _sorted_out(
    found: list[Diagnostic],
    trees: Mapping[str, Tree],
    specs: tuple[str, ...],
    baseline: str | None,
    write_baseline: str | None,
    prune: bool,
) -> list[Diagnostic]:
    from syncline.cli import baselines
    from syncline.cli.files import settings_file
    from syncline.cli.projects import project_at

    files = [file for spec in specs if (file := settings_file(spec)) is not None]
    own = frozenset(name for file in files for name in project_at(file).settings.checks)
    if write_baseline:
        return baselines.write_baseline(write_baseline, found, trees, own)
    return baselines.against_baseline(baseline or "", found, trees, own, prune=prune)


def _hand_over(
    found: list[Diagnostic],
    output: str,
    file: str | None,
    specs: tuple[str, ...],
    trees: Mapping[str, Tree],
    suppressed: tuple[list[tuple[Diagnostic, str]], list[Diagnostic]],
) -> None:
    from syncline.cli.showing import as_output, write  # the formats of other tools cost nothing until asked for
    from syncline.diagnostics.rendering import totals

    text = as_output(found, output, specs, trees, *suppressed)
    if file is None:
        click.echo(text, nl=False, color=True)
    else:
        write(file, text)
        click.echo(f"{totals(found).strip()}: {file}\n" if found else "", nl=False)


def show(found: list[Diagnostic], output: str) -> None:
    """Print diagnostics in one of the formats."""
    if output == "text" and not found:
        return
    from syncline.diagnostics import rendering  # with the words of every code, which a clean spec does without

    match output:
        case "json":
            click.echo(rendering.as_json(found), nl=False)
        case "concise":
            click.echo(rendering.concise(found), nl=False)
        case _:
            click.echo(rendering.text(found, colour=wants_colour()), nl=False, color=True)


def show_reports(specs: list[Spec], joined: list[Diagnostic] | None = None) -> None:
    """Print the guarantee reports as text, or as one JSON document that is `joined` with the findings."""
    from syncline.diagnostics.rendering import as_json
    from syncline.guarantees import rendering as reports
    from syncline.guarantees.reporting import report

    if joined is None:
        for spec in specs:
            click.echo()
            click.echo(reports.text(report(spec)), nl=False)
        return
    document = json.loads(as_json(joined))
    document["guarantees"] = reports.as_document(map(report, specs))
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def wants_colour() -> bool:
    """Colour on a terminal, unless NO_COLOR or a dumb terminal says no; FORCE_COLOR says yes."""
    if os.environ.get("NO_COLOR"):
        return False
    return bool(os.environ.get("FORCE_COLOR")) or (sys.stdout.isatty() and os.environ.get("TERM") != "dumb")
