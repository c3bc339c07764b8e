"""Which rules must have made a record: of those that make one `once when …`, the condition came to hold of what was agreed."""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from syncline_runtime.declaration import Package
from syncline_runtime.simulation.world import World
from syncline_runtime.values import ABSENT


class Edges:
    """What links were agreed on last, and what is `due` since then: entity, system, and the link that it follows from."""

    def __init__(self, package: Package, world: World) -> None:
        self._package, self._world = package, world
        self._values: dict[tuple[str, int], Mapping[str, Any]] = {}
        self.due: set[tuple[str, str, int]] = set()

    def agreed(self, entity: str, link_id: int, values: Mapping[str, Any]) -> None:
        """A link that lives is agreed on some values now."""
        before, self._values[entity, link_id] = self._values.get((entity, link_id)), values
        now = datetime.fromtimestamp(self._world.now(), UTC)
        for rule in self._package.derivations:
            if rule.origin != entity or not rule.once or not before or any(name not in before for name in rule.asks):
                continue
            whole, was = self._whole(entity, values), self._whole(entity, before)
            if rule.holds(whole, was, now) and not rule.holds(was, was, now):
                self._world.counts["derived once"] += (rule.entity, rule.system, link_id) not in self.due
                self.due.add((rule.entity, rule.system, link_id))

    def forget(self) -> None:
        """The state was lost."""
        self._values.clear()
        self.due.clear()

    def _whole(self, entity: str, values: Mapping[str, Any]) -> dict[str, Any]:
        return {**dict.fromkeys(self._package.entities[entity].fields, ABSENT), **values}
