"""A spec checked as its project wants it: what `check`, `build`, `plan` and `run` all go by."""

from pathlib import Path

from syncline.checks.locked import check_lock
from syncline.cli.files import loader, lock_file, settings_file
from syncline.measuring import Timed, untimed
from syncline.pipeline import Checked, Extra, Load, check_spec


def checked_spec(
    spec: str,
    name: str,
    data: bytes,
    timed: Timed = untimed,
    load: Load | None = None,
    extra: tuple[Extra, ...] = (),
    asked: frozenset[str] = frozenset(),
) -> Checked:
    """A spec's model and findings; `spec` is its path as typed, by which its project and its lock are found, and its imports
    without a `load`. `extra` are checks beside those, whose codes begin with a part that is `asked`."""
    load = load or loader(spec)
    lock = lock_file(spec)
    if lock is not None:
        extra, asked = (*extra, check_lock(str(lock), Path(lock).read_bytes())), asked | {"lock"}
    file = settings_file(spec)
    if file is None:
        return check_spec(name, data, load, extra, timed=timed, asked=asked)
    from syncline.cli.projects import project_at  # a spec without settings pays nothing for them

    return project_at(file).check(name, data, load, timed, extra, asked)
