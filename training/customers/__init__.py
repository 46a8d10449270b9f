"""Customers: what each is worth, who stays, and when they order again."""
