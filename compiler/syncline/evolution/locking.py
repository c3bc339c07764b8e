"""The lock of a spec: what it holds its systems to be, so that a connector that says otherwise one day is told as drift."""

import json
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from syncline.evolution.stamping import stamp
from syncline.model.spec import Spec
from syncline_runtime.declaration import Stamp
from syncline_runtime.evolving import Difference, differences

FORMAT_VERSION: Final = "1.0"
_SUBJECTS: Final = ("system ", "resource ", "native ")


class Drift(NamedTuple):
    """A difference from the lock, and the system that it is of."""

    system: str
    difference: Difference


def locked(spec: Spec) -> str:
    """The text of the lock: the systems, and of their resources and fields those that the spec uses."""
    document = {"format_version": FORMAT_VERSION, "spec": spec.name, "systems": _systems(spec)}
    return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def read_lock(data: bytes) -> Mapping[str, Mapping[str, str]] | None:
    """What a lock holds; None for a text that is none of this format."""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return None
    match document:
        case {"format_version": "1.0", "systems": dict(systems)} if all(
            isinstance(aspects, dict) and all(isinstance(text, str) for text in aspects.values())
            for aspects in systems.values()
        ):
            return systems
    return None


def drifts(spec: Spec, lock: Mapping[str, Mapping[str, str]]) -> Iterator[Drift]:
    """What the systems are now otherwise than the lock says, in what the spec uses. What it began to use since is no drift."""
    now = Stamp(aspects=_systems(spec))
    for one in differences({subject: aspects for subject, aspects in lock.items() if subject in now.aspects}, now):
        if one.old is not None or one.aspect:
            yield Drift(one.subject.split(" ")[1].split(".")[0], one)


def _systems(spec: Spec) -> dict[str, Mapping[str, str]]:
    # How a system is reached and by which settings is the spec's own doing.
    own = ("setting ", "pii")
    return {
        subject: {name: text for name, text in aspects.items() if not name.startswith(own)}
        for subject, aspects in stamp(spec).aspects.items()
        if subject.startswith(_SUBJECTS)
    }
