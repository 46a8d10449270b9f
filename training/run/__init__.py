"""One training: fit, examine, choose, publish."""
