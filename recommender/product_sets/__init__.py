"""Sets of products sold together, and their prices."""
