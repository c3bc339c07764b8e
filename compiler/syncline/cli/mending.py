"""`check --fix`: mends carried out in the files of the specs."""

import os
from collections.abc import Mapping
from pathlib import Path

import click

from syncline.cli.checking import checked_spec
from syncline.cli.files import fail, loader, read_spec
from syncline.cli.selecting import Selection
from syncline.diagnostics.fixing import fix_of
from syncline.project.mending import mended
from syncline.source import Source

_ROUNDS = 5
"""A mend may bring another mistake to light; one that goes on for longer than this does not end."""

_MARK = b"\xef\xbb\xbf"


def mend_specs(selection: Selection, *, unsafe: bool) -> None:
    """Carry out the fixes of the findings in all selected files, and say on standard error what was mended where.

    All files are written or none. One that is only imported and not selected is left alone, for others may import it, too; it is
    named.
    """
    if "-" in selection.specs:
        fail("standard input cannot be mended: give the file")
    files = (*selection.specs, *selection.imported)
    before = {file: read_spec(file)[1] for file in files}
    after = dict(before)
    done: dict[str, dict[str, int]] = {}
    elsewhere: set[str] = set()
    for _ in range(_ROUNDS):
        mends = 0
        for spec in selection.specs:
            mends += _mend(spec, after, done, elsewhere, unsafe=unsafe)
        if not mends:
            break
    _write({file: data for file, data in after.items() if data != before[file]}, before)
    for file in files:
        if after[file] != before[file]:
            counts = done[file]
            codes = ", ".join(f"{code} {counts[code]}" if counts[code] > 1 else code for code in sorted(counts))
            click.echo(f"{file}: {sum(counts.values())} mended ({codes})", err=True)
    for name in sorted(elsewhere.difference(files)):
        click.echo(f"{name}: can be mended, too, when it is given", err=True)


def _mend(
    spec: str, files: dict[str, bytes], done: dict[str, dict[str, int]], elsewhere: set[str], *, unsafe: bool
) -> int:
    """One round of a spec and what it imports, in `files`; how many mends there were."""
    on_disk = loader(spec)
    found = checked_spec(
        spec, spec, files[spec], load=lambda name: files[name] if name in files else on_disk(name)
    ).diagnostics
    fixable = [each for each in found if (fix := fix_of(each)) and (fix.safe or unsafe)]
    count = 0
    for name in dict.fromkeys(each.span.source.name for each in fixable):
        if name not in files:
            elsewhere.add(name)
            continue
        data = files[name]
        source = Source.from_bytes(name, data)
        if not isinstance(source, Source):
            continue
        result = mended(source, found, unsafe=unsafe)
        if result.done:
            mark = _MARK if data.startswith(_MARK) else b""
            files[name] = mark + result.text.encode()
            counts = done.setdefault(name, {})
            for code in result.codes:
                counts[code] = counts.get(code, 0) + 1
            count += result.done
    return count


def _write(changed: Mapping[str, bytes], before: Mapping[str, bytes]) -> None:
    """Write all beside their files first, then put each in its place; what is in place goes back if a later one cannot."""
    beside = {file: Path(f"{os.path.realpath(file)}.{os.getpid()}") for file in changed}
    placed: list[str] = []
    try:
        for file, data in changed.items():
            beside[file].write_bytes(data)
            beside[file].chmod(Path(file).stat().st_mode & 0o7777)
        for file, path in beside.items():
            path.replace(os.path.realpath(file))
            placed.append(file)
    except OSError as error:
        for file in placed:
            Path(file).write_bytes(before[file])
        fail(f"cannot write {error.filename or 'the mended files'}: {error.strerror or error}; nothing was changed")
    finally:
        for path in beside.values():
            path.unlink(missing_ok=True)
