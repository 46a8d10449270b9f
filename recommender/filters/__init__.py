"""Filters of requests and rules: what is said of products, and which products that is true of."""
