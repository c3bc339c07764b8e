"""Findings in the formats of other tools: pure functions from reported findings to text."""
