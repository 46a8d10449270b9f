"""Customers: lifetime value, churn, and when they order again."""
