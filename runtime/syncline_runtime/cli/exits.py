"""Exit codes of a generated package's command."""

from typing import Final

IN_STEP: Final = 0
NEEDS_PERSON: Final = 1
FAILED: Final = 2
AWAITS: Final = 3
"""A first run waits for consent."""
CHANGED: Final = 4
"""A plan no longer holds: something changed since it was made, and nothing was written."""
UNUSABLE: Final = 7
"""The state is damaged, lost, foreign or of another version: nothing was written, and a person must look at it."""

MEANING: Final = (
    "0 in step, 1 something waits for a person, 2 could not run, 3 a first run waits for --apply-first, "
    "4 a plan no longer holds, 7 the state cannot be used"
)
