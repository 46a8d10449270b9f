"""Merchandising: the merchant's rules, and re-ranking by them."""
