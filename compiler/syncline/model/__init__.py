"""The resolved spec: every name is an object, nothing is left to look up."""
