"""Findings on their way out: in one of the formats, on standard output or into a file."""

import os
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path

from syncline.cli.files import fail
from syncline.diagnostics import rendering
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.diagnostics.formats.reported import Reported, reported
from syncline.source import Span
from syncline.syntax.declarations import Spec
from syncline.syntax.placing import declaration_path


def as_output(
    found: Sequence[Diagnostic],
    output: str,
    specs: Sequence[str],
    trees: Mapping[str, Spec],
    spared: Sequence[tuple[Diagnostic, str]] = (),
    old: Sequence[Diagnostic] = (),
) -> str:
    """The findings of `specs` in a format; `trees` are the parsed files by the name of their source. What is `spared` by an
    allowance, with its reason, and the `old` that a baseline counts are told where the format has a place for it."""
    match output:
        case "json":
            return rendering.as_json(found)
        case "concise":
            return rendering.concise(found)
        case "sarif":
            from syncline.diagnostics.formats.sarif import Suppression, sarif

            every = placed((*found, *(each for each, _ in spared), *old), trees)
            suppressed = [Suppression("inSource", reason) for _, reason in spared]
            suppressed += [Suppression("external", "kept in a baseline")] * len(old)
            hidden = every[len(found) :]
            return sarif(every[: len(found)], version("syncline"), tuple(zip(hidden, suppressed, strict=True)))
        case "github":
            from syncline.diagnostics.formats.github import github

            return github(placed(found, trees))
        case "gitlab":
            from syncline.diagnostics.formats.gitlab import gitlab

            return gitlab(placed(found, trees))
        case "junit":
            from syncline.diagnostics.formats.junit import junit

            return junit(placed(found, trees), [relative("<stdin>" if spec == "-" else spec) for spec in specs])
    return rendering.text(found, colour=False)


def placed(found: Sequence[Diagnostic], trees: Mapping[str, Spec]) -> tuple[Reported, ...]:
    """The findings with their declarations, files relative to the working directory."""

    def declaration_of(span: Span) -> str:
        tree = trees.get(span.source.name)
        return "" if tree is None else declaration_path(tree, span.start)

    return reported(found, relative, declaration_of)


def relative(name: str) -> str:
    """The path of a file from the working directory, with `/`; a library connector and `<stdin>` keep their names."""
    if name.startswith(("library:", "<")):
        return name
    path = Path(name)
    if path.is_absolute():
        try:
            path = Path(os.path.relpath(path))
        except ValueError:  # another drive
            return path.as_posix()
    return path.as_posix()


def write(path: str, text: str) -> None:
    """Put a report where it is asked for. Ends the program with one line when that cannot be."""
    try:
        Path(path).write_bytes(text.encode("utf-8", "backslashreplace"))
    except OSError as error:
        fail(f"cannot write {path}: {error.strerror or error}")
