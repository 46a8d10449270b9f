"""Customer value: expected orders and revenue, segments, and when customers order again."""
