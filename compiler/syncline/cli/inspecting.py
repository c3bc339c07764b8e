"""Specs checked together, as `syncline check` does it."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from syncline.checks.guarantees import check_schedules
from syncline.cli.checking import checked_spec
from syncline.cli.files import read_spec, settings_file
from syncline.cli.remembering import Reading, remember
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.measuring import Stopwatch, untimed
from syncline.model.spec import Spec
from syncline.pipeline import Extra, check_together
from syncline.syntax.declarations import Spec as Tree


class Inspected(NamedTuple):
    """The findings, the models of the specs that are sound, the trees of the files by the name of their source, and the findings
    that are allowed, with the reasons."""

    found: list[Diagnostic]
    sound: list[Spec]
    trees: Mapping[str, Tree]
    spared: list[tuple[Diagnostic, str]]


def inspected(
    specs: Sequence[str],
    changes: int,
    records: int,
    watch: Stopwatch | None,
    *,
    remembered: bool,
    against: str | None = None,
) -> Inspected:
    """What is found in specs of one installation; `changes` and `records` are those of `--changes` and `--records`.

    `against` is the place of the released versions, if they are to be compared with.
    `remembered` keeps the findings for the next check of the same. Ends the program when a spec cannot be read.
    """
    found: list[Diagnostic] = []
    told: set[int] = set()
    sound: list[Spec] = []
    trees: dict[str, Tree] = {}
    spared: list[tuple[Diagnostic, str]] = []
    reading = Reading(specs)
    extra: tuple[Extra, ...] = ()
    if against is not None:
        from syncline.checks.released import check_against
        from syncline.cli.diff import specs_of
        from syncline.cli.revisions import revision

        extra = (check_against({each.name: each for each in specs_of(revision(against), released=True).values()}),)
    for position, spec in enumerate(specs):
        name, data = read_spec(spec)
        reading.note(("spec", position, spec), data)
        checked = checked_spec(
            spec, name, data, watch or untimed, reading.load(position), extra, frozenset({"release"} if extra else ())
        )
        # What is wrong with settings is said once, for however many specs.
        found.extend(each for each in checked.diagnostics if id(each) not in told)
        told.update(map(id, checked.diagnostics))
        trees.update(checked.trees)
        spared.extend(checked.spared)
        if checked.model is not None and checked.sound:
            sound.append(checked.model)
            if changes or records:
                found.extend(check_schedules(checked.model, changed=changes, records=records))
    if len(sound) > 1:
        found.extend(loop for loop in check_together(sound) if loop not in found)
    if remembered and not any(map(_has_checks_of_its_own, specs)):
        remember(specs, reading, found)
    return Inspected(found, sound, trees, spared)


def _has_checks_of_its_own(spec: str) -> bool:
    """Whether a team's Python is asked about a spec, of which nobody knows what it reads."""
    file = settings_file(spec)
    if file is None:
        return False
    from syncline.cli.projects import project_at

    return bool(project_at(file).settings.checks)
