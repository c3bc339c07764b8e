"""A team's own checks: functions over the model that installed packages offer as entry points of `syncline.checks`.

A check is called with the resolved `Spec` and returns `Diagnostic`s whose codes begin with the name of its entry point and a
dot. Their facts hold the words: `message`, and if wanted `why` and `mend`. A check that fails is a finding, and the rest of
the spec is checked all the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Final

from syncline.diagnostics.diagnostic import Diagnostic, Fact
from syncline.diagnostics.lexicon import LEXICON
from syncline.model.spec import Spec
from syncline.project.settings import Settings
from syncline.resolving.names import nearest
from syncline.source import Source, Span

GROUP: Final = "syncline.checks"

Check = Callable[[Spec], Iterable[Diagnostic]]


def offered() -> dict[str, EntryPoint]:
    """The checks that installed packages offer, by name; none under a name that begins codes of the language."""
    areas = {code.partition(".")[0] for code in LEXICON}
    return {entry.name: entry for entry in entry_points(group=GROUP) if entry.name not in areas}


def own_checks(
    settings: Settings, settings_source: Source, available: Mapping[str, EntryPoint]
) -> tuple[tuple[Check, ...], tuple[Diagnostic, ...]]:
    """The checks that the settings ask for, and a finding for each name that nobody offers."""
    checks: list[Check] = []
    unknown: list[Diagnostic] = []
    for name in settings.checks:
        entry = available.get(name)
        if entry is not None:
            checks.append(_guarded(name, entry))
            continue
        start = max(0, settings_source.text.find(f'"{name}"'))
        span = Span(settings_source, start, start + len(name) + 2)
        known = tuple(sorted(available))
        facts: dict[str, Fact] = {"name": name, "suggestion": nearest(name, known), "known": known}
        unknown.append(Diagnostic("config.unknown-check", span, facts))
    return tuple(checks), tuple(unknown)


def _guarded(name: str, entry: EntryPoint) -> Check:
    def check(spec: Spec) -> Iterator[Diagnostic]:
        try:
            found = tuple(entry.load()(spec))
            for diagnostic in found:
                yield _own(name, diagnostic, spec)
        except Exception as error:  # somebody else's code: whatever it raises is to be told, not to be ours
            told = " ".join(str(error).split())
            detail = f"{type(error).__name__}: {told}" if told else type(error).__name__
            yield Diagnostic("custom.failed", spec.span, {"name": name, "detail": detail})

    return check


def _own(name: str, found: Diagnostic, spec: Spec) -> Diagnostic:
    if not isinstance(found, Diagnostic):
        raise TypeError(f"{type(found).__name__} is no Diagnostic")
    if found.code.startswith(f"{name}.") and len(found.code) > len(name) + 1:
        return found
    return Diagnostic("custom.foreign-code", found.span, {"name": name, "reported": found.code})
