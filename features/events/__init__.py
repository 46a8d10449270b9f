"""What can happen in a shop: the vocabulary of events."""
