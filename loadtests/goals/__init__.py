"""What is promised, and whether it is kept."""
