"""Arguments that several commands have."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

from syncline_runtime.declaration import Package
from syncline_runtime.state.store import is_url

if TYPE_CHECKING:
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]
else:
    Commands: TypeAlias = argparse._SubParsersAction


def with_state(parser: argparse.ArgumentParser, package: Package, *, again: bool = False) -> None:
    """`--state`; `again`, where a parser above has it and what was said there holds."""
    file = Path(f"{package.name}.db")
    default = argparse.SUPPRESS if again else file
    parser.add_argument(
        "--state", type=_state, default=default, metavar="FILE", help=f"state file, or URL of a PostgreSQL ({file})"
    )


def _state(text: str) -> Path | str:
    """A file, or a URL as it stands."""
    if is_url(text):
        return text
    path = Path(text)
    if not path.name or path.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} is a folder: name a file in it")
    return path


def seconds(text: str) -> float:
    """A time of zero seconds or more."""
    try:
        found = float(text)
    except ValueError:
        found = -1.0
    if not 0 <= found < float("inf"):
        raise argparse.ArgumentTypeError(f"{text!r} is no number of seconds, zero or more")
    return found


def whole(text: str) -> int:
    """A whole number, zero or more."""
    if not (text.isascii() and text.isdecimal() and len(text) < 10):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number, zero or more")
    return int(text)


def with_json(parser: argparse.ArgumentParser, *, again: bool = False) -> None:
    """`--json`; `again` as of `with_state`."""
    default = argparse.SUPPRESS if again else False
    parser.add_argument("--json", action="store_true", default=default, help="one JSON document instead of text")


def with_systems(parser: argparse.ArgumentParser) -> None:
    """What reaching the systems takes."""
    parser.add_argument("--env", type=Path, metavar="FILE", help="settings and secrets (.env, if there is one)")
    parser.add_argument(
        "--settle",
        type=seconds,
        metavar="SECONDS",
        help="how long a request without an answer may still be carried out (twice the time-out, at least 120)",
    )


def with_log(parser: argparse.ArgumentParser) -> None:
    """`--log-format`."""
    parser.add_argument(
        "--log-format",
        choices=("json", "text"),
        help="log to stderr, an event a line: ids, rules and counts, no values",
    )


def with_syncs(parser: argparse.ArgumentParser, package: Package) -> None:
    """What a run is to look at, and what it may do."""
    parser.add_argument(
        "--sync",
        action="append",
        default=[],
        choices=[sync.entity for sync in package.syncs],
        metavar="ENTITY",
        help="only this sync; may be repeated",
    )
    parser.add_argument("--full", action="store_true", help="list everything again, and look for deletions")
    parser.add_argument(
        "--approve",
        action="append",
        default=[],
        choices=("create", "update", "delete"),
        help="let a guard pass these operations this time",
    )
