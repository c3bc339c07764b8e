"""Projects: a `syncline.toml` with its settings and checks, read once."""

import os
from dataclasses import dataclass, replace
from functools import cache, partial
from pathlib import Path

import click

from syncline.checks.documentation import check_documentation
from syncline.cli.files import fail, settings_file
from syncline.diagnostics.categories import Category, rule_of
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.lexicon import LEXICON
from syncline.diagnostics.rendering import concise
from syncline.measuring import Timed
from syncline.pipeline import Checked, Extra, Load, check_spec
from syncline.project.reading import read_settings
from syncline.project.settings import Settings, judged
from syncline.source import Source


@dataclass(frozen=True, slots=True)
class Project:
    """The settings, what is wrong with them, and the checks beside those of the language."""

    settings: Settings
    problems: tuple[Diagnostic, ...]
    extra: tuple[Extra, ...]

    def check(
        self,
        name: str,
        data: bytes,
        load: Load,
        timed: Timed,
        extra: tuple[Extra, ...] = (),
        asked: frozenset[str] = frozenset(),
    ) -> Checked:
        """A spec's model, and its findings as the settings see them; what is wrong with the settings comes first."""
        own = frozenset(self.settings.checks)
        asked |= {"docs"} if Category.DOCS in self.settings.categories else set()
        checked = check_spec(name, data, load, (*self.extra, *extra), own, timed, asked)
        return replace(checked, diagnostics=(*self.problems, *judged(checked.diagnostics, self.settings)))


@cache
def project_at(file: Path) -> Project:
    """The project of a `syncline.toml`. Ends the program with one line when it cannot be read."""
    name = os.path.relpath(file)
    try:
        data = file.read_bytes()
    except OSError as error:
        fail(f"cannot read {name}: {error.strerror or error}")
    settings, problems = read_settings(name, data)
    extra: list[Extra] = [check_documentation] if Category.DOCS in settings.categories else []
    if settings.checks:
        from syncline.project.custom import offered, own_checks

        source = Source(name, data.decode("utf-8-sig", "replace"))
        checks, unknown = own_checks(settings, source, offered())
        extra += checks
        problems = (*problems, *unknown)
    return Project(settings, problems, tuple(extra))


def show_settings(spec: str) -> bool:
    """Print what holds for a spec: the file, the categories, and how each code counts. False where something is wrong with them."""
    file = settings_file(spec)
    project = Project(Settings(), (), ()) if file is None else project_at(file)
    settings = project.settings
    say = partial(click.echo, color=False)
    say(f"spec        {spec}")
    say(f"settings    {settings.file or 'none; these are the defaults'}")
    say(f"categories  {', '.join(category.value for category in Category if category in settings.categories)}")
    say(f"checks      {', '.join(settings.checks) or 'none of the team'}\n")
    width = max(map(len, LEXICON))
    for code in sorted(LEXICON):
        rule = rule_of(code)
        level = settings.level(code) if rule.bends else None
        on = rule.category in settings.categories or rule.category is Category.SAFETY
        severity = level.severity if level is not None else rule.severity if on else None
        counts = "off" if severity is None else severity.value
        why = f"  {level.reason}" if level is not None and level.reason else "" if rule.bends else "  always"
        say(f"{code:<{width}}  {rule.category.value:<8}  {counts:<7}{why}".rstrip())
    if project.problems:
        click.echo(concise(project.problems), nl=False, err=True)
    return not project.problems
