"""What the shop sells: products, their live changes, what channels cost."""
