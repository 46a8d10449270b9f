"""Shoppers, their visits, and how many come when."""
