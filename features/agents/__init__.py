"""What agents may ask of a shop."""
