"""A finding with what lets another tool recognise it tomorrow, when its line has moved."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from hashlib import sha256

from syncline.diagnostics.diagnostic import Diagnostic
from syncline.source import Span


@dataclass(frozen=True, slots=True)
class Reported:
    """A diagnostic; `file` is relative to the root of the project with `/`, `declaration` is where in the spec it stands.

    `fingerprint` is made of code, file, declaration and the place among equals: never of a line. `label_files` are the files
    of the diagnostic's labels.
    """

    diagnostic: Diagnostic
    file: str
    declaration: str
    fingerprint: str
    label_files: tuple[str, ...] = ()


def reported(
    diagnostics: Iterable[Diagnostic], file_of: Callable[[str], str], declaration_of: Callable[[Span], str]
) -> tuple[Reported, ...]:
    """The findings in their order; `file_of` makes a source's name relative, `declaration_of` names the declaration."""
    seen: dict[tuple[str, str, str], int] = {}
    found = []
    for diagnostic in diagnostics:
        file, declaration = file_of(diagnostic.span.source.name), declaration_of(diagnostic.span)
        key = (diagnostic.code, file, declaration)
        seen[key] = seen.get(key, 0) + 1
        fingerprint = sha256("\0".join((*key, str(seen[key]))).encode("utf-8", "surrogatepass")).hexdigest()[:32]
        label_files = tuple(file_of(label.span.source.name) for label in diagnostic.labels)
        found.append(Reported(diagnostic, file, declaration, fingerprint, label_files))
    return tuple(found)
