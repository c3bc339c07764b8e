"""Examples of a spec, run through the very code that a build would write."""

from syncline.examples.running import run_examples

__all__ = ["run_examples"]
