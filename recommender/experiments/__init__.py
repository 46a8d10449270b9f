"""A/B tests: who is assigned to which arm, and who is held out."""
