"""Carrying a state over to the tables of this runtime, a step for each version, all in one transaction."""

from collections.abc import Mapping
from typing import Final

from syncline_runtime.state.database import Database
from syncline_runtime.state.failure import StateFailure
from syncline_runtime.state.schema import SCHEMA_VERSION

STEPS: Final[Mapping[int, tuple[str, ...]]] = {
    6: (
        "CREATE INDEX link_open ON link(entity) WHERE status <> 'tombstone'",
        "CREATE INDEX link_held ON link(entity) WHERE status = 'held'",
    ),
}
"""The statements that make of a state of one version one of the next."""


def refuse_unless_known(name: str, version: int) -> None:
    """Raises StateFailure for a state of a newer version, or of one that no step leads away from."""
    if version > SCHEMA_VERSION:
        raise StateFailure(
            f"state {name} has schema {version}, this runtime uses {SCHEMA_VERSION}: "
            "upgrade it with `pip install -U syncline-runtime`"
        )
    missing = [step for step in range(version, SCHEMA_VERSION) if step not in STEPS]
    if missing:
        raise StateFailure(
            f"state {name} has schema {version}, which is too old for this runtime ({SCHEMA_VERSION}): run a runtime between "
            "them first, or begin anew with `rebase`"
        )


def migrate(database: Database, version: int) -> None:
    """Take all steps from `version` on, inside the caller's transaction."""
    for step in range(version, SCHEMA_VERSION):
        for statement in STEPS[step]:
            database.execute(statement)
