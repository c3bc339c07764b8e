"""Names that were probably meant."""

from collections.abc import Collection

_FAMILIAR = {
    "string": "text",
    "str": "text",
    "varchar": "text",
    "char": "text",
    "int": "integer",
    "bigint": "integer",
    "long": "integer",
    "number": "decimal",
    "numeric": "decimal",
    "float": "decimal",
    "double": "decimal",
    "bool": "boolean",
    "datetime": "instant",
    "timestamp": "instant",
    "time": "local_time",
    "interval": "duration",
    "array": "list",
    "bytes": "binary",
    "blob": "binary",
    "uri": "url",
    "guid": "uuid",
    "strlen": "length",
    "len": "length",
    "substring": "truncate",
    "replace": "strip",
    "uppercase": "upper",
    "lowercase": "lower",
    "phone": "e164",
}


def nearest(name: str, known: Collection[str]) -> str:
    """The known name that was probably meant by `name`, or "" when none is near."""
    if not known:
        return ""
    familiar = _FAMILIAR.get(name.lower())
    if familiar is not None and familiar in known:
        return familiar
    from difflib import get_close_matches  # only a faulty spec pays for it

    folded: dict[str, str] = {}
    for candidate in sorted(known):
        folded.setdefault(candidate.lower().replace("-", "_"), candidate)
    close = get_close_matches(name.lower().replace("-", "_"), folded, n=1, cutoff=0.65)
    return folded[close[0]] if close else ""
