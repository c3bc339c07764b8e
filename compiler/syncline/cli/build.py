"""`syncline build`: the generated package of a spec, on disk."""

import os
from pathlib import Path

import click

from syncline.building import MANIFEST, BuildPlan, Refusal, digest, planned
from syncline.cli.check import FOUND
from syncline.cli.files import COULD_NOT_RUN, fail
from syncline.cli.sound import sound_model
from syncline.model.spec import Spec
from syncline.pipeline import generate
from syncline.verifying.results import Refused, Tested, accepted

_REASONS = {
    "edited": "was edited since it was built: move the edit into the spec or a module of your own, or overwrite it with --force",
    "foreign": "was not written by syncline: move it away or build elsewhere, or overwrite it with --force",
    "manifest": "is not a manifest that this syncline wrote: restore it, or build anew with --force",
}


@click.command()
@click.argument("spec", metavar="SPEC")
@click.option("-o", "--output", required=True, metavar="DIR", help="The folder in which the package is made.")
@click.option("--check", is_flag=True, help="Write nothing; exit with 1 when a file would change.")
@click.option("--force", is_flag=True, help="Overwrite files that were edited by hand or are not ours.")
@click.option("--verified", metavar="FILE", help="Certify what `syncline verify --save FILE` found of just this spec.")
def build(spec: str, output: str, check: bool, force: bool, verified: str | None) -> None:
    """Build the Python package of SPEC in DIR: only changed files are written, stale ones deleted, edited ones refused.

    Exits with 0 when done or up to date, 1 when the spec has errors or --check found a change, 2 when it could not run.
    """
    model = sound_model(spec)
    from syncline.certificate import certified
    from syncline.emitting import EmissionRefused
    from syncline.lowering import package_name

    folder = Path(output) / package_name(model)
    try:
        code = generate(model)
        files = certified(model, code, None if verified is None else _tested(verified, model, code))
    except (EmissionRefused, LookupError, TypeError) as error:
        fail(f"{spec} could not be built, which is a defect of syncline, please report it: {error}")
    plan = planned(files, _present(folder), _manifest(folder), force=force)
    if check:
        _tell(plan, folder, "would write", "would delete")
        raise SystemExit(FOUND if plan.changes else 0)
    if plan.refusals:
        for refusal in plan.refusals:
            click.echo(f"syncline: {_worded(folder, refusal)}", err=True)
        raise SystemExit(COULD_NOT_RUN)
    try:
        _carry_out(plan, folder)
    except OSError as error:
        fail(f"cannot write {error.filename or folder}: {error.strerror or error}")
    _tell(plan, folder, "wrote", "deleted")


def _tested(verified: str, model: Spec, code: dict[str, str]) -> Tested:
    """What the result of a verification says of just this spec and code."""
    try:
        return accepted(Path(verified).read_bytes(), model, code)
    except OSError as error:
        fail(f"cannot read {verified}: {error.strerror or error}")
    except Refused as error:
        fail(f"{verified} {error}")


def _present(folder: Path) -> dict[str, str]:
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        fail(f"{folder} is not a folder: move it away or build elsewhere")
    if not folder.exists():
        return {}
    # A link is nobody's file of ours, whatever it leads to.
    return {
        path.name: "link" if path.is_symlink() else digest(path.read_bytes())
        for path in sorted(folder.iterdir())
        if path.name != MANIFEST and (path.is_symlink() or path.is_file())
    }


def _manifest(folder: Path) -> bytes | None:
    path = folder / MANIFEST
    return path.read_bytes() if path.is_file() else None


def _carry_out(plan: BuildPlan, folder: Path) -> None:
    if not plan.changes:
        return
    folder.mkdir(parents=True, exist_ok=True)
    _replace(folder / MANIFEST, plan.announced)
    for path, text in plan.writes.items():
        _replace(folder / path, text)
    for path in plan.deletes:
        (folder / path).unlink(missing_ok=True)
    _replace(folder / MANIFEST, plan.manifest)


def _replace(path: Path, text: str) -> None:
    """Write beside the file and rename: whoever reads it sees the old text or the new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        beside.write_bytes(text.encode())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


def _tell(plan: BuildPlan, folder: Path, wrote: str, deleted: str) -> None:
    for path in plan.writes:
        click.echo(f"{wrote} {folder / path}")
    for path in plan.deletes:
        click.echo(f"{deleted} {folder / path}")
    for refusal in plan.refusals:
        click.echo(_worded(folder, refusal))
    if not plan.changes:
        click.echo(f"{folder} is up to date")
    elif not plan.writes and not plan.deletes and not plan.refusals:
        click.echo(f"{wrote} {folder / MANIFEST}")


def _worded(folder: Path, refusal: Refusal) -> str:
    return f"{folder / refusal.path} {_REASONS[refusal.reason]}"
