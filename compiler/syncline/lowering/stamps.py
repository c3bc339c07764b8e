"""`stamp.py`: what stored state depends on, by which the package tells whether the state is of its spec."""

from typing import Final

from syncline.evolution.stamping import stamp
from syncline.lowering.declarations import constant, spelled
from syncline.lowering.imports import import_groups
from syncline.lowering.layout import imported
from syncline.model.spec import Spec
from syncline.view import Module

FILE: Final = "stamp.py"


def stamp_module(spec: Spec) -> Module:
    """The module that declares the stamp of a spec."""
    code = spelled(stamp(spec))
    return Module(
        file=FILE,
        doc="What stored state depends on; `migrate` carries it over to another spec.",
        imports=import_groups({*imported(code), "Final"}),
        declarations=(constant("STAMP: Final", code),),
    )
