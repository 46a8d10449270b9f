"""What is true of a shopper and a customer now, changed by every event."""
