"""The phases of a run: recover, observe, correlate, decide, apply."""
