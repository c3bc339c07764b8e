"""Durable state: what was observed and decided, never a to-do list."""

from syncline_runtime.state.opening import StateFailure
from syncline_runtime.state.sqlite import SqliteStore

__all__ = ["SqliteStore", "StateFailure"]
