"""The words that messages are planned in: customers, occasions, settings."""
