"""Baselines on disk: written once, read at every check, and pruned."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import click

from syncline.cli.files import fail
from syncline.cli.showing import placed, relative, write
from syncline.diagnostics.diagnostic import Diagnostic
from syncline.project.baseline import Key, Unreadable, counted, dumped, keepable, loaded, outdated, sort_out
from syncline.source import Source
from syncline.syntax.declarations import Spec


def write_baseline(
    path: str, found: Sequence[Diagnostic], trees: Mapping[str, Spec], own: frozenset[str]
) -> list[Diagnostic]:
    """Keep what may be kept in a new file; the findings that are left."""
    keys = _keys(found, trees)
    counts = counted(found, lambda each: keys[id(each)], own)
    write(path, dumped(counts))
    total = sum(counts.values())
    click.echo(f"{path}: {total} {'finding' if total == 1 else 'findings'} kept", err=True)
    return [each for each in found if not keepable(each, own)]


def against_baseline(
    path: str, found: Sequence[Diagnostic], trees: Mapping[str, Spec], own: frozenset[str], *, prune: bool
) -> list[Diagnostic]:
    """The findings that the file does not know, and its entries that nothing matches; these are taken out by `prune`."""
    try:
        text = Path(path).read_text(encoding="utf-8-sig")
        baseline = loaded(text)
    except OSError as error:
        fail(f"cannot read {path}: {error.strerror or error}")
    except (Unreadable, UnicodeDecodeError) as error:
        fail(f"{path} is no baseline: {error}; write it anew with --write-baseline")
    keys = _keys(found, trees)
    result = sort_out(found, baseline, lambda each: keys[id(each)], own)
    checked = frozenset(map(relative, trees))
    speaks_of = frozenset(key.file for key in baseline if key.file in checked or not Path(key.file).exists())
    if not prune:
        return [*result.shown, *outdated(Source(path, text), baseline, result.left, speaks_of)]
    kept = {key: result.left.get(key, 0) if key.file in speaks_of else count for key, count in baseline.items()}
    pruned = {key: count for key, count in kept.items() if count}
    if pruned != baseline:
        write(path, dumped(pruned))
        click.echo(f"{path}: {sum(baseline.values()) - sum(pruned.values())} taken out", err=True)
    return result.shown


def _keys(found: Sequence[Diagnostic], trees: Mapping[str, Spec]) -> dict[int, Key]:
    return {
        id(each.diagnostic): Key(each.diagnostic.code, each.file, each.declaration) for each in placed(found, trees)
    }
