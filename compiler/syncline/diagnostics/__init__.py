"""Diagnostics: facts, words, pages and renderers."""
