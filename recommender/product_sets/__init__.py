"""Products sold together, and the price of the set."""
