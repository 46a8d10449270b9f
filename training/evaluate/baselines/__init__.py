"""Simple and published methods to compare the models with."""
