"""A spec checked as its project wants it: what `check`, `build`, `plan` and `run` all go by."""

from pathlib import Path

from syncline.cli.files import loader
from syncline.measuring import Timed, untimed
from syncline.pipeline import Checked, check_spec

SETTINGS = "syncline.toml"


def checked_spec(spec: str, name: str, data: bytes, timed: Timed = untimed) -> Checked:
    """A spec's model and findings; `spec` is its path as typed, by which its project is found."""
    file = settings_file(spec)
    if file is None:
        return check_spec(name, data, loader(spec), timed=timed)
    from syncline.cli.projects import project_at  # a spec without settings pays nothing for them

    return project_at(file).check(spec, name, data, timed)


def settings_file(spec: str) -> Path | None:
    """The `syncline.toml` in the folder of a spec or the nearest one above it; for standard input from the working directory."""
    start = Path.cwd() if spec == "-" else Path(spec).absolute().parent
    return next((path for folder in (start, *start.parents) if (path := folder / SETTINGS).is_file()), None)
