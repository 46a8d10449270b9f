"""What to say to a customer next, and when: pure decisions, one file per family of messages."""
