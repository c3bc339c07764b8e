"""The model of a spec without errors: what is built, run and verified."""

from syncline.cli.check import FOUND, show
from syncline.cli.checking import checked_spec
from syncline.cli.files import read_spec
from syncline.model.spec import Spec


def sound_model(spec: str) -> Spec:
    """The model of the spec at a path, after its findings were shown. Raises SystemExit where there are errors among them."""
    checked = checked_spec(spec, *read_spec(spec))
    if checked.diagnostics:
        show(list(checked.diagnostics), "text")
    if checked.model is None or not checked.sound:
        raise SystemExit(FOUND)
    return checked.model
