"""A diagnostic is data: a code, a place and facts. Words are added once, in `words.py`; renderers only lay them out."""

from collections.abc import Mapping
from dataclasses import field
from enum import Enum
from typing import TYPE_CHECKING, TypeAlias

from syncline.source import Span

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    from syncline_runtime.frozen import dataclass

Fact: TypeAlias = str | int | tuple[str, ...]


class Severity(Enum):
    """How a finding counts: an error and a warning make `check` exit with 1, a hint does not."""

    ERROR = "error"
    WARNING = "warning"
    HINT = "hint"


@dataclass(frozen=True, slots=True)
class Label:
    """A second place that belongs to a finding. `role` names its sentence in `words.py`: `declared-here`, `other-source` …"""

    span: Span
    role: str = "declared-here"
    facts: Mapping[str, Fact] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One finding. `code` is a dotted kebab-case name that has an entry in `words.py` and a page in `pages/`."""

    code: str
    span: Span
    facts: Mapping[str, Fact] = field(default_factory=dict)
    labels: tuple[Label, ...] = ()
    severity: Severity = Severity.ERROR
