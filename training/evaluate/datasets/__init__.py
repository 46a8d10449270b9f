"""Data sets in the formats of the command, read."""
