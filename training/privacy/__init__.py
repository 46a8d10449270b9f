"""Erasing and exporting a person, in everything that a home holds."""
