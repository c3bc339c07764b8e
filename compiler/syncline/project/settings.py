"""The settings of a project, and what they make of findings. Pure; `reading` makes them of a `syncline.toml`."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

from syncline.diagnostics.categories import DEFAULT, Category, covered, rule_of
from syncline.diagnostics.diagnostic import Diagnostic, Severity


@dataclass(frozen=True, slots=True)
class Level:
    """How a code counts; `severity` is None when it is off. `reason` is "" where none is needed."""

    severity: Severity | None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Settings:
    """`levels` is keyed by codes and dotted prefixes, of which the longest decides; `checks` are a team's own, by name."""

    file: str = ""
    categories: frozenset[Category] = DEFAULT
    levels: Mapping[str, Level] = field(default_factory=dict)
    checks: tuple[str, ...] = ()

    def level(self, code: str) -> Level | None:
        """What is said of a code; None where nothing is."""
        said = [prefix for prefix in self.levels if covered(prefix, code)]
        return self.levels[max(said, key=len)] if said else None


def judged(found: Iterable[Diagnostic], settings: Settings) -> list[Diagnostic]:
    """The findings as the settings see them: without those of categories that are off, with the severities they give.

    What does not bend stays an error, whatever a prefix says.
    """
    own = frozenset(settings.checks)
    kept = []
    for diagnostic in found:
        rule = rule_of(diagnostic.code, own)
        level = settings.level(diagnostic.code) if rule.bends else None
        if level is None:
            if rule.category in settings.categories or rule.category is Category.SAFETY:
                kept.append(diagnostic)
        elif level.severity is not None:
            kept.append(replace(diagnostic, severity=level.severity))
    return kept
