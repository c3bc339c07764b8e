"""What each diagnostic says, by code."""

from syncline.diagnostics.lexicon.checks import CHECKS
from syncline.diagnostics.lexicon.connectors import CONNECTORS
from syncline.diagnostics.lexicon.cycles import CYCLES
from syncline.diagnostics.lexicon.derivations import DERIVATIONS
from syncline.diagnostics.lexicon.entry import Entry
from syncline.diagnostics.lexicon.examples import EXAMPLES
from syncline.diagnostics.lexicon.living import LIVING
from syncline.diagnostics.lexicon.maps import MAPS
from syncline.diagnostics.lexicon.names import NAMES
from syncline.diagnostics.lexicon.not_yet import NOT_YET
from syncline.diagnostics.lexicon.references import REFERENCES
from syncline.diagnostics.lexicon.releases import RELEASES
from syncline.diagnostics.lexicon.settings import SETTINGS
from syncline.diagnostics.lexicon.syncs import SYNCS
from syncline.diagnostics.lexicon.syntax import SYNTAX
from syncline.diagnostics.lexicon.types import TYPES
from syncline.diagnostics.lexicon.units import UNITS

LEXICON: dict[str, Entry] = {
    **SYNTAX,
    **NAMES,
    **TYPES,
    **MAPS,
    **SYNCS,
    **REFERENCES,
    **SETTINGS,
    **CONNECTORS,
    **CHECKS,
    **CYCLES,
    **DERIVATIONS,
    **EXAMPLES,
    **UNITS,
    **RELEASES,
    **LIVING,
    **NOT_YET,
}
