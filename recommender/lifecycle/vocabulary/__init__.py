"""Types for planning messages: customers, occasions, settings."""
