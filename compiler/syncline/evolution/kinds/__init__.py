"""Every kind of change: its classes, what it needs, and its sentences, by code."""

from collections.abc import Mapping
from typing import Final

from syncline.evolution.kinds.derivations import DERIVATIONS
from syncline.evolution.kinds.entities import ENTITIES
from syncline.evolution.kinds.kind import Kind
from syncline.evolution.kinds.maps import MAPS
from syncline.evolution.kinds.spec import SPEC
from syncline.evolution.kinds.syncs import SYNCS
from syncline.evolution.kinds.systems import SYSTEMS

KINDS: Final[Mapping[str, Kind]] = {**SPEC, **ENTITIES, **MAPS, **SYNCS, **DERIVATIONS, **SYSTEMS}
