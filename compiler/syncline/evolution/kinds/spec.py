"""Kinds of changes of a whole spec."""

from collections.abc import Mapping
from typing import Final

from syncline.evolution.change import Need
from syncline.evolution.kinds.kind import APPROVAL, NOTHING, PLAN, SAFE, STATE_API, Kind

SPEC: Final[Mapping[str, Kind]] = {
    "spec.added": Kind(
        SAFE, APPROVAL, "spec {subject} is new", "Nothing runs by it yet; its first run waits for consent.", PLAN
    ),
    "spec.removed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "spec {subject} is gone",
        "What it kept in step drifts apart, and its state file is nobody's.",
        "Stop the runs of the old package, and put its state file away.",
    ),
    "spec.renamed": Kind(
        STATE_API,
        (Need.MIGRATION, Need.CALLERS),
        "the spec is now `{new}`, formerly `{old}`",
        "The generated package and its state file take the spec's name: the new package finds no links.",
        "Keep the name; or give the old state file over and change every import.",
    ),
    "spec.version-changed": Kind(
        SAFE, NOTHING, "the version is now {new}, formerly {old}", "It only names the release.", ""
    ),
}
