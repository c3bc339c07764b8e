"""`syncline verify`: the real executor on a spec, against simulated systems in which everything goes wrong that can."""

import json
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click

from syncline.cli.check import FOUND
from syncline.cli.files import fail
from syncline.cli.sound import sound_model
from syncline.model.spec import Spec
from syncline.pipeline import generate
from syncline.source import Span
from syncline.verifying.covering import places, trusted, uncovered
from syncline.verifying.results import heading
from syncline_runtime.simulation.reality import Reality, RealityProblem, read_reality
from syncline_runtime.simulation.recipe import Recipe, RecipeProblem
from syncline_runtime.simulation.telling import FAULTS, INVARIANTS, told
from syncline_runtime.simulation.verification import Subject, Tally, shortened, verified
from syncline_runtime.simulation.world import WIDE, Violation

_MOST_TOLD = 5


@click.command()
@click.argument("spec", metavar="SPEC")
@click.option("--schedules", type=click.IntRange(1), default=100, show_default=True, help="How many schedules are run.")
@click.option("--seed", type=click.IntRange(0), default=WIDE, show_default=True, help="The seed of the first one.")
@click.option("--repeat", metavar="RECIPE", help="Run one schedule, as a failure names it, and tell its story.")
@click.option(
    "--reality", metavar="FILE", help="A TOML file that says what systems really do, where SPEC says otherwise."
)
@click.option("--save", metavar="FILE", help="Write the result to FILE, for `syncline build --verified FILE`.")
@click.option("--json", "as_json", is_flag=True, help="Print the result as JSON.")
def verify(
    spec: str, schedules: int, seed: int, repeat: str | None, reality: str | None, save: str | None, as_json: bool
) -> None:
    """Run SPEC in simulated worlds: its systems as it declares them, people who edit, and faults of every kind. The executor and
    its state are the real ones. One seed is one schedule, the same each time.

    Exits with 0 when every invariant held, 1 when one did not or the spec has errors, 2 when it could not run.
    """
    if repeat is not None and save is not None:
        fail("a repeated schedule is no result to save: leave out --repeat or --save")
    model = sound_model(spec)
    if not model.syncs:
        fail(f"{spec} has no sync, so there is nothing to run")
    files = generate(model)
    subject = _subject(model, files, reality)
    if repeat is not None:
        _repeated(model, subject, repeat)
    tally = Tally()
    for tally in verified(subject, schedules, seed):
        if sys.stderr.isatty():
            click.echo(f"\r{tally.schedules} of {schedules} schedules, {len(tally.failing)} failed", nl=False, err=True)
    if sys.stderr.isatty():
        click.echo("", err=True)
    document = heading(model, files) | _result(spec, model, subject, tally, seed, reality)
    text = json.dumps(document, ensure_ascii=False, indent=1) + "\n"
    if save is not None:
        try:
            Path(save).write_text(text, encoding="utf-8", newline="\n")
        except OSError as error:
            fail(f"cannot write {save}: {error.strerror or error}")
    click.echo(text if as_json else "".join(f"{line}\n" for line in _lines(document)), nl=False)
    raise SystemExit(0 if document["held"] else FOUND)


def _subject(model: Spec, files: dict[str, str], reality: str | None) -> Subject:
    from syncline.examples.loading import load_package
    from syncline_runtime.codecs.refusal import CodecError

    sys.path.insert(0, "")  # functions of one's own stand where the command is given, as for the other commands
    try:
        package = load_package(files)
    except CodecError as error:
        fail(f"{model.file}: {error}")
    found: Reality | None = None
    if reality is not None:
        try:
            found = read_reality(Path(reality).read_text(encoding="utf-8"), package)
        except OSError as error:
            fail(f"cannot read {reality}: {error.strerror or error}")
        except (RealityProblem, UnicodeDecodeError) as error:
            fail(f"{reality} {error}")
    memory = Path("/dev/shm")
    return Subject(package=package, reality=found, trusted=trusted(model), folder=memory if memory.is_dir() else None)


def _repeated(model: Spec, subject: Subject, text: str) -> None:
    try:
        recipe = Recipe.read(text)
    except RecipeProblem as error:
        fail(f"--repeat: {error}")
    result = subject.run(recipe)
    for line in told(result.events):
        click.echo(line)
    for one in result.violations:
        click.echo(f"\n{one.invariant}: {one.text}")
        for line in _shown(_clauses(model, one)):
            click.echo(f"  {line}")
    if not result.violations:
        click.echo("\nevery invariant held")
    raise SystemExit(FOUND if result.violations else 0)


def _result(spec: str, model: Spec, subject: Subject, tally: Tally, seed: int, reality: str | None) -> dict[str, Any]:
    failures = tally.failures()
    unasked = {
        code
        for code, absent in (
            ("D1", reality is None),
            ("D2", not subject.package.derivations),
            ("D3", not subject.package.derivations),
            ("P3", all(one.compute is None for one in subject.package.entities.values())),
            ("P4", not any(one.looks for one in subject.package.mappings)),
            ("L1", not subject.trusted),
        )
        if absent
    }
    found: dict[str, Any] = {
        "reality": None if reality is None else Path(reality).name,
        "held": not tally.failing,
        "schedules": tally.schedules,
        "seeds": [seed, seed + tally.schedules - 1],
        "faults": {name: tally.faults[name] for name in FAULTS if tally.faults[name]},
        "invariants": [
            {"code": code, "claim": claim, "failed": failures.get(code, 0)}
            for code, claim in INVARIANTS.items()
            if code not in unasked or failures.get(code)
        ],
        "failures": [
            _failure(model, number, one)
            for number, violations in sorted(tally.failing.items())
            for one in _first_of_each(violations)
        ],
        "story": [],
        "repeat": "",
        "not_covered": list(uncovered(model, tally.edited, tally.sent, tally.faults, list(FAULTS))),
    }
    if tally.failing:
        number = min(tally.failing)
        recipe = shortened(subject, number, tally.failing[number][0].invariant)
        result = subject.run(recipe)
        found["story"] = [
            *told(result.events),
            *(f"{one.invariant}: {one.text}" for one in _first_of_each(result.violations)),
        ]
        against = f" --reality {reality}" if reality is not None else ""
        found["repeat"] = f'syncline verify {spec}{against} --repeat "{recipe}"'
    return found


def _first_of_each(violations: Sequence[Violation]) -> list[Violation]:
    """The first violation of each invariant."""
    return list({one.invariant: one for one in reversed(violations)}.values())[::-1]


def _failure(model: Spec, seed: int, one: Violation) -> dict[str, Any]:
    return {
        "seed": seed,
        "invariant": one.invariant,
        "text": one.text,
        "entity": one.entity,
        "field": one.field,
        "at": _shown(_clauses(model, one)),
    }


def _clauses(model: Spec, one: Violation) -> tuple[tuple[str, Span], ...]:
    return places(model, one.entity, one.field)


def _shown(clauses: Sequence[tuple[str, Span]]) -> list[str]:
    shown = []
    for what, span in clauses:
        line, _ = span.source.position(span.start)
        said = span.source.text.splitlines()[line - 1].strip()
        shown.append(f"{span.source.name}:{line}  {what}: {said}")
    return shown


def _lines(document: dict[str, Any]) -> Iterator[str]:
    first, last = document["seeds"]
    yield f"{document['schedules']} schedules, seeds {first} to {last}"
    if document["reality"]:
        yield f"the systems did what {document['reality']} says"
    yield "\nwhat went wrong in them:"
    for name, count in document["faults"].items():
        yield f"{count:6}  {FAULTS[name]}"
    yield "\nwhat held:"
    for one in document["invariants"]:
        yield f"{'  ok  ' if not one['failed'] else 'FAILED'}  {one['code']:<5}  {one['claim']}" + (
            f": not in {one['failed']} of {document['schedules']} schedules" if one["failed"] else ""
        )
    yield "\nnot tried:"
    for sentence in document["not_covered"]:
        yield f"        {sentence}"
    if document["held"]:
        return
    yield "\nwhat failed:"
    for one in document["failures"][:_MOST_TOLD]:
        yield f"  seed {one['seed']}  {one['invariant']}  {one['text']}"
        for line in one["at"]:
            yield f"      {line}"
    if (more := len(document["failures"]) - _MOST_TOLD) > 0:
        yield f"  and {more} more; --json has all"
    yield "\nthe shortest story found:"
    for number, sentence in enumerate(document["story"], 1):
        yield f"{number:4}. {sentence}"
    yield f"\nagain: {document['repeat']}"
