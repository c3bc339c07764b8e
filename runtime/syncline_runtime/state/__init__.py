"""Durable state: what was observed and decided, never a to-do list."""

from syncline_runtime.state.failure import StateFailure
from syncline_runtime.state.store import SqliteStore

__all__ = ["SqliteStore", "StateFailure"]
