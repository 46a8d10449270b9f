"""Whom an answer is for: the request, and the live log of the shopper."""
