"""Offers of the demo shop and how its customers respond."""
