"""Simple and published methods that models are held against."""
