"""From the tree to the model: names looked up, types made, everything that a later phase needs at hand."""

from syncline.resolving.spec import resolve

__all__ = ["resolve"]
