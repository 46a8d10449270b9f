"""What a customer is worth, and when they order again."""
