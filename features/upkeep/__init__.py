"""Keeping a home well: copies of it, live state from the history, and what needs doing."""
