"""Readers of data sets in the formats that `perennial evaluate` takes."""
