"""Twins of systems, with faults: what the sandbox and the tests run against."""
