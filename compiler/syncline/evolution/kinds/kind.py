"""What is said of one kind of change."""

from dataclasses import dataclass
from typing import Final

from syncline.evolution.change import Impact, Need

DATA, STATE, API, BEHAVIOUR = (Impact.DATA,), (Impact.STATE,), (Impact.API,), (Impact.BEHAVIOUR,)
SAFE: Final = (Impact.SAFE,)
DATA_STATE: Final = (Impact.DATA, Impact.STATE)
STATE_API: Final = (Impact.STATE, Impact.API)
DATA_STATE_API: Final = (Impact.DATA, Impact.STATE, Impact.API)

APPROVAL, BACKFILL, RELINK = (Need.APPROVAL,), (Need.APPROVAL, Need.BACKFILL), (Need.APPROVAL, Need.RELINK)
MIGRATION, CALLERS, DEPLOYMENT, NOTHING = (Need.MIGRATION,), (Need.CALLERS,), (Need.DEPLOYMENT,), (Need.NOTHING,)

PLAN = "Look at `plan` before the first run."
FULL = "Look at `plan` first: the next run reads every record once more."


@dataclass(frozen=True, slots=True)
class Kind:
    """`impacts`: the worst first. `{fact}` in a sentence stands for a fact of the change, `{subject}` for what changed.

    `message`: what changed. `why`: what it does to what runs already. `then`: what must happen, in one sentence.
    """

    impacts: tuple[Impact, ...]
    needs: tuple[Need, ...]
    message: str
    why: str
    then: str
