"""Who may change each field of a sync, and which rules decide it, worked out once for all fields."""

from collections.abc import Mapping

from syncline.model.spec import Arrow, Sync, System, Truth


class Contest:
    """Answers as `Sync.contributors` and `Sync.rules_for` do, at the cost of one look at each line and rule for all fields
    together: asked field by field, a sync with many fields would be read anew for each of them."""

    __slots__ = ("_own", "_records", "_rest", "_sources")

    def __init__(self, sync: Sync) -> None:
        sources: dict[str, dict[str, System]] = {}
        for side in sync.maps:
            for line in side.lines:
                if line.field is not None and line.arrow is not Arrow.WRITE:
                    sources.setdefault(line.field.name, {})[side.system.name] = side.system
        self._sources: Mapping[str, tuple[System, ...]] = {name: tuple(own.values()) for name, own in sources.items()}
        self._own: dict[str, list[Truth]] = {}
        for rule in sync.truth:
            for name in dict.fromkeys(rule.fields):
                self._own.setdefault(name, []).append(rule)
        self._records = list(sync.records)
        self._rest = [sync.otherwise] if sync.otherwise else []

    def contributors(self, name: str) -> tuple[System, ...]:
        """The systems whose edits of the field may change the entity, in the order of the spec."""
        return self._sources.get(name, ())

    def contested(self, name: str) -> bool:
        """Whether several systems may change the field: of the places of one, no record is in two."""
        sources = self.contributors(name)
        return any(system.account != sources[0].account for system in sources)

    def rules_for(self, name: str) -> tuple[Truth, ...]:
        """The truth rules that decide the field, as `Sync.rules_for` tells them."""
        own = self._own.get(name) or self._records
        rest = [rule for rule in own if rule.when is None] or self._rest
        return (*(rule for rule in own if rule.when is not None), *rest[:1])
