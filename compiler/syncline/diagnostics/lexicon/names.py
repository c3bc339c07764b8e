"""Words for names, types and declarations that do not fit together."""

from syncline.diagnostics.lexicon.entry import Entry

NAMES: dict[str, Entry] = {}
