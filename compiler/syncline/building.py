"""What a build writes, deletes and refuses, as a pure plan over digests; the command line carries it out.

The manifest lists the files of the last build by digest. A file is *ours* while it has a digest that the manifest knows; any
other file of the same name was edited or made by somebody, and is never touched without being told to.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from types import MappingProxyType
from typing import Final, Literal

MANIFEST: Final = ".syncline.json"
FORMAT: Final = 1
_PATH: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\.(?:py|typed)|certificate\.json").fullmatch
_DIGEST: Final = re.compile(r"[0-9a-f]{64}").fullmatch


@dataclass(frozen=True, slots=True)
class Manifest:
    """Digests of our files by path. `before` are those of the former build while one is being carried out."""

    files: Mapping[str, str]
    before: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def owns(self, path: str, digest: str) -> bool:
        """Whether a file with this digest was written by a build."""
        return digest in (self.files.get(path), self.before.get(path))

    def paths(self) -> frozenset[str]:
        """The paths of all files that a build may have written."""
        return frozenset((*self.files, *self.before))


@dataclass(frozen=True, slots=True)
class Refusal:
    """A file that stays as it is: edited by hand, somebody else's, or a manifest that says nothing."""

    path: str
    reason: Literal["edited", "foreign", "manifest"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildPlan:
    """What is to be done, in this order: `announced`, `writes`, `deletes`, `manifest`. Nothing is done where something is refused.

    `announced` is the manifest that stands while files are written: should the build be killed, the next one still knows its own.
    """

    writes: Mapping[str, str]
    deletes: tuple[str, ...]
    refusals: tuple[Refusal, ...]
    announced: str
    manifest: str
    manifest_changes: bool

    @property
    def changes(self) -> bool:
        """Whether the folder would look different afterwards."""
        return bool(self.writes or self.deletes or self.refusals or self.manifest_changes)


def digest(data: bytes) -> str:
    """The digest by which a manifest knows a file."""
    return sha256(data).hexdigest()


def planned(
    files: Mapping[str, str], present: Mapping[str, str], manifest: bytes | None, *, force: bool = False
) -> BuildPlan:
    """The plan that makes a folder hold `files`. `present` maps its files to their digests, `manifest` is its manifest's text.

    `force` overwrites what would be refused.
    """
    known = read_manifest(manifest)
    refusals = [Refusal(MANIFEST, "manifest")] if known is None else []
    known = known or Manifest({})
    wanted = {path: digest(text.encode()) for path, text in files.items()}
    writes: dict[str, str] = {}
    for path, text in files.items():
        there = present.get(path)
        if there == wanted[path]:
            continue
        if there is not None and not known.owns(path, there):
            refusals.append(Refusal(path, "edited" if path in known.paths() else "foreign"))
        writes[path] = text
    stale = sorted(path for path in known.paths() if path in present and path not in files)
    refusals += [Refusal(path, "edited") for path in stale if not known.owns(path, present[path])]
    final = _text(Manifest(wanted))
    return BuildPlan(
        writes=writes,
        deletes=tuple(stale),
        refusals=() if force else tuple(refusals),
        announced=_text(Manifest(wanted, {path: present[path] for path in sorted(known.paths()) if path in present})),
        manifest=final,
        manifest_changes=manifest != final.encode(),
    )


def read_manifest(data: bytes | None) -> Manifest | None:
    """The manifest in a file, empty where there is none; None for a text that is no manifest of ours."""
    if data is None:
        return Manifest({})
    try:
        match json.loads(data):
            case {"format": 1, "files": dict(files), **rest}:
                before = rest.get("before", {})
            case _:
                return None
    except (ValueError, RecursionError):
        return None
    if not isinstance(before, dict) or not _are_digests(files) or not _are_digests(before):
        return None
    return Manifest(files, before)


def _are_digests(files: Mapping[object, object]) -> bool:
    # A path of a manifest is deleted some day: it may name nothing but a file of the package itself.
    return all(
        isinstance(path, str) and _PATH(path) and isinstance(value, str) and _DIGEST(value)
        for path, value in files.items()
    )


def _text(manifest: Manifest) -> str:
    document: dict[str, object] = {"format": FORMAT, "files": dict(sorted(manifest.files.items()))}
    if manifest.before:
        document["before"] = dict(sorted(manifest.before.items()))
    return json.dumps(document, indent=2) + "\n"
