"""What is true now about shoppers and products, and the log behind it."""
