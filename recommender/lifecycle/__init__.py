"""What to say to a customer next, and when: pure decisions, one small file a family of messages."""
