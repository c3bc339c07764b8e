"""What a saved plan promises: that its application writes what it says, or nothing."""

from collections.abc import Mapping
from typing import Any

from syncline_runtime.declaration import FieldMap, Package
from syncline_runtime.planbook import Book
from syncline_runtime.planned import PlannedAction
from syncline_runtime.ports import Write
from syncline_runtime.simulation.inventing import MAPPING_ERRORS, shown
from syncline_runtime.state.packing import untagged
from syncline_runtime.values import ABSENT, Shown


class Promised:
    """A plan that is being applied, as the checker reads it; `sent` counts what was written of it."""

    def __init__(self, book: Book, package: Package, made: float, began: float) -> None:
        self._made, self._began = made, began
        self.sent = 0
        self._package = package
        self._actions = [(entry.record.entity, action) for entry in book.entries() for action in entry.record.actions]
        self._born: set[tuple[str, str]] = set()
        self._kept: set[int] = set()

    def missed_out(self, at: float) -> bool:
        """Whether what happened then came after the plan, and before it was applied."""
        return self._made < at < self._began

    def breach(self, mapping: FieldMap, what: str, write: Write) -> str | None:
        """What is not as planned about a write; None where it is."""
        self.sent += 1
        kinds = {"create": ("create",), "delete": ("delete",)}.get(what, ("update", "archive", "restore"))
        planned = [
            action
            for entity, action in self._actions
            if (entity, action.system) == (mapping.entity, mapping.system)
            and action.kind in kinds
            and (what == "create" or action.id == write.remote_id)
        ]
        if not planned and (mapping.system, write.remote_id) in self._born and _refers_only(mapping, write):
            return None  # a reference for which its create could not wait
        if not planned:
            return f"{what} of {write.remote_id or 'a record'} in {mapping.system}, which the plan does not have"
        for action in sorted(planned, key=lambda one: id(one) in self._kept):  # of two that are alike, each counts once
            if action.kind in ("delete", "archive", "restore") or self._is_same(mapping, action, write):
                self._kept.add(id(action))
                return None
        return f"{what} of {write.remote_id or 'a record'} in {mapping.system} with other values than planned"

    def born(self, system: str, remote_id: str) -> None:
        """A record was created."""
        self._born.add((system, remote_id))

    def missed(self, left: int) -> int:
        """How many effects were neither sent nor told as left."""
        effects = [action for _, action in self._actions if action.kind != "unlink"]
        return max(0, len(effects) - left - len(self._kept))

    def _is_same(self, mapping: FieldMap, action: PlannedAction, write: Write) -> bool:
        wanted: dict[str, Shown] = {}
        for name, (_, new) in action.fields.items():
            if not (isinstance(new, list) and new[:1] in (["reference"], ["absent"])):
                wanted[name] = untagged(new)
        sent = set(write.native)
        touched = {flow.field for flow in mapping.flows if sent & set(flow.native)}
        if write.remote_id is not None and not any(name in action.fields for name in touched):
            return False
        absent: Mapping[str, Any] = dict.fromkeys(self._package.entities[mapping.entity].fields, ABSENT)
        try:
            native = mapping.write({**absent, **wanted}, None)
        except MAPPING_ERRORS:
            return True
        both = native.keys() & sent
        return shown(mapping, {name: native[name] for name in both}) == shown(
            mapping, {name: write.native[name] for name in both}
        )


def _refers_only(mapping: FieldMap, write: Write) -> bool:
    return all(flow.refers for flow in mapping.flows if set(flow.native) & set(write.native))
