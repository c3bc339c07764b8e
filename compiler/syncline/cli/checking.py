"""A spec checked as its project wants it: what `check`, `build`, `plan` and `run` all go by."""

from syncline.cli.files import loader, settings_file
from syncline.measuring import Timed, untimed
from syncline.pipeline import Checked, Load, check_spec


def checked_spec(spec: str, name: str, data: bytes, timed: Timed = untimed, load: Load | None = None) -> Checked:
    """A spec's model and findings; `spec` is its path as typed, by which its project is found, and its imports without a `load`."""
    load = load or loader(spec)
    file = settings_file(spec)
    if file is None:
        return check_spec(name, data, load, timed=timed)
    from syncline.cli.projects import project_at  # a spec without settings pays nothing for them

    return project_at(file).check(name, data, load, timed)
