"""The result of a verification as a document, and whether a certificate may speak of it.

{"format_version", "kind": "verification", "compiler", "runtime_api", "spec": {"name", "file", "version", "sha256"}, "code_sha256",
 "reality", "held", "schedules", "seeds": [FIRST, LAST], "faults": {NAME: COUNT}, "invariants": [{"code", "claim", "failed"}],
 "failures": [{"seed", "invariant", "text", "entity", "field", "at": [PLACE]}], "story": [SENTENCE], "repeat",
 "not_covered": [SENTENCE]}
"""

import json
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from typing import Any, Final, NamedTuple

from syncline.model.spec import Spec
from syncline_runtime.declaration import RUNTIME_API

FORMAT_VERSION: Final = "1.0"
KIND: Final = "verification"


class Tested(NamedTuple):
    """What a certificate takes over: the claims that held, in how many schedules from which seed on, the faults, the gaps."""

    claims: tuple[str, ...]
    schedules: int
    seed: int
    faults: Mapping[str, int]
    not_covered: tuple[str, ...]


class Refused(ValueError):
    """A result that a certificate must not speak of; the message says why and what to do."""


def heading(spec: Spec, files: Mapping[str, str]) -> dict[str, Any]:
    """What a result is of: spec, compiler and generated code."""
    return {
        "format_version": FORMAT_VERSION,
        "kind": KIND,
        "compiler": version("syncline"),
        "runtime_api": RUNTIME_API,
        "spec": {"name": spec.name, "file": _base(spec.file), "version": spec.version, "sha256": spec.sha256},
        "code_sha256": _digest(files),
    }


def accepted(data: bytes, spec: Spec, files: Mapping[str, str]) -> Tested:
    """The result that a file holds, of just this spec and code. Raises Refused."""
    again = f"run `syncline verify {_base(spec.file)} --save FILE` again"
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        raise Refused(f"is no result of `syncline verify`: {again}") from None
    if (
        not isinstance(document, dict)
        or document.get("kind") != KIND
        or document.get("format_version") != FORMAT_VERSION
    ):
        raise Refused(f"is no result of `syncline verify` that this version reads: {again}")
    for name, expected in heading(spec, files).items():
        if document.get(name) != expected and name != "spec":
            raise Refused(f"is of another {name}: {again}")
        if name == "spec" and _hash(document) != spec.sha256:
            raise Refused(f"is of another version of {_base(spec.file)}: {again}")
    if document.get("reality") is not None:
        raise Refused(f"is of systems that do other than the spec says (--reality): {again} without it")
    match document:
        case {
            "held": True,
            "schedules": int(schedules),
            "seeds": [int(first), int()],
            "faults": dict(faults),
            "invariants": list(invariants),
            "not_covered": list(not_covered),
        } if schedules > 0:
            claims = tuple(str(one["claim"]) for one in invariants if isinstance(one, dict) and "claim" in one)
            return Tested(claims, schedules, first, faults, tuple(map(str, not_covered)))
        case {"held": False}:
            raise Refused("says that an invariant did not hold: mend that, and verify again")
    raise Refused(f"is not whole: {again}")


def _digest(files: Mapping[str, str]) -> str:
    whole = sha256()
    for path, text in sorted(files.items()):
        whole.update(f"{path} {sha256(text.encode()).hexdigest()}\n".encode())
    return whole.hexdigest()


def _hash(document: Mapping[str, Any]) -> Any:
    spec = document.get("spec")
    return spec.get("sha256") if isinstance(spec, dict) else None


def _base(file: str) -> str:
    return file.replace("\\", "/").rsplit("/", 1)[-1]
