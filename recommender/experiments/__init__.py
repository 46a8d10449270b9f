"""What is tried on whom, and who is held out."""
